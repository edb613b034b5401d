/* SPDX-License-Identifier: MIT */
/*
 * Command buffers: memory for the packets that a queue of the device executes.
 *
 * The driver allocates it, this process sees it, and where the ASIC can (Gaudi2) the device has an
 * address for it.  What belongs together is undone together: the last reference takes the memory
 * out of this process and then destroys the buffer, in that order, which Linux 6.1 needs.
 */
#ifndef HLTHUNK_COMMAND_BUFFER_H
#define HLTHUNK_COMMAND_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_device;
struct hlthunk_command_buffer;

struct hlthunk_command_buffer_options {
    size_t struct_size; /* sizeof(struct hlthunk_command_buffer_options) */
    bool device_mapped; /* with an address on the device; -EOPNOTSUPP where there is none */
    uint8_t reserved[7];
    const char *label; /* for leak reports; copied (the first 31 bytes); may be NULL */
};

/**
 * hlthunk_command_buffer_create() - memory for packets, zeroed and ready to be written
 * @device: an open primary node
 * @size_bytes: 1 to 2 MiB - 32; rounded up to the host's page where that fits
 * @options: NULL for defaults
 * @command_buffer: receives a reference that is the caller's
 *
 * -EINVAL, -ENOMEM, -EOPNOTSUPP (.device_mapped on Goya and Gaudi), -EBUSY (in reset).
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_command_buffer_create(struct hlthunk_device *device, uint32_t size_bytes,
                              const struct hlthunk_command_buffer_options *options,
                              struct hlthunk_command_buffer **command_buffer);

/* One more reference; returns the command buffer.  Any thread.  Since: 0.9 */
HLTHUNK_API struct hlthunk_command_buffer *
hlthunk_command_buffer_ref(struct hlthunk_command_buffer *command_buffer);

/**
 * hlthunk_command_buffer_unref() - give a reference back; NULL is allowed
 *
 * The last one unmaps and destroys.  A submission that still uses the buffer keeps its own
 * reference in the driver.  In a child after fork() it only forgets: the memory is the parent's.
 * Any thread.
 *
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_command_buffer_unref(struct hlthunk_command_buffer *command_buffer);

/**
 * hlthunk_command_buffer_borrow_data() - the memory, in this process
 *
 * Valid while the object lives, and not in a child after fork() (the kernel leaves it out there).
 * What a queue has not executed yet must not be changed.  Since: 0.9
 */
HLTHUNK_API void *
hlthunk_command_buffer_borrow_data(const struct hlthunk_command_buffer *command_buffer);

/* Bytes at hlthunk_command_buffer_borrow_data(): at least as asked for.  Since: 0.9 */
HLTHUNK_API uint32_t
hlthunk_command_buffer_get_size(const struct hlthunk_command_buffer *command_buffer);

/* The driver's handle, for hl_cs_chunk.cb_handle.  Borrowed: not to be destroyed.  Since: 0.9 */
HLTHUNK_API uint64_t
hlthunk_command_buffer_borrow_handle(const struct hlthunk_command_buffer *command_buffer);

/* Address in the device's address space; 0 without .device_mapped.  Since: 0.9 */
HLTHUNK_API uint64_t
hlthunk_command_buffer_get_address(const struct hlthunk_command_buffer *command_buffer);

/**
 * hlthunk_command_buffer_submit() - have a queue of the device execute packets
 * @queue_id: the driver's number of the queue (enum goya_queue_id, gaudi_queue_id, ...)
 * @size_bytes: of the packets at the start of the buffer; a multiple of 8, at most its size
 * @sequence: receives the submission's number, for
 *            hlthunk_completion_create_for_submissions()
 *
 * One command submission (HL_CS) with one command buffer.  Does not wait: -EAGAIN when the queue
 * is full.  -EINVAL: the device has no such queue, or @size_bytes; -EBUSY: in reset; -ENODEV.
 * Any thread.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_command_buffer_submit(struct hlthunk_command_buffer *command_buffer, uint32_t queue_id,
                              uint32_t size_bytes, uint64_t *sequence);

/**
 * hlthunk_command_buffer_get_usage() - how many submissions use it now
 * @submissions: 0: it can be written again
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_command_buffer_get_usage(struct hlthunk_command_buffer *command_buffer,
                                 uint32_t *submissions);

HLTHUNK_END_DECLS

#endif
