/* SPDX-License-Identifier: MIT */
/* Which process is this?  Answered by one load, also after a raw clone(). */
#ifndef HL_FORK_H
#define HL_FORK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* The slow path: the first call in a process. */
uint64_t hl_process_epoch_new(void) __attribute__((cold, noinline));

/* Where the epoch is: 0 there means that it is not known without hl_process_epoch_new(). */
extern _Atomic(_Atomic uint64_t *) hl_process_epoch_at;

/*
 * A number that is never 0 and differs between a process and its forked children: an object that
 * remembers another one belongs to the parent.  Threads and vfork() children share it.
 */
static inline uint64_t hl_process_epoch(void)
{
    const _Atomic uint64_t *at = atomic_load_explicit(&hl_process_epoch_at, memory_order_acquire);
    uint64_t epoch = atomic_load_explicit(at, memory_order_relaxed);

    return __builtin_expect(epoch != 0, 1) ? epoch : hl_process_epoch_new();
}

/*
 * Another number after a fork() of this process than before it.  Children of a bare clone() are not
 * counted.
 */
uint64_t hl_fork_count(void);

/*
 * A child that another thread forks here or later sees what was stored before this, if it sees what
 * is stored after it: its copy of the memory is in the order in which the parent wrote.
 */
static inline void hl_fork_barrier(void)
{
    atomic_signal_fence(memory_order_seq_cst);
}

/* Was it created by this process, rather than by a parent that forked? */
static inline bool hl_epoch_is_ours(uint64_t epoch)
{
    return epoch == hl_process_epoch();
}

#endif
