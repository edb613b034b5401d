/* SPDX-License-Identifier: MIT */
/* Emulated Habana accelerators: what is common to the three ASICs. */
#ifndef RIG_EMU_EMU_H
#define RIG_EMU_EMU_H

#include "rig/emu/vfu.h"
#include <stdio.h>
#include <time.h>

#define MiB (1024ull * 1024)
#define GiB (1024 * MiB)
#define FENCE_VAL 0xFE8CE7A5u       /* CPUCP: the packet was handled */

struct emu;

struct emu_asic {
    const char *name;
    uint16_t devid;
    uint8_t rev;
    /* BARs: SRAM, CFG (may be one BAR), DRAM */
    unsigned cfg_bar, sram_bar, dram_bar;
    uint64_t bar_size[6];           /* of dram_bar: taken from the command line */
    uint64_t cfg_base, cfg_size, cfg_in_bar;
    uint64_t sram_base, sram_size, sram_in_bar;
    uint64_t dram_base, dram_size, host_base;
    uint64_t dram_bar_size;         /* 0: as large as the DRAM */
    uint64_t info_dram;             /* DRAM size in CPUCP's information; 0: the real one */
    uint64_t dma_mask;              /* of LIN_DMA's destination; 0: all of it */
    bool msix;
    unsigned nvec;
    const uint32_t *trap;           /* pages of the CFG block with side effects */
    unsigned ntrap;
    void (*setup)(struct emu *e);   /* before anything else; may be NULL */
    void (*reset)(struct emu *e, bool hard);
    void (*reg)(struct emu *e, uint32_t off, uint32_t x);
    void (*cpucp)(struct emu *e, unsigned op);
};

struct emu {
    struct vfu v;
    const struct emu_asic *a;
    unsigned nvec;                  /* MSI-X vectors */
    uint8_t *cfg, *sram, *dram;     /* the three memories */
    uint64_t dram_size, bar_dram;
    int dram_fd;
    uint32_t qci[256], cpu_ci, fits;
    uint64_t hop0[1024];
    bool cpu_mmu;                   /* CPU queue addresses go through the MMU */
    unsigned long nreg_wr, nreg_rd, ncpucp, npkt;
    FILE *log;
    int verbose;
    struct timespec t0;
    uint32_t old;                   /* a register's value before emu_write32() */
    uint64_t short_base[4];         /* MSG_SHORT's bases, for the queue that runs */
    uint64_t wrcomp_addr;           /* LIN_DMA's completion write, likewise */
    uint32_t wrcomp_data;
    uint32_t cqpi[64], comms_sts;
    bool comms_pending;
    bool v61;                       /* what the driver of 6.1 expects of a Gaudi2 */
};

extern const struct emu_asic emu_goya, emu_gaudi, emu_gaudi2;

void emu_log(struct emu *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
uint32_t emu_get(struct emu *e, uint32_t off);
void emu_set(struct emu *e, uint32_t off, uint32_t x);
void *emu_ptr(struct emu *e, uint64_t a, uint64_t len);
int emu_write32(struct emu *e, uint64_t a, uint32_t x);
int emu_copy(struct emu *e, int asid, uint64_t a, void *buf, uint64_t len, bool out);
void emu_fill(struct emu *e, uint64_t a, uint64_t val, uint64_t len);
/* memset_bit: which bit of LIN_DMA's control word means memset */
void emu_run_packets(struct emu *e, unsigned q, uint64_t ptr, uint32_t len, uint32_t memset_bit);
void emu_run_queue(struct emu *e, unsigned q, uint64_t pq, unsigned log2len, uint32_t pi, uint32_t memset_bit);
void emu_run_cpu(struct emu *e, uint64_t pq, uint32_t bytes, uint32_t pi);
void emu_config_setup(struct emu *e);
void emu_config_write(struct emu *e, uint64_t off, const void *buf, uint32_t len);
void emu_carve(struct vfu_region *r, const struct emu_asic *a);

#endif
