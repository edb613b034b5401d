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

/* Takes the lowest free number below n. */
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

static bool has_pd(const struct efa_card *c, uint32_t pd)
{
    return pd < EFA_MAX_PD && c->pd[pd];
}

static bool has_uar(const struct efa_card *c, uint32_t uar)
{
    return uar < EFA_MAX_UAR && c->uar[uar];
}

static bool has_cq(const struct efa_card *c, uint32_t cq)
{
    return cq < EFA_MAX_CQ && c->cq[cq].used;
}

/* Bytes of a work request of a send queue of this size; 0: no queue.  False: none can be like that.
 */
static bool sq_fits(uint32_t depth, uint32_t bytes, uint32_t *wqe)
{
    *wqe = depth ? bytes / depth : 0;
    if (!depth)
        return !bytes;
    return bytes % depth == 0 && (*wqe == 64 || *wqe == 128) && depth <= EFA_MAX_SQ &&
           round_up(depth) * *wqe <= EFA_LLQ_BYTES;
}

static bool rq_fits(uint32_t bytes)
{
    uint32_t n = bytes / sizeof(struct rx_desc);

    return bytes % sizeof(struct rx_desc) == 0 &&
           (!n || (power_of_two(n) && n <= EFA_MAX_RQ * EFA_MAX_SGE));
}

/* ADMIN_OK: such a queue pair is allowed. */
static int check_qp(const struct efa_card *c, const struct aq_entry *e, uint32_t *wqe)
{
    if (e->u.create_qp.flags & ~4u ||
        (e->u.create_qp.type != QP_UD && e->u.create_qp.type != QP_SRD))
        return ADMIN_UNSUPPORTED;
    if (!has_pd(c, e->u.create_qp.pd) || !has_uar(c, e->u.create_qp.uar) ||
        !has_cq(c, e->u.create_qp.send_cq) || !has_cq(c, e->u.create_qp.recv_cq))
        return ADMIN_BAD_PARAMETER;
    return sq_fits(e->u.create_qp.sq_depth, e->u.create_qp.sq_bytes, wqe) &&
                   rq_fits(e->u.create_qp.rq_bytes)
               ? ADMIN_OK
               : ADMIN_BAD_PARAMETER;
}

static int create_qp(struct efa_card *c, const struct aq_entry *e, uint32_t *w)
{
    uint32_t sq = e->u.create_qp.sq_depth, wqe, i = 0;
    uint32_t rq = e->u.create_qp.rq_bytes / sizeof(struct rx_desc);
    int status = check_qp(c, e, &wqe);
    struct efa_qp *qp;

    if (status)
        return status;
    while (i < EFA_MAX_QP && c->qp[i].used)
        i++;
    if (i == EFA_MAX_QP)
        return ADMIN_NO_RESOURCES;
    qp = &c->qp[i];
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
    w[0] = qp->number; /* also its handle */
    w[1] = qp->number;
    w[2] = 0; /* sub-queues */
    w[3] = i * EFA_DB_PAGE;
    w[4] = i * EFA_DB_PAGE + 8;
    w[5] = i * EFA_LLQ_BYTES;
    efa_log(c, "queue pair %#x: %s, %u of %u bytes to send, %u to receive", qp->number,
            qp->type == QP_UD ? "UD" : "SRD", qp->sq_count, wqe, rq);
    return ADMIN_OK;
}

/* What a modification can change, by the bits of its mask. */
enum { SET_STATE = 1, IS_STATE = 2, SET_QKEY = 4, SET_PSN = 8, SET_NOTIFY = 16, SET_RNR = 32 };
#define SET_KNOWN 0x3fu

static bool may_modify(const struct efa_qp *qp, const struct aq_entry *e)
{
    uint32_t mask = e->u.modify_qp.mask;

    if (mask & ~SET_KNOWN)
        return false;
    if (mask & SET_STATE && e->u.modify_qp.state >= STATE_END)
        return false;
    if (mask & IS_STATE && e->u.modify_qp.current != qp->state)
        return false;
    return !(mask & SET_RNR) || (e->u.modify_qp.rnr_retry <= 7 && qp->type == QP_SRD);
}

static void set_state(struct efa_card *c, struct efa_qp *qp, uint32_t state)
{
    qp->state = (uint8_t)state;
    if (state == STATE_RESET) {
        efa_qp_drop(qp);
        qp->sq_taken = qp->rq_taken = qp->rq_posted = 0;
    } else if (state == STATE_ERR) {
        efa_qp_flush(c, qp);
    }
}

static int modify_qp(struct efa_card *c, const struct aq_entry *e)
{
    struct efa_qp *qp = efa_qp_find(c, e->u.modify_qp.handle);
    uint32_t mask = e->u.modify_qp.mask;

    if (!qp || !may_modify(qp, e))
        return ADMIN_BAD_PARAMETER;
    if (mask & SET_QKEY)
        qp->qkey = e->u.modify_qp.qkey;
    if (mask & SET_PSN)
        qp->psn = e->u.modify_qp.psn;
    if (mask & SET_NOTIFY)
        qp->notify = e->u.modify_qp.notify;
    if (mask & SET_RNR)
        qp->rnr_retry = e->u.modify_qp.rnr_retry;
    if (mask & SET_STATE)
        set_state(c, qp, e->u.modify_qp.state);
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

/* One handle for a peer in a protection domain, however often it is created. */
static int create_ah(struct efa_card *c, const struct aq_entry *e, uint32_t *w)
{
    struct efa_ah *ah = NULL;

    if (!has_pd(c, e->u.create_ah.pd))
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

/* ADMIN_OK: such a completion queue is allowed. */
static int check_cq(const struct efa_card *c, const struct aq_entry *e)
{
    uint8_t words = e->u.create_cq.caps2 & 0x1f;
    bool events = e->u.create_cq.caps1 & 0x20, src_gid = e->u.create_cq.caps2 & 0x20;

    if (e->u.create_cq.caps1 & 0x40)
        return ADMIN_UNSUPPORTED; /* a ring in a memory region */
    if ((words != 4 && words != 8) || (src_gid && words != 8) || e->u.create_cq.sub_cqs != 1)
        return ADMIN_BAD_PARAMETER;
    if (!power_of_two(e->u.create_cq.depth) || e->u.create_cq.depth > EFA_MAX_CQ_DEPTH)
        return ADMIN_BAD_PARAMETER;
    if (!has_uar(c, e->u.create_cq.uar) ||
        (events && (e->u.create_cq.eqn >= EFA_MAX_EQ || !c->eq[e->u.create_cq.eqn].used)))
        return ADMIN_BAD_PARAMETER;
    return ADMIN_OK;
}

static int create_cq(struct efa_card *c, const struct aq_entry *e, uint32_t *w)
{
    int status = check_cq(c, e);
    struct efa_cq *q;
    uint32_t i = 0;

    if (status)
        return status;
    while (i < EFA_MAX_CQ && c->cq[i].used)
        i++;
    if (i == EFA_MAX_CQ)
        return ADMIN_NO_RESOURCES;
    q = &c->cq[i];
    *q = (struct efa_cq){
        .used = true,
        .src_gid = e->u.create_cq.caps2 & 0x20,
        .events = e->u.create_cq.caps1 & 0x20,
        .entry = (uint8_t)((e->u.create_cq.caps2 & 0x1f) * 4),
        .depth = e->u.create_cq.depth,
        .eqn = e->u.create_cq.eqn,
        .base = e->u.create_cq.lo | (uint64_t)e->u.create_cq.hi << 32,
    };
    w[0] = i | (uint32_t)q->depth << 16;
    w[1] = (EFA_MAX_QP + i) * EFA_DB_PAGE;
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
    case CMD_ALLOC_MR: /* for users in the kernel; this card has none */
        return ADMIN_UNSUPPORTED;
    default:
        return ADMIN_BAD_OPCODE;
    }
}
