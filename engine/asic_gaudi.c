/* SPDX-License-Identifier: MIT */
/*
 * Gaudi. Facts: gaudi_packets.h, dma0_qm_regs.h, dma0_core_regs.h, gaudi_regs.h, gaudi_blocks.h
 * and enum gaudi_queue_id of the kernel's driver; which MME a queue drives: gaudi_get_fence_addr()
 * of the tests that the vendor published. MSG_SHORT's bases: gaudi_init_pci_dma_qman() and its
 * siblings: 0 and 1 are monitors and sync objects of the E_N manager, 2 and 3 of W_S.
 */
#include "engine/asic.h"

#define CFG_BASE 0x7FFC000000ull

static uint32_t qman(unsigned i, uint32_t *lower)
{
    uint32_t qm;

    if (i < 8)
        qm = 0x508000u + 0x20000u * i; /* DMA */
    else if (i < 10)
        qm = i == 8 ? 0x168000u : 0x68000u; /* MME2, MME0: the masters */
    else if (i < 18)
        qm = 0xE08000u + 0x40000u * (i - 10); /* TPC */
    else
        qm = 0xCE0000u + 0x40000u * ((i - 18) / 2) + 0x2000u * ((i - 18) % 2); /* NIC */
    *lower = qm;
    return qm;
}

static struct eng_queue_desc queue(unsigned id)
{
    unsigned i = id < 8 ? id : id - 1;
    uint32_t lower;

    if (id == 8)
        return (struct eng_queue_desc){ .kind = ENG_QUEUE_CPU };
    return (struct eng_queue_desc){
        .kind = id < 8 ? ENG_QUEUE_EXT : ENG_QUEUE_INT,
        .qm = qman(i / 4, &lower),
        .stream = i % 4,
    };
}

static uint64_t msg_base(uint32_t qm, unsigned base)
{
    static const uint32_t off[] = { 0x4F4000, 0x4F2000, 0x494000, 0x492000 };

    (void)qm;
    return CFG_BASE + off[base & 3];
}

const struct eng_asic eng_asic_gaudi = {
    .chip = {
        .asic = &hl_asics[HL_ASIC_GAUDI],
        .bar_size = { 0x4000000, 0x8000000 },
        .cfg_base = CFG_BASE, .cfg_size = 0x4000000,
        .sram_base = 0x7FF0000000, .sram_size = 0x1400000,
        .memory_size = 32ull << 30,
        .host_base = 0x8000000000,
    },
    .fmt = {
        .ops = 0xBFFE,          /* 1..0xD, 0xF */
        .wreg_shift = 8,
        .wrcomp = 0,
        .memset = 4,
        .swap = 255, .linear = 3, .upper = 255,
        .dir_shift = 255,
        .dst_mask = 0x00FFFFFFFFFFFFFFull,  /* the top byte is a context id */
        .pred = true,
        .arb_priority = 0xFF,
    },
    .qm = {
        .msg_lo = 0x228, .msg_hi = 0x23C, .msg_base_step = 0x28, .msg_stream_step = 4,
        .fence_rdata = 0x308, .fence_cnt = 0x358, .fence_step = 0x14, .fence_stream_step = 4,
        .arb_cfg = 0xA00,
        .wrcomp_lo = -0x8000 + 0x80, .wrcomp_hi = -0x8000 + 0x84, .wrcomp_data = -0x8000 + 0x7C,
        .core = -0x8000,
        .commit = 0x78, .src_lo = 0x14, .src_hi = 0x18, .dst_lo = 0x1C, .dst_hi = 0x20,
        .size = 0x74,
        .src_dims = 0x2C, .dst_dims = 0x54, .src_row = 0x4C, .dst_row = 0x74,
        .window = 0xFFFF,
    },
    .sm = {
        .count = 4,             /* W_S, E_S, W_N, E_N */
        .base = { 0x492000, 0x4B2000, 0x4D2000, 0x4F2000 },
        .sobs = 2048, .mons = 512,
        .addr_lo = 0x2000, .addr_hi = 0x2800, .data = 0x3000, .arm = 0x3800, .status = 0x4000,
        .span = 0x4800,
    },
    .queues = 113,
    .queue = queue,
    .qmans = 28,
    .qman = qman,
    .streams = true,
    .msg_base = msg_base,
};
