/* SPDX-License-Identifier: MIT */
/*
 * The packet engine: what the queue managers (QMAN), DMA cores and sync managers of Goya, Gaudi
 * and Gaudi2 do with the packets that programs submit. It is independent of simulator and rig:
 * both give it memory, registers and time through struct eng_ops, and both move bytes with it.
 *
 *   struct eng e;
 *   eng_init(&e, eng_asic_find("gaudi"), regs, &ops, me);  regs: the configuration space, as memory
 *   eng_push(eng_queue(&e, queue_id), &cb);                a command buffer at the end of a queue
 *   eng_run(&e);                                           until every queue is idle or blocked
 *
 * Not thread safe: one thread at a time calls an engine. A queue that waits (fence, arbitration,
 * WAIT packet) keeps its place and continues in a later eng_run(), once what it waits for has come
 * through eng_reg_write() or another queue. Registers live in the owner's memory, so that a
 * mapping of it shows sync objects, counters and fences as they change.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "uapi/asic.h"

/* ------------------------------------------------------------------ packets */

/* Opcodes: bits 28:24 of a packet's second word, the same on the three ASICs. */
enum eng_op {
    ENG_WREG_32 = 0x1,
    ENG_WREG_BULK = 0x2,
    ENG_MSG_LONG = 0x3,
    ENG_MSG_SHORT = 0x4,
    ENG_CP_DMA = 0x5,
    ENG_REPEAT = 0x6,
    ENG_MSG_PROT = 0x7,
    ENG_FENCE = 0x8,
    ENG_LIN_DMA = 0x9,
    ENG_NOP = 0xA,
    ENG_STOP = 0xB,
    ENG_ARB_POINT = 0xC,
    ENG_WAIT = 0xD,
    ENG_CB_LIST = 0xE,
    ENG_LOAD_AND_EXE = 0xF,
    ENG_WRITE_ARC_STREAM = 0x10,
    ENG_WREG_64_SHORT = 0x12,
    ENG_WREG_64_LONG = 0x13,
    ENG_OP_COUNT = 0x20,
};

struct eng_asic;

/* One packet, decoded: fields that its opcode lacks are 0. */
struct eng_packet {
    enum eng_op op;
    uint32_t bytes;          /* how much of the command buffer it takes */
    bool eb, rb, mb;         /* engine, register and message barrier */
    uint8_t pred;            /* predicate that decides whether it runs; 0: always */
    uint32_t value;          /* messages, WREG_32 */
    bool timestamp;          /* messages: write the device's time instead of the value */
    uint64_t addr;           /* messages; source of the DMAs and of LOAD_AND_EXE */
    uint64_t dst;            /* LIN_DMA */
    uint32_t len;            /* LIN_DMA, CP_DMA: bytes; WREG_BULK: 64-bit words */
    uint32_t reg;            /* WREG_*: offset in the engine's block; MSG_SHORT: from its base */
    uint8_t base;            /* MSG_SHORT: which of the four base addresses */
    bool memset, wrcomp;     /* LIN_DMA */
    uint8_t swap;            /* LIN_DMA on Gaudi2: bytes of 1 << swap are reversed; 0: none */
    bool upper;              /* CP_DMA on Gaudi2: runs in the stream itself */
    uint8_t dir;             /* LIN_DMA on Goya: DMA_DIR */
    uint8_t id, dec, target; /* FENCE (id also WAIT) */
    uint32_t cycles;         /* WAIT */
    uint8_t inc;             /* WAIT: what the fence counter `id` gets afterwards */
    bool load, exe, scalars, second, consecutive; /* LOAD_AND_EXE */
    bool start, outer;                            /* REPEAT */
    uint16_t jump;                                /* REPEAT: start: how often; end: not looked at */
    uint32_t priority;                            /* ARB_POINT */
    bool release;                                 /* ARB_POINT */
};

/*
 * Decode the packet at buf. Returns 0, -EILSEQ for an opcode that the ASIC does not have (op and
 * bytes = 8 are set), -ENODATA when len ends within the packet (bytes says how many it needs).
 */
int eng_decode(const struct eng_asic *asic, const void *buf, size_t len, struct eng_packet *p);

/* One line for people to read, as snprintf(): "LIN_DMA 0x1000 -> 0x20000000 4096 bytes wrcomp eb".
 */
int eng_format(const struct eng_packet *p, char *buf, size_t size);

const char *eng_op_name(unsigned op);

/* ------------------------------------------------------------------ ASICs */

enum eng_queue_kind {
    ENG_QUEUE_NONE, /* no such queue */
    ENG_QUEUE_EXT,  /* its command buffers are the kernel's, completion by a message */
    ENG_QUEUE_INT,  /* its command buffers are on the device, or mapped */
    ENG_QUEUE_CPU,  /* the firmware's: not executed here */
    ENG_QUEUE_HW,   /* Gaudi2: all of the user's */
};

struct eng_queue_desc {
    enum eng_queue_kind kind;
    uint32_t qm;    /* the QMAN's register block in the configuration space */
    uint8_t stream; /* 0..3 */
};

/* The chip itself: simulator and rig both take its figures from here. */
struct eng_chip {
    const struct hl_asic_row *asic;
    uint64_t bar_size[2];        /* bytes of BAR 0 and 2; 4 is the device memory's */
    uint64_t cfg_base, cfg_size; /* registers */
    uint64_t sram_base, sram_size;
    uint64_t memory_base, memory_size; /* device memory, physical */
    uint64_t host_base;                /* where the host's memory begins for the engines */
};

/* By its name in hl_asics[]; NULL for another. */
const struct eng_asic *eng_asic_find(const char *name);
/* The part of its description that others need: never NULL. */
const struct eng_chip *eng_chip(const struct eng_asic *asic);
/* Does a packet with this opcode exist? */
bool eng_has_op(const struct eng_asic *asic, unsigned op);
/* The kernel's queue numbers (enum goya_queue_id and its siblings). */
unsigned eng_queue_count(const struct eng_asic *asic);
struct eng_queue_desc eng_queue_desc(const struct eng_asic *asic, unsigned queue_id);
/* Does a message to this address raise an interrupt, whose number it carries? */
bool eng_rings_msix(const struct eng_asic *asic, uint64_t addr);
/* Offsets of sync objects, monitors and completion queues; sm: 0..sm.count-1. */
uint32_t eng_sob_offset(const struct eng_asic *asic, unsigned sm, unsigned sob);
uint32_t eng_mon_arm_offset(const struct eng_asic *asic, unsigned sm, unsigned mon);
/* The first of the three arrays (address low, high, data) before the arm registers. */
uint32_t eng_mon_payload_offset(const struct eng_asic *asic, unsigned sm);
/* Where a message to a queue's fence goes: the register of fence `id` of this queue. */
uint32_t eng_fence_offset(const struct eng_asic *asic, unsigned queue_id, unsigned id);

/* ------------------------------------------------------------------ the owner's side */

struct eng;
struct eng_queue;

/* A command buffer in a queue. mem: the bytes themselves, or NULL to fetch from `addr`. */
struct eng_cb {
    uint64_t addr;
    uint32_t len;
    const void *mem;
    uint64_t cookie; /* the owner's, comes back with done() */
};

enum eng_fault {
    ENG_FAULT_ADDRESS,        /* an access that the owner's memory refused */
    ENG_FAULT_OPCODE,         /* an opcode that the ASIC does not have, or cut short */
    ENG_FAULT_STOP,           /* a STOP packet: the queue halts */
    ENG_FAULT_FENCE_OVERFLOW, /* a fence counter overflowed: the message is lost */
    ENG_FAULT_SOB_OVERFLOW,   /* a sync object wrapped around */
};

struct eng_report {
    enum eng_fault what;
    const struct eng_queue *queue; /* NULL: not from a queue (monitors) */
    uint64_t addr;                 /* the bad address; of the packet for an opcode */
    bool write;
    int error;               /* what the owner's memory answered */
    const struct eng_cb *cb; /* the command buffer that ran, or NULL */
    uint32_t offset;         /* of the packet in it */
};

/*
 * Addresses are as the engines see them. queue is NULL for a monitor's payload and for
 * completion queues, which the sync manager writes. Return 0 or -errno, and then nothing or a
 * part was moved. Every function may be NULL but read and write.
 */
struct eng_ops {
    int (*read)(void *priv, const struct eng_queue *queue, uint64_t addr, void *buf, uint64_t len);
    int (*write)(void *priv, const struct eng_queue *queue, uint64_t addr, const void *buf,
                 uint64_t len);
    /* Faster ways for the DMA; -EOPNOTSUPP: do it with read and write. *bad: what was refused. */
    int (*copy)(void *priv, const struct eng_queue *queue, uint64_t dst, uint64_t src, uint64_t len,
                uint64_t *bad, bool *bad_write);
    int (*fill)(void *priv, const struct eng_queue *queue, uint64_t dst, uint64_t pattern,
                uint64_t len);
    /* After a write to a register that means nothing to the engine. */
    void (*reg)(void *priv, uint32_t offset, uint32_t old, uint32_t value);
    /* A 32-bit message before it goes to memory: true when it was an interrupt's doorbell. */
    bool (*doorbell)(void *priv, const struct eng_queue *queue, uint64_t addr, uint32_t value);
    uint64_t (*now_ns)(void *priv);
    /* A pushed command buffer has ended: 0, or -EIO when the queue stopped in it. */
    void (*done)(void *priv, struct eng_queue *queue, const struct eng_cb *cb, int error);
    void (*report)(void *priv, const struct eng_report *report);
    void (*trace)(void *priv, const struct eng_queue *queue, uint64_t addr,
                  const struct eng_packet *packet);
};

/* ------------------------------------------------------------------ the engine */

#define ENG_QUEUE_DEPTH 4096u /* command buffers in one queue: a power of two */
#define ENG_LOWER_DEPTH 64u   /* in a lower command processor */
#define ENG_DMA_DEPTH 16u     /* descriptors in one DMA core */
#define ENG_CALLS 4u          /* command buffers that have called another */
#define ENG_FETCH 512u
#define ENG_STREAMS 5u /* four and the lower command processor */
#define ENG_MAX_QMANS 80u

enum eng_state {
    ENG_IDLE,        /* nothing to do */
    ENG_READY,       /* can go on */
    ENG_FENCED,      /* a FENCE packet waits for its counter */
    ENG_TIMED,       /* a WAIT packet waits for its time */
    ENG_ARBITRATING, /* an ARB_POINT packet waits for another stream */
    ENG_DRAINING,    /* waits for its DMA, or for the lower command processor */
    ENG_HALTED,      /* stopped by an error or STOP; eng_queue_reset() revives it */
};

struct eng_qman;

struct eng_queue {
    struct eng_qman *qman;
    uint8_t stream; /* 0..3; 4: the lower command processor */
    uint16_t asid;  /* whose addresses these are: the owner sets and reads it */
    void *owner;    /* likewise */
    enum eng_state state;
    /* what was pushed: a ring */
    struct eng_cb *ring;
    uint8_t *origin; /* lower: which stream each came from */
    uint32_t depth, head, tail;
    /* the command buffer that runs */
    uint32_t pos;
    /* what it goes on with after one that it has called (CB_LIST, CP_DMA to the upper processor) */
    struct {
        struct eng_cb cb;
        uint32_t pos;
    } caller[ENG_CALLS];
    uint32_t callers;
    uint8_t fetch[ENG_FETCH];
    uint32_t fetch_at, fetch_len;
    uint32_t dma_out, lower_out;
    uint32_t rf[4]; /* LOAD_AND_EXE's scalars */
    uint32_t pred;  /* predicates; bit 0 reads as 1 */
    struct {
        uint32_t at, left;
    } loop[2];
    uint64_t deadline_ns;
    uint32_t priority;
    uint8_t fence_id, fence_target; /* of the FENCE packet that it is at */
    uint64_t packets;               /* executed so far, for logs */
};

/* One side of a transfer in up to five dimensions: rows of size[0] bytes, and how often each
 * step. */
#define ENG_DIMS 5u
struct eng_dims {
    uint32_t size[ENG_DIMS], stride[ENG_DIMS];
};

struct eng_dma {
    uint64_t src, dst, left;
    bool memset, wrcomp, strided;
    uint8_t stream, swap;
    uint64_t done; /* strided: bytes moved so far; src and dst stay the first ones */
    struct eng_dims src_dims, dst_dims;
};

struct eng_qman {
    struct eng *eng;
    uint32_t base, lower_base; /* register blocks; lower_base 0: no lower command processor */
    struct eng_queue cp[ENG_STREAMS];
    struct eng_dma dma[ENG_DMA_DEPTH];
    uint32_t dma_head, dma_tail;
    bool copying;     /* the core is at work on the first of them */
    int8_t arb_owner; /* stream, or -1 */
    uint64_t bytes;   /* moved so far, for logs */
};

#define ENG_MOST_QMANS 128u

struct eng {
    const struct eng_asic *asic;
    uint8_t *cfg;
    const struct eng_ops *ops;
    void *priv;
    struct eng_qman *qman;
    unsigned nqman;
    /*
     * A bit for each that may have work: a device has hundreds of
     * queues, and few are in use.
     */
    uint64_t awake[ENG_MOST_QMANS / 64];
    uint64_t rng; /* 0: a fixed order */
    uint32_t turn;
    uint64_t chunk;  /* a DMA core's turn, in bytes */
    unsigned nested; /* depth of monitors that write to sync objects */
    unsigned fired;  /* monitors that one write has set off so far */
};

/*
 * cfg: eng_cfg_size() bytes of memory (sparse is fine), the configuration space. seed: of the
 * order in which queues take turns, 0 for a fixed one. Returns 0 or -ENOMEM. The base addresses
 * of MSG_SHORT get the values that the kernel's driver gives them (eng_reset() again), so that an
 * owner without a driver needs nothing more.
 */
int eng_init(struct eng *e, const struct eng_asic *asic, void *cfg, const struct eng_ops *ops,
             void *priv, uint64_t seed);
void eng_fini(struct eng *e);

/* As a reset of the device's engines: queues empty (no done()), sync managers and fences zero. */
void eng_reset(struct eng *e);

/* NULL for a number that is not executed here. */
struct eng_queue *eng_queue(struct eng *e, unsigned queue_id);
/* By register block and stream, for owners that see doorbells. */
struct eng_queue *eng_queue_at(struct eng *e, uint32_t qm, unsigned stream);
/* The kernel's number of a queue, -1 for a lower command processor. */
int eng_queue_id(const struct eng_queue *q);

/* -EAGAIN: the queue is full. */
int eng_push(struct eng_queue *q, const struct eng_cb *cb);
bool eng_queue_idle(const struct eng_queue *q);
/* Forget what is in the queue and let it run again. */
void eng_queue_reset(struct eng_queue *q);

/* One packet or one DMA piece of one queue; false when nothing can go on. */
bool eng_step(struct eng *e);
/* Until nothing can go on. Returns the number of steps. */
uint64_t eng_run(struct eng *e);
/* When the next WAIT packet is over, by ops->now_ns(); 0: none is waiting. */
uint64_t eng_deadline(const struct eng *e);

/*
 * A 32-bit write to the configuration space, from any side: sync objects, monitors, fences
 * and DMA commits take effect, and every write is stored. Run the engine afterwards. Offsets
 * outside are ignored.
 */
void eng_reg_write(struct eng *e, uint32_t offset, uint32_t value);
uint32_t eng_reg_read(const struct eng *e, uint32_t offset);

/* A 32-bit write to anywhere: registers, doorbells, memory. 0 or -errno. */
int eng_write32(struct eng *e, const struct eng_queue *queue, uint64_t addr, uint32_t value);

/*
 * A linear DMA at once, with `queue` as the accesses' origin (may be NULL): for engines that have
 * no queue, like Gaudi2's KDMA. 0 or -errno.
 */
int eng_dma(struct eng *e, const struct eng_queue *queue, uint64_t dst, uint64_t src_or_pattern,
            uint64_t len, bool memset);

#endif
