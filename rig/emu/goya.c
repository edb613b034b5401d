/* SPDX-License-Identifier: MIT */
/* Goya (HL-1000, PCI 1da3:0001): registers and boot handshake. */
#include "rig/emu/emu.h"
#include <string.h>

#define QM(n) (0x400000u + 0x8000u * (n))
#define CPU_IF_PQ_PI 0x442100u
#define MMU_ASID_BUSY 0x490000u
#define MMU_HOP0_LO 0x490004u
#define MMU_HOP0_HI 0x490008u
#define STLB_INV_ALL 0x490034u
#define GIC_SETSPI 0x800040u
#define MSIX_DOORBELL 0xC02948u
#define EVENT_PCIE_IF 33u /* enum goya_async_event_id */
#define PSOC 0xC4B000u
#define SCRATCH(n) (PSOC + 0x100 + 4u * (n))
#define BOOT_STATUS (PSOC + 0x300)
#define KMD_MSG (PSOC + 0x304)
#define HW_STATE (PSOC + 0x320)
#define SW_RESET (PSOC + 0x474)

static const uint32_t trap[] = { QM(0), QM(1), QM(2), QM(3), QM(4), 0x490000, 0x800000, PSOC };

static void reset(struct emu *e, bool hard)
{
    emu_log(e, "%s reset", hard ? "hard" : "soft");
    for (unsigned i = 0; i < 5; i++)
        emu_set(e, QM(i) + 0x24, 0x4f); /* idle, and the CP is stopped */
    for (unsigned i = 0; i < 8; i++) {
        emu_set(e, 0xE0681C + 0x40000 * i, 0x1e);
        emu_set(e, 0xE06E00 + 0x40000 * i, 0x2); /* MBIST is done */
        emu_set(e, 0xE08024 + 0x40000 * i, 0x4f);
        emu_set(e, 0xE09024 + 0x40000 * i, 0x4f);
    }
    emu_set(e, 0xD0000, 0x780);
    emu_set(e, 0xD8024, 0x4f);
    emu_set(e, 0xD9024, 0x4f);
    emu_set(e, PSOC + 0x28, 0);
    emu_set(e, SW_RESET, 0);
    emu_exec_reset(e);
    for (unsigned i = 0; i < 5; i++)
        emu_set(e, QM(i) + 0x70, 0);
    if (!hard)
        return;
    for (unsigned i = 0; i < 32; i++)
        emu_set(e, SCRATCH(i), 0);
    e->cpu_mmu = true;
    e->eq_pi = e->eq_index = 0;
    emu_heal(e);
    e->cpu_ci = 0;
    e->fits = 0;
    memset(e->hop0, 0, sizeof(e->hop0));
    emu_set(e, CPU_IF_PQ_PI, 0);
    emu_set(e, HW_STATE, 0);
    emu_set(e, KMD_MSG, 0);
    emu_set(e, BOOT_STATUS, e->dead_boot ? 0 : 16);
    emu_set(e, SCRATCH(28), 0x1000);
    emu_set(e, SCRATCH(29), 0x1100);
    strcpy((char *)e->sram + 0x1000, "Preboot version hl-goya-0.0.0-fw-0.0.0-rig ");
    strcpy((char *)e->sram + 0x1100, "hl-goya-0.0.0-fw-0.0.0-rig ");
}

static void reg(struct emu *e, uint32_t off, uint32_t x)
{
    switch (off) {
    case MMU_ASID_BUSY:
        e->hop0[x & 1] = (uint64_t)emu_get(e, MMU_HOP0_LO) << 12 | (uint64_t)emu_get(e, MMU_HOP0_HI)
                                                                       << 44;
        emu_set(e, off, 0);
        break;
    case STLB_INV_ALL:
        emu_set(e, off, 0);
        break;
    case KMD_MSG:
        if (x == 2) {
            emu_set(e, SCRATCH(23), 1);
            emu_set(e, BOOT_STATUS, e->fits++ ? 3 : 2);
        }
        break;
    case SW_RESET:
        emu_reset(e, x & (1u << 12)); /* the CPU's bit: all of it */
        break;
    case GIC_SETSPI:
        if (x != 484) {
            emu_log(e, "GIC event %u", x);
        } else if (emu_get(e, SCRATCH(7)) == 1) {
            emu_set(e, SCRATCH(7), 2);
        } else {
            emu_run_cpu(e, emu_get(e, SCRATCH(0)) | (uint64_t)emu_get(e, SCRATCH(1)) << 32,
                        emu_get(e, SCRATCH(5)), emu_get(e, CPU_IF_PQ_PI));
        }
        break;
    case MSIX_DOORBELL:
        vfu_irq(&e->v, VFU_IRQ_MSIX, x & 0x7ff);
        break;
    default:
        for (unsigned i = 0; i < 5; i++) {
            if (off == QM(i) + 0x6C) {
                emu_exec_queue(e, QM(i), 0,
                               emu_get(e, QM(i) + 0x60) | (uint64_t)emu_get(e, QM(i) + 0x64) << 32,
                               emu_get(e, QM(i) + 0x68), x, QM(i) + 0x70);
            }
        }
        break;
    }
}

const struct emu_asic emu_goya = {
    .asic = &hl_asics[HL_ASIC_GOYA],
    .rev = 1,
    .sram_bar = 0,
    .cfg_bar = 0,
    .dram_bar = 4,
    .cfg_in_bar = 0xC000000,
    .msix = true,
    .nvec = 8,
    .trap = trap,
    .ntrap = sizeof(trap) / sizeof(trap[0]),
    .eq_lo = SCRATCH(2),
    .eq_hi = SCRATCH(3),
    .eq_irq = VFU_IRQ_MSIX,
    .eq_vector = 5,
    .event_critical = EVENT_PCIE_IF,
    .reset = reset,
    .reg = reg,
};
