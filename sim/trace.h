/* SPDX-License-Identifier: MIT */
/*
 * The trace (hlsim run --trace FILE): processes put records into a ring in the shared state, with
 * the state's lock held; a thread of the supervisor takes them out and writes the file.
 */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SIM_TRACE_RING 4096u /* a power of two */
#define SIM_TRACE_TEXT 220

enum sim_trace_kind {
    SIM_TRACE_CALL,   /* text: "MEMORY ALLOC 4096", and the result */
    SIM_TRACE_EVENT,  /* of a device */
    SIM_TRACE_WORK,   /* a command buffer ran; row: its queue */
    SIM_TRACE_PACKET, /* a packet began; row: its queue */
};

struct sim_trace_record {
    int64_t begin_ns, end_ns; /* CLOCK_MONOTONIC */
    uint8_t kind;
    pid_t pid, tid;
    uint32_t device;
    int32_t row, rc;
    char text[SIM_TRACE_TEXT];
};

struct sim_trace {
    bool on;
    uint32_t head, tail; /* written, taken: free-running counters */
    struct sim_trace_record ring[SIM_TRACE_RING];
};

struct sim_state;
struct sim_env;
int64_t sim_trace_now(void);
/* Waits for room while the ring is full: nothing is lost. */
void sim_trace_put(struct sim_state *s, const struct sim_trace_record *r);
/* A call of an operation: its argument before and after. Process and thread are the caller's. */
void sim_trace_call(const struct sim_env *env, uint32_t device, unsigned operation,
                    const void *before, const void *after, int rc, int64_t begin_ns);
void sim_trace_event(struct sim_state *s, uint32_t device, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
