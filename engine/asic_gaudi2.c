/* SPDX-License-Identifier: MIT */
/*
 * Gaudi2. Facts: gaudi2_packets.h, pdma0_qm_regs.h, pdma0_core_ctx_regs.h,
 * dcore0_sync_mngr_objs_regs.h, dcore0_sync_mngr_glbl_regs.h, gaudi2_blocks_linux_driver.h and
 * enum gaudi2_queue_id of the kernel's driver; the vendor's public packet structures for the
 * fields that the driver does not use. MSG_SHORT's bases: gaudi2_init_qman_cp().
 */
#include "engine/asic.h"

#define CFG_BASE 0x1000007FF8000000ull
#define DCORE 0x200000u
#define SOB 0x4100000u

#define EDMA(d, i) (0x41CA000u + DCORE * (d) + 0x10000u * (i))
#define MME(d) (0x40CA000u + DCORE * (d))
#define TPC(d, i) (0x400A000u + DCORE * (d) + 0x10000u * (i))
#define QMANS (2 + 10 + 9 + 9 + 9 + 24 + 2)
_Static_assert(QMANS <= ENG_MOST_QMANS, "a bit for each");

/* In the order of the queue numbers: four numbers to a QMAN. */
static uint32_t qman(unsigned i, uint32_t *lower)
{
    uint32_t qm;

    if (i < 2) {
        qm = 0x4C8A000u + 0x10000u * i; /* PDMA */
    } else if (i < 39) {
        unsigned d = i < 12 ? 0 : 1 + (i - 12) / 9, k = i < 12 ? i - 2 : (i - 12) % 9;

        qm = k < 2 ? EDMA(d, k) : k == 2 ? MME(d) : TPC(d, k - 3);
    } else if (i < 63) {
        qm = 0x541A000u + 0x80000u * ((i - 39) / 2) + 0x20000u * ((i - 39) % 2); /* NIC */
    } else {
        qm = 0x4E0A000u + 0x10000u * (i - 63); /* rotators */
    }
    *lower = qm;
    return qm;
}

static struct eng_queue_desc queue(unsigned id)
{
    uint32_t lower;

    if (id == 260)
        return (struct eng_queue_desc){ .kind = ENG_QUEUE_CPU };
    return (struct eng_queue_desc){
        .kind = ENG_QUEUE_HW,
        .qm = qman(id / 4, &lower),
        .stream = id % 4,
    };
}

static uint64_t msg_base(uint32_t qm, unsigned base)
{
    (void)qm;
    return base == 0 ? CFG_BASE + SOB + 0x8000 : base == 1 ? CFG_BASE + SOB : 0;
}

const struct eng_asic eng_asic_gaudi2 = {
    .chip = {
        .asic = &hl_asics[HL_ASIC_GAUDI2],
        .bar_size = { 0x10000000, 0x4000 },
        .cfg_base = CFG_BASE, .cfg_size = 0x8000000,
        .sram_base = 0x1000FFFFFD000000, .sram_size = 0x3000000,
        .memory_base = 0x1001000000000000, .memory_size = 96ull << 30,
    },
    /* PCIE_DBI_MSIX_DOORBELL_OFF, PCIE_MSIX: the latter is what the vendor's own programs write */
    .msix = { 0x4C02948, 0x4C17000 },
    .fmt = {
        .ops = 0xDFFFE,         /* 1..0x10, 0x12, 0x13 */
        .wreg_shift = 8,
        .wrcomp = 0,
        .memset = 4,
        .swap = 1, .linear = 255, .upper = 5,
        .dir_shift = 255,
        .dst_mask = ~0ull,
        .pred = true,
        .pmap = true,
        .arb_priority = 0xFFFFFF,
    },
    .qm = {
        .msg_lo = 0x1F0, .msg_hi = 0x204, .msg_base_step = 0x28, .msg_stream_step = 4,
        .fence_rdata = 0x290, .fence_cnt = 0x2E0, .fence_step = 0x14, .fence_stream_step = 4,
        .arb_cfg = 0x4A4,
        .wrcomp_lo = 0x18C0, .wrcomp_hi = 0x18BC, .wrcomp_data = 0x18C4,
        .core = 0x1000,
        .commit = 0x8EC, .src_lo = 0x8D8, .src_hi = 0x8DC, .dst_lo = 0x8E0, .dst_hi = 0x8E4,
        .size = 0x8E8,
        .window = 0xFFFF,
    },
    .sm = {
        .count = 4,
        .base = { SOB, SOB + DCORE, SOB + 2 * DCORE, SOB + 3 * DCORE },
        .sobs = 8192, .mons = 2048, .cqs = 64,
        .addr_lo = 0x8000, .addr_hi = 0xA000, .data = 0xC000, .arm = 0xE000, .config = 0x10000,
        .status = 0x12000,
        .cq_lo = 0x1E050, .cq_hi = 0x1E150, .cq_size = 0x1E250, .cq_pi = 0x1E350,
        .lbw_lo = 0x1E550, .lbw_hi = 0x1E650, .lbw_data = 0x1E750, .cq_inc = 0x1E850,
        .span = 0x1F000,
    },
    .queues = 261,
    .queue = queue,
    .qmans = QMANS,
    .qman = qman,
    .streams = true,
    .msg_base = msg_base,
};
