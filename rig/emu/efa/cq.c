/* SPDX-License-Identifier: MIT */
/* Completion queues: rings in the guest's memory, which programs read without the kernel. */
#include "rig/emu/efa/card.h"

void efa_complete(struct efa_card *c, unsigned n, const struct cqe *entry, bool receive, bool imm,
                  unsigned op, bool unsolicited)
{
    struct efa_cq *q = &c->cq[n];
    struct cqe e = *entry;
    unsigned type = receive ? QUEUE_RECEIVE : QUEUE_SEND;

    if (!q->used)
        return;
    if ((uint16_t)(q->produced - q->consumed) >= q->depth) {
        efa_log(c, "completion queue %u is full: a completion is lost", n);
        return;
    }
    e.flags = (uint8_t)((q->produced / q->depth & 1 ? 0u : 1u) | type << 1 | (unsigned)imm << 3 |
                        op << 4 | (unsigned)unsolicited << 7);
    if (efa_write_entry(c, q->base + (uint64_t)(q->produced % q->depth) * q->entry, &e, q->entry,
                        3) < 0)
        return;
    q->produced++;
    c->ncqe++;
    if (q->events && q->armed) {
        q->armed = false;
        efa_eq_event(c, q);
    }
}

void efa_cq_doorbell(struct efa_card *c, unsigned n, uint32_t x)
{
    struct efa_cq *q = &c->cq[n];

    if (!q->used)
        return;
    q->consumed = (uint16_t)x;
    if (!(x & 0x80000000u) || !q->events)
        return;
    q->armed = q->consumed == q->produced;
    if (!q->armed)
        efa_eq_event(c, q); /* something is there already */
}
