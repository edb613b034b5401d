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
 * hlthunk_device_find_buffer() - the buffer that has an address
 * @device: whose address space it is
 * @address: device address, anywhere in a buffer of this device object
 * @size_bytes: how many bytes from there the buffer must have; 0: as 1
 * @buffer: receives one more reference of the buffer, which is the caller's
 * @offset: receives where in the buffer @address is; may be NULL
 *
 * Finds every live buffer that has an address: device memory, buffers of pools, host memory and
 * imported dma-bufs that are mapped, ranges that the program named.  Where two have the same bytes
 * (hlthunk_buffer_from_address() on a buffer of the library's), the one that was there first is
 * preferred if it has all of the range.  A buffer ends at its size as asked for.
 *
 * Any thread, while others allocate and release; logarithmic in the number of buffers.  No system
 * call.  Works on a stale device, too.  -ENOENT: no buffer has the address.  -ERANGE: the buffer
 * there ends before the range does.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_device_find_buffer(struct hlthunk_device *device,
                                                              uint64_t address, uint64_t size_bytes,
                                                              struct hlthunk_buffer **buffer,
                                                              uint64_t *offset);

/**
 * hlthunk_device_export_range() - export what is at an address as a dma-buf
 * @address: device address, anywhere in a buffer of device memory
 * @size_bytes: of the range, all in one buffer; 0: to the end of the buffer, as asked for
 * @options: NULL for defaults
 * @dmabuf: receives a reference that is the caller's
 * @offset: receives how many bytes into the dma-buf @address is: importers need it besides the fd;
 * may be NULL (hlthunk_dmabuf_get_data_offset() tells it, too)
 *
 * As hlthunk_dmabuf_export() of the buffer that hlthunk_device_find_buffer() finds, with the same
 * errors and those of the search; but neither @address nor @size_bytes need be multiples of the
 * page.  The dma-buf is of the whole pages around the range.  Where these also hold other
 * buffers of a pool, that is -EINVAL, unless .whole_pages allows importers to see them.
 *
 * The dma-buf holds the buffer: the memory stays when the caller releases it.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_device_export_range(struct hlthunk_device *device, uint64_t address, uint64_t size_bytes,
                            const struct hlthunk_dmabuf_options *options,
                            struct hlthunk_dmabuf **dmabuf, uint64_t *offset);

HLTHUNK_END_DECLS

#endif
