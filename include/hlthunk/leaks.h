/* SPDX-License-Identifier: MIT */
/*
 * Leak reports: what is alive on a device, and where it was made.
 *
 * hlthunk_device_close() writes one through the log.  Each object has its label and the code
 * address of the call that made it; with traces on, the calls that led there, too.  An address is
 * given as its file and the offset in it, which `addr2line -e FILE OFFSET` turns into the line of
 * the call, and with a symbol where the file exports one (link with -rdynamic for that).
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

#define HLTHUNK_TRACE_MAX 32

/**
 * hlthunk_trace_set() - remember how the program came to make an object
 * @depth: calls that are remembered, up to HLTHUNK_TRACE_MAX; 0: none
 *
 * For objects that are made from now on, on all devices.  The live buffers of a pool are reported
 * in groups of the same label, creator and calls.  Off unless the environment variable
 * HLTHUNK_TRACE gives a depth (ignored in set-user-ID programs).  Costs some microseconds and 8
 * bytes a call for each object while it is on, one load while it is off.  Nothing is remembered
 * where the C library has no backtrace().  Any thread.
 *
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_trace_set(unsigned depth);

/**
 * typedef hlthunk_live_object_fn - receives one entry of a list of live objects
 * @object: valid during the call
 * @user: as given to hlthunk_device_list_live_objects()
 *
 * A non-zero result ends the list.
 */
typedef int (*hlthunk_live_object_fn)(const struct hlthunk_live_object *object, void *user);

/**
 * hlthunk_device_list_live_objects() - list what is alive on a device
 * @visit: called for each entry, oldest first
 * @user: passed to @visit
 *
 * An entry is one object; or, of a pool, all buffers that were made by the same call (and with a
 * trace, by way of the same calls) with the same label, after their pool.
 *
 * The list is taken first, then @visit is called for each entry with no lock held: it may call what
 * it likes, and what is released meanwhile is still reported.  Returns what @visit last returned,
 * 0, or -ENOMEM before the first call.  Other threads may use the device meanwhile.  Works on a
 * stale device, too.
 *
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_device_list_live_objects(struct hlthunk_device *device,
                                                 hlthunk_live_object_fn visit, void *user);

/* "buffer", "dma-buf", "pool", "pool buffer", ...  Since: 0.9 */
HLTHUNK_API const char *hlthunk_live_object_get_kind(const struct hlthunk_live_object *object);
/* How many objects the entry stands for; more than 1: pool buffers.  Since: 0.9 */
HLTHUNK_API uint64_t hlthunk_live_object_get_count(const struct hlthunk_live_object *object);
/* Bytes of all of them.  Since: 0.9 */
HLTHUNK_API uint64_t hlthunk_live_object_get_size(const struct hlthunk_live_object *object);
/* Of a dma-buf: bytes from the start of its buffer.  Since: 0.9 */
HLTHUNK_API uint64_t hlthunk_live_object_get_offset(const struct hlthunk_live_object *object);
/* In the device's address space; 0 where it has none.  Since: 0.9 */
HLTHUNK_API uint64_t hlthunk_live_object_get_address(const struct hlthunk_live_object *object);
/* Nanoseconds since the oldest was made.  Since: 0.9 */
HLTHUNK_API uint64_t hlthunk_live_object_get_age_ns(const struct hlthunk_live_object *object);
/* As the program named it; NULL for none.  Valid during the call.  Since: 0.9 */
HLTHUNK_API const char *hlthunk_live_object_get_label(const struct hlthunk_live_object *object);
/* Code address of the call that made it.  Since: 0.9 */
HLTHUNK_API const void *hlthunk_live_object_get_creator(const struct hlthunk_live_object *object);
/**
 * hlthunk_live_object_borrow_frames() - lend the return addresses of the calls that led to it
 * @count: receives how many; may be NULL
 *
 * NULL without a trace (hlthunk_trace_set()).  Valid during the call of @visit.
 *
 * Since: 0.9
 */
HLTHUNK_API const void *const *
hlthunk_live_object_borrow_frames(const struct hlthunk_live_object *object, size_t *count);

/**
 * hlthunk_live_object_format() - put a live object into words
 * @text: receives the text, NUL-terminated; may be NULL when @size_bytes is 0
 * @size_bytes: room at @text; a longer text is cut
 *
 * One line, and one more for each call of its trace, without a newline at the end.  Returns the
 * length of the whole text without the NUL, as snprintf(3) does; or -EINVAL.
 *
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_live_object_format(const struct hlthunk_live_object *object, char *text,
                                           size_t size_bytes);

/**
 * hlthunk_device_report() - write what is alive on a device to a stream
 *
 * Lines of hlthunk_live_object_format(), nothing when nothing is alive.  -EIO when the stream
 * fails.  Works on a stale device, too.
 *
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_device_report(struct hlthunk_device *device, FILE *stream);

HLTHUNK_END_DECLS

#endif
