/* SPDX-License-Identifier: MIT */
/* Building blocks of a PCI function's configuration space. */
#include "rig/emu/config.h"
#include <string.h>

#define CAP_MSI 0x05
#define CAP_EXPRESS 0x10
#define CAP_MSIX 0x11

static void put16(struct vfu *v, unsigned at, unsigned x)
{
    uint16_t w = (uint16_t)x;

    memcpy(v->cfg + at, &w, 2);
}

static void put32(struct vfu *v, unsigned at, uint32_t x)
{
    memcpy(v->cfg + at, &x, 4);
}

void config_ids(struct vfu *v, const struct config_ids *ids)
{
    put16(v, 0x00, ids->vendor);
    put16(v, 0x02, ids->device);
    put16(v, 0x06, 0x10); /* status: has capabilities */
    put32(v, 0x08, ids->class_code << 8 | ids->revision);
    put16(v, 0x2C, ids->vendor);
    put16(v, 0x2E, ids->device);
    v->cfg[0x34] = 0x40;
}

void config_bar64(struct vfu *v, unsigned bar)
{
    v->cfg[0x10 + 4 * bar] = 0x0C;
}

/* Version 2, endpoint; x16, 16 GT/s */
void config_express(struct vfu *v, uint8_t at, uint8_t next)
{
    put32(v, at, 0x00020000u | (unsigned)next << 8 | CAP_EXPRESS);
    put32(v, at + 0x04u, 0x00008001);
    put32(v, at + 0x0Cu, 0x00000104);
    put16(v, at + 0x12u, 0x0104);
}

void config_msi(struct vfu *v, uint8_t at, uint8_t next, unsigned vectors)
{
    unsigned log2 = 0;

    while (1u << log2 < vectors)
        log2++;
    put16(v, at, (unsigned)next << 8 | CAP_MSI);
    put16(v, at + 2u, 0x0080 | log2 << 1); /* 64-bit addresses */
    v->irq_count[VFU_IRQ_MSI] = vectors;
}

void config_msix(struct vfu *v, uint8_t at, uint8_t next, unsigned vectors, unsigned bar)
{
    put16(v, at, (unsigned)next << 8 | CAP_MSIX);
    put16(v, at + 2u, vectors - 1);
    put32(v, at + 4u, bar);
    put32(v, at + 8u, (uint32_t)(v->region[bar].size / 2) | bar);
    v->irq_count[VFU_IRQ_MSIX] = vectors;
}
