/* SPDX-License-Identifier: MIT */
/*
 * What the driver's {goya,gaudi,gaudi2}_set_fixed_properties() and *_sw_init() say about
 * submissions, on the kernels 6.1 and 6.12.
 */
#include <string.h>

#include "sim/submit/submit.h"

#define USER_DRAM 0x20000000ull

static struct sim_sub_props goya(const struct hl_traits *k)
{
    return (struct sim_sub_props){
        .kernel = k,
        .max_pending = 64,
        .ctx_switch = true,
        .queues = 15,
        .first_irq = 0xFFFF,
        .sram_start = 0x8000, /* the driver's, from its beginning */
        .dram_start = USER_DRAM,
        .dram_end = 0x100000000ull,
        .dmmu_start = 0x800000000ull,
        .dmmu_end = 0x2000000000ull,
        .pmmu_start = 0x1000000000000ull,
        .pmmu_end = 0x3FF8000000000ull,
        .huge_start = 0x1000000000000ull,
        .huge_end = 0x3FF8000000000ull,
    };
}

static struct sim_sub_props gaudi(const struct hl_traits *k)
{
    uint64_t half = 0x1000000000000ull + (0x3FF8000000000ull - 0x1000000000000ull) / 2;

    return (struct sim_sub_props){
        .kernel = k,
        .max_pending = 16384,
        .staged = true,
        .multi_cs = true,
        .sync_stream = true,
        .hbw_flush = k->engine_commands,
        .queues = 113,
        .first_irq = 0xFFFF,
        .engines = 31,
        /* 16 objects to a group, four streams, two groups; collective monitors before ours */
        .first_sob = 128,
        .first_mon = 64,
        .sm = 0,
        .sob_base = 3,
        .mon_base = 2,
        .sram_start = 0x80,
        .dram_start = USER_DRAM,
        .dram_end = 0x800000000ull,
        .pmmu_start = 0x1000000000000ull,
        .pmmu_end = half - 1,
        .huge_start = 0x1000000000000ull,
        .huge_end = half - 1,
        .dmmu_start = half,
        .dmmu_end = 0x3FF8000000000ull,
    };
}

static struct sim_sub_props gaudi2(const struct hl_traits *k)
{
    return (struct sim_sub_props){
        .kernel = k,
        .max_pending = 64,
        .sync_stream = true,
        .engine_modes = k->engine_commands,
        .hbw_flush = k->engine_commands,
        .queues = 261,
        .first_irq = k->set ? 48 : 257,
        .irqs = k->set ? 64 : 255,
        .decoders = 10,
        .engine_cores = 69,
        .engines = 79,
        /* enum gaudi2_reserved_sob_id, gaudi2_reserved_mon_id */
        .first_sob = 64 + 1 + 10 + 10,
        .first_mon = 64 + 1 + 30 + 30,
        .sm = 0,
        .sob_base = 1,
        .mon_base = 0,
        .dram_start = 0x1001000000000000ull,
        .dram_end = 0x1002000000000000ull,
        .dmmu_start = 0x1001000000000000ull,
        .dmmu_end = 0x1002000000000000ull,
        .pmmu_start = 0xFFF0000000000000ull,
        .pmmu_end = 0xFFF0800000000000ull,
        .huge_start = 0xFFF0800000000000ull,
        .huge_end = 0xFFF1000000000000ull,
        .tpc_mask = 0x1FFFFFF,
    };
}

const struct sim_sub_props *sim_sub_props(const char *asic, enum hl_generation generation)
{
    static struct sim_sub_props table[3][HL_GENERATION_COUNT];
    static const struct {
        const char *name;
        struct sim_sub_props (*make)(const struct hl_traits *k);
    } asics[] = { { "goya", goya }, { "gaudi", gaudi }, { "gaudi2", gaudi2 } };

    for (int i = 0; i < 3; i++) {
        struct sim_sub_props *p = &table[i][generation], x;

        if (strcmp(asic, asics[i].name))
            continue;
        /* the same bytes each time: no lock needed */
        x = asics[i].make(hl_traits(generation));
        x.eng = eng_asic_find(asic);
        x.sram_start += eng_sram_base(x.eng);
        x.sram_end = eng_sram_base(x.eng) + eng_sram_size(x.eng);
        *p = x;
        return p;
    }
    return NULL;
}

bool sim_sub_sync_queue(const struct sim_sub_props *p, uint32_t queue)
{
    struct eng_queue_desc d = eng_queue_desc(p->eng, queue);

    if (!p->sync_stream)
        return false;
    /* Gaudi: the external ones; Gaudi2: all but the NICs' and the CPU's */
    if (d.kind == ENG_QUEUE_EXT)
        return true;
    return d.kind == ENG_QUEUE_HW && !(queue >= 156 && queue <= 251);
}
