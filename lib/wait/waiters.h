/* SPDX-License-Identifier: MIT */
/*
 * The threads of a device that wait in the driver for what the program does not want to block for.
 *
 * There are up to HL_WAITER_THREADS, each with one entry at a time, the oldest that no other has.
 * Entries beyond them are looked at in turns, so seldom that it costs a few percent of a processor
 * at most.  The list is guarded by the waiters' own lock, which is never held in the kernel.
 */
#ifndef HL_WAIT_WAITERS_H
#define HL_WAIT_WAITERS_H

#include <stdbool.h>
#include <stdint.h>

struct hlthunk_device;
struct hl_waiters;

#define HL_WAITER_THREADS 4

/* What is waited for: part of a larger object. */
struct hl_wait {
    /* Waits this long at most (0: looks), without the lock: true when it is over, and stays so. */
    bool (*ask)(struct hl_wait *wait, uint64_t timeout_us);
    /* With the lock held, once, after ask() was true. */
    void (*over)(struct hl_wait *wait);
    /* guarded by the lock */
    struct hl_wait *prev, *next;
    bool taken;     /* a thread is asking */
    bool cancelled; /* no thread may begin to */
    bool ended;     /* over() was called */
};

/* The device's, made when first asked for; NULL without memory. */
struct hl_waiters *hl_waiters_of(struct hlthunk_device *device);

/* Adds an entry: 0, or -EAGAIN with a text when there is no thread at all. */
int hl_waiters_add(struct hl_waiters *waiters, struct hl_wait *wait);

/* On return no thread uses the entry any more. */
void hl_waiters_cancel(struct hl_waiters *waiters, struct hl_wait *wait);

/* Sleeps until the entry has ended: false when the time is over first (hl_deadline_ns()). */
bool hl_waiters_wait(struct hl_waiters *waiters, const struct hl_wait *wait, uint64_t deadline_ns);

void hl_waiters_lock(struct hl_waiters *waiters);
void hl_waiters_unlock(struct hl_waiters *waiters);

#endif
