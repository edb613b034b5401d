/* SPDX-License-Identifier: MIT */
/*
 * Sync managers: objects that count, monitors that watch a group of eight objects (Goya: one) and
 * write when their condition holds, and (Gaudi2) completion queues that monitors write to. All
 * state is in the registers, so that a driver which writes them past the engine is understood as
 * well: a monitor counts as armed when its arm register is not 0, or its status says so.
 *
 * Facts: {GAUDI,GAUDI2}_PKT_SHORT_VAL_* of the packet headers, dcore0_sync_mngr_objs_masks.h,
 * gaudi2_arm_monitors_for_virt_msix_db(), gaudi2_init_sm() of the kernel's driver; long objects as
 * the vendor's public tests use them.
 */
#include <string.h>

#include "engine/asic.h"

#define SOB_MAX 0x7FFFu
#define SOB_SIGN 0x8000u /* with INC: the value is negative, in two's complement */
#define SOB_LONG (1u << 24)
#define SOB_INC (1u << 31)
#define CFG_LONG 1u
#define CFG_CQ (1u << 4)
#define CFG_LBW (1u << 8)
#define STS_VALID 1u
#define SINGLE_SOB 0x3FFu
#define SINGLE_EQUAL (1u << 15)
#define MAX_FIRED 65536u /* triggered by one write, at any depth: likewise */
#define MAX_NESTED 64u   /* monitors that trigger one another: give up rather than recurse */

static uint32_t get(struct eng *e, uint32_t off)
{
    return eng_reg_read(e, off);
}

static void put(struct eng *e, uint32_t off, uint32_t x)
{
    memcpy(e->cfg + off, &x, 4);
}

static void report(struct eng *e, enum eng_fault what, uint64_t addr, int error)
{
    struct eng_report r = { .what = what, .addr = addr, .write = true, .error = error };

    if (e->ops->report)
        e->ops->report(e->priv, &r);
}

static void write_out(struct eng *e, uint64_t addr, uint32_t value)
{
    int rc = eng_write32(e, NULL, addr, value);

    if (rc < 0)
        report(e, ENG_FAULT_ADDRESS, addr, rc);
}

/* An entry of a completion queue: 32 bits each, or one 64-bit counter to add to. */
static void complete(struct eng *e, uint32_t base, unsigned cq, uint32_t data, bool lbw)
{
    const struct eng_sm_desc *s = &e->asic->sm;
    uint32_t o = base + 4 * cq;
    uint64_t ring = get(e, o + s->cq_lo) | (uint64_t)get(e, o + s->cq_hi) << 32;
    uint64_t bytes = 1ull << (get(e, o + s->cq_size) & 31), pi = get(e, o + s->cq_pi), at;
    bool inc = get(e, o + s->cq_inc) & 1;
    int rc;

    if (inc) {
        uint64_t sum = 0;

        at = ring + (pi * 8 & (bytes - 1) & ~7ull);
        rc = e->ops->read(e->priv, NULL, at, &sum, 8);
        sum += data;
        if (!rc)
            rc = e->ops->write(e->priv, NULL, at, &sum, 8);
    } else {
        at = ring + (pi * 4 & (bytes - 1) & ~3ull);
        rc = e->ops->write(e->priv, NULL, at, &data, 4);
    }
    if (rc < 0) {
        report(e, ENG_FAULT_ADDRESS, at, rc);
        return;
    }
    put(e, o + s->cq_pi, (uint32_t)pi + 1);
    if (lbw)
        write_out(e, get(e, o + s->lbw_lo) | (uint64_t)get(e, o + s->lbw_hi) << 32,
                  get(e, o + s->lbw_data));
}

static void fire(struct eng *e, uint32_t base, unsigned mon)
{
    const struct eng_sm_desc *s = &e->asic->sm;
    uint32_t cfg = s->config ? get(e, base + s->config + 4 * mon) : 0;
    unsigned writes = s->config ? 1 + eng_bits(cfg, 5, 2) : 1;

    if (e->fired++ >= MAX_FIRED)
        return;
    put(e, base + s->arm + 4 * mon, 0);
    put(e, base + s->status + 4 * mon, 0);
    for (unsigned i = 0; i < writes && mon + i < s->mons; i++) {
        uint32_t o = base + 4 * (mon + i);
        uint32_t data = get(e, o + s->data), lo = get(e, o + s->addr_lo);

        if ((cfg & CFG_CQ) && i == 0)
            complete(e, base, lo % (s->cqs ? s->cqs : 1), data, cfg & CFG_LBW);
        else
            write_out(e, lo | (uint64_t)get(e, o + s->addr_hi) << 32, data);
    }
}

/* Goya: one object, and all sixteen bits of the target. */
static bool single_holds(struct eng *e, uint32_t base, uint32_t arm)
{
    uint32_t v = get(e, base + 4 * (arm & SINGLE_SOB)) & SOB_MAX;

    return arm & SINGLE_EQUAL ? v == arm >> 16 : v >= arm >> 16;
}

/* Does the condition of a monitor hold, with this content of its arm register? */
static bool holds(struct eng *e, uint32_t base, unsigned mon, uint32_t arm)
{
    const struct eng_sm_desc *s = &e->asic->sm;
    uint32_t cfg = s->config ? get(e, base + s->config + 4 * mon) : 0;
    unsigned group = (arm & 0xFF) | (s->config ? eng_bits(cfg, 16, 4) << 8 : 0);
    uint32_t mask = eng_bits(arm, 8, 8);
    bool equal = arm & 0x10000;

    if (s->single)
        return single_holds(e, base, arm);
    if (8 * group + 8 > s->sobs)
        return false;
    if (cfg & CFG_LONG) {
        /* four objects make 60 bits; the targets are those of four monitors in a row */
        unsigned first = cfg & 1u << 31 ? 4 : 0;
        uint64_t v = 0, t = 0;

        for (unsigned i = 0; i < 4; i++) {
            v |= (uint64_t)(get(e, base + 4 * (8 * group + first + i)) & SOB_MAX) << 15 * i;
            if (mon + i < s->mons)
                t |= (uint64_t)(i ? get(e, base + s->arm + 4 * (mon + i)) >> 17 : arm >> 17)
                     << 15 * i;
        }
        return equal ? v == t : v >= t;
    }
    for (unsigned i = 0; i < 8; i++) {
        uint32_t v;

        if (mask & 1u << i)
            continue;
        v = get(e, base + 4 * (8 * group + i)) & SOB_MAX;
        if (equal ? v != arm >> 17 : v < arm >> 17)
            return false;
    }
    return true;
}

static unsigned group_of(struct eng *e, uint32_t base, unsigned mon, uint32_t arm)
{
    const struct eng_sm_desc *s = &e->asic->sm;

    if (s->single)
        return (arm & SINGLE_SOB) / 8;
    return (arm & 0xFF) |
           (s->config ? eng_bits(get(e, base + s->config + 4 * mon), 16, 4) << 8 : 0);
}

static void check_group(struct eng *e, uint32_t base, unsigned group)
{
    const struct eng_sm_desc *s = &e->asic->sm;

    if (e->nested >= MAX_NESTED)
        return;
    if (!e->nested)
        e->fired = 0;
    e->nested++;
    for (unsigned m = 0; m < s->mons; m++) {
        uint32_t arm = get(e, base + s->arm + 4 * m);

        if (!arm && !(get(e, base + s->status + 4 * m) & STS_VALID))
            continue;
        if (group_of(e, base, m, arm) != group)
            continue;
        if (holds(e, base, m, arm))
            fire(e, base, m);
    }
    e->nested--;
}

static void sob_write(struct eng *e, uint32_t base, unsigned sob, uint32_t value)
{
    const struct eng_sm_desc *s = &e->asic->sm;
    uint32_t v = value & SOB_MAX;
    bool inc = value & SOB_INC;

    if (s->config && (value & SOB_LONG)) {
        uint64_t x = 0;

        for (unsigned i = 0; inc && i < 4 && sob + i < s->sobs; i++)
            x |= (uint64_t)(get(e, base + 4 * (sob + i)) & SOB_MAX) << 15 * i;
        x += value & SOB_SIGN && inc ? (uint64_t)v - SOB_SIGN : v;
        for (unsigned i = 0; i < 4 && sob + i < s->sobs; i++)
            put(e, base + 4 * (sob + i), x >> 15 * i & SOB_MAX);
    } else if (inc) {
        uint32_t old = get(e, base + 4 * sob) & SOB_MAX;
        uint32_t x = old + (s->config && value & SOB_SIGN ? v - SOB_SIGN : v);

        if (x > SOB_MAX)
            report(e, ENG_FAULT_SOB_OVERFLOW, e->asic->chip.cfg_base + base + 4 * sob, 0);
        put(e, base + 4 * sob, x & SOB_MAX);
    } else {
        put(e, base + 4 * sob, v);
    }
    check_group(e, base, sob / 8);
}

bool eng_sm_write(struct eng *e, uint32_t offset, uint32_t value)
{
    const struct eng_sm_desc *s = &e->asic->sm;

    for (unsigned i = 0; i < s->count; i++) {
        uint32_t base = s->base[i], o = offset - base;

        if (offset < base || o >= s->span || (o & 3))
            continue;
        if (o < 4 * s->sobs) {
            sob_write(e, base, o / 4, value);
        } else if (o >= s->arm && o < s->arm + 4 * s->mons) {
            unsigned m = (o - s->arm) / 4;

            put(e, offset, value);
            put(e, base + s->status + 4 * m, STS_VALID | (~eng_bits(value, 8, 8) & 0xFF) << 1);
            if (holds(e, base, m, value) && e->nested < MAX_NESTED) {
                if (!e->nested)
                    e->fired = 0;
                e->nested++;
                fire(e, base, m);
                e->nested--;
            }
        } else {
            put(e, offset, value);
        }
        return true;
    }
    return false;
}
