/* SPDX-License-Identifier: MIT */
/* Gaudi (HL-2000, PCI 1da3:1000): registers and boot handshake. */
#include "rig/emu/emu.h"
#include <string.h>

#define QM(n) (0x508000u + 0x20000u * (n))
#define CPU_PQ_PI 0x442200u
#define CPU_PQ_LO 0x442204u
#define CPU_PQ_HI 0x442208u
#define CPU_PQ_LEN 0x44220Cu
#define CPU_EQ_LO 0x442220u
#define CPU_EQ_HI 0x442224u
#define CPU_QINIT 0x442230u
#define GIC_SETSPI 0x800040u
#define MMU_BUSY 0xC12000u
#define MMU_ASID 0xC12004u
#define MMU_HOP0_LO 0xC12008u
#define MMU_HOP0_HI 0xC1200Cu
#define STLB_INV_PS 0xC1203Cu
#define MMU_UP 0xC11000u
#define EVENT_PCIE_CORE_DERR 33u /* enum gaudi_async_event_id */
#define EVENT_TPC0_KRN_ERR 301u
#define EVENT_MMU_PAGE_FAULT 380u
#define MSI_REQ 0xC04100u
#define PSOC 0xC4B000u
#define SCRATCH(n) (PSOC + 0x100 + 4u * (n))
#define BOOT_STATUS (PSOC + 0x300)
#define KMD_MSG (PSOC + 0x304)
#define SW_ALL_RST (PSOC + 0x498)

/* The pages of the queues, of doorbells and of state. */
static const uint32_t fixed[] = { 0x800000, 0xC12000, PSOC };
static uint32_t trap[64];
static unsigned ntrap;

static void setup(struct emu *e)
{
    ntrap = 0;
    for (unsigned i = 0; i < e->eng.nqman; i++)
        trap[ntrap++] = e->eng.qman[i].base;
    for (unsigned i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        trap[ntrap++] = fixed[i];
    e->ntrap = ntrap;
}

static void reset(struct emu *e, bool hard)
{
    emu_log(e, "reset");
    (void)hard;
    for (unsigned i = 0; i < 8; i++) {
        emu_set(e, QM(i) + 0x38, 0x3FFF); /* QM idle */
        emu_set(e, QM(i) + 0xC74, 0x700);
        emu_set(e, 0xE08038 + 0x40000 * i, 0x3FFF);
        emu_set(e, 0xE08C74 + 0x40000 * i, 0x700);
        emu_set(e, 0xE0691C + 0x40000 * i, 0xEE); /* TPC status: all empty */
    }
    for (unsigned i = 0; i < 4; i++) {
        emu_set(e, 0x68038 + 0x80000 * i, 0x3FFF);
        emu_set(e, 0x68C74 + 0x80000 * i, 0x700);
        emu_set(e, 0x60000 + 0x80000 * i, 0x1180);
    }
    for (unsigned i = 0; i < 10; i++) { /* NIC QMs: two for each macro */
        uint32_t b = 0xCC0000 + 0x40000 * (i / 2) + 0x2000 * (i & 1);

        emu_set(e, b + 0x38, 0x3FFF);
        emu_set(e, b + 0xC74, 0x700);
    }
    emu_exec_reset(e);
    memset(e->hop0, 0, sizeof(e->hop0));
    for (unsigned i = 0; i < 32; i++)
        emu_set(e, SCRATCH(i), 0);
    for (unsigned i = 0; i < e->eng.nqman; i++)
        for (unsigned q = 0; q < 4; q++)
            emu_set(e, e->eng.qman[i].base + 0xB0 + 4 * q, 0);
    e->eq_pi = e->eq_index = 0;
    emu_heal(e);
    e->cpu_ci = 0;
    e->fits = 0;
    emu_set(e, CPU_PQ_PI, 0);
    emu_set(e, CPU_QINIT, 0);
    emu_set(e, PSOC + 0x28, 0);
    emu_set(e, KMD_MSG, 0);
    emu_set(e, SW_ALL_RST, 0);
    emu_set(e, BOOT_STATUS, e->dead_boot ? 0 : 16); /* waiting for the boot fit */
    emu_set(e, SCRATCH(28), 0x1000);
    emu_set(e, SCRATCH(29), 0x1100);
    strcpy((char *)e->sram + 0x1000, "Preboot version hl-gaudi-0.0.0-fw-0.0.0-rig ");
    strcpy((char *)e->sram + 0x1100, "hl-gaudi-0.0.0-fw-0.0.0-rig ");
}

/* The driver's messages to the firmware while it boots. */
static void kmd_message(struct emu *e, uint32_t x)
{
    if (x)
        emu_log(e, "KMD message %u", x);
    if (x == 2) { /* a fit: the boot fit, then Linux */
        emu_set(e, SCRATCH(23), 1);
        emu_set(e, BOOT_STATUS, e->fits++ ? 3 : 2);
    } else if (x == 1) {
        emu_set(e, BOOT_STATUS, 1); /* in WFE */
    }
}

/* An interrupt for the firmware: its queues are set up, or there is a packet in one. */
static void firmware_interrupt(struct emu *e, uint32_t x)
{
    if (x != 484) {
        emu_log(e, "GIC event %u", x);
    } else if (emu_get(e, CPU_QINIT) == 1 || emu_get(e, CPU_QINIT) == 3) {
        emu_log(e, "CPU queues: PQ %#x%08x EQ %#x%08x", emu_get(e, CPU_PQ_HI),
                emu_get(e, CPU_PQ_LO), emu_get(e, CPU_EQ_HI), emu_get(e, CPU_EQ_LO));
        emu_set(e, CPU_QINIT, 2);
    } else {
        emu_run_cpu(e, emu_get(e, CPU_PQ_LO) | (uint64_t)emu_get(e, CPU_PQ_HI) << 32,
                    emu_get(e, CPU_PQ_LEN), emu_get(e, CPU_PQ_PI));
    }
}

/* A queue manager's producer index, one of four streams; no other register does anything. */
static void producer_index(struct emu *e, uint32_t off, uint32_t x)
{
    for (unsigned i = 0; i < e->eng.nqman; i++) {
        uint32_t b = e->eng.qman[i].base, s = (off - b - 0xA0) / 4;

        if (off >= b + 0xA0 && s < 4)
            emu_exec_queue(e, b, s,
                           emu_get(e, b + 0x70 + 4 * s) | (uint64_t)emu_get(e, b + 0x80 + 4 * s)
                                                              << 32,
                           emu_get(e, b + 0x90 + 4 * s), x, b + 0xB0 + 4 * s);
    }
}

static void reg(struct emu *e, uint32_t off, uint32_t x)
{
    switch (off) {
    case MMU_BUSY:
        e->hop0[emu_get(e, MMU_ASID) & 1023] =
            (uint64_t)emu_get(e, MMU_HOP0_LO) << 12 | (uint64_t)emu_get(e, MMU_HOP0_HI) << 44;
        emu_log(e, "MMU hop0 of asid %u: %#llx", emu_get(e, MMU_ASID),
                (unsigned long long)e->hop0[emu_get(e, MMU_ASID) & 1023]);
        emu_set(e, off, 0);
        break;
    case STLB_INV_PS:
        emu_set(e, off, 0);
        break;
    case KMD_MSG:
        kmd_message(e, x);
        break;
    case SW_ALL_RST:
        if (x & 1)
            emu_reset(e, true);
        break;
    case GIC_SETSPI:
        firmware_interrupt(e, x);
        break;
    case MSI_REQ:
        if (vfu_irq(&e->v, VFU_IRQ_MSI, 0) < 0)
            emu_log(e, "MSI is not enabled");
        break;
    default:
        producer_index(e, off, x);
        break;
    }
}

/* Where gaudi_print_and_get_mmu_error_info() looks. */
static unsigned page_fault(struct emu *e, uint64_t va)
{
    emu_set(e, MMU_UP + 0x38, (uint32_t)va);
    emu_set(e, MMU_UP + 0x34, 0x40000 | (uint32_t)(va >> 32 & 0x3FFFF));
    return EVENT_MMU_PAGE_FAULT;
}

/* gaudi_print_and_get_razwi_info(): the initiator of a write; the address is the MMU's. */
static unsigned razwi(struct emu *e, uint64_t addr)
{
    emu_set(e, MMU_UP + 0x60, 0); /* the initiator's coordinates */
    emu_set(e, MMU_UP + 0x5C, 1);
    return page_fault(e, addr);
}

const struct emu_asic emu_gaudi = {
    .asic = &hl_asics[HL_ASIC_GAUDI],
    .rev = 1,
    .sram_bar = 0,
    .cfg_bar = 2,
    .dram_bar = 4,
    .cfg_in_bar = 0x4000000,
    .msix = false,
    .nvec = 32,
    .trap = trap,
    .setup = setup,
    .eq_lo = CPU_EQ_LO,
    .eq_hi = CPU_EQ_HI,
    .eq_irq = VFU_IRQ_MSI,
    .eq_vector = 0,
    .page_fault = page_fault,
    .razwi = razwi,
    .event_critical = EVENT_PCIE_CORE_DERR,
    .event_error = EVENT_TPC0_KRN_ERR,
    .reset = reset,
    .reg = reg,
};
