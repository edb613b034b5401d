/* SPDX-License-Identifier: MIT */
/* What notifies the driver: interrupts, asynchronous events, event queues. */
#include "rig/emu/efa/card.h"

void efa_interrupt(struct efa_card *c, unsigned vector)
{
    if (!c->no_interrupts && vfu_irq(&c->v, VFU_IRQ_MSIX, vector) < 0)
        efa_detail(c, "vector %u has no listener", vector);
}

void efa_aenq(struct efa_card *c, uint16_t group, uint16_t syndrome)
{
    struct efa_ring *q = &c->aenq;
    struct aenq_entry e = { .group = group, .syndrome = syndrome };
    uint64_t now = c->net->now();

    if (!q->depth || !(c->groups & 1u << group))
        return;
    if ((uint16_t)(q->next - c->aenq_free) >= q->depth) {
        efa_log(c, "event %u: the driver has not taken the last %u", group, q->depth);
        return;
    }
    e.time_lo = (uint32_t)now;
    e.time_hi = (uint32_t)(now >> 32);
    e.flags = !(q->next / q->depth & 1);
    if (efa_write_entry(c, q->base + (uint64_t)(q->next % q->depth) * sizeof(e), &e, sizeof(e), 4) <
        0)
        return;
    q->next++;
    efa_interrupt(c, q->vector);
}

void efa_eq_event(struct efa_card *c, struct efa_cq *cq)
{
    struct efa_eq *q = &c->eq[cq->eqn];
    struct eq_entry e = { .cqn = (uint16_t)(cq - c->cq) };

    if (!q->used || q->since >= q->depth)
        return;
    e.common = !(q->produced / q->depth & 1);
    if (efa_write_entry(c, q->base + (uint64_t)(q->produced % q->depth) * sizeof(e), &e, sizeof(e),
                        0) < 0)
        return;
    q->produced++;
    q->since++;
    q->pending = true;
    if (q->armed) {
        q->armed = q->pending = false;
        efa_interrupt(c, q->vector);
    }
}

/* The driver has handled what it saw; what came since then needs another interrupt. */
void efa_eq_arm(struct efa_card *c, uint32_t x)
{
    uint32_t n = x & 0xffff;
    struct efa_eq *q = &c->eq[n < EFA_MAX_EQ ? n : 0];

    if (n >= EFA_MAX_EQ || !q->used || !(x & 0x80000000u))
        return;
    q->since = 0;
    q->armed = !q->pending;
    if (q->pending) {
        q->pending = false;
        efa_interrupt(c, q->vector);
    }
}
