/* SPDX-License-Identifier: MIT */
/*
 * Facts: gaudi2_packets.h, enum gaudi2_queue_id and gaudi2_is_queue_enabled() of the kernel's
 * driver, which keeps the other PDMA streams for itself.  8 to 15 are DCORE0's EDMA engines.
 */
#include "lib/queue/format.h"

const struct hl_queue_format hl_format_gaudi2 = {
    .linear_dma = HL_PACKET_LIN_DMA | HL_PACKET_BARRIERS,
    .memset = 1u << 4,
    .mapped_packets = true,
    .signals = true,
    .engine = { [HLTHUNK_ENGINE_ANY] = { 3, { 0, 4, 1 } },
                [HLTHUNK_ENGINE_TO_DEVICE] = { 2, { 0, 1 } },
                [HLTHUNK_ENGINE_FROM_DEVICE] = { 1, { 4 } },
                [HLTHUNK_ENGINE_WITHIN_DEVICE] = { 8, { 8, 12, 9, 13, 10, 14, 11, 15 } } },
};
