/* SPDX-License-Identifier: MIT */
/*
 * For programs that submit work with bare requests of the kernel: they run under the simulator and
 * on the real driver alike. A helper that fails ends the program with a message, unless its
 * name contains "try".
 */
#ifndef TESTS_WORK_WORK_H
#define TESTS_WORK_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "uapi/habanalabs_accel.h"

enum work_asic { WORK_GOYA, WORK_GAUDI, WORK_GAUDI2 };

struct work {
    int fd;
    enum work_asic asic;
    bool old; /* the kernel's first generation: 6.1 */
    struct hl_info_hw_ip_info ip;
    unsigned down, up;  /* queues: host to device, device to host */
    uint64_t next_dram; /* Gaudi: where device memory is allocated next */
};

#define CHECK(what) ((what) ? (void)0 : work_fail(__FILE__, __LINE__, #what))
void work_fail(const char *file, int line, const char *what) __attribute__((noreturn));

/* The first device, or that of TEST_INDEX; exit code 77 (skipped) when there is none. */
void work_open(struct work *w);
/* -errno or 0. op: 0 INFO, 1 CB, 2 CS, 3 WAIT, 4 MEMORY, 5 DEBUG */
int work_try(const struct work *w, unsigned op, void *args);

uint64_t work_map(struct work *w, void *host, uint64_t size);
void work_unmap(struct work *w, uint64_t va);
/* Device memory and where the engines find it; handle may be NULL. */
uint64_t work_alloc(struct work *w, uint64_t size, uint64_t *handle);
int work_try_export(struct work *w, uint64_t address, uint64_t size);

/* A command buffer: of the kernel, or on Gaudi2 mapped memory of this program. */
struct work_cb {
    uint8_t *mem;
    uint32_t len, size;
    uint64_t handle; /* what a chunk wants */
};
void work_cb(struct work *w, struct work_cb *cb, uint32_t size);
void work_cb_free(struct work *w, struct work_cb *cb);
void work_put(struct work_cb *cb, const void *bytes, uint32_t n);
void work_nop(struct work_cb *cb);
void work_msg(struct work_cb *cb, uint64_t addr, uint32_t value, bool barrier);
/* dir: 0 host to device, 1 device to host, 2 within the device */
void work_dma(struct work *w, struct work_cb *cb, uint64_t src, uint64_t dst, uint32_t n,
              unsigned dir);
void work_fence(struct work_cb *cb, unsigned id);

int work_try_submit(struct work *w, unsigned queue, const struct work_cb *cb, uint32_t flags,
                    union hl_cs_args *args);
uint64_t work_submit(struct work *w, unsigned queue, const struct work_cb *cb);
/* 0 and the status, or -errno */
int work_try_wait(struct work *w, uint64_t seq, uint64_t us, union hl_wait_cs_args *args);
void work_wait(struct work *w, uint64_t seq);

/* A copy through the device's DMA, waited for: 0 or -errno. */
int work_try_copy(struct work *w, uint64_t src, uint64_t dst, uint64_t n, unsigned dir);

/* Bytes that depend on their place. */
void work_fill(uint8_t *p, uint64_t n, uint64_t seed);
bool work_same(const uint8_t *p, uint64_t n, uint64_t seed);

#endif
