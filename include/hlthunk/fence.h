/* SPDX-License-Identifier: MIT */
/*
 * Fences: everything that a queue has been given so far, as an object.
 *
 * A fence is done when all work that its queue was given before it is done, including the host
 * memory of reads and the fences that the queue waits for.  It is over when it is done or lost, and
 * stays so.  Its state advances when somebody looks: a wait, a query, an allocation that lacks
 * memory, or the queue's thread, which starts with the first eventfd or callback.  Who finds it
 * over signals its eventfds before that call returns; callbacks run on the queue's thread.  Any
 * thread may use a fence at any time.
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

/**
 * enum hlthunk_fence_status - how far a fence is
 * @HLTHUNK_FENCE_PENDING: not over yet
 * @HLTHUNK_FENCE_DONE: everything before it is done
 * @HLTHUNK_FENCE_LOST: the device was reset or removed, or a submission failed or timed out
 *
 * Since: 0.9
 */
enum hlthunk_fence_status {
    HLTHUNK_FENCE_PENDING = 0,
    HLTHUNK_FENCE_DONE = 1,
    HLTHUNK_FENCE_LOST = 2,
};

/**
 * struct hlthunk_fence_options - how hlthunk_queue_create_fence() creates a fence
 * @struct_size: sizeof(struct hlthunk_fence_options)
 * @timestamp: have the driver record when the fence is done
 * @label: name in leak reports; the first 31 bytes are copied; may be NULL
 *
 * Since: 0.9
 */
struct hlthunk_fence_options {
    size_t struct_size;
    bool timestamp;
    uint8_t reserved[7];
    const char *label;
};

/**
 * hlthunk_queue_create_fence() - create a fence after everything that a queue has been given
 * @queue: the queue, of which the fence holds a reference
 * @options: NULL for defaults
 * @fence: receives a reference that the caller owns
 *
 * Flushes the queue.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -ENOMEM: host memory is exhausted
 *   -EBUSY: the device is in reset; what is recorded stays recorded
 *   -EIO, -ETIMEDOUT: the queue is lost: the driver aborted or gave up one of its submissions
 *
 * Context: any thread; waits while the queue or the driver is full.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_queue_create_fence(struct hlthunk_queue *queue, const struct hlthunk_fence_options *options,
                           struct hlthunk_fence **fence);

/**
 * hlthunk_fence_ref() - take one more reference to a fence
 * @fence: the fence
 *
 * Return: @fence.
 *
 * Context: any thread; never blocks.
 * Since: 0.9
 */
HLTHUNK_API struct hlthunk_fence *hlthunk_fence_ref(struct hlthunk_fence *fence);

/**
 * hlthunk_fence_unref() - drop a reference to a fence
 * @fence: the fence; NULL is allowed
 *
 * Cancels nothing.  The last one drops the fence's reference to its queue.
 *
 * Context: any thread; waits for the queue's work if that was the last reference to the queue.
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_fence_unref(struct hlthunk_fence *fence);

/**
 * hlthunk_fence_wait() - wait until a fence is over
 * @fence: the fence
 * @timeout_ns: 0 does not wait, negative waits indefinitely
 *
 * A signal does not end the wait.
 *
 * Return: 0 when the fence is done, or a negative errno.
 *
 * Errors: besides the common ones, except -ENODEV:
 *   -ETIMEDOUT: the fence is still pending
 *   -EIO: the fence is lost
 *
 * Context: any thread; sleeps for up to @timeout_ns.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_fence_wait(struct hlthunk_fence *fence,
                                                      int64_t timeout_ns);

/**
 * struct hlthunk_fence_result - how a fence ended
 * @struct_size: set by the caller: sizeof(struct hlthunk_fence_result)
 * @status: how far it is
 * @error: when lost: -ENODEV, -ETIMEDOUT, -EIO …; otherwise 0
 * @timestamp_ns: when all that the queue had been given before it was done, by the driver's clock,
 *                if the fence was created with .timestamp; otherwise 0.  The difference between two
 *                fences of a device is elapsed time; two with nothing between them may have the
 *                same.  The driver keeps the times of the last 256 submissions that it was to
 *                record them for: 0 for one that nobody waited or asked for before more had ended.
 *
 * Since: 0.9
 */
struct hlthunk_fence_result {
    size_t struct_size;
    enum hlthunk_fence_status status;
    int error;
    int64_t timestamp_ns;
};

/**
 * hlthunk_fence_get_result() - get how a fence ended, or that it is pending
 * @fence: the fence
 * @result: .struct_size must be set; receives as much as it has room for
 *
 * Works after a reset.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: the common ones, except -ENODEV.
 *
 * Context: any thread; one system call while the fence is pending, does not wait.
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_fence_get_result(struct hlthunk_fence *fence,
                                         struct hlthunk_fence_result *result);

/**
 * hlthunk_fence_create_eventfd() - create an eventfd that becomes readable when a fence is over
 * @fence: the fence
 * @fd: receives the eventfd, which the caller closes: O_CLOEXEC, non-blocking, above 2
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones, except -ENODEV:
 *   -EMFILE, -ENFILE: no descriptor is left
 *   -EAGAIN: no thread can be created
 *   -ENOMEM: host memory is exhausted
 *
 * Context: any thread; does not wait.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_fence_create_eventfd(struct hlthunk_fence *fence,
                                                                int *fd);

/**
 * hlthunk_fence_signal_eventfd() - add 1 to an eventfd of the caller's when a fence is over
 * @fence: the fence
 * @fd: the eventfd, which may serve any number of fences; the library keeps a duplicate until then
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones, except -ENODEV:
 *   -EBADF: @fd is not open
 *   -EINVAL: @fd is not an eventfd
 *   -EMFILE: no descriptor is left
 *   -EAGAIN: no thread can be created
 *   -ENOMEM: host memory is exhausted
 *
 * Context: any thread; does not wait.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_fence_signal_eventfd(struct hlthunk_fence *fence,
                                                                int fd);

/**
 * typedef hlthunk_fence_fn - is called when a fence is over
 * @fence: the fence, valid during the call
 * @user: as passed to hlthunk_fence_set_callback()
 *
 * Called once, on the queue's thread, with no lock held.  It may call any function, and should not
 * block, because the queue's other callbacks wait for it.
 *
 * Since: 0.9
 */
typedef void (*hlthunk_fence_fn)(struct hlthunk_fence *fence, void *user);

/**
 * hlthunk_fence_set_callback() - have a function called when a fence is over
 * @fence: the fence
 * @fn: the function
 * @user: passed to @fn
 *
 * It is called for a fence that is already over, too (while other work of the queue is under way,
 * up to some 20 ms later), and even if the caller drops its reference first.  Several calls add
 * several callbacks.  The queue's thread holds the fence, and with it the queue and the device,
 * until the call has returned; hlthunk_device_close() waits for that.  It holds them in a forked
 * child's copy, too, until hlthunk_release_inherited(); so does an eventfd to be signalled.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones, except -ENODEV:
 *   -EAGAIN: no thread can be created
 *   -ENOMEM: host memory is exhausted
 *
 * Context: any thread; does not wait.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_fence_set_callback(struct hlthunk_fence *fence,
                                                              hlthunk_fence_fn fn, void *user);

/**
 * hlthunk_fence_borrow_queue() - borrow a fence's queue
 * @fence: the fence
 *
 * Return: the queue, valid while the fence lives and not to be released.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API struct hlthunk_queue *hlthunk_fence_borrow_queue(const struct hlthunk_fence *fence);

HLTHUNK_END_DECLS

#endif
