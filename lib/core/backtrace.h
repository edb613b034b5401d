/* SPDX-License-Identifier: MIT */
/* The calls that led to an object, recorded on request (hlthunk/leaks.h). */
#ifndef HL_CORE_BACKTRACE_H
#define HL_CORE_BACKTRACE_H

#include <stdatomic.h>
#include <stddef.h>

struct hl_backtrace {
    size_t count;
    const void *frames[]; /* return addresses, the creator first */
};

/* How many calls are recorded; -1: the environment has not been read. */
extern atomic_int hl_backtrace_depth;

/* The slow path.  NULL: backtraces are off, or there is no memory. */
struct hl_backtrace *hl_backtrace_capture(const void *creator) __attribute__((cold, noinline));

/* The caller's, starting at creator; NULL when backtraces are off. */
static inline struct hl_backtrace *hl_backtrace_take(const void *creator)
{
    if (__builtin_expect(atomic_load_explicit(&hl_backtrace_depth, memory_order_relaxed) == 0, 1))
        return NULL;
    return hl_backtrace_capture(creator);
}

#endif
