/* SPDX-License-Identifier: MIT */
/* The accelerators' configuration space, and which pages of their BARs have side effects. */
#include "rig/emu/config.h"
#include "rig/emu/emu.h"
#include <stdlib.h>
#include <string.h>

#define PROCESSING_ACCELERATOR 0x120000
#define EXPRESS_AT 0x40
#define MSI_AT 0x80
/* ELBI: an indirect window on the registers, in extended configuration space */
#define ELBI_ADDRESS 0xFF0
#define ELBI_DATA 0xFF4
#define ELBI_CONTROL 0xFF8
#define ELBI_STATUS 0xFFC
#define ELBI_WRITE (1u << 31)
#define ELBI_DONE (1u << 31)

static uint32_t get(const struct emu *e, unsigned at)
{
    uint32_t x;

    memcpy(&x, e->v.cfg + at, 4);
    return x;
}

static void put(struct emu *e, unsigned at, uint32_t x)
{
    memcpy(e->v.cfg + at, &x, 4);
}

static void elbi(struct emu *e)
{
    uint32_t address = get(e, ELBI_ADDRESS), data = get(e, ELBI_DATA);
    uint32_t off = address - (uint32_t)e->chip->cfg_base;

    if (get(e, ELBI_CONTROL) & ELBI_WRITE) {
        if (e->verbose)
            emu_log(e, "ELBI write %#x = %#x", address, data);
        emu_set(e, off, data);
    } else {
        put(e, ELBI_DATA, emu_get(e, off));
    }
    put(e, ELBI_STATUS, ELBI_DONE);
}

void emu_config_write(struct emu *e, uint64_t off, const void *buf, uint32_t len)
{
    if (len > sizeof(e->v.cfg) || off > sizeof(e->v.cfg) - len)
        return;
    memcpy(e->v.cfg + off, buf, len);
    window_update(&e->window, e->v.cfg);
    if (off == EMU_MAILBOX && len == 4)
        emu_mailbox(e);
    if (off == ELBI_CONTROL && len == 4)
        elbi(e);
}

void emu_config_setup(struct emu *e)
{
    config_ids(&e->v, &(struct config_ids){ HL_PCI_VENDOR_HABANA, e->chip->asic->pci_id, e->a->rev,
                                            PROCESSING_ACCELERATOR });
    for (unsigned bar = 0; bar < 6; bar += 2)
        config_bar64(&e->v, bar);
    config_express(&e->v, EXPRESS_AT, MSI_AT);
    if (e->a->msix)
        config_msix(&e->v, MSI_AT, 0, e->nvec, 2);
    else
        config_msi(&e->v, MSI_AT, 0, e->nvec);
}

static int cmp_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

/* The BAR is plain memory except for the pages with doorbells and state. */
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
