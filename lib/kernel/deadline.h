/* SPDX-License-Identifier: MIT */
/* Monotonic time, and how much of a timeout is left. */
#ifndef HL_KERNEL_DEADLINE_H
#define HL_KERNEL_DEADLINE_H

#include <stdint.h>
#include <time.h>

static inline uint64_t hl_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Late by up to some milliseconds, and much cheaper: for ages. */
static inline uint64_t hl_coarse_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The end of a timeout that starts now; UINT64_MAX (never) when it does not fit. */
static inline uint64_t hl_deadline_ns(uint64_t timeout_us)
{
    uint64_t now = hl_now_ns(), ns;

    if (__builtin_mul_overflow(timeout_us, (uint64_t)1000, &ns) ||
        __builtin_add_overflow(ns, now, &ns))
        return UINT64_MAX;
    return ns;
}

/* The same of a timeout of the objects: a negative one never ends. */
static inline uint64_t hl_deadline_after(int64_t timeout_ns)
{
    uint64_t end;

    if (timeout_ns < 0 || __builtin_add_overflow(hl_now_ns(), (uint64_t)timeout_ns, &end))
        return UINT64_MAX;
    return end;
}

/* Microseconds until the deadline, rounded up; 0 when it is over. */
static inline uint64_t hl_left_us(uint64_t deadline_ns)
{
    uint64_t now = hl_now_ns();

    if (deadline_ns == UINT64_MAX)
        return UINT64_MAX;
    return deadline_ns <= now ? 0 : (deadline_ns - now + 999) / 1000;
}

#endif
