/* SPDX-License-Identifier: MIT */
/* Admin commands that make, change and destroy what the card holds for the driver. */
#include "rig/emu/efa/card.h"
#include <string.h>

static bool power_of_two(uint32_t x)
{
    return x && !(x & (x - 1));
}

static uint32_t round_up(uint32_t x)
{
    uint32_t y = 1;

    while (y < x)
        y *= 2;
    return y;
}

/* Numbers 0 to n - 1 that are taken or not. */
static int take(bool *used, unsigned n, uint32_t *out)
{
    for (unsigned i = 0; i < n; i++) {
        if (!used[i]) {
            used[i] = true;
            *out = i;
            return ADMIN_OK;
        }
    }
    return ADMIN_NO_RESOURCES;
}

static int give_back(bool *used, unsigned n, uint32_t i)
{
    if (i >= n || !used[i])
        return ADMIN_BAD_PARAMETER;
    used[i] = false;
    return ADMIN_OK;
}

static bool pd_in_use(const struct efa_card *c, uint32_t pd)
{
    for (unsigned i = 0; i < EFA_MAX_MR; i++)
        if (c->mr[i].used && c->mr[i].pd == pd)
            return true;
    for (unsigned i = 0; i < EFA_MAX_QP; i++)
        if (c->qp[i].used && c->qp[i].pd == pd)
            return true;
    for (unsigned i = 0; i < EFA_MAX_AH; i++)
        if (c->ah[i].refs && c->ah[i].pd == pd)
            return true;
    return false;
}

static bool cq_in_use(const struct efa_card *c, uint32_t cq)
{
    for (unsigned i = 0; i < EFA_MAX_QP; i++)
        if (c->qp[i].used && (c->qp[i].send_cq == cq || c->qp[i].recv_cq == cq))
            return true;
    return false;
}

static int create_qp(struct efa_card *c, const struct aq_entry *e, uint32_t *w)
{
    uint32_t sq = e->u.create_qp.sq_depth, bytes = e->u.create_qp.sq_bytes;
    uint32_t rq = e->u.create_qp.rq_bytes / sizeof(struct rx_desc);
    uint32_t wqe = sq ? bytes / sq : 0;
    struct efa_qp *qp = NULL;
    unsigned i;

    if (e->u.create_qp.flags & ~4u ||
        (e->u.create_qp.type != QP_UD && e->u.create_qp.type != QP_SRD))
        return ADMIN_UNSUPPORTED;
    if (e->u.create_qp.pd >= EFA_MAX_PD || !c->pd[e->u.create_qp.pd] ||
        e->u.create_qp.uar >= EFA_MAX_UAR || !c->uar[e->u.create_qp.uar] ||
        e->u.create_qp.send_cq >= EFA_MAX_CQ || !c->cq[e->u.create_qp.send_cq].used ||
        e->u.create_qp.recv_cq >= EFA_MAX_CQ || !c->cq[e->u.create_qp.recv_cq].used)
        return ADMIN_BAD_PARAMETER;
    if ((sq && (bytes % sq || (wqe != 64 && wqe != 128) || sq > EFA_MAX_SQ ||
                round_up(sq) * wqe > EFA_LLQ_BYTES)) ||
        (!sq && bytes))
        return ADMIN_BAD_PARAMETER;
    if (e->u.create_qp.rq_bytes % sizeof(struct rx_desc) ||
        (rq && (!power_of_two(rq) || rq > EFA_MAX_RQ * EFA_MAX_SGE)))
        return ADMIN_BAD_PARAMETER;
    for (i = 0; i < EFA_MAX_QP && !qp; i++)
        if (!c->qp[i].used)
            qp = &c->qp[i];
    if (!qp)
        return ADMIN_NO_RESOURCES;
    i = (unsigned)(qp - c->qp);
    *qp = (struct efa_qp){
        .used = true,
        .number = (uint16_t)(((qp->number + 0x100u) & 0xff00u) | i),
        .unsolicited = e->u.create_qp.flags & 4,
        .type = e->u.create_qp.type,
        .rnr_retry = 7,
        .wqe_bytes = (uint8_t)wqe,
        .pd = e->u.create_qp.pd,
        .uar = e->u.create_qp.uar,
        .send_cq = (uint16_t)e->u.create_qp.send_cq,
        .recv_cq = (uint16_t)e->u.create_qp.recv_cq,
        .sq_count = (uint16_t)(sq ? round_up(sq) : 0),
        .rq_base = e->u.create_qp.rq_base,
        .rq_count = (uint16_t)rq,
    };
    qp->ops_end = &qp->ops;
    memset(c->llq + i * EFA_LLQ_BYTES, 0, EFA_LLQ_BYTES);
    w[0] = qp->number; /* its handle, too */
    w[1] = qp->number;
    w[2] = 0; /* sub-queues */
    w[3] = i * EFA_DB_PAGE;
    w[4] = i * EFA_DB_PAGE + 8;
    w[5] = i * EFA_LLQ_BYTES;
    efa_log(c, "queue pair %#x: %s, %u of %u bytes to send, %u to receive", qp->number,
            qp->type == QP_UD ? "UD" : "SRD", qp->sq_count, wqe, rq);
    return ADMIN_OK;
}

static int modify_qp(struct efa_card *c, const struct aq_entry *e)
{
    struct efa_qp *qp = efa_qp_find(c, e->u.modify_qp.handle);
    uint32_t mask = e->u.modify_qp.mask;

    if (!qp || mask & ~0x3fu || (mask & 1 && e->u.modify_qp.state >= STATE_END) ||
        (mask & 2 && e->u.modify_qp.current != qp->state) ||
        (mask & 32 && (e->u.modify_qp.rnr_retry > 7 || qp->type != QP_SRD)))
        return ADMIN_BAD_PARAMETER;
    if (mask & 4)
        qp->qkey = e->u.modify_qp.qkey;
    if (mask & 8)
        qp->psn = e->u.modify_qp.psn;
    if (mask & 16)
        qp->notify = e->u.modify_qp.notify;
    if (mask & 32)
        qp->rnr_retry = e->u.modify_qp.rnr_retry;
    if (mask & 1) {
        qp->state = (uint8_t)e->u.modify_qp.state;
        if (qp->state == STATE_RESET) {
            efa_qp_drop(qp);
            qp->sq_taken = qp->rq_taken = qp->rq_posted = 0;
        } else if (qp->state == STATE_ERR) {
            efa_qp_flush(c, qp);
        }
    }
    return ADMIN_OK;
}

static int query_qp(struct efa_card *c, const struct aq_entry *e, uint32_t *w)
{
    struct efa_qp *qp = efa_qp_find(c, e->u.word[0]);

    if (!qp)
        return ADMIN_BAD_PARAMETER;
    w[0] = qp->state;
    w[1] = qp->qkey;
    w[2] = qp->psn;
    w[3] = (uint32_t)qp->rnr_retry << 8;
    return ADMIN_OK;
}

static int destroy_qp(struct efa_card *c, const struct aq_entry *e)
{
    struct efa_qp *qp = efa_qp_find(c, e->u.word[0]);

    if (!qp)
        return ADMIN_BAD_PARAMETER;
    efa_qp_drop(qp);
    qp->used = false;
    return ADMIN_OK;
}

/* One handle for a peer in a domain, however often it is asked for. */
static int create_ah(struct efa_card *c, const struct aq_entry *e, uint32_t *w)
{
    struct efa_ah *ah = NULL;

    if (e->u.create_ah.pd >= EFA_MAX_PD || !c->pd[e->u.create_ah.pd])
        return ADMIN_BAD_PARAMETER;
    w[0] = efa_ah_of(c, e->u.create_ah.pd, e->u.create_ah.gid);
    if (w[0] != EFA_NO_AH) {
        c->ah[w[0]].refs++;
        return ADMIN_OK;
    }
    for (unsigned i = 0; i < EFA_MAX_AH && !ah; i++)
        if (!c->ah[i].refs)
            ah = &c->ah[i];
    if (!ah)
        return ADMIN_NO_RESOURCES;
    *ah = (struct efa_ah){ .refs = 1, .pd = e->u.create_ah.pd };
    memcpy(ah->gid, e->u.create_ah.gid, sizeof(ah->gid));
    w[0] = (uint32_t)(ah - c->ah);
    return ADMIN_OK;
}

static int destroy_ah(struct efa_card *c, const struct aq_entry *e)
{
    uint16_t i = e->u.destroy_ah.ah;

    if (i >= EFA_MAX_AH || !c->ah[i].refs || c->ah[i].pd != e->u.destroy_ah.pd)
        return ADMIN_BAD_PARAMETER;
    c->ah[i].refs--;
    return ADMIN_OK;
}

static int create_cq(struct efa_card *c, const struct aq_entry *e, uint32_t *w)
{
    uint8_t words = e->u.create_cq.caps2 & 0x1f;
    bool events = e->u.create_cq.caps1 & 0x20, src_gid = e->u.create_cq.caps2 & 0x20;
    struct efa_cq *q = NULL;

    if (e->u.create_cq.caps1 & 0x40)
        return ADMIN_UNSUPPORTED; /* a ring in a memory region */
    if ((words != 4 && words != 8) || (src_gid && words != 8) || e->u.create_cq.sub_cqs != 1 ||
        !power_of_two(e->u.create_cq.depth) || e->u.create_cq.depth > EFA_MAX_CQ_DEPTH ||
        e->u.create_cq.uar >= EFA_MAX_UAR || !c->uar[e->u.create_cq.uar] ||
        (events && (e->u.create_cq.eqn >= EFA_MAX_EQ || !c->eq[e->u.create_cq.eqn].used)))
        return ADMIN_BAD_PARAMETER;
    for (unsigned i = 0; i < EFA_MAX_CQ && !q; i++)
        if (!c->cq[i].used)
            q = &c->cq[i];
    if (!q)
        return ADMIN_NO_RESOURCES;
    *q = (struct efa_cq){
        .used = true,
        .src_gid = src_gid,
        .events = events,
        .entry = (uint8_t)(words * 4),
        .depth = e->u.create_cq.depth,
        .eqn = e->u.create_cq.eqn,
        .base = e->u.create_cq.lo | (uint64_t)e->u.create_cq.hi << 32,
    };
    w[0] = (uint32_t)(q - c->cq) | (uint32_t)q->depth << 16;
    w[1] = (uint32_t)(EFA_MAX_QP + (q - c->cq)) * EFA_DB_PAGE;
    w[2] = 1; /* the doorbell is valid */
    return ADMIN_OK;
}

static int destroy_cq(struct efa_card *c, const struct aq_entry *e)
{
    uint16_t i = (uint16_t)e->u.word[0];

    if (i >= EFA_MAX_CQ || !c->cq[i].used)
        return ADMIN_BAD_PARAMETER;
    if (cq_in_use(c, i))
        return ADMIN_BUSY;
    c->cq[i].used = false;
    return ADMIN_OK;
}

static int create_eq(struct efa_card *c, const struct aq_entry *e, uint32_t *w)
{
    struct efa_eq *q = NULL;

    if (!power_of_two(e->u.create_eq.depth) || e->u.create_eq.depth > EFA_MAX_EQ_DEPTH ||
        (e->u.create_eq.caps & 0x1f) != sizeof(struct eq_entry) / 4 ||
        e->u.create_eq.vector >= EFA_VECTORS || e->u.create_eq.events != 1)
        return ADMIN_BAD_PARAMETER;
    for (unsigned i = 0; i < EFA_MAX_EQ && !q; i++)
        if (!c->eq[i].used)
            q = &c->eq[i];
    if (!q)
        return ADMIN_NO_RESOURCES;
    *q = (struct efa_eq){
        .used = true,
        .vector = e->u.create_eq.vector,
        .depth = e->u.create_eq.depth,
        .base = e->u.create_eq.lo | (uint64_t)e->u.create_eq.hi << 32,
    };
    w[0] = (uint32_t)(q - c->eq);
    return ADMIN_OK;
}

static int destroy_eq(struct efa_card *c, const struct aq_entry *e)
{
    uint16_t i = (uint16_t)e->u.word[0];

    if (i >= EFA_MAX_EQ || !c->eq[i].used)
        return ADMIN_BAD_PARAMETER;
    c->eq[i].used = false;
    return ADMIN_OK;
}

int efa_objects(struct efa_card *c, const struct aq_entry *e, struct acq_entry *r)
{
    uint32_t *w = r->word, n = e->u.word[0] & 0xffff;
    int rc;

    switch (e->opcode) {
    case CMD_ALLOC_PD:
        return take(c->pd, EFA_MAX_PD, w);
    case CMD_DEALLOC_PD:
        return pd_in_use(c, n) ? ADMIN_BUSY : give_back(c->pd, EFA_MAX_PD, n);
    case CMD_ALLOC_UAR:
        return take(c->uar, EFA_MAX_UAR, w);
    case CMD_DEALLOC_UAR:
        return give_back(c->uar, EFA_MAX_UAR, n);
    case CMD_CREATE_QP:
        return create_qp(c, e, w);
    case CMD_MODIFY_QP:
        return modify_qp(c, e);
    case CMD_QUERY_QP:
        return query_qp(c, e, w);
    case CMD_DESTROY_QP:
        return destroy_qp(c, e);
    case CMD_CREATE_AH:
        return create_ah(c, e, w);
    case CMD_DESTROY_AH:
        return destroy_ah(c, e);
    case CMD_REG_MR:
        rc = efa_mr_register(c, e, &w[0]);
        w[1] = w[0]; /* one key for both sides */
        return rc;
    case CMD_DEREG_MR:
        return efa_mr_deregister(c, e->u.word[0]);
    case CMD_CREATE_CQ:
        return create_cq(c, e, w);
    case CMD_DESTROY_CQ:
        return destroy_cq(c, e);
    case CMD_CREATE_EQ:
        return create_eq(c, e, w);
    case CMD_DESTROY_EQ:
        return destroy_eq(c, e);
    case CMD_ALLOC_MR: /* for users in the kernel, which the card has none of */
        return ADMIN_UNSUPPORTED;
    default:
        return ADMIN_BAD_OPCODE;
    }
}
