/* SPDX-License-Identifier: MIT */
/*
 * Resets and removals: when the objects of a device mean nothing any more.
 *
 * The driver never takes a dma-buf back from its importers, and after a hard reset has begun it
 * leaves the programs that have the device open about one second before it kills them.  So a
 * device is "stale" from the moment on that the library learns of a reset or a removal: every call
 * on it and its objects fails with -ENODEV, giving references back is right and asks the kernel
 * nothing, and the device is opened anew.  docs/resets.md has the whole picture.
 *
 * The library learns of it without being asked: from what the kernel answers to any call on an
 * object that fails, from the events that a notifier reads, and from a reset watch, which calls
 * back.  Nothing of this costs a call that succeeds anything.
 */
#ifndef HLTHUNK_RESET_H
#define HLTHUNK_RESET_H

#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_device;
struct hlthunk_reset_watch;

/* As the driver tells it: Linux 6.1 says "in reset" while it removes a device, too. */
enum hlthunk_stale_reason {
    HLTHUNK_STALE_NOT = 0,
    HLTHUNK_STALE_RESET = 1, /* the driver resets the device, or is about to */
    HLTHUNK_STALE_GONE = 2,  /* the device is removed, its driver unbound, or it has failed */
};

/**
 * hlthunk_device_get_stale_reason() - whether the library has learned of a reset or a removal
 *
 * No system call: hlthunk_device_get_status() asks the driver.  The first reason stays.  A control
 * node, which has no memory to lose, is stale only when the device is gone.  Any thread.
 *
 * Since: 0.9
 */
HLTHUNK_API enum hlthunk_stale_reason
hlthunk_device_get_stale_reason(const struct hlthunk_device *device);

/**
 * typedef hlthunk_reset_fn - drop your registrations now
 * @device: the device, which is stale already
 * @why: never HLTHUNK_STALE_NOT
 * @user: as given to hlthunk_reset_watch_create()
 *
 * Called once, on the watch's own thread, with no lock held.  It may call anything in the library,
 * give back every object and the watch itself too.  What it has to do, within a second: deregister
 * the device's dma-bufs with every importer, close the file descriptors that were handed out, give
 * back all objects of the device (or have another thread do so).  When the last of them is gone
 * the device's file closes, which is what the driver waits for.
 */
typedef void (*hlthunk_reset_fn)(struct hlthunk_device *device, enum hlthunk_stale_reason why,
                                 void *user);

struct hlthunk_reset_watch_options {
    size_t struct_size;   /* sizeof(struct hlthunk_reset_watch_options) */
    uint64_t interval_ns; /* how often to ask for the status; 0: every 100 ms */
    const char *label;    /* for leak reports; copied; may be NULL */
};

/**
 * hlthunk_reset_watch_create() - be called back when the device becomes stale
 * @device: any open node
 * @fn: called once
 * @user: passed to @fn
 * @options: NULL for defaults
 * @watch: receives a reference that is the caller's
 *
 * Starts one thread, which sleeps until the driver signals an event or a call of the program
 * notices the reset, and asks for the device's status (HL_INFO_DEVICE_STATUS) at the interval: a
 * reset by an administrator comes without an event.  It shares the driver's one notifier with
 * hlthunk_event_notifier_create(), in either order, and takes no event from it; where the program
 * made one with hlthunk_notifier_create() or the node has no events, it relies on the status
 * alone.  A device may have several watches.  The watch holds the device: it is among its live
 * objects.  -ENODEV: stale already; -EAGAIN: no thread; -EMFILE.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_reset_watch_create(struct hlthunk_device *device, hlthunk_reset_fn fn, void *user,
                           const struct hlthunk_reset_watch_options *options,
                           struct hlthunk_reset_watch **watch);

/* One more reference; returns the watch.  Any thread.  Since: 0.9 */
HLTHUNK_API struct hlthunk_reset_watch *hlthunk_reset_watch_ref(struct hlthunk_reset_watch *watch);

/**
 * hlthunk_reset_watch_unref() - give a reference back; NULL is allowed
 *
 * The last one ends the thread.  On return the callback is not running and never will be; called
 * within the callback, it returns at once.  Any thread.
 *
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_reset_watch_unref(struct hlthunk_reset_watch *watch);

HLTHUNK_END_DECLS

#endif
