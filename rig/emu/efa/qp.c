/* SPDX-License-Identifier: MIT */
/* Queue pairs: requests to send come from BAR 2, requests to receive from the guest's memory.
 */
#include "rig/emu/efa/card.h"
#include <stdlib.h>
#include <string.h>

struct efa_qp *efa_qp_find(struct efa_card *c, uint32_t number)
{
    struct efa_qp *qp = &c->qp[number % EFA_MAX_QP];

    return qp->used && qp->number == number ? qp : NULL;
}

/* Drops what is in flight, without completions. */
void efa_qp_drop(struct efa_qp *qp)
{
    while (qp->ops) {
        struct efa_op *op = qp->ops;

        qp->ops = op->next;
        free(op);
    }
    qp->ops_end = &qp->ops;
    qp->nops = 0;
}

void efa_qp_flush(struct efa_card *c, struct efa_qp *qp)
{
    struct rx_desc d[EFA_MAX_SGE];

    for (struct efa_op *op = qp->ops; op; op = op->next) {
        struct cqe e = { .id = op->wqe.id, .status = COMP_FLUSHED, .qpn = qp->number };

        efa_complete(c, qp->send_cq, &e, false, false, op->wqe.ctrl1 & 0xf, false);
    }
    efa_qp_drop(qp);
    while (efa_rq_take(c, qp, d) > 0) {
        struct cqe e = { .id = d[0].id, .status = COMP_FLUSHED, .qpn = qp->number };

        efa_complete(c, qp->recv_cq, &e, true, false, OP_SEND, false);
    }
}

static void take_wqe(struct efa_card *c, struct efa_qp *qp, unsigned index)
{
    struct efa_op *op = calloc(1, sizeof(*op));

    if (!op) {
        efa_log(c, "no memory for a work request");
        return;
    }
    memcpy(&op->wqe,
           c->llq + index * EFA_LLQ_BYTES +
               (size_t)(qp->sq_taken & (qp->sq_count - 1u)) * qp->wqe_bytes,
           qp->wqe_bytes);
    *qp->ops_end = op;
    qp->ops_end = &op->next;
    qp->nops++;
    c->nwqe++;
}

/* The doorbell holds the number of requests since the beginning. */
void efa_sq_doorbell(struct efa_card *c, unsigned index, uint16_t pc)
{
    struct efa_qp *qp = &c->qp[index];
    unsigned n = (uint16_t)(pc - qp->sq_taken);

    if (!qp->used || (qp->state != STATE_RTS && qp->state != STATE_SQD))
        return;
    if (n + qp->nops > qp->sq_count) {
        efa_log(c, "queue pair %#x: %u more requests than its queue holds", qp->number, n);
        qp->state = STATE_ERR;
        efa_qp_flush(c, qp);
        return;
    }
    for (; qp->sq_taken != pc; qp->sq_taken++)
        take_wqe(c, qp, index);
}

void efa_rq_doorbell(struct efa_card *c, unsigned index, uint16_t pc)
{
    struct efa_qp *qp = &c->qp[index];

    if (!qp->used || qp->state == STATE_RESET || qp->state == STATE_ERR)
        return;
    if ((uint16_t)(pc - qp->rq_taken) > qp->rq_count) {
        efa_log(c, "queue pair %#x: more to receive than its queue holds", qp->number);
        qp->state = STATE_ERR;
        efa_qp_flush(c, qp);
        return;
    }
    qp->rq_posted = pc;
}

int efa_rq_take(struct efa_card *c, struct efa_qp *qp, struct rx_desc *d)
{
    unsigned n = 0;

    while (qp->rq_taken != qp->rq_posted && n < EFA_MAX_SGE) {
        uint64_t at = qp->rq_base + (uint64_t)(qp->rq_taken & (qp->rq_count - 1u)) * sizeof(*d);

        if (efa_read(c, at, &d[n], sizeof(*d)) < 0)
            return -1;
        qp->rq_taken++;
        if (!n != !!(d[n].key & RX_FIRST))
            return -1;
        if (d[n++].key & RX_LAST)
            return (int)n;
    }
    return n ? -1 : 0;
}
