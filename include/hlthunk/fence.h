/* SPDX-License-Identifier: MIT */
/*
 * Fences: what a queue has been given so far, as an object.
 *
 * A fence is done when everything that its queue was given before it is, host memory of reads
 * included.  It is over when it is done or lost, and stays so.  Somebody has to look: a wait, a
 * question, or the queue's thread, which starts when the first eventfd or callback is asked for.
 * Any thread may use a fence at any time.
 */
#ifndef HLTHUNK_FENCE_H
#define HLTHUNK_FENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_fence;
struct hlthunk_queue;

enum hlthunk_fence_status {
    HLTHUNK_FENCE_PENDING = 0,
    HLTHUNK_FENCE_DONE = 1,
    HLTHUNK_FENCE_LOST = 2, /* the device was reset or removed, or the submission timed out */
};

struct hlthunk_fence_options {
    size_t struct_size; /* sizeof(struct hlthunk_fence_options) */
    bool timestamp;     /* the driver notes when it was done */
    uint8_t reserved[7];
    const char *label; /* for leak reports; copied (the first 31 bytes); may be NULL */
};

/**
 * hlthunk_queue_create_fence() - a fence after everything that the queue has been given
 * @options: NULL for defaults
 * @fence: receives a reference that is the caller's
 *
 * Flushes the queue: errors as hlthunk_queue_flush(), and -ENOMEM.  Holds the queue.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_queue_create_fence(struct hlthunk_queue *queue, const struct hlthunk_fence_options *options,
                           struct hlthunk_fence **fence);

/* One more reference; returns the fence.  Any thread.  Since: 0.9 */
HLTHUNK_API struct hlthunk_fence *hlthunk_fence_ref(struct hlthunk_fence *fence);

/* Gives a reference back; NULL is allowed.  Cancels nothing.  Any thread.  Since: 0.9 */
HLTHUNK_API void hlthunk_fence_unref(struct hlthunk_fence *fence);

/**
 * hlthunk_fence_wait() - wait until the fence is over
 * @timeout_ns: 0 asks, negative waits indefinitely
 *
 * 0: done.  -ETIMEDOUT: pending.  -EIO: lost.  A signal does not end the wait.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_fence_wait(struct hlthunk_fence *fence,
                                                      int64_t timeout_ns);

struct hlthunk_fence_result {
    size_t struct_size; /* set by the caller: sizeof(struct hlthunk_fence_result) */
    enum hlthunk_fence_status status;
    int error;            /* LOST: -ENODEV, -ETIMEDOUT, -EIO …; otherwise 0 */
    int64_t timestamp_ns; /* DONE, with options->timestamp: by the driver's clock; otherwise 0.
                           * Differences between fences of a device are elapsed time. */
};

/**
 * hlthunk_fence_get_result() - ask, without waiting
 * @result: .struct_size is set by the caller; what the library does not know is cleared
 *
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_fence_get_result(struct hlthunk_fence *fence,
                                         struct hlthunk_fence_result *result);

/**
 * hlthunk_fence_create_eventfd() - an eventfd that becomes readable when the fence is over
 * @fd: receives it: fresh, O_CLOEXEC, non-blocking, above 2, the caller's to close
 *
 * -EMFILE, -ENFILE, -ENOMEM; -EAGAIN: no thread.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_fence_create_eventfd(struct hlthunk_fence *fence,
                                                                int *fd);

/**
 * hlthunk_fence_signal_eventfd() - add 1 to an eventfd of the caller's when the fence is over
 * @fd: one may serve any number of fences; the library keeps a duplicate meanwhile
 *
 * -EBADF; -EINVAL: not an eventfd; otherwise as hlthunk_fence_create_eventfd().
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_fence_signal_eventfd(struct hlthunk_fence *fence,
                                                                int fd);

typedef void (*hlthunk_fence_fn)(struct hlthunk_fence *fence, void *user);

/**
 * hlthunk_fence_set_callback() - a function that is called when the fence is over
 * @fn: called once, on the queue's thread, with no lock held; it may call anything, and should not
 *      block, since the queue's other callbacks wait for it
 * @user: passed to @fn
 *
 * Called for a fence that is over already, too.  Several calls add several callbacks.  It comes
 * even if the caller gives its reference back before.  -ENOMEM; -EAGAIN: no thread.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_fence_set_callback(struct hlthunk_fence *fence,
                                                              hlthunk_fence_fn fn, void *user);

/* The queue, borrowed: valid while the fence lives.  Since: 0.9 */
HLTHUNK_API struct hlthunk_queue *hlthunk_fence_borrow_queue(const struct hlthunk_fence *fence);

HLTHUNK_END_DECLS

#endif
