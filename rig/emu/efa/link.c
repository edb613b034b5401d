/* SPDX-License-Identifier: MIT */
#include "rig/emu/efa/link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MS 1000000ull
#define NO_SLOT_WAIT (1 * MS)
#define ANSWER_LIMIT (10000 * MS) /* the other machine may be slow */
#define AGAIN (-1)

/* ---- the socket ---- */

int efa_link_listen(struct efa_link *l, const char *path)
{
    *l = (struct efa_link){ .listener = vfu_listen(path, SOCK_SEQPACKET), .fd = -1 };
    return l->listener < 0 ? -errno : 0;
}

int efa_link_connect(struct efa_link *l, const char *path)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };

    *l = (struct efa_link){ .listener = -1, .fd = -1 };
    if (strlen(path) >= sizeof(a.sun_path))
        return -ENAMETOOLONG;
    strcpy(a.sun_path, path);
    l->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    return l->fd < 0 || connect(l->fd, (void *)&a, sizeof(a)) < 0 ? -errno : 0;
}

int efa_link_fd(const struct efa_link *l)
{
    return l->fd >= 0 ? l->fd : l->listener;
}

/* What was in flight is lost: its queue pairs time out. */
static void hang_up(struct efa_link *l)
{
    close(l->fd);
    l->fd = -1;
    memset(l->slot, 0, sizeof(l->slot));
}

/* An end that leaves more unread than it can have requested is not a rig-efa. */
static int send_message(struct efa_link *l, const struct link_message *m)
{
    size_t n = LINK_HEADER + m->n;

    if (send(l->fd, m, n, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)n)
        return 0;
    hang_up(l);
    return -EPIPE;
}

/* ---- our requests ---- */

static uint64_t local_address(const struct wqe *w)
{
    return w->u.rdma.local.lo | (uint64_t)w->u.rdma.local.hi << 32;
}

static uint32_t next_slice(uint32_t length, uint32_t done)
{
    return length - done < LINK_SLICE ? length - done : LINK_SLICE;
}

/* The bytes of a write: inline, or from a region. */
static int fill_write(struct efa_card *c, struct efa_qp *qp, const struct efa_op *op,
                      struct link_message *m)
{
    const struct wqe *w = &op->wqe;
    struct efa_mr *mr;

    m->n = next_slice(m->length, op->done);
    if (w->ctrl1 & WQE_INLINE) {
        memcpy(m->data, w->u.rdma.data, m->n); /* efa_rdma_shape(): all of it is in the request */
        return COMP_OK;
    }
    if (!m->n)
        return COMP_OK;
    mr = efa_mr_find(c, w->u.rdma.local.lkey & KEY_MASK, qp->pd, 0, local_address(w), m->length);
    if (!mr)
        return COMP_BAD_LKEY;
    return efa_mr_copy(c, mr, local_address(w) + op->done, m->data, m->n, false) < 0 ? COMP_INTERNAL
                                                                                     : COMP_OK;
}

/* Where a read's bytes go; NULL: nowhere, or the read is empty. */
static struct efa_mr *read_target(struct efa_card *c, struct efa_qp *qp, const struct efa_op *op)
{
    const struct wqe *w = &op->wqe;

    return efa_mr_find(c, w->u.rdma.local.lkey & KEY_MASK, qp->pd, MR_LOCAL_WRITE, local_address(w),
                       w->u.rdma.remote.length);
}

static int fill(struct efa_card *c, struct efa_qp *qp, struct efa_op *op, const uint8_t *gid,
                struct link_message *m)
{
    const struct wqe *w = &op->wqe;
    int status;

    memset(m, 0, LINK_HEADER);
    m->kind = w->ctrl1 & 0xf;
    m->type = qp->type;
    m->imm = !!(w->ctrl1 & WQE_HAS_IMM);
    m->imm_data = w->imm;
    m->from_qpn = qp->number;
    m->qpn = w->qpn;
    m->qkey = w->qkey;
    memcpy(m->from, c->gid, sizeof(m->from));
    memcpy(m->to, gid, sizeof(m->to));
    if (m->kind == OP_SEND) {
        status = efa_op_gather(c, qp, w, m->data, &m->n);
        m->length = m->n;
        return status;
    }
    status = efa_rdma_shape(qp, w);
    if (status)
        return status;
    m->rkey = w->u.rdma.remote.rkey;
    m->address = w->u.rdma.remote.lo | (uint64_t)w->u.rdma.remote.hi << 32;
    m->length = w->u.rdma.remote.length;
    m->done = op->done;
    if (m->kind == OP_WRITE)
        return fill_write(c, qp, op, m);
    return m->length && !read_target(c, qp, op) ? COMP_BAD_LKEY : COMP_OK;
}

static struct link_slot *free_slot(struct efa_link *l, uint64_t now)
{
    for (unsigned i = 0; i < LINK_UNDER_WAY; i++)
        if (!l->slot[i].id || l->slot[i].until < now)
            return &l->slot[i];
    return NULL;
}

static int ask(struct efa_card *c, struct efa_qp *qp, struct efa_op *op, const uint8_t *gid,
               uint64_t now)
{
    struct efa_link *l = c->net->link;
    struct link_slot *slot = free_slot(l, now);
    struct link_message m;
    int status;

    op->due = now + NO_SLOT_WAIT;
    if (!slot)
        return AGAIN;
    status = fill(c, qp, op, gid, &m);
    if (status)
        return status;
    m.id = ++l->last ? l->last : ++l->last; /* 0 is none */
    if (send_message(l, &m) < 0)
        return LINK_NOBODY;
    op->asked = m.id;
    op->due = now + ANSWER_LIMIT;
    *slot = (struct link_slot){ .id = m.id, .card = c, .qpn = qp->number, .until = op->due };
    return AGAIN;
}

/* An answer has come: the request continues or ends. */
static int go_on(struct efa_qp *qp, struct efa_op *op, uint64_t now)
{
    uint32_t length = op->wqe.u.rdma.remote.length;

    op->asked = 0;
    op->answered = false;
    if (op->answer == LINK_NOBODY)
        return LINK_NOBODY;
    if (qp->type == QP_UD)
        return COMP_OK; /* a datagram's sender is not told */
    if (op->answer || (op->wqe.ctrl1 & 0xf) == OP_SEND)
        return op->answer;
    op->done += next_slice(length, op->done);
    op->due = now;
    return op->done < length ? AGAIN : COMP_OK;
}

int efa_link_run(struct efa_card *c, struct efa_qp *qp, struct efa_op *op, const uint8_t *gid,
                 uint64_t now)
{
    if (op->answered)
        return go_on(qp, op, now);
    if (op->asked) { /* and it has been due */
        op->asked = 0;
        return COMP_UNRESPONSIVE;
    }
    return c->net->link->fd < 0 ? LINK_NOBODY : ask(c, qp, op, gid, now);
}

/* ---- their answers ---- */

static int take_bytes(struct efa_card *c, struct efa_qp *qp, struct efa_op *op,
                      const struct link_message *m)
{
    const struct wqe *w = &op->wqe;
    struct efa_mr *mr;

    if (m->n != next_slice(w->u.rdma.remote.length, op->done))
        return COMP_REMOTE_ABORT;
    if (!m->n)
        return COMP_OK;
    mr = read_target(c, qp, op); /* it may have been deregistered in the meantime */
    if (!mr)
        return COMP_BAD_LKEY;
    return efa_mr_copy(c, mr, local_address(w) + op->done, (void *)(uintptr_t)m->data, m->n, true) <
                   0
               ? COMP_INTERNAL
               : COMP_OK;
}

static void take_answer(struct efa_link *l, const struct link_message *m)
{
    struct link_slot *s = NULL;
    struct efa_qp *qp;

    for (unsigned i = 0; i < LINK_UNDER_WAY && !s && m->id; i++)
        if (l->slot[i].id == m->id)
            s = &l->slot[i];
    if (!s)
        return;
    s->id = 0;
    qp = efa_qp_find(s->card, s->qpn);
    for (struct efa_op *op = qp ? qp->ops : NULL; op; op = op->next) {
        if (op->asked != m->id)
            continue;
        op->answered = true;
        op->due = 0;
        op->answer =
            m->status < COMP_END || m->status == LINK_NOBODY ? (int)m->status : COMP_REMOTE_ABORT;
        if (!op->answer && (op->wqe.ctrl1 & 0xf) == OP_READ)
            op->answer = take_bytes(s->card, qp, op, m);
        return;
    }
}

/* ---- their requests ---- */

static int serve_rdma(struct efa_card *c, struct efa_packet *p, struct link_message *m, uint32_t n)
{
    struct efa_rdma r = {
        .read = m->kind == OP_READ, .rkey = m->rkey, .address = m->address, .length = m->length
    };
    struct efa_qp *qp;
    struct efa_mr *mr;
    int status;

    if (m->type != QP_SRD || m->length > EFA_MAX_RDMA || m->done > m->length ||
        n != (r.read ? 0 : next_slice(m->length, m->done)))
        return COMP_REMOTE_ABORT;
    status = efa_rdma_target(c, p, &r, &qp, &mr);
    if (status)
        return status;
    if (r.read)
        n = next_slice(m->length, m->done);
    if (n && efa_mr_copy(c, mr, r.address + m->done, m->data, n, !r.read) < 0)
        return COMP_REMOTE_ABORT;
    efa_count_served(c, r.read, n);
    if (r.read)
        m->n = n;
    else if (m->imm && m->done + n == m->length) {
        p->length = m->length;
        return efa_receive_imm(c, qp, p);
    }
    return COMP_OK;
}

void efa_link_request(struct efa_net *net, struct link_message *m)
{
    struct efa_card *c = efa_net_find(net, m->to);
    struct efa_packet p = {
        .from = m->from,
        .from_qpn = m->from_qpn,
        .qpn = m->qpn,
        .qkey = m->qkey,
        .type = m->type,
        .imm = m->imm,
        .imm_data = m->imm_data,
        .data = m->data,
        .length = m->n,
    };
    uint32_t n = m->n;

    m->answer = 1;
    m->n = 0;
    if (!c || c->unplugged)
        m->status = LINK_NOBODY;
    else if (m->kind == OP_SEND)
        m->status = n > EFA_MTU ? COMP_REMOTE_ABORT : (uint32_t)efa_receive(c, &p);
    else if (m->kind == OP_READ || m->kind == OP_WRITE)
        m->status = (uint32_t)serve_rdma(c, &p, m, n);
    else
        m->status = COMP_REMOTE_ABORT;
}

void efa_link_step(struct efa_net *net)
{
    struct efa_link *l = net->link;
    struct link_message m;
    ssize_t n;

    if (l->fd < 0) {
        l->fd = accept4(l->listener, NULL, NULL, SOCK_CLOEXEC);
        return;
    }
    n = recv(l->fd, &m, sizeof(m), MSG_DONTWAIT | MSG_TRUNC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < (ssize_t)LINK_HEADER || n > (ssize_t)sizeof(m) || (uint32_t)n != LINK_HEADER + m.n) {
        hang_up(l);
    } else if (m.answer) {
        take_answer(l, &m);
    } else {
        efa_link_request(net, &m);
        send_message(l, &m);
    }
}
