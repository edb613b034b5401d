/* SPDX-License-Identifier: MIT */
/*
 * Facts: goya_packets.h (LIN_DMA's control word), enum goya_dma_direction and enum goya_queue_id of
 * the kernel's driver.  Only queue 1 may read host memory: goya_validate_dma_pkt_mmu().
 */
#include "lib/queue/format.h"

#define DIRECTION(d) ((uint32_t)(d) << 20)
#define HOST_TO_DRAM 0
#define DRAM_TO_HOST 5
#define DRAM_TO_DRAM 6

const struct hl_queue_format hl_format_goya = {
    .linear_dma = HL_PACKET_LIN_DMA | HL_PACKET_BARRIERS,
    .memset = 1u << 6,
    .direction = { [HL_HOST_TO_DEVICE] = DIRECTION(HOST_TO_DRAM),
                   [HL_DEVICE_TO_HOST] = DIRECTION(DRAM_TO_HOST),
                   [HL_WITHIN_DEVICE] = DIRECTION(DRAM_TO_DRAM),
                   /* the field has no such value; behind the MMU the driver only looks at addresses
                    */
                   [HL_HOST_TO_HOST] = DIRECTION(HOST_TO_DRAM) },
    .one_reads_host = true,
    .engines_reset = true,
    .engine = { [HLTHUNK_ENGINE_ANY] = { 1, { 1 } },
                [HLTHUNK_ENGINE_TO_DEVICE] = { 1, { 1 } },
                [HLTHUNK_ENGINE_FROM_DEVICE] = { 1, { 2 } },
                [HLTHUNK_ENGINE_WITHIN_DEVICE] = { 2, { 3, 4 } } },
};
