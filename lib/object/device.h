/* SPDX-License-Identifier: MIT */
#ifndef HL_OBJECT_DEVICE_H
#define HL_OBJECT_DEVICE_H

#include <pthread.h>

#include <hlthunk/device.h>

#include "lib/fd.h"
#include "lib/object/object.h"
#include "lib/object/pending.h"
#include "lib/object/ranges.h"

struct hlthunk_device {
    atomic_uint refs;
    int fd;                     /* ours: above 2, O_CLOEXEC */
    struct hl_file_id id;
    uint64_t epoch;
    atomic_bool stale;          /* reset or removed: handles mean nothing any more */
    struct hlthunk_device_properties props;     /* constant once the object is made */
    struct hlthunk_device *next;                /* registry; guarded by its lock */

    pthread_mutex_t lock;       /* guards all below, and the list links of objects */
    struct hl_object *first, *last;
    struct hl_pending *pending; /* what the kernel would not release yet */
    struct hl_ranges ranges;    /* without a device MMU: who has which physical memory */
};

/* As hl_object_check(), for the device itself. */
int hl_device_check(const struct hlthunk_device *device);

/* From now on every call on the device's objects fails with -ENODEV. */
void hl_device_mark_stale(struct hlthunk_device *device);

#endif
