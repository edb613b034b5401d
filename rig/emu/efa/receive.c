/* SPDX-License-Identifier: MIT */
/* A packet arrives: whom it is for, whether it is allowed, and where it goes. */
#include "rig/emu/efa/card.h"
#include <string.h>

struct efa_card *efa_net_find(struct efa_net *net, const uint8_t *gid)
{
    for (unsigned i = 0; i < net->cards; i++)
        if (!memcmp(net->card[i]->gid, gid, 16))
            return net->card[i];
    return NULL;
}

uint16_t efa_ah_of(struct efa_card *c, uint16_t pd, const uint8_t *gid)
{
    for (uint16_t i = 0; i < EFA_MAX_AH; i++)
        if (c->ah[i].refs && c->ah[i].pd == pd && !memcmp(c->ah[i].gid, gid, 16))
            return i;
    return EFA_NO_AH;
}

struct efa_qp *efa_addressed(struct efa_card *c, const struct efa_packet *p, int *status)
{
    struct efa_qp *qp = efa_qp_find(c, p->qpn);

    *status = COMP_REMOTE_QPN;
    if (!qp || qp->type != p->type || qp->state < STATE_RTR || qp->state == STATE_ERR)
        return NULL;
    if (qp->qkey != p->qkey) {
        c->stats.qkey_violations++;
        return NULL;
    }
    *status = COMP_OK;
    return qp;
}

int efa_rdma_target(struct efa_card *c, const struct efa_packet *p, const struct efa_rdma *r,
                    struct efa_qp **qp, struct efa_mr **mr)
{
    int status;

    *mr = NULL;
    *qp = efa_addressed(c, p, &status);
    if (!*qp)
        return status;
    if (efa_ah_of(c, (*qp)->pd, p->from) == EFA_NO_AH)
        return COMP_UNKNOWN_PEER;
    if (!r->length)
        return COMP_OK;
    *mr = efa_mr_find(c, r->rkey, (*qp)->pd, r->read ? MR_REMOTE_READ : MR_REMOTE_WRITE, r->address,
                      r->length);
    return *mr ? COMP_OK : COMP_REMOTE_ADDRESS;
}

void efa_count_served(struct efa_card *c, bool read, uint32_t bytes)
{
    if (read)
        c->stats.read_response_bytes += bytes;
    else
        c->stats.write_recv_bytes += bytes;
}

static void tell(struct efa_card *c, struct efa_qp *qp, const struct efa_packet *p, uint16_t id,
                 int status, unsigned op, bool unsolicited)
{
    uint32_t length = p->length + (op == OP_SEND && qp->type == QP_UD ? EFA_UD_PREFIX : 0);
    struct cqe e = {
        .id = id,
        .status = (uint8_t)status,
        .qpn = qp->number,
        .length = (uint16_t)length,
        .ah = efa_ah_of(c, qp->pd, p->from),
        .src_qpn = p->from_qpn,
        .imm = p->imm_data,
    };

    if (op == OP_WRITE)
        e.u.length_hi = (uint16_t)(length >> 16);
    else if (e.ah == EFA_NO_AH && c->cq[qp->recv_cq].src_gid)
        memcpy(e.u.src_gid, p->from, sizeof(e.u.src_gid));
    efa_complete(c, qp->recv_cq, &e, true, p->imm, op, unsolicited);
}

/* Into the buffers of a receive request: COMP_OK, or what went wrong here. */
static int scatter(struct efa_card *c, struct efa_qp *qp, const struct rx_desc *d, int n,
                   const struct efa_packet *p)
{
    uint32_t prefix = qp->type == QP_UD ? EFA_UD_PREFIX : 0, left = p->length + prefix;
    uint8_t packet[EFA_UD_PREFIX + EFA_MTU] = { 0 };
    const uint8_t *from = packet;

    memcpy(packet + prefix, p->data, p->length);
    for (int i = 0; i < n && left; i++) {
        uint64_t at = d[i].lo | (uint64_t)d[i].hi << 32;
        uint32_t part = left < d[i].length ? left : d[i].length;
        struct efa_mr *mr = efa_mr_find(c, d[i].key & KEY_MASK, qp->pd, MR_LOCAL_WRITE, at, part);

        if (!mr)
            return COMP_BAD_LKEY;
        if (efa_mr_copy(c, mr, at, (void *)(uintptr_t)from, part, true) < 0)
            return COMP_INTERNAL;
        from += part;
        left -= part;
    }
    return left ? COMP_BAD_LENGTH : COMP_OK;
}

int efa_receive(struct efa_card *c, const struct efa_packet *p)
{
    struct rx_desc d[EFA_MAX_SGE];
    int status, n;
    struct efa_qp *qp = efa_addressed(c, p, &status);

    if (!qp)
        return status;
    n = efa_rq_take(c, qp, d);
    if (n == 0) {
        c->stats.rx_drops++;
        return COMP_REMOTE_RNR;
    }
    if (n < 0) {
        efa_log(c, "queue pair %#x: malformed receive request", qp->number);
        qp->state = STATE_ERR;
        efa_qp_flush(c, qp);
        return COMP_REMOTE_STATUS;
    }
    status = scatter(c, qp, d, n, p);
    c->stats.rx_packets++;
    c->stats.rx_bytes += p->length;
    c->stats.recvs++;
    c->stats.recv_bytes += p->length;
    tell(c, qp, p, d[0].id, status, OP_SEND, false);
    return status == COMP_OK           ? COMP_OK
           : status == COMP_BAD_LENGTH ? COMP_REMOTE_LENGTH
                                       : COMP_REMOTE_STATUS;
}

/* Delivers the immediate data of an RDMA write that is done. */
int efa_receive_imm(struct efa_card *c, struct efa_qp *qp, const struct efa_packet *p)
{
    struct rx_desc d[EFA_MAX_SGE] = { { .id = 0 } };
    int n = qp->unsolicited ? 1 : efa_rq_take(c, qp, d);

    if (n == 0)
        return COMP_REMOTE_RNR;
    if (n < 0) {
        qp->state = STATE_ERR;
        efa_qp_flush(c, qp);
        return COMP_REMOTE_STATUS;
    }
    tell(c, qp, p, d[0].id, COMP_OK, OP_WRITE, qp->unsolicited);
    return COMP_OK;
}
