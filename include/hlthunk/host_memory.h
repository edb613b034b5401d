/* SPDX-License-Identifier: MIT */
/*
 * Host memory for the device, from the library: allocated, pinned and mapped once, and kept for the
 * next buffer when it is released.
 *
 * Copies between it and device memory (hlthunk_queue_copy()) need no staging memory, and run while
 * the program continues.
 */
#ifndef HLTHUNK_HOST_MEMORY_H
#define HLTHUNK_HOST_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_buffer;
struct hlthunk_device;

/**
 * struct hlthunk_buffer_alloc_host_options - options of hlthunk_buffer_alloc_host()
 * @struct_size: sizeof(struct hlthunk_buffer_alloc_host_options)
 * @label: name in leak reports; the first 31 bytes are copied; may be NULL
 *
 * Since: 0.9
 */
struct hlthunk_buffer_alloc_host_options {
    size_t struct_size;
    const char *label;
};

/**
 * hlthunk_buffer_alloc_host() - allocate host memory that the device reaches
 * @device: an open primary node
 * @size_bytes: at least 1; whole pages are allocated, at most a quarter more than that
 * @options: NULL for defaults
 * @buffer: receives a reference that the caller owns
 *
 * A buffer like those of hlthunk_buffer_from_host(), but its memory belongs to the library and
 * starts at a page: hlthunk_buffer_borrow_host() returns where.  Its initial contents are
 * undefined.
 *
 * hlthunk_buffer_unref() keeps the memory, pinned and mapped, for the next buffer of about that
 * size: most calls make no system call.  The memory is released by
 * hlthunk_device_trim_host_memory(), when there is none for a new buffer, and with the device.
 *
 * A child after fork() has a copy of the memory, which its device does not reach.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @size_bytes is 0
 *   -ENOMEM: host memory or device addresses are exhausted
 *   -EPERM: @device is a control node
 *   -EBUSY: the device is in reset
 *
 * Context: any thread; sleeps in the driver only when nothing suitable is kept.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_buffer_alloc_host(struct hlthunk_device *device, uint64_t size_bytes,
                          const struct hlthunk_buffer_alloc_host_options *options,
                          struct hlthunk_buffer **buffer);

/**
 * hlthunk_buffer_borrow_host() - borrow the host memory of a buffer
 * @buffer: the buffer
 *
 * Return: where this process has the memory of a buffer of hlthunk_buffer_alloc_host() or
 * hlthunk_buffer_from_host(), valid while the buffer lives; NULL for any other buffer.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API void *hlthunk_buffer_borrow_host(const struct hlthunk_buffer *buffer);

/**
 * hlthunk_device_find_host_buffer() - find the buffer that host memory belongs to
 * @device: whose buffer it is
 * @host: pointer anywhere in the memory
 * @size_bytes: how many bytes from there the buffer must have; 0 means 1
 * @buffer: receives a reference that the caller owns
 * @offset: receives where in the buffer @host is, in bytes; may be NULL
 *
 * Answers whether memory is pinned, and what its device address is.  Finds buffers of
 * hlthunk_buffer_alloc_host() and hlthunk_buffer_from_host(), as hlthunk_device_find_buffer() finds
 * buffers by their device address.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones, except -ENODEV:
 *   -ENOENT: no buffer has the memory
 *   -ERANGE: the buffer there ends before the range does
 *
 * Context: any thread, while others allocate and release; no system call.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_device_find_host_buffer(struct hlthunk_device *device,
                                                                   const void *host,
                                                                   uint64_t size_bytes,
                                                                   struct hlthunk_buffer **buffer,
                                                                   uint64_t *offset);

/**
 * hlthunk_device_trim_host_memory() - return kept host memory to the system
 * @device: the device
 * @keep_bytes: how much to keep at most
 * @released_bytes: receives how much was returned; may be NULL
 *
 * Return: 0 or a negative errno.
 *
 * Errors: the common ones.
 *
 * Context: any thread; may sleep in the driver.
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_device_trim_host_memory(struct hlthunk_device *device, uint64_t keep_bytes,
                                                uint64_t *released_bytes);

HLTHUNK_END_DECLS

#endif
