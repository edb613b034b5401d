/* SPDX-License-Identifier: MIT */
/*
 * Work requests in flight. SRD does not keep order: one that waits for its peer (nothing
 * posted there, a lost packet, nobody there) is come back to, and the others go on. A long
 * transfer goes in slices, between which commands are served: the keys are looked at again for
 * each, so that nothing moves any more once a region has been deregistered.
 */
#include "rig/emu/efa/card.h"
#include "rig/emu/efa/link.h"
#include "rig/emu/guard.h"
#include <stdlib.h>
#include <string.h>

#define MS 1000000ull
#define SLICE (4u << 20)
#define RNR_WAIT (10 * MS)
#define RETRANSMIT (10 * MS)
#define NOBODY_WAIT (50 * MS)
#define NOBODY_LIMIT (500 * MS)
#define AGAIN (-1) /* goes on when it is due */

/* No answer: try again, for some time. */
static int nobody(struct efa_card *c, struct efa_op *op, const struct efa_ah *ah, uint64_t now)
{
    if (!op->since)
        op->since = now;
    c->stats.timeouts++;
    c->stats.retrans_packets++;
    if (now - op->since < NOBODY_LIMIT) {
        op->due = now + NOBODY_WAIT;
        return AGAIN;
    }
    c->stats.unresponsive++;
    return ah->answered ? COMP_UNRESPONSIVE : COMP_UNREACHABLE;
}

static int rnr(struct efa_qp *qp, struct efa_op *op, uint64_t now)
{
    if (qp->rnr_retry != 7 && op->tries++ >= qp->rnr_retry)
        return COMP_REMOTE_RNR;
    op->due = now + RNR_WAIT;
    return AGAIN;
}

int efa_op_gather(struct efa_card *c, struct efa_qp *qp, const struct wqe *w, uint8_t *data,
                  uint32_t *length)
{
    uint32_t all = 0;

    if (w->ctrl1 & WQE_INLINE) {
        if (w->length > (qp->wqe_bytes == 64 ? 32 : EFA_INLINE))
            return COMP_BAD_LENGTH;
        memcpy(data, w->u.data, w->length);
        *length = w->length;
        return COMP_OK;
    }
    if (w->length > EFA_MAX_SGE)
        return COMP_BAD_LENGTH;
    for (unsigned i = 0; i < w->length; i++) {
        const struct buffer_desc *b = &w->u.buffer[i];
        uint64_t at = b->lo | (uint64_t)b->hi << 32;
        struct efa_mr *mr;

        if (b->length > EFA_MTU - all)
            return COMP_BAD_LENGTH;
        mr = efa_mr_find(c, b->lkey & KEY_MASK, qp->pd, 0, at, b->length);
        if (!mr && b->length)
            return COMP_BAD_LKEY;
        if (b->length && efa_mr_copy(c, mr, at, data + all, b->length, false) < 0)
            return COMP_INTERNAL;
        all += b->length;
    }
    *length = all;
    return COMP_OK;
}

static int send_message(struct efa_card *c, struct efa_qp *qp, struct efa_op *op,
                        struct efa_card *peer, struct efa_packet *p)
{
    uint8_t data[EFA_MTU];
    int status = efa_op_gather(c, qp, &op->wqe, data, &p->length);

    if (status)
        return status;
    p->data = data;
    if (!op->tries && !op->since) {
        c->stats.sends++;
        c->stats.send_bytes += p->length;
    }
    c->stats.tx_packets++;
    c->stats.tx_bytes += p->length;
    status = efa_receive(peer, p);
    return qp->type == QP_UD ? COMP_OK : status; /* a datagram's sender is not told */
}

/* One slice from one card's region to another's. */
static int move(struct efa_card *to, struct efa_mr *tm, uint64_t ta, struct efa_card *from,
                struct efa_mr *fm, uint64_t fa, uint64_t len, struct efa_card **failed)
{
    while (len) {
        uint64_t n = len;
        void *t, *f = efa_mr_ptr(from, fm, fa, &n, false);

        *failed = from;
        if (!f)
            return -1;
        *failed = to;
        t = efa_mr_ptr(to, tm, ta, &n, true);
        if (!t || !guard_copy(t, f, n))
            return -1;
        ta += n;
        fa += n;
        len -= n;
    }
    return 0;
}

int efa_rdma_shape(const struct efa_qp *qp, const struct wqe *w)
{
    bool read = (w->ctrl1 & 0xf) == OP_READ, data_inline = w->ctrl1 & WQE_INLINE;
    uint32_t length = w->u.rdma.remote.length;

    if (qp->type != QP_SRD || (read && (data_inline || w->ctrl1 & WQE_HAS_IMM)))
        return COMP_UNSUPPORTED;
    if (data_inline)
        return w->length > EFA_INLINE || qp->wqe_bytes != 128 || w->length != length
                   ? COMP_BAD_LENGTH
                   : COMP_OK;
    if (length > EFA_MAX_RDMA || w->length > 1 ||
        length != (w->length ? w->u.rdma.local.length : 0))
        return COMP_BAD_LENGTH;
    return COMP_OK;
}

/* One slice between a region here and one of the peer's. */
static int rdma_slice(struct efa_card *c, struct efa_qp *qp, struct efa_op *op,
                      struct efa_card *peer, struct efa_mr *remote, const struct efa_rdma *r)
{
    const struct wqe *w = &op->wqe;
    uint64_t la = w->u.rdma.local.lo | (uint64_t)w->u.rdma.local.hi << 32;
    uint32_t n = r->length - op->done < SLICE ? r->length - op->done : SLICE;
    struct efa_card *failed = NULL;
    struct efa_mr *local;

    local = efa_mr_find(c, w->u.rdma.local.lkey & KEY_MASK, qp->pd, r->read ? MR_LOCAL_WRITE : 0,
                        la, r->length);
    if (!local)
        return COMP_BAD_LKEY;
    if ((r->read ? move(c, local, la + op->done, peer, remote, r->address + op->done, n, &failed)
                 : move(peer, remote, r->address + op->done, c, local, la + op->done, n, &failed)) <
        0) {
        efa_log(c, "queue pair %#x: a transfer ends after %u bytes: %s memory is gone", qp->number,
                op->done, failed == c && failed != peer ? "local" : "a");
        return failed == c ? COMP_INTERNAL : COMP_REMOTE_ABORT;
    }
    op->done += n;
    return COMP_OK;
}

static void count_rdma(struct efa_card *c, struct efa_card *peer, bool read, uint32_t n)
{
    if (read) {
        c->stats.read_bytes += n;
    } else {
        c->stats.write_bytes += n;
        c->stats.tx_bytes += n;
    }
    efa_count_served(peer, read, n);
}

static int rdma(struct efa_card *c, struct efa_qp *qp, struct efa_op *op, struct efa_card *peer,
                struct efa_packet *p, uint64_t now)
{
    const struct wqe *w = &op->wqe;
    struct efa_rdma r = {
        .read = (w->ctrl1 & 0xf) == OP_READ,
        .rkey = w->u.rdma.remote.rkey,
        .length = w->u.rdma.remote.length,
        .address = w->u.rdma.remote.lo | (uint64_t)w->u.rdma.remote.hi << 32,
    };
    uint32_t before = op->done;
    struct efa_qp *theirs;
    struct efa_mr *remote;
    int status = efa_rdma_shape(qp, w);

    status = status ? status : efa_rdma_target(peer, p, &r, &theirs, &remote);
    if (status)
        return status;
    if (w->ctrl1 & WQE_INLINE && op->done < r.length) {
        if (efa_mr_copy(peer, remote, r.address, (void *)(uintptr_t)w->u.rdma.data, r.length,
                        true) < 0)
            return COMP_REMOTE_ABORT;
        op->done = r.length;
    } else if (op->done < r.length) {
        status = rdma_slice(c, qp, op, peer, remote, &r);
        if (status)
            return status;
    }
    count_rdma(c, peer, r.read, op->done - before);
    if (op->done < r.length) {
        op->due = now;
        return AGAIN;
    }
    if (w->ctrl1 & WQE_HAS_IMM) {
        p->length = r.length;
        return efa_receive_imm(peer, theirs, p);
    }
    return COMP_OK;
}

/* A packet that is lost on request is sent again, unless it is a datagram. */
static int lose(struct efa_card *c, struct efa_qp *qp, struct efa_op *op, uint64_t now)
{
    c->drop--;
    efa_log(c, "queue pair %#x: a packet is lost, on request", qp->number);
    if (qp->type == QP_UD)
        return COMP_OK;
    c->stats.retrans_packets++;
    c->stats.timeouts++;
    op->due = now + RETRANSMIT;
    return AGAIN;
}

/* To a card of this machine, or over the link to one of another; LINK_NOBODY: there is no such
 * card. */
static int deliver(struct efa_card *c, struct efa_qp *qp, struct efa_op *op, struct efa_ah *ah,
                   uint64_t now)
{
    const struct wqe *w = &op->wqe;
    struct efa_packet p = {
        .from = c->gid,
        .from_qpn = qp->number,
        .qpn = w->qpn,
        .qkey = w->qkey,
        .type = qp->type,
        .imm = w->ctrl1 & WQE_HAS_IMM,
        .imm_data = w->imm,
    };
    struct efa_card *peer = efa_net_find(c->net, ah->gid);
    int status;

    if (c->unplugged || (peer ? peer->unplugged : !c->net->link))
        return LINK_NOBODY;
    if (c->drop && !op->asked)
        return lose(c, qp, op, now);
    if (!peer)
        status = efa_link_run(c, qp, op, ah->gid, now);
    else if ((w->ctrl1 & 0xf) == OP_SEND)
        status = send_message(c, qp, op, peer, &p);
    else
        status = rdma(c, qp, op, peer, &p, now);
    ah->answered |= peer || (status != LINK_NOBODY && status != AGAIN);
    return status;
}

static int step(struct efa_card *c, struct efa_qp *qp, struct efa_op *op, uint64_t now)
{
    const struct wqe *w = &op->wqe;
    struct efa_ah *ah;
    int status;

    if (!(w->ctrl1 & WQE_META) || w->ctrl1 & WQE_EXTENSION ||
        (w->ctrl2 & WQE_WANTED2) != WQE_WANTED2 || (w->ctrl1 & 0xf) > OP_WRITE)
        return COMP_UNSUPPORTED;
    if (w->ah >= EFA_MAX_AH || !c->ah[w->ah].refs || c->ah[w->ah].pd != qp->pd)
        return COMP_BAD_AH;
    ah = &c->ah[w->ah];
    status = deliver(c, qp, op, ah, now);
    if (status == LINK_NOBODY)
        return qp->type == QP_UD ? COMP_OK : nobody(c, op, ah, now);
    return status == COMP_REMOTE_RNR ? rnr(qp, op, now) : status;
}

static void finish(struct efa_card *c, struct efa_qp *qp, struct efa_op *op, int status)
{
    struct cqe e = { .id = op->wqe.id, .status = (uint8_t)status, .qpn = qp->number };
    unsigned kind = op->wqe.ctrl1 & 0xf;

    if (kind == OP_READ) {
        c->stats.reads++;
        c->stats.read_errors += status != COMP_OK;
    } else if (kind == OP_WRITE) {
        c->stats.writes++;
        c->stats.write_errors += status != COMP_OK;
    }
    if (status || c->verbose)
        efa_log(c, "queue pair %#x: request %u, operation %u to %#x: status %d, %u bytes",
                qp->number, e.id, kind, op->wqe.qpn, status, op->done);
    efa_complete(c, qp->send_cq, &e, false, false, kind & 7, false);
}

/* Handles each of a queue pair's requests that is due, once; returns the next time, 0: none left.
 */
static uint64_t run_qp(struct efa_card *c, struct efa_qp *qp, uint64_t now)
{
    uint64_t next = 0;

    for (struct efa_op **at = &qp->ops; *at;) {
        struct efa_op *op = *at;
        int status = op->due > now ? AGAIN : step(c, qp, op, now);

        if (!qp->ops)
            return 0; /* its peer is itself, and has just been flushed */
        if (status == AGAIN) {
            if (!next || op->due < next)
                next = op->due;
            at = &op->next;
            continue;
        }
        *at = op->next;
        if (!*at)
            qp->ops_end = at;
        qp->nops--;
        finish(c, qp, op, status);
        free(op);
    }
    return next;
}

uint64_t efa_run(struct efa_card *c)
{
    uint64_t now = c->net->now(), next = 0;

    if (c->keep_alive && c->keep_alive <= now) {
        if (!c->no_keep_alive)
            efa_aenq(c, GROUP_KEEP_ALIVE, 0);
        c->keep_alive = now + 1000 * MS;
    }
    next = c->keep_alive;
    for (unsigned i = 0; i < EFA_MAX_QP; i++) {
        uint64_t t = c->qp[i].used && c->qp[i].ops ? run_qp(c, &c->qp[i], now) : 0;

        if (t && (!next || t < next))
            next = t;
    }
    return next;
}
