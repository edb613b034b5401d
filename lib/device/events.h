/* SPDX-License-Identifier: MIT */
/*
 * The driver's one notifier of a device file, shared: the event notifier reads events from it,
 * reset watches listen to it.  Whoever fetches the driver's mask stores here what others wait for.
 */
#ifndef HL_DEVICE_EVENTS_H
#define HL_DEVICE_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

struct hlthunk_device;

/*
 * Registers an eventfd, or joins the users of the one that exists: 0 or -errno with a text. -EBUSY:
 * by a second event notifier, or the program registered one of its own.
 */
int hl_events_join(struct hlthunk_device *device, bool notifier);

/* The last one ends the registration; on a stale device it ends with the file. */
void hl_events_leave(struct hlthunk_device *device, bool notifier);

/*
 * The eventfd that the caller has joined: constant while it has not left, or -1 once a fetch has
 * found that the program has closed it, and that its number is some other file's.
 */
int hl_events_fd(struct hlthunk_device *device);

/*
 * Fetches the driver's mask, learns from it, and adds it to .pending.  Without a notifier, whose
 * user reads it, the eventfd is cleared.  0 or -errno with a text.
 */
int hl_events_fetch(struct hlthunk_device *device);

/* Takes the lowest of .pending: its number, or -1. */
int hl_events_take(struct hlthunk_device *device);

#endif
