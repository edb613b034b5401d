/* SPDX-License-Identifier: MIT */
/*
 * Leak reports: what is alive on a device, and where it was made.
 *
 * hlthunk_device_close() writes one to the log.  Each object has its label and the code address of
 * the call that made it; with backtraces on, also the calls that led there.  An address is printed
 * as its file and the offset in it, which `addr2line -e FILE OFFSET` turns into the line of the
 * call, and with a symbol where the file exports one (link with -rdynamic for that).
 */
#ifndef HLTHUNK_LEAKS_H
#define HLTHUNK_LEAKS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_device;
struct hlthunk_live_object;

/** define HLTHUNK_BACKTRACE_MAX - the most calls that a backtrace records */
#define HLTHUNK_BACKTRACE_MAX 32

/**
 * hlthunk_backtrace_set_depth() - record how the program came to make each object
 * @depth: calls to record, up to HLTHUNK_BACKTRACE_MAX; 0 for none
 *
 * For objects that are made from now on, on all devices.  The live buffers of a pool are reported
 * in groups of the same label, creator and backtrace.  Off unless the environment variable
 * HLTHUNK_BACKTRACE gives a depth (ignored in set-user-ID programs).  While it is on, each object
 * costs some microseconds and 8 bytes per call.  Nothing is recorded where the C library has no
 * backtrace().
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_backtrace_set_depth(unsigned depth);

/**
 * typedef hlthunk_live_object_fn - receives one entry of a list of live objects
 * @object: the entry, valid during the call
 * @user: as passed to hlthunk_device_list_live_objects()
 *
 * Called with no lock held; it may call any function.
 *
 * Return: 0 to continue; anything else ends the list.
 *
 * Since: 0.9
 */
typedef int (*hlthunk_live_object_fn)(const struct hlthunk_live_object *object, void *user);

/**
 * hlthunk_device_list_live_objects() - list what is alive on a device
 * @device: the device
 * @visit: called for each entry, oldest first
 * @user: passed to @visit
 *
 * An entry is one object; or, of a pool, all buffers with the same label that the same call made
 * (with backtraces: through the same calls), listed after their pool.
 *
 * The list is taken first, so what is released while it is visited is still reported.  Works on a
 * stale device.
 *
 * Return: what @visit last returned, 0, or a negative errno before the first call.
 *
 * Errors:
 *   -EINVAL: a NULL argument
 *   -EPERM: the device was opened by the parent of this process
 *   -ENOMEM: host memory is exhausted
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_device_list_live_objects(struct hlthunk_device *device,
                                                 hlthunk_live_object_fn visit, void *user);

/**
 * hlthunk_live_object_get_kind() - get the kind of a live object
 * @object: the entry
 *
 * Return: a static text: "buffer", "dma-buf", "pool", "pool buffer", …
 *
 * Context: within the callback.
 * Since: 0.9
 */
HLTHUNK_API const char *hlthunk_live_object_get_kind(const struct hlthunk_live_object *object);

/**
 * hlthunk_live_object_get_count() - get how many objects an entry stands for
 * @object: the entry
 *
 * Return: the number; more than 1 only for pool buffers.
 *
 * Context: within the callback.
 * Since: 0.9
 */
HLTHUNK_API uint64_t hlthunk_live_object_get_count(const struct hlthunk_live_object *object);

/**
 * hlthunk_live_object_get_size() - get the size of a live object
 * @object: the entry
 *
 * Return: bytes, of all objects that the entry stands for.
 *
 * Context: within the callback.
 * Since: 0.9
 */
HLTHUNK_API uint64_t hlthunk_live_object_get_size(const struct hlthunk_live_object *object);

/**
 * hlthunk_live_object_get_offset() - get where a live dma-buf starts in its buffer
 * @object: the entry
 *
 * Return: bytes from the start of the buffer; 0 for other kinds.
 *
 * Context: within the callback.
 * Since: 0.9
 */
HLTHUNK_API uint64_t hlthunk_live_object_get_offset(const struct hlthunk_live_object *object);

/**
 * hlthunk_live_object_get_address() - get the device address of a live object
 * @object: the entry
 *
 * Return: the address in the device's address space; 0 where it has none.
 *
 * Context: within the callback.
 * Since: 0.9
 */
HLTHUNK_API uint64_t hlthunk_live_object_get_address(const struct hlthunk_live_object *object);

/**
 * hlthunk_live_object_get_age_ns() - get the age of a live object
 * @object: the entry
 *
 * Return: nanoseconds since the oldest object of the entry was made.
 *
 * Context: within the callback.
 * Since: 0.9
 */
HLTHUNK_API uint64_t hlthunk_live_object_get_age_ns(const struct hlthunk_live_object *object);

/**
 * hlthunk_live_object_get_label() - get the label of a live object
 * @object: the entry
 *
 * Return: the label that the program gave it, with '?' for control characters, valid during the
 * callback; NULL for none.
 *
 * Context: within the callback.
 * Since: 0.9
 */
HLTHUNK_API const char *hlthunk_live_object_get_label(const struct hlthunk_live_object *object);

/**
 * hlthunk_live_object_get_creator() - get the call that made a live object
 * @object: the entry
 *
 * Return: the return address of that call in the program's code.
 *
 * Context: within the callback.
 * Since: 0.9
 */
HLTHUNK_API const void *hlthunk_live_object_get_creator(const struct hlthunk_live_object *object);

/**
 * hlthunk_live_object_borrow_frames() - borrow the backtrace of a live object
 * @object: the entry
 * @count: receives the number of return addresses; may be NULL
 *
 * Return: return addresses, innermost first, valid during the callback; NULL without a backtrace
 * (see hlthunk_backtrace_set_depth()).
 *
 * Context: within the callback.
 * Since: 0.9
 */
HLTHUNK_API const void *const *
hlthunk_live_object_borrow_frames(const struct hlthunk_live_object *object, size_t *count);

/**
 * hlthunk_live_object_format() - describe a live object in words
 * @object: the entry
 * @text: receives the text, NUL-terminated; may be NULL when @size_bytes is 0
 * @size_bytes: room at @text; a longer text is truncated
 *
 * One line, and one more for each call of its backtrace, without a newline at the end.
 *
 * Return: the length of the whole text without the NUL, as snprintf(3) does, or a negative errno.
 *
 * Errors:
 *   -EINVAL: @object is NULL, or @text is NULL with a @size_bytes
 *
 * Context: within the callback.
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_live_object_format(const struct hlthunk_live_object *object, char *text,
                                           size_t size_bytes);

/**
 * hlthunk_device_report() - write what is alive on a device to a stream
 * @device: the device
 * @stream: receives the lines of hlthunk_live_object_format() for each entry; it is flushed
 *
 * Writes nothing when nothing is alive.  Works on a stale device.
 *
 * Return: 0 or a negative errno.
 *
 * Errors:
 *   -EINVAL: a NULL argument
 *   -EPERM: the device was opened by the parent of this process
 *   -EIO: the stream failed
 *   -ENOMEM: host memory is exhausted
 *
 * Context: any thread; writes to @stream.
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_device_report(struct hlthunk_device *device, FILE *stream);

HLTHUNK_END_DECLS

#endif
