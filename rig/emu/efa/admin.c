/* SPDX-License-Identifier: MIT */
/* The admin queue: commands in, answers out. */
#include "rig/emu/efa/card.h"
#include <string.h>

static uint16_t crc16(const void *data, unsigned n)
{
    const uint8_t *b = data;
    uint16_t x = 0xffff;

    while (n--) {
        x ^= *b++;
        for (int i = 0; i < 8; i++)
            x = (uint16_t)(x >> 1 ^ (x & 1 ? 0xa001 : 0));
    }
    return (uint16_t)~x;
}

static void answer(struct efa_card *c, struct acq_entry *r)
{
    struct efa_ring *q = &c->acq;

    r->flags = !(q->next / q->depth & 1);
    r->checksum = 0;
    r->checksum = crc16(r, sizeof(*r));
    if (efa_write_entry(c, q->base + (uint64_t)(q->next % q->depth) * sizeof(*r), r, sizeof(*r),
                        3) < 0)
        return;
    q->next++;
}

static bool command(struct efa_card *c, const struct aq_entry *e)
{
    struct acq_entry r = { .id = e->id & 0xfff };
    unsigned op = e->opcode;

    c->ncmd++;
    if (op < CMD_END && (c->mute[op] || c->mute_all)) {
        efa_log(c, "command %u: no answer, on request", op);
        return false;
    }
    if (op < CMD_END && c->refuse[op])
        r.status = c->refuse[op];
    else if (op == CMD_GET_FEATURE || op == CMD_SET_FEATURE || op == CMD_GET_STATS)
        r.status = (uint8_t)efa_features(c, e, &r);
    else
        r.status = (uint8_t)efa_objects(c, e, &r);
    if (r.status)
        memset(r.word, 0, sizeof(r.word));
    if (r.status || c->verbose)
        efa_log(c, "command %u: status %u, %#x %#x", op, r.status, r.word[0], r.word[1]);
    answer(c, &r);
    return true;
}

void efa_admin_run(struct efa_card *c, uint16_t doorbell)
{
    struct efa_ring *q = &c->aq;
    bool answered = false;

    if (!q->depth || !c->acq.depth || (uint16_t)(doorbell - q->next) > q->depth) {
        efa_log(c, "admin doorbell %u: %u is next in a ring of %u", doorbell, q->next, q->depth);
        return;
    }
    while (q->next != doorbell) {
        struct aq_entry e;

        if (efa_read(c, q->base + (uint64_t)(q->next % q->depth) * sizeof(e), &e, sizeof(e)) < 0)
            return;
        if ((e.flags & AQ_PHASE) == (q->next / q->depth & 1)) {
            efa_log(c, "admin entry %u is an old one", q->next);
            return;
        }
        q->next++;
        answered |= command(c, &e);
    }
    if (answered && !(c->reg[REG_INTR_MASK / 4] & 1))
        efa_interrupt(c, c->acq.vector);
}
