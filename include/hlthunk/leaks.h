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
 * For objects that are made from now on, on all devices.  The live buffers of a pool are told in
 * groups of the same label, creator and calls.  Off unless the environment variable HLTHUNK_TRACE
 * gives a depth (ignored in set-user-ID programs).  Costs some microseconds and 8 bytes a call for
 * each object while it is on, one load while it is off.  Nothing is remembered where the C library
 * has no backtrace().  Any thread.
 *
 * Since: 1.0
 */
HLTHUNK_API void hlthunk_trace_set(unsigned depth);

/**
 * hlthunk_live_object_text() - a live object in words
 * @object: as hlthunk_device_live_objects() gives it
 * @text: receives the text, NUL-terminated, cut where it does not fit; may be NULL when @size is 0
 * @size: bytes at @text
 *
 * One line, and one more for each call of its trace, without a newline at the end.  Returns the
 * text's length without the NUL, of all of it.
 *
 * Since: 1.0
 */
HLTHUNK_API size_t hlthunk_live_object_text(const struct hlthunk_live_object *object, char *text,
                                            size_t size);

/**
 * hlthunk_device_report() - write what is alive on a device to a stream
 *
 * Lines of hlthunk_live_object_text(), nothing when nothing is alive.  -EIO when the stream fails.
 * Works on a stale device, too.
 *
 * Since: 1.0
 */
HLTHUNK_API int hlthunk_device_report(struct hlthunk_device *device, FILE *stream);

HLTHUNK_END_DECLS

#endif
