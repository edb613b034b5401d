/* SPDX-License-Identifier: MIT */
#ifndef HL_DEVICE_H
#define HL_DEVICE_H

#include <pthread.h>

#include <hlthunk/device.h>

#include "lib/fd.h"
#include "lib/device/events.h"
#include "lib/core/object.h"
#include "lib/memory/pending.h"
#include "lib/memory/ranges.h"
#include "lib/device/stale.h"
#include "lib/wait/waiters.h"

struct hlthunk_device {
    atomic_uint refs;
    int fd; /* ours: above 2, O_CLOEXEC */
    struct hl_file_id id;
    uint64_t epoch;
    atomic_int stale; /* enum hlthunk_stale_reason: handles mean nothing any more */
    struct hlthunk_device_properties props; /* constant once the object is made */
    bool guest;                  /* another process has opened it, and hands out physical memory */
    struct hlthunk_device *next; /* registry; guarded by its lock */

    pthread_mutex_t lock; /* guards all below, and the list links of objects */
    struct hl_object *first, *last;
    struct hl_pending *pending; /* what the kernel would not release yet */
    struct hl_ranges ranges;    /* without a device MMU: who has which physical memory */
    struct hl_waiters *waiters; /* NULL until completions need them */
    struct hl_events events;
};

/*
 * On and off the device's list of live objects: with device->lock held, which the caller has taken
 * for a list of its own as well.  Not in a forked child: its copy of a parent's list may be half
 * changed, and nobody walks it.
 */
static inline void hl_object_list(struct hl_object *o)
{
    struct hlthunk_device *d = o->device;

    o->prev = d->last;
    if (d->last)
        d->last->next = o;
    else
        d->first = o;
    d->last = o;
}

static inline void hl_object_unlist(struct hl_object *o)
{
    struct hlthunk_device *d = o->device;

    if (o->prev)
        o->prev->next = o->next;
    else
        d->first = o->next;
    if (o->next)
        o->next->prev = o->prev;
    else
        d->last = o->prev;
}

/* As hlthunk_device_from_fd(); guest: of an fd that another process has sent. */
int hl_device_from_fd(int fd, bool guest, struct hlthunk_device **device);

/* As hl_object_check(), for the device itself. */
int hl_device_check(const struct hlthunk_device *device);

/* The same for what works on a stale device, too. */
int hl_device_check_process(const struct hlthunk_device *device);

#endif
