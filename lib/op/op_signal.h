/* SPDX-License-Identifier: MIT */
/*
 * Signals between queues: submissions of one chunk that the driver writes the packets of.
 * 0 or -errno with a text; outputs are written on success only.  -EAGAIN: the queue is full.
 */
#ifndef HL_OP_SIGNAL_H
#define HL_OP_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

struct hl_cs_out;

/* What goes before the signal: chunks_restore of a submission, and flags for it. */
struct hl_signal_common {
    const void *chunks_restore;
    uint32_t num_chunks_restore;
    uint32_t flags;
    uint32_t timeout_s;
};

/* A signal in a queue. */
int hl_signal_submit(int fd, const struct hl_signal_common *common, uint32_t queue,
                     struct hl_cs_out *out);

struct hl_signal_wait {
    bool collective;   /* by several engines: collective_engine says which of them */
    bool encapsulated; /* for signals inside a submission: .sequence and .offset */
    uint32_t queue;
    uint32_t collective_engine;
    const uint64_t *signal; /* sequence number of the signal, when not encapsulated */
    uint64_t sequence;
    uint32_t offset;
};

/* Makes a queue wait for a signal. */
int hl_signal_wait(int fd, const struct hl_signal_common *common, const struct hl_signal_wait *wait,
                   struct hl_cs_out *out);

/* Reserves count signals of a queue: out->handle_id, sob_base_addr_offset, count. */
int hl_signal_reserve(int fd, uint32_t queue, uint32_t count, struct hl_cs_out *out);
int hl_signal_unreserve(int fd, uint32_t handle, struct hl_cs_out *out);

#endif
