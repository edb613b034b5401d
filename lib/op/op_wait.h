/* SPDX-License-Identifier: MIT */
/*
 * The WAIT_CS operation (union hl_wait_cs_args): one engine for all waits.
 *
 * Timeouts are microseconds of 64 bits from the call on: signals do not prolong a wait, and what
 * the driver cannot count (it cuts to 32 bits) is waited for in slices; UINT64_MAX never ends.
 * 0 asks without waiting.
 *
 * args is room for the kernel's argument.  The result is 0, with args->out the driver's answer
 * (status COMPLETED, BUSY when the time is over, flags, timestamp), or -errno with a text.  After a
 * failure nothing in it means anything, except for two errors that say how what was waited for
 * ended: -ETIMEDOUT (the submission took longer than its own timeout) and -EIO (aborted by a reset)
 * set args->out.status to TIMEDOUT and ABORTED.
 */
#ifndef HL_OP_WAIT_H
#define HL_OP_WAIT_H

#include <stdint.h>

union hl_wait_cs_args;

/* Waits for a submission, without a text: for who makes up for what is refused. */
int hl_wait_cs_plain(int fd, uint64_t sequence, uint64_t timeout_us, union hl_wait_cs_args *args);

/* The text of that. */
int hl_wait_cs_explain(int rc, uint64_t sequence) __attribute__((cold));

static inline int hl_wait_cs(int fd, uint64_t sequence, uint64_t timeout_us,
                             union hl_wait_cs_args *args)
{
    int rc = hl_wait_cs_plain(fd, sequence, timeout_us, args);

    return __builtin_expect(rc, 0) ? hl_wait_cs_explain(rc, sequence) : 0;
}

/* Waits for the first of up to 32 submissions: out->cs_completion_map has bit n for sequences[n].
 */
int hl_wait_multi_cs(int fd, const uint64_t *sequences, uint32_t count, uint64_t timeout_us,
                     union hl_wait_cs_args *args);

/* Numbers that mean a group of interrupts (HL_WAIT_CS_FLAGS_ANY_*); the largest is 0xfff. */
#define HL_INTERRUPT_ANY_CQ 0xfffu
#define HL_INTERRUPT_ANY_DECODER 0xffeu

/* For the 64-bit word at address of this process to reach target; looked at on each interrupt. */
int hl_wait_interrupt(int fd, const void *address, uint64_t target, uint32_t interrupt,
                      uint64_t timeout_us, union hl_wait_cs_args *args);

/* A counter: element offset (of 8 bytes) of command buffer handle. */
struct hl_counter {
    uint64_t handle;
    uint64_t offset;
};

int hl_wait_counter(int fd, const struct hl_counter *counter, uint64_t target, uint32_t interrupt,
                    uint64_t timeout_us, union hl_wait_cs_args *args);

/*
 * Does not wait: when the counter reaches target the driver writes the time into element
 * timestamp->offset of the timestamps timestamp->handle.
 */
int hl_wait_register_timestamp(int fd, const struct hl_counter *counter, uint64_t target,
                               uint32_t interrupt, const struct hl_counter *timestamp);

#endif
