/* SPDX-License-Identifier: MIT */
#include "lib/core/tally.h"

void hl_memory_counters_reset_peaks(struct hl_memory_counters *c)
{
    hl_tally_reset_peak(&c->buffers);
    hl_tally_reset_peak(&c->allocated);
    hl_tally_reset_peak(&c->active);
    hl_tally_reset_peak(&c->segments);
    hl_tally_reset_peak(&c->reserved);
    hl_tally_reset_peak(&c->host_allocated);
    hl_tally_reset_peak(&c->host_reserved);
}

static struct hlthunk_memory_counter read(const struct hl_tally *c)
{
    struct hlthunk_memory_counter r = {
        .current = atomic_load_explicit(&c->current, memory_order_relaxed),
        .peak = atomic_load_explicit(&c->peak, memory_order_relaxed),
        .total = atomic_load_explicit(&c->total, memory_order_relaxed),
    };

    r.freed = r.total - r.current;
    return r;
}

void hl_memory_counters_read(const struct hl_memory_counters *c,
                             struct hlthunk_memory_statistics *s)
{
    s->buffers = read(&c->buffers);
    s->allocated_bytes = read(&c->allocated);
    s->active_bytes = read(&c->active);
    s->segments = read(&c->segments);
    s->reserved_bytes = read(&c->reserved);
    s->host_allocated_bytes = read(&c->host_allocated);
    s->host_reserved_bytes = read(&c->host_reserved);
    s->retries = atomic_load_explicit(&c->retries, memory_order_relaxed);
    s->failures = atomic_load_explicit(&c->failures, memory_order_relaxed);
}
