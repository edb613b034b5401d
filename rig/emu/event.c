/* SPDX-License-Identifier: MIT */
/* The firmware's event queue: entries of struct hl_eq_entry (cpucp_if.h), 64 in a ring. */
#include "rig/emu/emu.h"
#include <string.h>

#define ENTRIES 64u /* HL_EQ_LENGTH */
#define READY (1u << 31)

void emu_event(struct emu *e, unsigned type, const uint64_t *data, unsigned n)
{
    const struct emu_asic *a = e->a;
    uint64_t base = emu_get(e, a->eq_lo) | (uint64_t)emu_get(e, a->eq_hi) << 32;
    struct {
        uint32_t reserved, ctl;
        uint64_t data[7];
    } entry = { .reserved = 0 };
    int asid = e->cpu_mmu ? 0 : -1;
    uint64_t at = base + e->eq_pi * sizeof(entry);

    if (!base) {
        emu_log(e, "event %u: there is no queue yet", type);
        return;
    }
    if (n)
        memcpy(entry.data, data, (n < 7 ? n : 7) * 8);
    emu_log(e, "event %u, entry %u, data %#llx", type, e->eq_pi, (unsigned long long)entry.data[0]);
    if (emu_copy(e, asid, at, &entry, sizeof(entry), true) < 0)
        return;
    /* from here on the entry belongs to the driver */
    entry.ctl = READY | (type & 0xFFF) << 16 | (e->eq_index & 0xFFFF);
    emu_copy(e, asid, at + 4, &entry.ctl, 4, true);
    e->eq_pi = (e->eq_pi + 1) % ENTRIES;
    e->eq_index++;
    if (vfu_irq(&e->v, a->eq_irq, a->eq_vector) < 0)
        emu_log(e, "event %u: its interrupt has no vector", type);
}

void emu_page_fault(struct emu *e, uint64_t va)
{
    if (e->a->page_fault)
        emu_event(e, e->a->page_fault(e, va), NULL, 0);
}
