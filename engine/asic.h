/* SPDX-License-Identifier: MIT */
/* What differs between the ASICs, as data: bit positions, register offsets, queues. */
#ifndef ENGINE_ASIC_H
#define ENGINE_ASIC_H

#include "engine/engine.h"

/* Of the second word (ctl) unless said otherwise; 255: the ASIC has no such bit. */
struct eng_format_desc {
    uint32_t ops;           /* bit n: opcode n exists */
    uint8_t wreg_shift;     /* register offset of WREG_32 and WREG_BULK, 16 bits */
    uint8_t wrcomp, memset; /* LIN_DMA */
    uint8_t swap;           /* LIN_DMA: 2 bits */
    uint8_t linear;         /* a core's commit: not in several dimensions */
    uint8_t upper;          /* CP_DMA: not to the lower command processor */
    uint8_t dir_shift;      /* LIN_DMA: 3 bits */
    uint64_t dst_mask;      /* LIN_DMA: of the destination's quadword */
    bool pred;              /* packets have predicates in bits 4:0 */
    bool pmap;              /* LOAD_AND_EXE knows the consecutive layout */
    uint32_t arb_priority;  /* ARB_POINT: mask in the first word */
};

/* Offsets within a QMAN's block. */
struct eng_qm_desc {
    uint16_t msg_lo, msg_hi, msg_base_step, msg_stream_step;
    uint16_t fence_rdata, fence_cnt, fence_step, fence_stream_step;
    uint16_t arb_cfg; /* 0: no arbitration */
    int32_t wrcomp_lo, wrcomp_hi, wrcomp_data;
    int32_t core; /* the DMA core's block, relative to the QMAN's */
    uint16_t commit, src_lo, src_hi, dst_lo, dst_hi, size; /* in the core's block */
    uint16_t src_dims, dst_dims; /* in the core's block: size and stride of the second dimension */
    uint16_t src_row, dst_row;   /* ... and the first one's size; 0: there are none */
    uint32_t window;             /* WREG offsets are relative to the block's address & ~window */
};

struct eng_sm_desc {
    unsigned count;
    uint32_t base[4]; /* of the first sync object */
    unsigned sobs, mons, cqs;
    bool single; /* a monitor watches one object by its number, not any of a group of eight */
    uint32_t addr_lo, addr_hi, data, arm, config, status; /* from base; config 0: none */
    uint32_t cq_lo, cq_hi, cq_size, cq_pi, lbw_lo, lbw_hi, lbw_data, cq_inc;
    uint32_t span; /* bytes of the whole manager */
};

struct eng_asic {
    struct eng_chip chip;
    struct eng_format_desc fmt;
    struct eng_qm_desc qm;
    struct eng_sm_desc sm;
    unsigned queues;
    struct eng_queue_desc (*queue)(unsigned id);
    /* the QMAN blocks, at most ENG_MOST_QMANS; lower 0: none */
    unsigned qmans;
    uint32_t (*qman)(unsigned i, uint32_t *lower);
    bool streams; /* four streams to a QMAN, the fifth is the lower CP */
    uint64_t (*msg_base)(uint32_t qm, unsigned base); /* what the driver programs */
    uint32_t msix[2]; /* registers: the number written is an interrupt's; 0: none */
};

extern const struct eng_asic eng_asic_goya, eng_asic_gaudi, eng_asic_gaudi2;

/* sync.c: false when the offset is not a sync manager's. */
bool eng_sm_write(struct eng *e, uint32_t offset, uint32_t value);
/* dma.c */
bool eng_dma_step(struct eng_qman *m);
bool eng_dma_push(struct eng_qman *m, const struct eng_dma *d);
void eng_dma_commit(struct eng_qman *m, uint32_t value);
/* execute.c.  True: the packet is done. False: the queue waits (its state says for what) or has
 * halted. */
bool eng_execute(struct eng_queue *q, const struct eng_packet *p, const uint8_t *raw);
bool eng_fence_holds(struct eng_queue *q);
/* queue.c */
bool eng_cp_step(struct eng_queue *q);
void eng_cp_halt(struct eng_queue *q, int error);
uint32_t eng_cp_block(const struct eng_queue *q);
struct eng_cb *eng_cp_current(struct eng_queue *q);
void eng_cp_report(struct eng_queue *q, enum eng_fault what, uint64_t addr, bool write, int error);
/* Another command buffer runs in its place, and then what is left of it; false: too deep. */
bool eng_cp_call(struct eng_queue *q, uint64_t addr, uint32_t len, uint32_t packet_bytes);

static inline uint32_t eng_bits(uint32_t x, unsigned shift, unsigned width)
{
    return (x >> shift) & (width == 32 ? ~0u : (1u << width) - 1);
}

#endif
