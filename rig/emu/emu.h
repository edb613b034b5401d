/* SPDX-License-Identifier: MIT */
/* Emulated Habana accelerators: what the three ASICs have in common. */
#ifndef RIG_EMU_EMU_H
#define RIG_EMU_EMU_H

#include "engine/engine.h"
#include "rig/emu/vfu.h"
#include "rig/emu/window.h"
#include "uapi/generation.h"
#include <stdio.h>
#include <time.h>

#define MiB (1024ull * 1024)
#define GiB (1024 * MiB)
#define EMU_MAILBOX 0xFE0     /* in the configuration space: faults on request, fault.c */
#define FENCE_VAL 0xFE8CE7A5u /* CPUCP: the packet was handled */

struct emu;

struct emu_asic {
    const struct hl_asic_row *asic;
    uint8_t rev;
    /* BARs: SRAM, CFG (may be one BAR), DRAM */
    unsigned cfg_bar, sram_bar, dram_bar;
    uint64_t cfg_in_bar, sram_in_bar;
    uint64_t dram_size;     /* what is behind its BAR; 0: the chip's memory */
    uint64_t dram_bar_size; /* 0: as large as the DRAM */
    bool msix;
    unsigned nvec;
    const uint32_t *trap; /* pages of the CFG block with side effects */
    unsigned ntrap;
    void (*setup)(struct emu *e); /* before anything else; may be NULL */
    void (*reset)(struct emu *e, bool hard);
    void (*reg)(struct emu *e, uint32_t off, uint32_t x);
    bool (*step)(struct emu *e); /* work besides the queues'; true if there was any. May be NULL */
    void (*cpucp)(struct emu *e, unsigned op, uint64_t value);
    bool hmmu; /* device memory has an MMU of its own, with scrambling */
    bool pqc;  /* queues write completions of their own */
    /* the event queue: where its address is, and the interrupt that announces entries */
    uint32_t eq_lo, eq_hi;
    unsigned eq_irq, eq_vector; /* VFU_IRQ_*, vector */
    /* latch a page fault's address where the driver looks for it; returns the event to send */
    unsigned (*page_fault)(struct emu *e, uint64_t va);
    unsigned (*razwi)(struct emu *e, uint64_t addr); /* likewise, an illegal access */
    unsigned event_critical,
        event_error; /* events that make the driver reset the device, or only report */
};

/* A queue's ring of descriptors in the machine's memory */
struct emu_pq {
    uint64_t base;
    unsigned log2len;
    uint32_t pi, ci; /* producer index; the register with the consumer index */
    bool stalled;    /* the engine had no room for all of it */
};

enum emu_reset { EMU_NO_RESET, EMU_SOFT_RESET, EMU_HARD_RESET };

struct emu {
    struct vfu v;
    const struct emu_asic *a;
    const struct eng_chip *chip;
    unsigned nvec; /* MSI-X vectors */
    unsigned ntrap;
    uint8_t *cfg, *sram, *dram; /* the three memories */
    uint64_t dram_size, bar_dram;
    int dram_fd;
    struct window_owner window; /* for other devices that access our memory */
    struct eng eng;
    struct emu_pq pq[ENG_MAX_QMANS][ENG_STREAMS - 1];
    bool stalled;  /* one of them is */
    bool stepping; /* the engine is running: a reset waits for the end of its step */
    enum emu_reset pending_reset;
    struct {
        uint64_t src, dst, left;
        uint32_t commit;
        bool busy;
    } kdma; /* Gaudi2: the driver's own copies */
    uint32_t cpu_ci, eq_pi, eq_index, fits;
    uint64_t hop0[1024], hop0_hbm[2]; /* by ASID */
    uint64_t doorbell; /* Gaudi2: page of host memory that acts as the MSI-X doorbell; 0: none */
    bool cpu_mmu;      /* CPU queue addresses go through the MMU */
    unsigned long nreg_wr, nreg_rd, ncpucp, npkt;
    FILE *log;
    uint64_t logged; /* bytes */
    int verbose;
    struct timespec t0;
    uint32_t comms_sts;
    bool comms_pending;
    enum hl_generation
        driver; /* the kernel that a Gaudi2's firmware is made for; UNKNOWN: later ones */
    /* faults on request (fault.c) */
    bool mute[64];            /* CPUCP packets that get no answer, by opcode */
    bool mute_all, dead_boot; /* no CPUCP packet gets an answer; the next boot hangs */
};

extern const struct emu_asic emu_goya, emu_gaudi, emu_gaudi2;

/* e->a and the options are set: memory, registers, configuration space. 0, or -1 and errno. */
int emu_init(struct emu *e);
void emu_fini(struct emu *e);
void emu_log(struct emu *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
uint32_t emu_get(struct emu *e, uint32_t off);
void emu_set(struct emu *e, uint32_t off, uint32_t x);
/* Is there memory, the device's or the machine's, at this physical address as the device sees it?
 */
bool emu_is_memory(struct emu *e, uint64_t a);
/* Copy to (out) or from physical addresses as the device sees them: 0 or -EFAULT. */
int emu_mem(struct emu *e, uint64_t a, void *buf, uint64_t len, bool out);
/*
 * Within the device's view, physical addresses: 0, and how much of *n at least one byte it was; or
 * -EFAULT, and which of the two is bad.
 */
int emu_move(struct emu *e, uint64_t to, uint64_t from, uint64_t *n, bool *bad_write);
int emu_write32(struct emu *e, uint64_t a, uint32_t x);
/* Likewise, through the MMU unless asid is negative: 0 or -1, and it is logged. */
int emu_copy(struct emu *e, int asid, uint64_t a, void *buf, uint64_t len, bool out);
/* -EOPNOTSUPP: not the device's own memory */
int emu_fill(struct emu *e, uint64_t a, uint64_t val, uint64_t len);
bool emu_is_virtual(struct emu *e, uint64_t a);
bool emu_translate(struct emu *e, unsigned asid, uint64_t va, uint64_t *pa, uint64_t *left);
int emu_exec_init(struct emu *e);
void emu_exec_reset(struct emu *e);
int emu_run(void *priv); /* a slice of work: struct serve's run() */
/* When the engine's step is over, or now. */
void emu_reset(struct emu *e, bool hard);
void emu_settle(struct emu *e);
void emu_exec_queue(struct emu *e, uint32_t qm, unsigned stream, uint64_t pq, unsigned log2len,
                    uint32_t pi, uint32_t ci);
void emu_event(struct emu *e, unsigned type, const uint64_t *data, unsigned n);
void emu_page_fault(struct emu *e, uint64_t va);
/* "event 502", "mute 18" and so on: 0 or -EINVAL */
int emu_command(struct emu *e, const char *line);
void emu_heal(struct emu *e); /* a hard reset cures the firmware */
void emu_mailbox(struct emu *e);
void emu_run_cpu(struct emu *e, uint64_t pq, uint32_t bytes, uint32_t pi);
void emu_config_setup(struct emu *e);
void emu_config_write(struct emu *e, uint64_t off, const void *buf, uint32_t len);
void emu_carve(struct vfu_region *r, const struct emu_asic *a, unsigned ntrap);

#endif
