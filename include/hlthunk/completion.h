/* SPDX-License-Identifier: MIT */
/*
 * Completions: the end of a submission, or an interrupt, as an eventfd that any event loop can wait
 * on.
 *
 * The driver's waits block the thread that makes them, and nothing of a device can be polled.  So
 * the library waits: a device with completions has up to four threads, which sleep in the driver
 * and are there until the device object goes.  The four oldest pending completions are noticed at
 * once; what overtakes them within about 10 ms, later only where hundreds are pending.  A thread
 * waits 20 ms at a time: that is how long giving a pending completion back may take.
 */
#ifndef HLTHUNK_COMPLETION_H
#define HLTHUNK_COMPLETION_H

#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_device;
struct hlthunk_completion;

enum hlthunk_completion_status {
    HLTHUNK_COMPLETION_PENDING = 0,
    HLTHUNK_COMPLETION_DONE = 1,
    HLTHUNK_COMPLETION_TIMED_OUT = 2, /* a submission took longer than its own timeout */
    HLTHUNK_COMPLETION_ABORTED = 3,   /* the driver gave it up, for a reset */
    HLTHUNK_COMPLETION_LOST = 4,      /* the device was reset or removed (hlthunk/reset.h) */
    HLTHUNK_COMPLETION_FAILED = 5,    /* the driver refused the wait: see .error */
};

struct hlthunk_completion_result {
    size_t struct_size; /* set by the caller: sizeof(struct hlthunk_completion_result) */
    enum hlthunk_completion_status status;
    int error;            /* 0 where DONE or PENDING; otherwise -ETIMEDOUT, -EIO, -ENODEV … */
    int64_t timestamp_ns; /* DONE: when, by the driver's clock; 0 where it does not tell */
};

struct hlthunk_completion_options {
    size_t struct_size; /* sizeof(struct hlthunk_completion_options) */
    int eventfd;        /* the caller's, to signal instead of one of its own; may serve many, is
                         * borrowed and must stay open; 0: its own */
    uint8_t reserved[4];
    const char *label; /* for leak reports; copied; may be NULL */
};

/**
 * hlthunk_completion_create_for_submissions() - when all of these have completed, or one of them
 * has failed
 * @device: a primary node
 * @sequences: numbers that submissions returned, of signals too; copied
 * @count: of them, at least 1
 * @options: NULL for defaults
 * @completion: receives a reference that is the caller's
 *
 * Numbers that the driver never gave out: -EINVAL at once for the first one that is asked for,
 * FAILED for later ones.  -ENODEV, -EPERM (a control node), -ENOMEM, -EMFILE, -EAGAIN (no thread),
 * -EBADF or -EINVAL (options->eventfd).
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_completion_create_for_submissions(
    struct hlthunk_device *device, const uint64_t *sequences, size_t count,
    const struct hlthunk_completion_options *options, struct hlthunk_completion **completion);

/**
 * hlthunk_completion_create_for_interrupt() - when a word in memory has reached a value
 * @device: a primary node of an ASIC with user interrupts (Gaudi2)
 * @interrupt: makes the driver look; or 0xfff, any completion queue's, 0xffe, any decoder's
 * @address: a word that the device writes before it raises the interrupt; must stay valid
 * @target: done when the word is this or more
 *
 * Otherwise as hlthunk_completion_create_for_submissions(); -EOPNOTSUPP: an ASIC without interrupts
 * for programs.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_completion_create_for_interrupt(
    struct hlthunk_device *device, uint32_t interrupt, const uint64_t *address, uint64_t target,
    const struct hlthunk_completion_options *options, struct hlthunk_completion **completion);

/* One more reference; returns the completion.  Any thread.  Since: 0.9 */
HLTHUNK_API struct hlthunk_completion *
hlthunk_completion_ref(struct hlthunk_completion *completion);

/**
 * hlthunk_completion_unref() - give a reference back; NULL is allowed
 *
 * A completion that is pending is cancelled with the last one: what it waited for goes on, the
 * eventfd is not signalled any more.  May take 20 ms.  Any thread.
 *
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_completion_unref(struct hlthunk_completion *completion);

/**
 * hlthunk_completion_borrow_fd() - the eventfd, its own or the caller's
 *
 * Readable once the result is there; its own may be read, and is not to be closed.
 *
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_completion_borrow_fd(const struct hlthunk_completion *completion);

/**
 * hlthunk_completion_get_result() - how it ended, or that it is pending
 * @result: .struct_size must be set; receives as much as that holds
 *
 * No system call.  Works after a reset.  Any thread.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_completion_get_result(struct hlthunk_completion *completion,
                              struct hlthunk_completion_result *result);

/**
 * hlthunk_completion_wait() - wait for it here, without an event loop
 * @timeout_ns: 0 does not wait, a negative one waits without limit
 *
 * 0: there is a result, of whichever status; -ETIMEDOUT.  Any thread.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_completion_wait(struct hlthunk_completion *completion,
                                                           int64_t timeout_ns);

/* A name for people; "unknown" for other values.  Never NULL.  Since: 0.9 */
HLTHUNK_API const char *hlthunk_completion_status_get_name(enum hlthunk_completion_status status);

HLTHUNK_END_DECLS

#endif
