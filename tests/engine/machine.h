/* SPDX-License-Identifier: MIT */
/* A device for the engine's tests: 1 MiB of memory, registers, a log of what happened. */
#ifndef TESTS_ENGINE_MACHINE_H
#define TESTS_ENGINE_MACHINE_H

#include "tests/test.h"

#include "engine/engine.h"

#define MEM_BASE 0x100000000ull
#define MEM_SIZE 0x100000u
#define DOORBELL 0x200000000ull

struct machine {
    struct eng e;
    uint8_t *cfg;
    uint8_t *mem;
    uint64_t now;
    unsigned irqs, done, failed;
    uint32_t irq_value;
    uint64_t cookie; /* of the last command buffer that was done */
    unsigned faults[8];
    struct eng_report last;
    uint32_t reg_offset, reg_value;
};

struct machine *machine_new(const char *asic, uint64_t seed);
void machine_free(struct machine *m);

/* A command buffer under construction. */
struct cb {
    uint8_t b[8192];
    uint32_t len;
};

#define EB 0x20000000u
#define MB 0x80000000u
void cb_add(struct cb *c, uint32_t w0, unsigned op, uint32_t ctl);
void cb_quad(struct cb *c, uint64_t q);
void cb_msg(struct cb *c, uint64_t addr, uint32_t value, uint32_t ctl);
void cb_dma(struct cb *c, const char *asic, uint64_t src, uint64_t dst, uint32_t len, bool memset,
            bool wrcomp);
void cb_fence(struct cb *c, unsigned id, unsigned target, unsigned dec);

/* Copy it into the machine's memory at `at` and push it onto a queue. */
void push(struct machine *m, unsigned queue, const struct cb *c, uint32_t at, uint64_t cookie);
uint32_t mem32(struct machine *m, uint32_t at);
uint64_t cfg_addr(struct machine *m, uint32_t offset);
uint32_t sob(struct machine *m, unsigned i);

#endif
