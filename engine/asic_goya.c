/* SPDX-License-Identifier: MIT */
/*
 * Goya. Facts: goya_packets.h, dma_qm_0_regs.h, dma_ch_0_regs.h, tpc0_cmdq_regs.h, goya_regs.h
 * and enum goya_queue_id of the kernel's driver; MSG_SHORT's bases: goya_init_dma_qman() and its
 * siblings. A QMAN has one stream; that of an engine hands CP_DMA to its CMDQ.
 */
#include "engine/asic.h"

#define CFG_BASE 0x7FFC000000ull
#define SOB 0x112000u
#define MON 0x113000u

static uint32_t qman(unsigned i, uint32_t *lower)
{
    uint32_t qm;

    *lower = 0;
    if (i < 5)
        return 0x400000u + 0x8000u * i;
    qm = i == 5 ? 0xD8000u : 0xE08000u + 0x40000u * (i - 6);
    *lower = qm + 0x1000u;
    return qm;
}

static struct eng_queue_desc queue(unsigned id)
{
    uint32_t lower;

    if (id == 5)
        return (struct eng_queue_desc){ .kind = ENG_QUEUE_CPU };
    return (struct eng_queue_desc){
        .kind = id < 5 ? ENG_QUEUE_EXT : ENG_QUEUE_INT,
        .qm = qman(id < 5 ? id : id - 1, &lower),
    };
}

static uint64_t msg_base(uint32_t qm, unsigned base)
{
    (void)qm;
    return base == 0 ? CFG_BASE + MON : base == 1 ? CFG_BASE + SOB : 0;
}

const struct eng_asic eng_asic_goya = {
    .chip = {
        .asic = &hl_asics[HL_ASIC_GOYA],
        .bar_size = { 0x10000000, 0x1000 },
        .cfg_base = CFG_BASE, .cfg_size = 0x4000000,
        .sram_base = 0x7FF0000000, .sram_size = 0x32A0000,
        .memory_size = 4ull << 30,
        .host_base = 0x8000000000,
    },
    .fmt = {
        .ops = 0x0FBE,          /* 1..5, 7..0xB */
        .wreg_shift = 0,
        .wrcomp = 2,
        .memset = 6,
        .swap = 255, .linear = 255, .upper = 255,
        .dir_shift = 20,
        .dst_mask = ~0ull,
        .arb_priority = 0,
    },
    .qm = {
        .msg_lo = 0x120, .msg_hi = 0x124, .msg_base_step = 8,
        .fence_rdata = 0x158, .fence_cnt = 0x168, .fence_step = 4,
        .wrcomp_lo = 0x1020, .wrcomp_hi = 0x1024, .wrcomp_data = 0x1028,
        .window = 0x7FFF,
    },
    .sm = {
        .count = 1,
        .base = { SOB },
        .sobs = 1024, .mons = 256, .single = true,
        .addr_lo = MON - SOB, .addr_hi = 0x113400 - SOB, .data = 0x113800 - SOB,
        .arm = 0x113C00 - SOB, .status = 0x114000 - SOB,
        .span = 0x114400 - SOB,
    },
    .queues = 15,
    .queue = queue,
    .qmans = 14,
    .qman = qman,
    .streams = false,
    .msg_base = msg_base,
};
