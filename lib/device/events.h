/* SPDX-License-Identifier: MIT */
/*
 * The driver's one notifier of a device file, shared: the event notifier reads events from it,
 * reset watches listen to it.  Whoever fetches the driver's mask keeps here what others wait for.
 */
#ifndef HL_DEVICE_EVENTS_H
#define HL_DEVICE_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/kernel/eventfd.h"

struct hlthunk_device;

/* A thread that wants to know when the device becomes stale: its eventfd is signalled then. */
struct hl_listener {
    struct hl_listener *next;
    struct hl_eventfd wake;
};

/* Guarded by the device's lock; .eventfd is constant while the caller is a user. */
struct hl_events {
    struct hl_eventfd eventfd; /* ours, registered with the driver */
    unsigned users;
    bool notifier;    /* one of them is the event notifier */
    uint64_t pending; /* fetched from the driver, not given out by the notifier yet */
    struct hl_listener *listeners;
};

void hl_events_init(struct hl_events *events);

/*
 * Registers an eventfd, or joins the users of the one that is: 0 or -errno with a text.  -EBUSY: by
 * a second event notifier, or the program registered one of its own.
 */
int hl_events_join(struct hlthunk_device *device, bool notifier);

/* The last one ends the registration. */
void hl_events_leave(struct hlthunk_device *device, bool notifier);

/* In a forked child: closes the copy. */
void hl_events_forget(struct hl_events *events);

/*
 * Fetches the driver's mask, learns from it, and adds it to .pending.  Without a notifier, whose
 * user reads it, the eventfd is cleared.  0 or -errno with a text.
 */
int hl_events_fetch(struct hlthunk_device *device);

void hl_events_add_listener(struct hlthunk_device *device, struct hl_listener *listener);
void hl_events_remove_listener(struct hlthunk_device *device, struct hl_listener *listener);

/* Wakes all listeners. */
void hl_events_wake(struct hlthunk_device *device);

/* Takes the lowest of .pending: its number, or -1. */
int hl_events_take(struct hlthunk_device *device);

#endif
