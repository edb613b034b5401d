/* SPDX-License-Identifier: MIT */
#include "sim/asic.h"

#include <string.h>

#include "engine/asic.h"
#include "uapi/habanalabs_ids.h"

#define MiB (1024ull * 1024)
#define GiB (1024 * MiB)
/* Goya and Gaudi: addresses behind the MMU */
#define HOST_FIRST 0x1000000000000ull
#define HOST_END 0x3FF8000000000ull
#define HOST_HALF (HOST_FIRST + (HOST_END - HOST_FIRST) / 2)

/* gaudi_queue_id_to_engine_id[]; among the DMAs' queues is the one of the device's CPU. */
static uint16_t gaudi_engine_of(unsigned queue)
{
    unsigned qman = (queue - (queue > GAUDI_QUEUE_ID_CPU_PQ)) / 4;

    if (qman < 8)
        return (uint16_t)(GAUDI_ENGINE_ID_DMA_0 + qman);
    if (qman < 10) /* two of the four MMEs have queues */
        return (uint16_t)(GAUDI_ENGINE_ID_MME_0 + 2 * (qman - 8));
    if (qman < 18)
        return (uint16_t)(GAUDI_ENGINE_ID_TPC_0 + qman - 10);
    return (uint16_t)(GAUDI_ENGINE_ID_NIC_0 + qman - 18);
}

/* gaudi2_queue_id_to_engine_id[] */
static uint16_t gaudi2_engine_of(unsigned queue)
{
    unsigned qman = queue / 4, per_dcore = GAUDI2_DCORE1_ENGINE_ID_EDMA_0;

    if (qman < 2)
        return (uint16_t)(GAUDI2_ENGINE_ID_PDMA_0 + qman);
    if (qman < 11) /* two EDMAs, the MME, six TPCs of a dcore; its decoders have no queues */
        return (uint16_t)(qman - 2);
    if (qman == 11)
        return GAUDI2_DCORE0_ENGINE_ID_TPC_6;
    if (qman < 39)
        return (uint16_t)((1 + (qman - 12) / 9) * per_dcore + (qman - 12) % 9);
    if (qman < 63)
        return (uint16_t)(GAUDI2_ENGINE_ID_NIC0_0 + qman - 39);
    return (uint16_t)(GAUDI2_ENGINE_ID_ROT_0 + qman - 63);
}

const struct sim_asic sim_asics[SIM_ASIC_COUNT] = {
    [SIM_ASIC_GOYA] = {
        .eng = &eng_asic_goya,
        .chip = &eng_asic_goya.chip,
        .device_type = "GOYA",
        .card_name = "HL1000",
        .device_mmu = true,
        .memory_reserved = 512 * MiB,
        .memory_page = 2 * MiB,
        .sram_reserved = 0x8000,
        .host_first = HOST_FIRST,
        .host_last = HOST_END - 1,
        .device_first = 0x800000000,
        .device_last = 0x2000000000 - 1,
        .huge_page = 2 * MiB,
        .tpc_mask = 0xFF,
        .mme_mask = 0x1,
        .first_interrupt = { 0xFFFF, 0xFFFF },
        .tpc_interrupt = 0xFFFF,
        .event_count = { 1024, 1024 },
        .max_pending = 64,
        .timeout_ms = 30000,
        .switches_context = true,
        .checks = {
            .packets = true,
            .host_queue = 1, /* hardware bug HW-23: only this one may read from the host */
            .one_register = 0x1020, /* the completion's address */
            .no_empty_copies = true,
            .addresses = false, /* behind the MMU: not checked */
            .host = { HOST_FIRST, HOST_END },
            .huge = { HOST_FIRST, HOST_END },
            .mapped = { 0x800000000, 0x2000000000 },
            .memory = { 512 * MiB, 4 * GiB },
        },
        .dcores = 8,
        .first_cq = { 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF },
        .trace_units = { 1, 23, 21, 24, 71, 19 },
        .trace_to = SIM_TRACE_MAPPED,
        .spmu_least = 3,
        .logs_errors = true,
        .soft_reset = true,
        .vrm_attribute = "infineon_ver",
        .clock_mhz = 1600,
        .max_power_mw = 200000,
        .plls = HL_GOYA_PLL_MAX,
    },
    [SIM_ASIC_GAUDI] = {
        .eng = &eng_asic_gaudi,
        .chip = &eng_asic_gaudi.chip,
        .device_type = "GAUDI",
        .card_name = "HL205",
        .pci_revision = 1,
        .staged = true,
        .memory_reserved = 512 * MiB,
        .memory_page = 2 * MiB,
        .sram_reserved = 0x80,
        .host_first = HOST_FIRST,
        .host_last = HOST_END - 1,
        .host_pool_size = 2 * MiB,
        .huge_page = 2 * MiB,
        .tpc_mask = 0xFF,
        .mme_mask = 0xF,
        .first_interrupt = { 0xFFFF, 0xFFFF },
        .tpc_interrupt = 0xFFFF,
        .event_count = { 663, 663 },
        .max_pending = 16384,
        .timeout_ms = 600000,
        .sync_stream = ENG_QUEUE_EXT,
        .flushes = true,
        .engines = 31,
        /* 16 objects to a group, four streams, two groups; collective monitors before ours */
        .signals = { .first_sob = 128, .first_mon = 64, .sob_base = 3, .mon_base = 2 },
        .first_nic_queue = 73, .last_nic_queue = 112,
        .checks = {
            .packets = true,
            .addresses = true,
            /* half of the address space each */
            .host = { HOST_FIRST, HOST_HALF - 1 },
            .huge = { HOST_FIRST, HOST_HALF - 1 },
            .mapped = { HOST_HALF, HOST_END },
            .memory = { 512 * MiB, 32 * GiB },
        },
        .dcores = 8,
        .first_sync_object = { 144 },
        .first_monitor = { 72 },
        .first_cq = { 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF },
        .engine_of = gaudi_engine_of,
        .trace_units = { 1, 47, 45, 75, 120, 39 },
        .trace_to = SIM_TRACE_SRAM | SIM_TRACE_MEMORY | SIM_TRACE_HOST,
        .spmu_least = 3,
        .vrm_attribute = "infineon_ver",
        .clock_mhz = 2000,
        .max_power_mw = 350000,
        .plls = HL_GAUDI_PLL_MAX,
    },
    [SIM_ASIC_GAUDI2] = {
        .eng = &eng_asic_gaudi2,
        .chip = &eng_asic_gaudi2.chip,
        .device_type = "GAUDI2",
        .card_name = "HL225",
        .pci_revision = 1,
        .device_mmu = true,
        .block_map = true,
        .cb_map = true,
        .close_resets = true,
        .memory_reserved = 768 * MiB,
        .memory_page = 768 * MiB,
        .host_first = 0xFFF0000000000000,
        .host_last = 0xFFF0800000000000 - 1,
        .host_cb_size = 4 * GiB,
        .host_pool_size = 2 * MiB,
        .host_huge_first = 0xFFF0800000000000,
        .host_huge_last = 0xFFF1000000000000 - 1,
        .device_first = 0x1001000000000000 + 96 * GiB,
        /* as many whole pages as the rest of the space has GiB */
        .device_last = 0x1001000000000000 + 96 * GiB +
                       768 * MiB * ((0x1002000000000000 - (0x1001000000000000 + 96 * GiB)) / GiB) -
                       1,
        .huge_page = 2 * MiB,
        .tpc_mask = 0x1FFFFFF,
        .decoder_mask = 0x3FF,
        .edma_mask = 0xFF,
        .rotator_mask = 0x3,
        .mme_mask = 0xF,
        .scheduler_mask = 0x3F,
        .on_demand = true,
        .mme_master_slave = 1,
        .first_interrupt = { 257, 48 },
        .interrupts = { 255, 64 },
        .tpc_interrupt = 46,
        .event_count = { 1320, 1329 },
        .max_pending = 64,
        .timeout_ms = 30000,
        .sync_stream = ENG_QUEUE_HW,
        .flushes = true,
        .engine_commands = true,
        .engines = 79,
        .engine_cores = 69,
        .decoders = 10,
        /* enum gaudi2_reserved_sob_id, gaudi2_reserved_mon_id */
        .signals = {
            .first_sob = 64 + 1 + 10 + 10,
            .first_mon = 64 + 1 + 30 + 30,
            .sob_base = 1,
            .mon_base = 0,
        },
        .first_nic_queue = 156, .last_nic_queue = 251,
        .closed_queues = 0xEC, /* of the first eight, users may submit to 0, 1 and 4 */
        .last_tpc_queue = 44,
        .checks = {
            .addresses = true,
            .mapped_addresses = true,
            .host = { 0xFFF0000000000000, 0xFFF0800000000000 },
            .huge = { 0xFFF0800000000000, 0xFFF1000000000000 },
            .mapped = { 0x1001000000000000, 0x1002000000000000 },
            .memory = { 0x1001000000000000, 0x1002000000000000 },
        },
        .dcores = 8,
        /* 85 and 125 for completions, then 2 and 1 for each of the 164 sync-stream queues */
        .first_sync_object = { 413 },
        .first_monitor = { 289 },
        .first_cq = { 2 },
        .core_interrupt = 0x1000007FFCC4B13C,
        .engine_of = gaudi2_engine_of,
        .trace_units = { 1, 140, 138, 140, 384, 136 },
        .trace_to = SIM_TRACE_SRAM | SIM_TRACE_MAPPED | SIM_TRACE_HOST | SIM_TRACE_HUGE,
        .tpc_counters = true,
        .reports_engines = true,
        .vrm_attribute = "vrm_ver",
        .clock_mhz = 1650,
        .max_power_mw = 600000,
        .plls = HL_GAUDI2_PLL_MAX,
    },
};

enum sim_asic_id sim_asic_by_name(const char *name)
{
    unsigned i = 0;

    while (i < SIM_ASIC_COUNT && strcmp(sim_asics[i].chip->asic->name, name))
        i++;
    return (enum sim_asic_id)i;
}
