/* SPDX-License-Identifier: MIT */
/* The registers of BAR 0. */
#include "rig/emu/efa/card.h"

#define VERSION 0x0002u        /* 0.2: completions of commands carry a checksum */
#define CONTROLLER 0x01000001u /* implementation 1, 0.0.1 */
/* reset within 1 s, 48 bits of bus address, 1.5 s for a command */
#define CAPS (10u << 1 | 48u << 8 | 15u << 16)

uint32_t efa_reg_read(struct efa_card *c, uint32_t off)
{
    switch (off) {
    case REG_VERSION:
        return VERSION;
    case REG_CONTROLLER:
        return CONTROLLER;
    case REG_CAPS:
        return CAPS;
    default:
        return off < REG_END ? c->reg[off / 4] : 0;
    }
}

/* The driver requests a register by writing its offset, and polls memory for the answer. */
static void answer_read(struct efa_card *c, uint32_t x)
{
    uint64_t at = c->reg[REG_READ_LO / 4] | (uint64_t)c->reg[REG_READ_HI / 4] << 32;
    struct {
        uint16_t id, off;
        uint32_t value;
    } r = { .id = (uint16_t)x, .off = (uint16_t)(x >> 16) };

    r.value = efa_reg_read(c, r.off & ~3u);
    if (efa_write(c, at + 2, (uint8_t *)&r + 2, sizeof(r) - 2) < 0)
        return;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    efa_write(c, at, &r.id, sizeof(r.id));
}

static void set_ring(struct efa_card *c, struct efa_ring *q, uint32_t lo, uint32_t caps,
                     uint32_t entry)
{
    uint32_t x = c->reg[caps / 4], depth = x & 0xffff;

    q->base = c->reg[lo / 4] | (uint64_t)c->reg[lo / 4 + 1] << 32;
    q->next = 0;
    q->vector = (uint8_t)(x >> 24);
    q->depth = 0;
    if (entry != sizeof(struct aq_entry) || !depth || depth > 4096 || (depth & (depth - 1)))
        efa_log(c, "a ring of %u entries of %u bytes: refused", depth, entry);
    else
        q->depth = (uint16_t)depth;
}

void efa_reg_write(struct efa_card *c, uint32_t off, uint32_t x)
{
    if (off >= REG_END || off & 3)
        return;
    efa_detail(c, "register %#x = %#x", off, x);
    switch (off) {
    case REG_VERSION:
    case REG_CONTROLLER:
    case REG_CAPS:
    case REG_DEV_STS:
        return; /* read-only */
    case REG_DEV_CTL:
        if (x & CTL_RESET) {
            efa_log(c, "reset, reason %u", x >> 28);
            efa_card_reset(c);
            c->reg[REG_DEV_STS / 4] |= STS_RESETTING;
        } else {
            c->reg[REG_DEV_STS / 4] &= ~STS_RESETTING;
        }
        return;
    case REG_READ:
        answer_read(c, x);
        return;
    case REG_AQ_DOORBELL:
        efa_admin_run(c, (uint16_t)x);
        return;
    case REG_AENQ_DOORBELL:
        c->aenq_free = (uint16_t)x;
        return;
    case REG_EQ_DOORBELL:
        efa_eq_arm(c, x);
        return;
    default:
        break;
    }
    c->reg[off / 4] = x;
    if (off == REG_AQ_CAPS)
        set_ring(c, &c->aq, REG_AQ_LO, REG_AQ_CAPS, x >> 16);
    else if (off == REG_ACQ_CAPS)
        set_ring(c, &c->acq, REG_ACQ_LO, REG_ACQ_CAPS, x >> 16 & 0xff);
    else if (off == REG_AENQ_CAPS)
        set_ring(c, &c->aenq, REG_AENQ_LO, REG_AENQ_CAPS, x >> 16 & 0xff);
}
