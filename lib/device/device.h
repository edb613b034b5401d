/* SPDX-License-Identifier: MIT */
#ifndef HL_DEVICE_H
#define HL_DEVICE_H

#include <pthread.h>

#include <hlthunk/device.h>

#include "lib/core/tally.h"
#include "lib/core/object.h"
#include "lib/core/registry.h"
#include "lib/fd.h"

struct hl_listener;

struct hlthunk_device {
    struct hl_parent
        base; /* .stale: enum hlthunk_stale_reason; .lock guards what upper layers keep */
    int fd;   /* ours: above 2, O_CLOEXEC */
    struct hl_registered file;
    struct hlthunk_device_properties props; /* constant once the object is made */
    char name[40]; /* for people: the PCI address, or the node where that is unknown */
    struct hl_listener *listeners;    /* stale.h; guarded by the lock */
    struct hl_memory_counters memory; /* what was given out */
    bool received; /* another process opened it, and hands out its physical memory */
};

/* As hlthunk_device_from_fd(); received: of an fd that another process sent. */
int hl_device_from_fd(int fd, bool received, struct hlthunk_device **device);

/* As hl_object_check(), for the device itself. */
int hl_device_check(const struct hlthunk_device *device);

/* The same for what works on a stale device, too. */
int hl_device_check_process(const struct hlthunk_device *device);

#endif
