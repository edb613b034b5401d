/* SPDX-License-Identifier: MIT */
/* Submissions without the rest of the simulator: memory, command buffers, an executor. */
#ifndef TESTS_SUBMIT_BENCH_H
#define TESTS_SUBMIT_BENCH_H

#include "tests/test.h"

#include "sim/submit/exec.h"

#define HANDLE(i) ((uint64_t)(i) << 12) /* of command buffer i, 1..7: a page each */
#define STAMPS (9ull << 12)             /* of the timestamp buffer: 16 elements */
#define MEM_SIZE 0x100000u

struct bench {
    struct sim_sub_call call;
    struct sim_submit *s;
    struct sim_exec *x;
    size_t size;
    uint8_t *cfg, *mem;
    uint64_t mem_base; /* where the device sees mem: in its SRAM */
    uint8_t cb[8][4096];
    uint64_t stamp[16];
    bool broken; /* not operational */
    unsigned late, reports;
    uint64_t late_seq;
    bool late_reset;
    struct eng_report last;
};

struct bench *bench_new(const char *asic, enum hl_generation generation);
void bench_free(struct bench *b);

/* Submit n chunks with these flags; returns the ioctl's result, args as it left them. */
int submit(struct bench *b, const struct hl_cs_chunk *chunk, uint32_t n, uint32_t flags,
           union hl_cs_args *args);
/* Submits one command buffer to a queue that can run it; returns the number, or fails the test. */
uint64_t run(struct bench *b, uint32_t queue, const void *packets, uint32_t len, uint32_t flags);
int wait_seq(struct bench *b, uint64_t seq, uint64_t us, union hl_wait_cs_args *args);

uint32_t put_msg(uint8_t *b, uint32_t at, uint64_t addr, uint32_t value);
uint32_t put_fence(uint8_t *b, uint32_t at, unsigned id);
uint32_t put_nop(uint8_t *b, uint32_t at);

#endif
