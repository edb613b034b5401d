/* SPDX-License-Identifier: MIT */
/* A number that goes up and down, its peak, and all that was ever added: for statistics. */
#ifndef HL_CORE_TALLY_H
#define HL_CORE_TALLY_H

#include <stdatomic.h>
#include <stdint.h>

#include <hlthunk/statistics.h>

struct hl_tally {
    _Atomic uint64_t current, peak, total;
};

/* Of the memory that a device or a pool has given out; see hlthunk/statistics.h. */
struct hl_memory_counters {
    struct hl_tally buffers, allocated, active, segments, reserved;
    struct hl_tally host_allocated, host_reserved;
    _Atomic uint64_t retries, failures;
};

static inline void hl_tally_raise(struct hl_tally *c, uint64_t current)
{
    uint64_t peak = atomic_load_explicit(&c->peak, memory_order_relaxed);

    while (current > peak &&
           !atomic_compare_exchange_weak_explicit(&c->peak, &peak, current, memory_order_relaxed,
                                                  memory_order_relaxed))
        ;
}

/* Any thread. */
static inline void hl_tally_add(struct hl_tally *c, uint64_t n)
{
    atomic_fetch_add_explicit(&c->total, n, memory_order_relaxed);
    hl_tally_raise(c, atomic_fetch_add_explicit(&c->current, n, memory_order_relaxed) + n);
}

static inline void hl_tally_subtract(struct hl_tally *c, uint64_t n)
{
    atomic_fetch_sub_explicit(&c->current, n, memory_order_relaxed);
}

/* The peak of what comes from now on. */
static inline void hl_tally_reset_peak(struct hl_tally *c)
{
    atomic_store_explicit(&c->peak, 0, memory_order_relaxed);
    hl_tally_raise(c, atomic_load_explicit(&c->current, memory_order_relaxed));
}

void hl_memory_counters_reset_peaks(struct hl_memory_counters *counters);

/* All but .struct_size. */
void hl_memory_counters_read(const struct hl_memory_counters *counters,
                             struct hlthunk_memory_statistics *statistics);

#endif
