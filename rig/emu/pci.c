/* SPDX-License-Identifier: MIT */
/* PCI configuration space, and which pages of the BARs have side effects. */
#include "rig/emu/emu.h"
#include <stdlib.h>
#include <string.h>

static void put32(uint8_t *p, uint32_t x)
{
    memcpy(p, &x, 4);
}

/* ELBI: an indirect window on the registers, in extended config space */
void emu_config_write(struct emu *e, uint64_t off, const void *buf, uint32_t len)
{
    uint32_t addr, data, ctl, cfg = (uint32_t)e->a->cfg_base;

    if (off + len > sizeof(e->v.cfg))
        return;
    memcpy(e->v.cfg + off, buf, len);
    window_update(&e->window, e->v.cfg);
    if (off == EMU_MAILBOX && len == 4)
        emu_mailbox(e);
    if (off != 0xFF8 || len != 4)
        return;
    memcpy(&addr, e->v.cfg + 0xFF0, 4);
    memcpy(&data, e->v.cfg + 0xFF4, 4);
    memcpy(&ctl, e->v.cfg + 0xFF8, 4);
    if (addr - cfg < e->a->cfg_size) {
        if (ctl & 0x80000000u) {
            if (e->verbose)
                emu_log(e, "ELBI write %#x = %#x", addr, data);
            emu_set(e, addr - cfg, data);
        } else {
            data = emu_get(e, addr - cfg);
            memcpy(e->v.cfg + 0xFF4, &data, 4);
        }
    }
    ctl = 0x80000000u; /* done */
    memcpy(e->v.cfg + 0xFFC, &ctl, 4);
}

void emu_config_setup(struct emu *e)
{
    uint8_t *c = e->v.cfg;
    uint16_t w;

    w = 0x1DA3;
    memcpy(c, &w, 2);
    memcpy(c + 0x2C, &w, 2);
    memcpy(c + 2, &e->a->devid, 2);
    memcpy(c + 0x2E, &e->a->devid, 2);
    c[0x06] = 0x10; /* status: capabilities */
    c[0x08] = e->a->rev;
    c[0x0B] = 0x12;                     /* class 0x1200: processing accelerator */
    c[0x10] = c[0x18] = c[0x20] = 0x0C; /* 64-bit, prefetchable, three times */
    c[0x34] = 0x40;
    /* PCI Express, version 2, endpoint; x16, 16 GT/s */
    c[0x40] = 0x10;
    c[0x41] = 0x80;
    c[0x42] = 0x02;
    put32(c + 0x44, 0x00008001);
    put32(c + 0x4C, 0x00000104);
    c[0x52] = 0x04;
    c[0x53] = 0x01;
    if (e->a->msix) { /* table at BAR2 + 0, PBA at half */
        c[0x80] = 0x11;
        w = (uint16_t)(e->nvec - 1);
        memcpy(c + 0x82, &w, 2);
        put32(c + 0x84, 2);
        put32(c + 0x88, (uint32_t)(e->v.region[2].size / 2) | 2);
        e->v.irq_count[VFU_IRQ_MSIX] = e->nvec;
    } else { /* 64-bit MSI, one vector is asked for */
        unsigned l = 0;

        while (1u << l < e->nvec)
            l++;
        c[0x80] = 0x05;
        w = (uint16_t)(0x0080 | l << 1);
        memcpy(c + 0x82, &w, 2);
        e->v.irq_count[VFU_IRQ_MSI] = e->nvec;
    }
}

static int cmp_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

/* The BAR is plain memory, but for the pages with doorbells and state. */
void emu_carve(struct vfu_region *r, const struct emu_asic *a, unsigned ntrap)
{
    uint32_t t[128];
    uint64_t pos = 0;

    memcpy(t, a->trap, ntrap * sizeof(t[0]));
    qsort(t, ntrap, sizeof(t[0]), cmp_u32);
    for (unsigned i = 0; i <= ntrap; i++) {
        uint64_t end = i < ntrap ? a->cfg_in_bar + t[i] : r->size;

        if (end > pos) {
            r->area[r->nareas].off = pos;
            r->area[r->nareas++].len = end - pos;
        }
        pos = end + 4096;
    }
}
