/* SPDX-License-Identifier: MIT */
/*
 * What differs between the ASICs for a queue: bits of the DMA packet, and which hardware queues
 * there are.  All of it is data, one file for each ASIC.
 */
#ifndef HL_QUEUE_FORMAT_H
#define HL_QUEUE_FORMAT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <hlthunk/device.h>
#include <hlthunk/queue.h>

#define HL_ENGINE_COUNT 4
#define HL_ENGINE_MAX_QUEUES 8

/* Where a packet's bytes come from and go to. */
enum hl_direction {
    HL_HOST_TO_DEVICE,
    HL_DEVICE_TO_HOST,
    HL_WITHIN_DEVICE,
    HL_HOST_TO_HOST,
    HL_DIRECTIONS
};

struct hl_queue_format {
    uint32_t linear_dma;               /* the second word of a copy's packet */
    uint32_t memset;                   /* and the bit that makes a fill of it */
    uint32_t direction[HL_DIRECTIONS]; /* and the bits that say what kind of addresses they are */
    bool mapped_packets;               /* command buffers are given by device address */
    bool signals;                      /* the driver has signals between these queues */
    bool one_reads_host;               /* only .queues[HLTHUNK_ENGINE_TO_DEVICE] may */
    bool engines_reset;                /* alone: what runs is aborted, and the file goes on */
    struct {
        uint8_t count;
        uint8_t queue[HL_ENGINE_MAX_QUEUES]; /* the kernel's numbers, in the order of use */
    } engine[HL_ENGINE_COUNT];
};

extern const struct hl_queue_format hl_format_goya, hl_format_gaudi, hl_format_gaudi2;

/* NULL for an ASIC that is not known here. */
const struct hl_queue_format *hl_queue_format(enum hlthunk_asic asic);

/* The second word of every packet. */
#define HL_PACKET_OPCODE(op) ((uint32_t)(op) << 24)
#define HL_PACKET_NOP HL_PACKET_OPCODE(0xA)
#define HL_PACKET_LIN_DMA HL_PACKET_OPCODE(0x9)
#define HL_PACKET_ENGINE_BARRIER (1u << 29) /* waits for the DMA packets before */
#define HL_PACKET_BARRIERS (3u << 30)       /* of registers and messages */

#define HL_DMA_PACKET_SIZE 24u
#define HL_NOP_PACKET_SIZE 8u

/* The most that goes into one packet; its field has 32 bits. */
#define HL_DMA_PACKET_MAX (256u << 20)

/* One packet at words: value is the source's address, or the pattern where control says memset. */
static inline void hl_packet_dma(void *words, uint32_t control, uint64_t value, uint64_t to,
                                 uint32_t n)
{
    memcpy(words, &n, 4);
    memcpy((char *)words + 4, &control, 4);
    memcpy((char *)words + 8, &value, 8);
    memcpy((char *)words + 16, &to, 8);
}

#endif
