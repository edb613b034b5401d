/* SPDX-License-Identifier: MIT */
/* Gaudi2 (HL-225, PCI 1da3:1020 rev 1): registers, the COMMS boot protocol. */
#include "rig/emu/emu.h"
#include <errno.h>
#include <string.h>

#define MSIX_DOORBELL 0x4C02948u /* mmPCIE_DBI_MSIX_DOORBELL_OFF */
#define PSOC 0x4C4B000u
#define SCRATCH(n) (PSOC + 0x100 + 4u * (n))
#define BOOT_STATUS (PSOC + 0x300)
#define KMD_MSG (PSOC + 0x304)
#define RESET_CONF 0x4C74000u
#define SW_ALL_RST (RESET_CONF + 0x804)
#define CPU_IF 0x4CC1000u
#define HW_STATE (CPU_IF + 0x174)
#define CPU_PQ_PI (CPU_IF + 0x200)
#define CPU_PQ_LO (CPU_IF + 0x204)
#define CPU_PQ_HI (CPU_IF + 0x208)
#define CPU_PQ_LEN (CPU_IF + 0x20C)
#define CPU_EQ_LO (CPU_IF + 0x220)
#define CPU_EQ_HI (CPU_IF + 0x224)
#define CPU_QINIT (CPU_IF + 0x230)
#define PMMU 0x4D00000u
#define PMMU_STLB 0x4D01000u
#define HMMU0 0x4080000u
#define EVENT_CPU_AXI_ERR 502u /* enum gaudi2_async_event_id */
#define EVENT_TPC0_ERR 634u
#define EVENT_HMMU_FAULT 720u
#define EVENT_PMMU_FAULT 768u
#define KDMA 0x4E8B000u
#define KDMA_COMMIT (KDMA + 0x8EC)
#define KDMA_COMPLETION 0x1u
#define KDMA_FILL 0x10u
#define KDMA_PIECE (64 * MiB) /* mostly fills with zeros: holes in the file */
#define IRQ_PI_UPD SCRATCH(9) /* the descriptor reports it to the driver */
#define IRQ_HALT SCRATCH(10)
#define IRQ_INTS SCRATCH(11)
#define IRQ_SOFT_RST                                                                               \
    SCRATCH(12) /* 6.1: soft reset is an interrupt, later kernels send a CPUCP packet */
#define CPU_RST_STATUS SCRATCH(14)
#define DESC_OFF 0x1000u /* in SRAM: the descriptor, and where images go */
#define IMG_OFF 0x100000u

#define NQM 41
static uint32_t qm_base[NQM], trap[128];
static unsigned ntrap;

static void setup(struct emu *e)
{
    unsigned n = 0;

    ntrap = 0;
    if (e->driver == HL_GENERATION_MISC)
        e->nvec = 512;
    for (unsigned d = 0; d < 4; d++) {
        uint32_t o = 0x200000 * d;

        for (unsigned i = 0; i < (d ? 6 : 7); i++)
            qm_base[n++] = 0x400A000 + o + 0x10000 * i; /* TPC */
        for (unsigned i = 0; i < 2; i++)
            qm_base[n++] = 0x41CA000 + o + 0x10000 * i; /* EDMA */
        qm_base[n++] = 0x40CA000 + o;                   /* MME */
        for (unsigned i = 0; i < 4; i++)
            trap[ntrap++] = 0x4081000 + o + 0x10000 * i; /* HMMU's STLB */
        for (unsigned i = 0; i < 2; i++)
            trap[ntrap++] = 0x41E3000 + o + 0x10000 * i; /* decoder's bridge */
    }
    qm_base[n++] = 0x4C8A000; /* PDMA */
    qm_base[n++] = 0x4C9A000;
    qm_base[n++] = 0x4E0A000; /* rotators */
    qm_base[n++] = 0x4E1A000;
    for (unsigned i = 0; i < n; i++)
        trap[ntrap++] = qm_base[i];
    trap[ntrap++] = 0x4F03000;
    trap[ntrap++] = 0x4F13000;
    trap[ntrap++] = PMMU_STLB;
    trap[ntrap++] = KDMA;
    trap[ntrap++] = PSOC;
    trap[ntrap++] = RESET_CONF;
}

static void reset(struct emu *e, bool hard)
{
    emu_log(e, "%s reset", hard ? "hard" : "soft");
    for (unsigned i = 0; i < NQM; i++) {
        emu_set(e, qm_base[i] + 0x1C, 0x3FFF);
        emu_set(e, qm_base[i] + 0x20, 1);
        emu_set(e, qm_base[i] + 0xD84, 0x100);
    }
    for (unsigned d = 0; d < 4; d++) {
        emu_set(e, 0x40CB000 + 0x200000 * d, 0xC07FFE00);
        for (unsigned i = 0; i < 7; i++)
            emu_set(e, 0x400BD84 + 0x200000 * d + 0x10000 * i,
                    0xEE); /* 6.1 wants the vector pipe empty too */
    }
    for (unsigned i = 0; i < NQM; i++)
        for (unsigned s = 0; s < 4; s++)
            emu_set(e, qm_base[i] + 0x90 + 4 * s, 0);
    emu_exec_reset(e);
    e->kdma.busy = false;
    if (!hard)
        return;
    e->doorbell = 0;
    memset(e->hop0, 0, sizeof(e->hop0));
    memset(e->hop0_hbm, 0, sizeof(e->hop0_hbm));
    e->eq_pi = e->eq_index = 0;
    emu_heal(e);
    for (unsigned i = 0; i < 32; i++)
        emu_set(e, SCRATCH(i), 0);
    e->cpu_ci = 0;
    e->fits = 0;
    e->comms_pending = false;
    emu_set(e, HW_STATE, 0);
    emu_set(e, CPU_PQ_PI, 0);
    emu_set(e, CPU_QINIT, 0);
    emu_set(e, PSOC + 0x28, 0);
    emu_set(e, KMD_MSG, 0);
    emu_set(e, SW_ALL_RST, 0);
    emu_set(e, SCRATCH(20), 1u << 31 | 1u << 16); /* valid; firmware is loaded by COMMS */
    emu_set(e, BOOT_STATUS, e->dead_boot ? 0 : 16);
}

static uint32_t crc32(const uint8_t *p, size_t n)
{
    uint32_t c = ~0u;

    while (n--) {
        c ^= *p++;
        for (int i = 0; i < 8; i++)
            c = c >> 1 ^ (c & 1 ? 0xEDB88320u : 0);
    }
    return ~c;
}

static void descriptor(struct emu *e)
{
    uint8_t d[1280] = { 0 };
    uint32_t r[58] = { 0 }, x = 0x4843444D;
    uint16_t size = e->driver == HL_GENERATION_MISC ? 232 + 3 * 128 + 8 : sizeof(d) - 16;
    uint64_t img = e->chip->sram_base + IMG_OFF;

    r[0] = CPU_PQ_LO;
    r[1] = CPU_PQ_HI;
    r[2] = CPU_PQ_LEN;
    r[3] = CPU_QINIT;
    r[11] = CPU_PQ_PI;
    r[12] = SCRATCH(20);
    r[13] = SCRATCH(21);
    r[14] = SCRATCH(24);
    r[15] = SCRATCH(25);
    r[16] = BOOT_STATUS;
    r[23] = HW_STATE;
    r[24] = KMD_MSG;
    r[25] = SCRATCH(23);
    r[26] = IRQ_PI_UPD;
    for (unsigned i = 27; i < 32; i++)
        r[i] = SCRATCH(3);
    r[32] = IRQ_HALT;
    r[33] = IRQ_INTS;
    r[34] = IRQ_SOFT_RST;
    r[35] = SCRATCH(3);
    r[37] = SCRATCH(15);
    memcpy(d, &x, 4);
    memcpy(d + 8, &size, 2);
    d[10] = e->driver == HL_GENERATION_MISC ? 1 : 3;
    memcpy(d + 16, r, sizeof(r));
    strcpy((char *)d + 16 + 232, "rig-fuse");
    strcpy((char *)d + 16 + 232 + 128, "Preboot version hl-gaudi2-1.9.0-fw-42.0.1-rig ");
    memcpy(d + 16 + 232 + 3 * 128, &img, 8);
    x = crc32(d + 16, size);
    memcpy(d + 4, &x, 4);
    memcpy(e->sram + DESC_OFF, d, sizeof(d));
}

static void comms(struct emu *e, uint32_t x)
{
    unsigned cmd = x >> 27;
    uint32_t sts = DESC_OFF >> 2; /* in SRAM: type 0 */

    switch (cmd) {
    case 0: /* NOOP: the command that was acknowledged is done */
        if (e->comms_pending)
            emu_set(e, SCRATCH(23), 2u << 28 | sts);
        e->comms_pending = false;
        return;
    case 1: /* CLR_STS */
        emu_set(e, SCRATCH(23), 0);
        return;
    case 3: /* PREP_DESC */
        descriptor(e);
        break;
    case 5: /* EXEC: the boot fit, then Linux */
        emu_set(e, BOOT_STATUS, e->fits++ ? 3 : 15);
        break;
    case 6: /* RST_DEV */
        emu_reset(e, true);
        return;
    case 7: /* GOTO_WFE */
        emu_set(e, BOOT_STATUS, 1);
        break;
    default:
        break;
    }
    emu_log(e, "COMMS command %u size %u", cmd, x & 0x1ffffff);
    e->comms_pending = true;
    emu_set(e, SCRATCH(23), 1u << 28 | sts);
}

static uint64_t r64(struct emu *e, uint32_t lo, uint32_t hi)
{
    return emu_get(e, lo) | (uint64_t)emu_get(e, hi) << 32;
}

/* The driver's own DMA, done in pieces (kdma_step), whatever its size. */
static void kdma(struct emu *e, uint32_t commit)
{
    uint64_t src = r64(e, KDMA + 0x8D8, KDMA + 0x8DC), dst = r64(e, KDMA + 0x8E0, KDMA + 0x8E4);
    uint32_t size = emu_get(e, KDMA + 0x8E8);

    if (e->verbose)
        emu_log(e, "KDMA %#x: %#llx -> %#llx size %#x", commit, (unsigned long long)src,
                (unsigned long long)dst, size);
    if (e->kdma.busy) {
        emu_log(e, "KDMA is busy");
        return;
    }
    e->kdma.src = src;
    e->kdma.dst = dst;
    e->kdma.left = size;
    e->kdma.commit = commit;
    e->kdma.busy = true;
}

static int kdma_piece(struct emu *e, uint64_t n)
{
    bool fill = e->kdma.commit & KDMA_FILL;
    uint64_t off = e->kdma.dst - e->chip->cfg_base;

    if (!fill || off >= e->chip->cfg_size)
        return eng_dma(&e->eng, NULL, e->kdma.dst, e->kdma.src, n, fill);
    if (n > e->chip->cfg_size - off)
        return -EFAULT;
    memset(e->cfg + off, (int)(e->kdma.src & 0xff), n); /* an ARC's memory */
    return 0;
}

static bool kdma_step(struct emu *e)
{
    uint64_t n = e->kdma.left < KDMA_PIECE ? e->kdma.left : KDMA_PIECE;

    if (!e->kdma.busy)
        return false;
    if (n && kdma_piece(e, n) < 0) {
        emu_log(e, "KDMA cannot go on at %#llx", (unsigned long long)e->kdma.dst);
        e->kdma.left = n;
    }
    e->kdma.left -= n;
    e->kdma.dst += n;
    if (!(e->kdma.commit & KDMA_FILL))
        e->kdma.src += n;
    if (e->kdma.left)
        return true;
    e->kdma.busy = false;
    if (e->kdma.commit & KDMA_COMPLETION)
        emu_write32(e, r64(e, KDMA + 0x8C0, KDMA + 0x8BC), emu_get(e, KDMA + 0x8C4));
    return true;
}

/* The firmware's mailboxes and doorbells */
static void reg_psoc(struct emu *e, uint32_t off, uint32_t x)
{
    switch (off) {
    case KMD_MSG:
        comms(e, x);
        break;
    case IRQ_PI_UPD:
        if (emu_get(e, CPU_QINIT) == 1) {
            emu_log(e, "CPU queues: PQ %#llx EQ %#llx",
                    (unsigned long long)r64(e, CPU_PQ_LO, CPU_PQ_HI),
                    (unsigned long long)r64(e, CPU_EQ_LO, CPU_EQ_HI));
            emu_set(e, CPU_QINIT, 2);
        } else {
            emu_run_cpu(e, r64(e, CPU_PQ_LO, CPU_PQ_HI), emu_get(e, CPU_PQ_LEN),
                        emu_get(e, CPU_PQ_PI));
        }
        break;
    case IRQ_SOFT_RST:
        emu_log(e, "soft reset by interrupt, event %u", x);
        emu_reset(e, false);
        emu_set(e, CPU_RST_STATUS, 1);
        break;
    case IRQ_HALT:
    case IRQ_INTS:
        emu_log(e, "event %u (%s)", x, off == IRQ_HALT ? "halt" : "interrupts");
        break;
    default:
        break;
    }
}

static bool is_stlb(uint32_t page)
{
    return page == PMMU_STLB || ((page & 0xFF9CFFFF) == 0x4081000 && page < 0x4800000);
}

static void reg_stlb(struct emu *e, uint32_t page, uint32_t o, uint32_t x)
{
    switch (o) {
    case 0x00: { /* busy: the page table of an ASID */
        unsigned asid = emu_get(e, page + 0x04);
        uint64_t hop0 = (uint64_t)emu_get(e, page + 0x08) << 12 | (uint64_t)emu_get(e, page + 0x0C)
                                                                      << 44;

        if (page == PMMU_STLB)
            e->hop0[asid & 1023] = hop0;
        else
            e->hop0_hbm[asid & 1] = hop0;
        emu_set(e, page, 0);
        break;
    }
    case 0x34: /* invalidate all */
        emu_set(e, page + o, 0);
        break;
    case 0x8C: /* invalidate a range */
        emu_set(e, page + o, x & ~1u);
        break;
    case 0x50: /* the memory cache's status */
        emu_set(e, page + 0x54, 1);
        break;
    default:
        break;
    }
}

static void reg_producer(struct emu *e, uint32_t page, unsigned stream, uint32_t pi)
{
    uint32_t s = 4 * stream;

    for (unsigned i = 0; i < NQM; i++) {
        if (page == qm_base[i])
            emu_exec_queue(e, page, stream, r64(e, page + 0x50 + s, page + 0x60 + s),
                           emu_get(e, page + 0x70 + s), pi, page + 0x90 + s);
    }
}

static void reg(struct emu *e, uint32_t off, uint32_t x)
{
    uint32_t page = off & ~0xfffu, o = off & 0xfff;

    if (page == PSOC)
        reg_psoc(e, off, x);
    else if (off == MSIX_DOORBELL && vfu_irq(&e->v, VFU_IRQ_MSIX, x) < 0)
        emu_log(e, "interrupt %u has no vector", x);
    else if (off == SW_ALL_RST && (x & 1))
        emu_reset(e, true);
    else if (off == KDMA_COMMIT)
        kdma(e, x);
    else if (is_stlb(page))
        reg_stlb(e, page, o, x);
    else if (o == 0x110 && (off & 0xF000) == 0x3000) /* a decoder is told to stop */
        emu_set(e, off, x | 0x10);
    else if (o >= 0x80 && o < 0x90)
        reg_producer(e, page, (o - 0x80) / 4, x);
}

static void cpucp(struct emu *e, unsigned op, uint64_t value)
{
    if (op == 64) /* soft reset: all but the CPU */
        emu_reset(e, false);
    else if (op == 2) /* may use PCI; where MSI-X is requested */
        e->doorbell = value & ~0xFFFull;
    else if (op == 1)
        e->doorbell = 0;
}

/* Where gaudi2_handle_page_error() looks. The HMMU's address is the scrambled one. */
static unsigned page_fault(struct emu *e, uint64_t va)
{
    bool host = va >= 0xFFF0000000000000ull;
    uint32_t base = host ? PMMU : HMMU0;

    if (!host) {
        uint64_t low = va & ((1ull << 48) - 1);

        va = (va & ~((1ull << 48) - 1)) | (low / (48 * MiB) * 64 * MiB + low % (48 * MiB));
    }
    emu_set(e, base + 0x30, emu_get(e, base + 0x30) | 1); /* cause: page fault */
    emu_set(e, base + 0x34, (uint32_t)(va >> 32));
    emu_set(e, base + 0x38, (uint32_t)va);
    emu_set(e, base + 0x44, 1); /* the capture is valid */
    return host ? EVENT_PMMU_FAULT : EVENT_HMMU_FAULT;
}

const struct emu_asic emu_gaudi2 = {
    .asic = &hl_asics[HL_ASIC_GAUDI2],
    .rev = 1,
    .sram_bar = 0,
    .cfg_bar = 0,
    .dram_bar = 4,
    .cfg_in_bar = 0x4000000,
    .sram_in_bar = 0xD000000,
    .dram_size = 128 * GiB,
    .msix = true,
    .nvec = 128,
    .trap = trap,
    .ntrap = NQM + 16 + 8 + 6,
    .hmmu = true,
    .pqc = true,
    .eq_lo = CPU_EQ_LO,
    .eq_hi = CPU_EQ_HI,
    .eq_irq = VFU_IRQ_MSIX,
    .eq_vector = 0,
    .page_fault = page_fault,
    .event_critical = EVENT_CPU_AXI_ERR,
    .event_error = EVENT_TPC0_ERR,
    .setup = setup,
    .reset = reset,
    .reg = reg,
    .step = kdma_step,
    .cpucp = cpucp,
};
