/* SPDX-License-Identifier: MIT */
/*
 * Host memory for the device, from the library: allocated, pinned and mapped once, and kept for the
 * next buffer when it is released.
 *
 * Copies between it and device memory (hlthunk_queue_copy()) need no staging memory, and run while
 * the program goes on.
 */
#ifndef HLTHUNK_HOST_MEMORY_H
#define HLTHUNK_HOST_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_buffer;
struct hlthunk_device;

struct hlthunk_buffer_alloc_host_options {
    size_t struct_size; /* sizeof(struct hlthunk_buffer_alloc_host_options) */
    const char *label;  /* for leak reports; copied (the first 31 bytes); may be NULL */
};

/**
 * hlthunk_buffer_alloc_host() - host memory that the device reaches
 * @device: an open primary node
 * @size_bytes: at least 1; whole pages are taken, up to a quarter more than that
 * @options: NULL for defaults
 * @buffer: receives a reference that is the caller's
 *
 * A buffer like those of hlthunk_buffer_from_host(), whose memory is the library's and starts at a
 * page: hlthunk_buffer_borrow_host() tells where.  What is in it at first is undefined.
 *
 * hlthunk_buffer_unref() keeps the memory, pinned and mapped, for the next buffer of about that
 * size: most calls make no system call.  It goes with hlthunk_device_trim_host_memory(), when there
 * is no memory for a new buffer, and with the device.
 *
 * A child of fork() has a copy of the memory, which its device does not reach.
 *
 * Any thread.  -ENOMEM: no memory, or no device address, is left.  -EPERM: a control node.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_buffer_alloc_host(struct hlthunk_device *device, uint64_t size_bytes,
                          const struct hlthunk_buffer_alloc_host_options *options,
                          struct hlthunk_buffer **buffer);

/*
 * Where the CPU reaches a buffer of host memory: of the library's own or of
 * hlthunk_buffer_from_host().  Valid while the buffer lives.  NULL for all others.  Since: 0.9
 */
HLTHUNK_API void *hlthunk_buffer_borrow_host(const struct hlthunk_buffer *buffer);

/**
 * hlthunk_device_find_host_buffer() - the buffer that host memory belongs to
 * @device: that the buffer is of
 * @host: pointer anywhere in the memory
 * @size_bytes: how many bytes from there the buffer must have; 0: as 1
 * @buffer: receives one more reference of the buffer, which is the caller's
 * @offset: receives where in the buffer @host is; may be NULL
 *
 * Is this memory pinned, and what does the device call it?  Finds buffers of
 * hlthunk_buffer_alloc_host() and hlthunk_buffer_from_host(); otherwise as
 * hlthunk_device_find_buffer() (hlthunk/address.h), with the same errors.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_device_find_host_buffer(struct hlthunk_device *device,
                                                                   const void *host,
                                                                   uint64_t size_bytes,
                                                                   struct hlthunk_buffer **buffer,
                                                                   uint64_t *offset);

/**
 * hlthunk_device_trim_host_memory() - give host memory that is only kept back to the system
 * @keep_bytes: how much to keep at most
 * @released_bytes: receives how much was given back; may be NULL
 *
 * Any thread.  System calls.
 *
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_device_trim_host_memory(struct hlthunk_device *device, uint64_t keep_bytes,
                                                uint64_t *released_bytes);

HLTHUNK_END_DECLS

#endif
