/* SPDX-License-Identifier: MIT */
/*
 * Addresses: from a device address back to the buffer that has it, for allocators and frameworks
 * that keep pointers.
 */
#ifndef HLTHUNK_ADDRESS_H
#define HLTHUNK_ADDRESS_H

#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_buffer;
struct hlthunk_device;
struct hlthunk_dmabuf;
struct hlthunk_dmabuf_options;

/**
 * hlthunk_device_find_buffer() - find the buffer that has an address
 * @device: whose address space it is
 * @address: device address, anywhere in a buffer of this device object
 * @size_bytes: how many bytes from there the buffer must have; 0 means 1
 * @buffer: receives a reference that the caller owns
 * @offset: receives where in the buffer @address is, in bytes; may be NULL
 *
 * Finds every live buffer that has an address: device memory, buffers of pools, host memory and
 * imported dma-bufs that are mapped, ranges that the program named.  Where two have the same bytes
 * (hlthunk_buffer_from_address() on a buffer of the library's), the one that was made first is
 * preferred if it has all of the range.  A buffer ends at its size as requested.
 *
 * Takes logarithmic time in the number of buffers.  Works on a stale device.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones, except -ENODEV:
 *   -ENOENT: no buffer has the address
 *   -ERANGE: the buffer there ends before the range does
 *
 * Context: any thread, while others allocate and release; no system call.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_device_find_buffer(struct hlthunk_device *device,
                                                              uint64_t address, uint64_t size_bytes,
                                                              struct hlthunk_buffer **buffer,
                                                              uint64_t *offset);

/**
 * hlthunk_device_export_range() - export what is at an address as a dma-buf
 * @device: whose address space it is
 * @address: device address, anywhere in a buffer of device memory
 * @size_bytes: of the range, all in one buffer; 0 for everything to the end of the buffer, as
 *              requested
 * @options: NULL for defaults
 * @dmabuf: receives a reference that the caller owns, and which holds the buffer
 * @offset: receives how many bytes into the dma-buf @address is, which importers need together with
 *          the descriptor; may be NULL (hlthunk_dmabuf_get_data_offset() returns it, too)
 *
 * hlthunk_dmabuf_export() of the buffer that hlthunk_device_find_buffer() finds, but neither
 * @address nor @size_bytes need be multiples of the page size: the dma-buf consists of the whole
 * pages around the range.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -ENOENT: no buffer has the address
 *   -ERANGE: the buffer there ends before the range does
 *   -EINVAL: the pages also hold other buffers of a pool, and .whole_pages is not set
 *   -EOPNOTSUPP, -EMFILE, -ENFILE, -ENOMEM, -EBUSY: as hlthunk_dmabuf_export()
 *
 * Context: any thread; may sleep in the driver.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_device_export_range(struct hlthunk_device *device, uint64_t address, uint64_t size_bytes,
                            const struct hlthunk_dmabuf_options *options,
                            struct hlthunk_dmabuf **dmabuf, uint64_t *offset);

HLTHUNK_END_DECLS

#endif
