/* SPDX-License-Identifier: MIT */
/*
 * Completions: the end of a submission, or an interrupt, as an eventfd for any event loop.
 *
 * The driver's waits block the thread that makes them, and a device cannot be polled.  So the
 * library waits instead: a device with completions has up to four threads, which sleep in the
 * driver and live as long as the device object.  The end of the four oldest pending completions is
 * noticed immediately; that of others within about 10 ms, or later when hundreds are pending.  Each
 * thread waits for 20 ms at a time, which is how long dropping a pending completion may take.
 */
#ifndef HLTHUNK_COMPLETION_H
#define HLTHUNK_COMPLETION_H

#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_device;
struct hlthunk_completion;

/**
 * enum hlthunk_completion_status - how far a completion is
 * @HLTHUNK_COMPLETION_PENDING: not over yet
 * @HLTHUNK_COMPLETION_DONE: completed
 * @HLTHUNK_COMPLETION_TIMED_OUT: a submission exceeded its own timeout
 * @HLTHUNK_COMPLETION_ABORTED: the driver aborted it, because of a reset
 * @HLTHUNK_COMPLETION_LOST: the device was reset or removed (hlthunk/reset.h)
 * @HLTHUNK_COMPLETION_FAILED: the driver refused the wait; see .error of the result
 *
 * Since: 0.9
 */
enum hlthunk_completion_status {
    HLTHUNK_COMPLETION_PENDING = 0,
    HLTHUNK_COMPLETION_DONE = 1,
    HLTHUNK_COMPLETION_TIMED_OUT = 2,
    HLTHUNK_COMPLETION_ABORTED = 3,
    HLTHUNK_COMPLETION_LOST = 4,
    HLTHUNK_COMPLETION_FAILED = 5,
};

/**
 * struct hlthunk_completion_result - how a completion ended
 * @struct_size: set by the caller: sizeof(struct hlthunk_completion_result)
 * @status: how far it is
 * @error: 0 when done or pending; otherwise -ETIMEDOUT, -EIO, -ENODEV …
 * @timestamp_ns: when it was done, by the driver's clock; 0 if not done or not reported
 *
 * Since: 0.9
 */
struct hlthunk_completion_result {
    size_t struct_size;
    enum hlthunk_completion_status status;
    int error;
    int64_t timestamp_ns;
};

/**
 * struct hlthunk_completion_options - how a completion is created
 * @struct_size: sizeof(struct hlthunk_completion_options)
 * @eventfd: an eventfd of the caller's to signal instead of the completion's own; it is borrowed,
 *           must stay open, and may serve many completions; 0: the completion has its own
 * @label: name in leak reports; the first 31 bytes are copied; may be NULL
 *
 * Since: 0.9
 */
struct hlthunk_completion_options {
    size_t struct_size;
    int eventfd;
    uint8_t reserved[4];
    const char *label;
};

/**
 * hlthunk_completion_create_for_submissions() - create a completion of one or more submissions
 * @device: a primary node
 * @sequences: numbers that submissions returned, signals included; copied
 * @count: how many, at least 1
 * @options: NULL for defaults
 * @completion: receives a reference that the caller owns
 *
 * It is over when all of the submissions have completed, or one of them has failed.  Numbers that
 * the driver never returned give -EINVAL if they are first in @sequences, and
 * HLTHUNK_COMPLETION_FAILED later otherwise.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @count is 0, the first submission was never made, or options->eventfd is not an
 *     eventfd
 *   -EBADF: options->eventfd is not open
 *   -EPERM: @device is a control node
 *   -EMFILE, -ENFILE: no descriptor is left for an eventfd
 *   -EAGAIN: no thread can be created
 *   -ENOMEM: host memory is exhausted
 *
 * Context: any thread; does not wait.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_completion_create_for_submissions(
    struct hlthunk_device *device, const uint64_t *sequences, size_t count,
    const struct hlthunk_completion_options *options, struct hlthunk_completion **completion);

/**
 * hlthunk_completion_create_for_interrupt() - create a completion of a value in memory
 * @device: a primary node of an ASIC with user interrupts (Gaudi2)
 * @interrupt: the one that makes the driver look; 0xfff for any completion queue's, 0xffe for any
 *             decoder's
 * @address: an aligned word that the device writes before it raises the interrupt; must stay valid
 * @target: the completion is done when the word is this or more
 * @options: NULL for defaults
 * @completion: receives a reference that the caller owns
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @address is not a multiple of 8, there is no such interrupt, or options->eventfd is
 *     not an eventfd
 *   -EOPNOTSUPP: an ASIC without interrupts for programs
 *   -EFAULT: @address cannot be read
 *   -EBADF: options->eventfd is not open
 *   -EPERM: @device is a control node
 *   -EMFILE, -ENFILE: no descriptor is left for an eventfd
 *   -EAGAIN: no thread can be created
 *   -ENOMEM: host memory is exhausted
 *
 * Context: any thread; does not wait.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_completion_create_for_interrupt(
    struct hlthunk_device *device, uint32_t interrupt, const uint64_t *address, uint64_t target,
    const struct hlthunk_completion_options *options, struct hlthunk_completion **completion);

/**
 * hlthunk_completion_ref() - take one more reference to a completion
 * @completion: the completion
 *
 * Return: @completion.
 *
 * Context: any thread; never blocks.
 * Since: 0.9
 */
HLTHUNK_API struct hlthunk_completion *
hlthunk_completion_ref(struct hlthunk_completion *completion);

/**
 * hlthunk_completion_unref() - drop a reference to a completion
 * @completion: the completion; NULL is allowed
 *
 * The last one cancels a pending completion: the work itself continues, but the eventfd is no
 * longer signalled.
 *
 * Context: any thread; the last reference may wait for 20 ms.
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_completion_unref(struct hlthunk_completion *completion);

/**
 * hlthunk_completion_borrow_fd() - borrow the eventfd of a completion
 * @completion: the completion
 *
 * It becomes readable when the result is available.  The completion's own may be read.
 *
 * Return: its own eventfd, or the one in the options; not to be closed.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_completion_borrow_fd(const struct hlthunk_completion *completion);

/**
 * hlthunk_completion_get_result() - get how a completion ended, or that it is pending
 * @completion: the completion
 * @result: .struct_size must be set; receives as much as it has room for
 *
 * Works after a reset.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: the common ones, except -ENODEV.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_completion_get_result(struct hlthunk_completion *completion,
                              struct hlthunk_completion_result *result);

/**
 * hlthunk_completion_wait() - wait for a completion without an event loop
 * @completion: the completion
 * @timeout_ns: 0 does not wait, negative waits indefinitely
 *
 * Return: 0 when there is a result, of whichever status, or a negative errno.
 *
 * Errors: besides the common ones, except -ENODEV:
 *   -ETIMEDOUT: the completion is still pending
 *
 * Context: any thread; sleeps for up to @timeout_ns.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_completion_wait(struct hlthunk_completion *completion,
                                                           int64_t timeout_ns);

/**
 * hlthunk_completion_status_get_name() - get the name of a completion's status
 * @status: the status
 *
 * Return: a static text such as "timed out"; "unknown" for other values.  Never NULL.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API const char *hlthunk_completion_status_get_name(enum hlthunk_completion_status status);

HLTHUNK_END_DECLS

#endif
