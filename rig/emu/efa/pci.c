/* SPDX-License-Identifier: MIT */
/* PCI configuration space. */
#include "rig/emu/efa/card.h"
#include <string.h>

static void put16(uint8_t *p, uint16_t x)
{
    memcpy(p, &x, 2);
}

static void put32(uint8_t *p, uint32_t x)
{
    memcpy(p, &x, 4);
}

void efa_config_setup(struct efa_card *c)
{
    uint8_t *cfg = c->v.cfg;

    put16(cfg, 0x1d0f);
    put16(cfg + 2, 0xefa2);
    put16(cfg + 0x2c, 0x1d0f);
    put16(cfg + 0x2e, 0xefa2);
    cfg[0x06] = 0x10; /* status: capabilities */
    cfg[0x0b] = 0x02; /* class 0x0200: Ethernet controller */
    cfg[0x10] = 0x04; /* 64-bit */
    cfg[0x18] = 0x0c; /* 64-bit, prefetchable */
    cfg[0x20] = 0x04;
    cfg[0x34] = 0x40;
    /* PCI Express, version 2, endpoint; x16, 16 GT/s */
    cfg[0x40] = 0x10;
    cfg[0x41] = 0x80;
    cfg[0x42] = 0x02;
    put32(cfg + 0x44, 0x00008001);
    put32(cfg + 0x4c, 0x00000104);
    put16(cfg + 0x52, 0x0104);
    cfg[0x80] = 0x11; /* MSI-X */
    put16(cfg + 0x82, EFA_VECTORS - 1);
    put32(cfg + 0x84, EFA_MSIX_TABLE);
    put32(cfg + 0x88, EFA_MSIX_PBA);
    c->v.irq_count[VFU_IRQ_MSIX] = EFA_VECTORS;
}

/*
 * Access Control Services that redirect requests and completions upwards, past a switch: where they
 * are on, the kernel has no route between two devices below one switch.
 */
void efa_config_acs(struct efa_card *c)
{
    uint8_t *acs = c->v.cfg + 0x100;

    put32(acs, 1u << 16 | 0x000d); /* version 1, the last extended capability */
    put16(acs + 4, 0x000c);        /* it can redirect requests and completions */
    put16(acs + 6, 0x000c);        /* and does */
}

void efa_config_write(struct efa_card *c, uint64_t off, const void *buf, uint32_t len)
{
    if (off > sizeof(c->v.cfg) || len > sizeof(c->v.cfg) - off)
        return;
    memcpy(c->v.cfg + off, buf, len);
    if (off == EFA_MAILBOX && len == 4)
        efa_mailbox(c);
}
