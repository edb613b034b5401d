/* SPDX-License-Identifier: MIT */
/*
 * Command buffers: memory for the packets that a queue of the device executes.
 *
 * The driver allocates it, this process has it mapped, and where the ASIC supports it (Gaudi2) the
 * device has an address for it.  The last reference unmaps the memory from this process and then
 * destroys the buffer, in that order, which Linux 6.1 needs.
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

/**
 * struct hlthunk_command_buffer_options - how hlthunk_command_buffer_create() creates
 * @struct_size: sizeof(struct hlthunk_command_buffer_options)
 * @device_mapped: give the buffer an address on the device (Gaudi2)
 * @label: name in leak reports; the first 31 bytes are copied; may be NULL
 *
 * Since: 0.9
 */
struct hlthunk_command_buffer_options {
    size_t struct_size;
    bool device_mapped;
    uint8_t reserved[7];
    const char *label;
};

/**
 * hlthunk_command_buffer_create() - create a command buffer, zeroed and writable
 * @device: an open primary node
 * @size_bytes: 1 to 2 MiB - 32; rounded up to the host's page size where that fits
 * @options: NULL for defaults
 * @command_buffer: receives a reference that the caller owns
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @size_bytes is out of range
 *   -EOPNOTSUPP: .device_mapped on Goya or Gaudi
 *   -EPERM: @device is a control node
 *   -ENOMEM: host memory is exhausted
 *   -EBUSY: the device is in reset
 *
 * Context: any thread; may sleep in the driver.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_command_buffer_create(struct hlthunk_device *device, uint32_t size_bytes,
                              const struct hlthunk_command_buffer_options *options,
                              struct hlthunk_command_buffer **command_buffer);

/**
 * hlthunk_command_buffer_ref() - take one more reference to a command buffer
 * @command_buffer: the command buffer
 *
 * Return: @command_buffer.
 *
 * Context: any thread; never blocks.
 * Since: 0.9
 */
HLTHUNK_API struct hlthunk_command_buffer *
hlthunk_command_buffer_ref(struct hlthunk_command_buffer *command_buffer);

/**
 * hlthunk_command_buffer_unref() - drop a reference to a command buffer
 * @command_buffer: the command buffer; NULL is allowed
 *
 * The last one unmaps and destroys it.  A submission that still uses it holds a reference of its
 * own in the driver.  In a child after fork() this frees only the child's copy: the memory is the
 * parent's.
 *
 * Context: any thread; the last reference may sleep in the driver.
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_command_buffer_unref(struct hlthunk_command_buffer *command_buffer);

/**
 * hlthunk_command_buffer_borrow_data() - borrow the memory of a command buffer
 * @command_buffer: the command buffer
 *
 * Packets that a queue has not executed yet must not be changed.
 *
 * Return: the first byte, valid while the object lives; not in a child after fork(), where the
 * kernel does not map it.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API void *
hlthunk_command_buffer_borrow_data(const struct hlthunk_command_buffer *command_buffer);

/**
 * hlthunk_command_buffer_get_size() - get the size of a command buffer
 * @command_buffer: the command buffer
 *
 * Return: bytes at hlthunk_command_buffer_borrow_data(): at least the size requested.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API uint32_t
hlthunk_command_buffer_get_size(const struct hlthunk_command_buffer *command_buffer);

/**
 * hlthunk_command_buffer_borrow_handle() - borrow the driver's handle of a command buffer
 * @command_buffer: the command buffer
 *
 * Return: the handle, for hl_cs_chunk.cb_handle; valid while the object lives and not to be
 * destroyed.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API uint64_t
hlthunk_command_buffer_borrow_handle(const struct hlthunk_command_buffer *command_buffer);

/**
 * hlthunk_command_buffer_get_address() - get a command buffer's address on the device
 * @command_buffer: the command buffer
 *
 * Return: the address in the device's address space; 0 without .device_mapped.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API uint64_t
hlthunk_command_buffer_get_address(const struct hlthunk_command_buffer *command_buffer);

/**
 * hlthunk_command_buffer_submit() - submit the packets of a command buffer to a queue
 * @command_buffer: the command buffer
 * @queue_id: the driver's number of the queue (enum goya_queue_id, gaudi_queue_id, …)
 * @size_bytes: size of the packets at the start of the buffer; a multiple of 8, up to its size
 * @sequence: receives the submission's number, for hlthunk_completion_create_for_submissions()
 *
 * One command submission (HL_CS) of one command buffer.  Gaudi2's queues, and Gaudi's past
 * GAUDI_QUEUE_ID_CPU_PQ, fetch packets at an address of the device: there the buffer must have
 * been created with .device_mapped.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: bad @size_bytes, the device has no such queue, it takes packets only from a command
 *       buffer with .device_mapped, or the driver refuses the packets; nothing has run
 *   -EFAULT, -EPERM: the driver refuses the packets; nothing has run
 *   -ENOMEM: host memory is exhausted
 *   -EAGAIN: the queue is full
 *   -EBUSY: the device is in reset
 *
 * Context: any thread; does not wait for room or for the submission.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_command_buffer_submit(struct hlthunk_command_buffer *command_buffer, uint32_t queue_id,
                              uint32_t size_bytes, uint64_t *sequence);

/**
 * hlthunk_command_buffer_get_usage() - ask how many submissions use a command buffer
 * @command_buffer: the command buffer
 * @submissions: receives the number; 0 means that it can be written again
 *
 * Return: 0 or a negative errno.
 *
 * Errors: the common ones.
 *
 * Context: any thread; one system call.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_command_buffer_get_usage(struct hlthunk_command_buffer *command_buffer,
                                 uint32_t *submissions);

HLTHUNK_END_DECLS

#endif
