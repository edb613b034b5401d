/* SPDX-License-Identifier: MIT */
#include "sim/asic.h"

#include <string.h>

#define MiB (1024ull * 1024)
#define GiB (1024 * MiB)

const struct sim_asic sim_asics[SIM_ASIC_COUNT] = {
    [SIM_ASIC_GOYA] = {
        .name = "goya",
        .device_type = "GOYA",
        .card_name = "HL1000",
        .pci_device_id = 0x0001,
        .device_mmu = true,
        .memory_size = 4 * GiB,
        .memory_reserved = 512 * MiB,
        .memory_page = 2 * MiB,
        .sram_reserved = 0x8000,
        .host_first = 0x1000000000000,
        .host_last = 0x3FF8000000000 - 1,
        .device_first = 0x800000000,
        .device_last = 0x2000000000 - 1,
        .huge_page = 2 * MiB,
        .tpc_mask = 0xFF,
        .mme_mask = 0x1,
        .first_interrupt = { 0xFFFF, 0xFFFF },
        .tpc_interrupt = 0xFFFF,
        .event_count = { 1024, 1024 },
        .max_pending = 64,
        .dcores = 8,
        .first_cq = { 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF },
        .clock_mhz = 1600,
        .max_power_mw = 200000,
        .plls = HL_GOYA_PLL_MAX,
    },
    [SIM_ASIC_GAUDI] = {
        .name = "gaudi",
        .device_type = "GAUDI",
        .card_name = "HL205",
        .pci_device_id = 0x1000,
        .pci_revision = 1,
        .staged = true,
        .memory_size = 32 * GiB,
        .memory_reserved = 512 * MiB,
        .memory_page = 2 * MiB,
        .sram_reserved = 0x80,
        .host_first = 0x1000000000000,
        .host_last = 0x3FF8000000000 - 1,
        .host_pool_size = 2 * MiB,
        .huge_page = 2 * MiB,
        .tpc_mask = 0xFF,
        .mme_mask = 0xF,
        .first_interrupt = { 0xFFFF, 0xFFFF },
        .tpc_interrupt = 0xFFFF,
        .event_count = { 663, 663 },
        .max_pending = 16384,
        .dcores = 8,
        .first_sync_object = { 144 },
        .first_monitor = { 72 },
        .first_cq = { 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF },
        .clock_mhz = 2000,
        .max_power_mw = 350000,
        .plls = HL_GAUDI_PLL_MAX,
    },
    [SIM_ASIC_GAUDI2] = {
        .name = "gaudi2",
        .device_type = "GAUDI2",
        .card_name = "HL225",
        .pci_device_id = 0x1020,
        .pci_revision = 1,
        .device_mmu = true,
        .block_map = true,
        .cb_map = true,
        .close_resets = true,
        .memory_base = 0x1001000000000000,
        .memory_size = 96 * GiB,
        .memory_reserved = 768 * MiB,
        .memory_page = 768 * MiB,
        .host_first = 0xFFF0000000000000,
        .host_last = 0xFFF0800000000000 - 1,
        .host_cb_size = 4 * GiB,
        .host_pool_size = 2 * MiB,
        .host_huge_first = 0xFFF0800000000000,
        .host_huge_last = 0xFFF1000000000000 - 1,
        .device_first = 0x1001000000000000 + 96 * GiB,
        /* as many whole pages as there are GiB up to the end of the space */
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
        .dcores = 8,
        /* 85 and 125 for completions, then 2 and 1 for each of the 164 sync-stream queues */
        .first_sync_object = { 413 },
        .first_monitor = { 289 },
        .first_cq = { 2 },
        .core_interrupt = 0x1000007FFCC4B13C,
        .clock_mhz = 1650,
        .max_power_mw = 600000,
        .plls = HL_GAUDI2_PLL_MAX,
    },
};

enum sim_asic_id sim_asic_by_name(const char *name)
{
    unsigned i = 0;

    while (i < SIM_ASIC_COUNT && strcmp(sim_asics[i].name, name))
        i++;
    return (enum sim_asic_id)i;
}
