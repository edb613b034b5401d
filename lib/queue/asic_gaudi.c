/* SPDX-License-Identifier: MIT */
/*
 * Facts: gaudi_packets.h and enum gaudi_queue_id of the kernel's driver.  The two PCI DMA engines
 * have four streams each, whose command buffers are the driver's.
 */
#include "lib/queue/format.h"

#define LINEAR (1u << 3)

const struct hl_queue_format hl_format_gaudi = {
    .linear_dma = HL_PACKET_LIN_DMA | HL_PACKET_BARRIERS | LINEAR,
    .memset = 1u << 4,
    .signals = true,
    .engine = { [HLTHUNK_ENGINE_ANY] = { 8, { 0, 4, 1, 5, 2, 6, 3, 7 } },
                [HLTHUNK_ENGINE_TO_DEVICE] = { 4, { 0, 1, 2, 3 } },
                [HLTHUNK_ENGINE_FROM_DEVICE] = { 4, { 4, 5, 6, 7 } },
                [HLTHUNK_ENGINE_WITHIN_DEVICE] = { 6, { 1, 5, 2, 6, 3, 7 } } },
};
