/* SPDX-License-Identifier: MIT */
/*
 * Resets and removals: when the objects of a device become meaningless.
 *
 * The driver never takes a dma-buf back from its importers, and when a hard reset begins, it gives
 * the programs that have the device open about one second before it kills them.  So a device is
 * "stale" from the moment at which the library learns of a reset or a removal: every call on it and
 * its objects fails with -ENODEV, references can be dropped as usual without a request to the
 * driver, and the device has to be opened again.  docs/resets.md has the details.
 *
 * The library learns of it without being asked: from the kernel's answer to any call that fails,
 * from the events that a notifier reads, and from a reset watch, which calls back.  None of this
 * adds to the cost of a call that succeeds.
 */
#ifndef HLTHUNK_RESET_H
#define HLTHUNK_RESET_H

#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_device;
struct hlthunk_reset_watch;

/**
 * enum hlthunk_stale_reason - why a device is stale
 * @HLTHUNK_STALE_NOT: it is not
 * @HLTHUNK_STALE_RESET: the driver resets it, or is about to
 * @HLTHUNK_STALE_GONE: it was removed, its driver was unbound, or it has failed
 *
 * As the driver reports it: Linux 6.1 reports a reset while it removes a device, too.
 *
 * Since: 0.9
 */
enum hlthunk_stale_reason {
    HLTHUNK_STALE_NOT = 0,
    HLTHUNK_STALE_RESET = 1,
    HLTHUNK_STALE_GONE = 2,
};

/**
 * hlthunk_device_get_stale_reason() - get whether the library has learned of a reset or a removal
 * @device: the device
 *
 * Does not ask the driver: hlthunk_device_get_status() does.
 *
 * Return: the first reason, which does not change.  A control node, which has no memory to lose, is
 * stale only when the device is gone.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API enum hlthunk_stale_reason
hlthunk_device_get_stale_reason(const struct hlthunk_device *device);

/**
 * typedef hlthunk_reset_fn - is called when a device becomes stale
 * @device: the device, which is already stale
 * @why: the reason, never HLTHUNK_STALE_NOT
 * @user: as passed to hlthunk_reset_watch_create()
 *
 * Called once, on the watch's own thread, with no lock held.  It may call any function, and may
 * release every object, the watch included.  What it has to do, within a second: deregister the
 * device's dma-bufs with every importer, close the descriptors that were handed out, and release
 * all objects of the device (or have another thread do so).  With the last of them the device's
 * file is closed, which is what the driver waits for.
 *
 * Since: 0.9
 */
typedef void (*hlthunk_reset_fn)(struct hlthunk_device *device, enum hlthunk_stale_reason why,
                                 void *user);

/**
 * struct hlthunk_reset_watch_options - options of hlthunk_reset_watch_create()
 * @struct_size: sizeof(struct hlthunk_reset_watch_options)
 * @interval_ns: how often to ask for the device's status; 0 for every 100 ms
 * @label: name in leak reports; the first 31 bytes are copied; may be NULL
 *
 * Since: 0.9
 */
struct hlthunk_reset_watch_options {
    size_t struct_size;
    uint64_t interval_ns;
    const char *label;
};

/**
 * hlthunk_reset_watch_create() - have a function called when a device becomes stale
 * @device: any open node
 * @fn: called once
 * @user: passed to @fn
 * @options: NULL for defaults
 * @watch: receives a reference that the caller owns
 *
 * Starts a thread, which sleeps until the driver signals an event or a call of the program notices
 * the reset.  It also asks for the device's status (HL_INFO_DEVICE_STATUS) at the interval, because
 * a reset by an administrator comes without an event.
 *
 * The watch shares the driver's one notifier with hlthunk_event_notifier_create(), in either order,
 * and takes no event from it.  Where the program created one with hlthunk_notifier_create(), or the
 * node has no events, it relies on the status.  A device may have several watches.  A watch holds a
 * reference to its device and is among its live objects.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -ENODEV: the device is already stale
 *   -EAGAIN: no thread can be created
 *   -EMFILE, -ENFILE: no descriptor is left for an eventfd
 *   -ENOMEM: host memory is exhausted
 *
 * Context: any thread; does not wait.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_reset_watch_create(struct hlthunk_device *device, hlthunk_reset_fn fn, void *user,
                           const struct hlthunk_reset_watch_options *options,
                           struct hlthunk_reset_watch **watch);

/**
 * hlthunk_reset_watch_ref() - take one more reference to a reset watch
 * @watch: the watch
 *
 * Return: @watch.
 *
 * Context: any thread; never blocks.
 * Since: 0.9
 */
HLTHUNK_API struct hlthunk_reset_watch *hlthunk_reset_watch_ref(struct hlthunk_reset_watch *watch);

/**
 * hlthunk_reset_watch_unref() - drop a reference to a reset watch
 * @watch: the watch; NULL is allowed
 *
 * The last one ends the thread.  On return the callback is not running and will not be called;
 * within the callback itself it returns at once.
 *
 * Context: any thread; the last reference waits for a callback that is running.
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_reset_watch_unref(struct hlthunk_reset_watch *watch);

HLTHUNK_END_DECLS

#endif
