/* SPDX-License-Identifier: MIT */
/* Learning that a device was reset or removed.  The public side is hlthunk/reset.h. */
#ifndef HL_DEVICE_STALE_H
#define HL_DEVICE_STALE_H

#include <stdbool.h>
#include <stdint.h>

#include <hlthunk/reset.h>

#include "lib/kernel/eventfd.h"

struct hlthunk_device;

/* A thread to notify when the device becomes stale, through its eventfd. */
struct hl_listener {
    struct hl_listener *next; /* guarded by the device's lock */
    struct hl_eventfd wake;
};

void hl_stale_add_listener(struct hlthunk_device *device, struct hl_listener *listener);
void hl_stale_remove_listener(struct hlthunk_device *device, struct hl_listener *listener);

/*
 * From now on every call on the device's objects fails with -ENODEV; the first reason stays.  Not
 * with device->base.lock held.
 */
void hl_device_mark_stale(struct hlthunk_device *device, enum hlthunk_stale_reason why);

/* Asks for the status and marks the device stale if it is lost.  True if it is stale now. */
bool hl_device_ask(struct hlthunk_device *device);

/*
 * The same after a wait was refused with EBUSY.  The driver also refuses waits while it gives users
 * some time to close the device before it resets it: it says "operational" then.
 */
bool hl_device_ask_after_wait(struct hlthunk_device *device);

/* The same for the status that a query has just returned (enum hl_device_status). */
void hl_device_learn_status(struct hlthunk_device *device, uint32_t status);

/* The same for events that have arrived (HL_NOTIFIER_EVENT_*). */
void hl_device_learn_events(struct hlthunk_device *device, uint64_t mask);

/*
 * A release was refused with rc, or not: 0.  True: the driver resets only the engines, and keeps
 * what was to be released until it is asked again.
 */
bool hl_device_keeps(struct hlthunk_device *device, int rc);

/*
 * Wraps the result of a kernel operation that failed: -ENODEV with a text when the device was lost
 * under it, otherwise rc, whose text stays.  0 stays 0.
 */
int hl_device_failed(struct hlthunk_device *device, int rc) __attribute__((cold, noinline));

static inline int hl_device_result(struct hlthunk_device *device, int rc)
{
    return __builtin_expect(rc != 0, 0) ? hl_device_failed(device, rc) : 0;
}

#endif
