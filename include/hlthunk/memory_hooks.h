/* SPDX-License-Identifier: MIT */
/*
 * Callbacks of the program: before an allocation fails, and after a buffer was released.
 */
#ifndef HLTHUNK_MEMORY_HOOKS_H
#define HLTHUNK_MEMORY_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_buffer;
struct hlthunk_device;
struct hlthunk_pool;

/**
 * struct hlthunk_memory_failure - an allocation that has failed
 * @device: whose memory it is, borrowed
 * @pool: the pool, borrowed; NULL: hlthunk_buffer_alloc()
 * @size_bytes: as asked for
 * @attempt: how often the callback was asked about this allocation, from 1 on
 * @reason: the text of the error, valid during the call
 *
 * Filled by the library; later versions may add members at its end.
 *
 * Since: 0.9
 */
struct hlthunk_memory_failure {
    struct hlthunk_device *device;
    struct hlthunk_pool *pool;
    uint64_t size_bytes;
    uint64_t attempt;
    const char *reason;
};

/**
 * typedef hlthunk_memory_failure_fn - is called before an allocation fails
 * @failure: what has failed
 * @user: as given to hlthunk_device_set_failure_callback()
 *
 * Return: true to have the allocation tried once more.
 *
 * Context: the thread that allocates, with no lock of the library held.
 * Since: 0.9
 */
typedef bool (*hlthunk_memory_failure_fn)(const struct hlthunk_memory_failure *failure, void *user);

/**
 * hlthunk_device_set_failure_callback() - set a callback for allocations that are about to fail
 * @device: whose memory it is
 * @callback: called by hlthunk_buffer_alloc() and hlthunk_pool_alloc() when there is no memory,
 *            after pools have given back what they only keep, and queues what work that is over
 *            had; NULL removes it
 * @user: passed to @callback
 *
 * The callback may use every function, and release buffers; the allocation is tried once more as
 * long as it returns true.  Allocations within it fail without calling it.  When the callback is
 * changed, a call may still be under way in another thread.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -ENOMEM: host memory is exhausted
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_device_set_failure_callback(struct hlthunk_device *device,
                                    hlthunk_memory_failure_fn callback, void *user);

/**
 * typedef hlthunk_buffer_release_fn - is called when a buffer has ended
 * @user: as given to hlthunk_buffer_set_user()
 *
 * Context: the thread that dropped the last reference, possibly in a call on a queue whose work was
 * the last to use the buffer, or in an allocation that lacks memory; no lock of the library is held
 * and the device is still open.  Memory of hlthunk_buffer_from_host() that the driver keeps for a
 * moment, during a reset of the engines: the thread that later releases another buffer that is not
 * a pool's, or the device.
 * When it returns, hlthunk_last_error() is what it was before, whatever has failed in it.
 * Since: 0.9
 */
typedef void (*hlthunk_buffer_release_fn)(void *user);

/**
 * hlthunk_buffer_set_user() - attach a pointer of the program's to a buffer
 * @buffer: the buffer
 * @user: for hlthunk_buffer_get_user() and @release
 * @release: called once, when the last reference is gone and the memory has been given back; NULL
 *           for nothing.  Memory of hlthunk_buffer_from_host() can be unmapped or freed there.
 *
 * Replaces what was set before, whose release function is not called.  A forked child does not
 * call it.  Works on a stale device, too.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: the common ones, except -ENODEV.
 *
 * Context: one thread per buffer at a time; no system call.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_buffer_set_user(struct hlthunk_buffer *buffer,
                                                           void *user,
                                                           hlthunk_buffer_release_fn release);

/**
 * hlthunk_buffer_get_user() - return the pointer attached to a buffer
 * @buffer: the buffer
 *
 * Return: what hlthunk_buffer_set_user() attached; NULL for nothing.
 *
 * Context: one thread per buffer at a time; no system call.
 * Since: 0.9
 */
HLTHUNK_API void *hlthunk_buffer_get_user(const struct hlthunk_buffer *buffer);

HLTHUNK_END_DECLS

#endif
