/* SPDX-License-Identifier: MIT */
/*
 * Device addresses that are reserved apart from memory: a program reserves as many as it may need,
 * maps buffers side by side as it grows, and unmaps them in any order; the addresses of what stays
 * do not change.
 *
 * This needs addresses that the driver gives to nobody who does not ask for them by a hint.  Gaudi2
 * has 32 TiB of them for device memory.  Goya has none: any free address may go to the next
 * mapping.  On Gaudi device memory has no MMU, and a buffer's address is where it lies.
 */
#ifndef HLTHUNK_ADDRESS_RANGE_H
#define HLTHUNK_ADDRESS_RANGE_H

#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_address_range;
struct hlthunk_buffer;
struct hlthunk_device;

/**
 * struct hlthunk_address_range_options - how hlthunk_address_range_reserve() reserves
 * @struct_size: sizeof(struct hlthunk_address_range_options)
 * @label: name in leak reports; the first 31 bytes are copied; may be NULL
 *
 * Since: 0.9
 */
struct hlthunk_address_range_options {
    size_t struct_size;
    const char *label;
};

/**
 * hlthunk_address_range_reserve() - reserve device addresses for buffers that are mapped later
 * @device: an open primary node
 * @size_bytes: at least 1; rounded up to the device's memory page
 * @options: NULL for defaults
 * @range: receives a reference that the caller owns
 *
 * The range begins at a multiple of the device's memory page, by the low 48 bits of its address.
 * No other range of this process overlaps it (a device has one user process), and no buffer is
 * mapped there but by hlthunk_address_range_map(), or by a .force_hint of the program's into it.
 * Nothing is allocated on the device.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @size_bytes is 0
 *   -EOPNOTSUPP: the driver has no addresses for this (see above), or the device was received from
 *     another process, which may have reserved the same ones
 *   -ENOMEM: no such range is free, or host memory is exhausted
 *   -EPERM: @device is a control node
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_address_range_reserve(struct hlthunk_device *device, uint64_t size_bytes,
                              const struct hlthunk_address_range_options *options,
                              struct hlthunk_address_range **range);

/**
 * hlthunk_address_range_map() - map a buffer at a place in a range
 * @range: the range
 * @offset: bytes from its start; a multiple of the device's memory page
 * @buffer: device memory without an address (hlthunk_buffer_options.unmapped, or unmapped since)
 *
 * The whole buffer is mapped, hlthunk_buffer_get_granted_size() bytes.  hlthunk_buffer_unmap() or
 * the buffer's last reference takes it out again.  The addresses stay reserved while a buffer is
 * mapped there, after the last reference to @range as well.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @offset is not a multiple of the page, or the buffer does not fit there or is on
 *     another device
 *   -EALREADY: the buffer already has an address
 *   -ENOMEM: part of the place has a buffer already, or it is at the end of a hole that it does not
 *     fill: the driver fills holes from their start.  Before the first buffer of a range there is
 *     such a hole, which begins before the range
 *   -EBUSY: the device is in reset
 *
 * Context: any thread, one per buffer at a time; may sleep in the driver.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_address_range_map(struct hlthunk_address_range *range,
                                                             uint64_t offset,
                                                             struct hlthunk_buffer *buffer);

/**
 * hlthunk_address_range_ref() - take one more reference to a range
 * @range: the range
 *
 * Return: @range.
 *
 * Context: any thread; never blocks.
 * Since: 0.9
 */
HLTHUNK_API struct hlthunk_address_range *
hlthunk_address_range_ref(struct hlthunk_address_range *range);

/**
 * hlthunk_address_range_unref() - drop a reference to a range
 * @range: the range; NULL is allowed
 *
 * After the last one the addresses are free for other ranges as soon as no buffer is mapped there.
 *
 * Context: any thread; no system call, unless this releases the device.
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_address_range_unref(struct hlthunk_address_range *range);

/**
 * hlthunk_address_range_get_address() - get the device address at which a range begins
 * @range: the range
 *
 * Return: the address in the device's address space.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API uint64_t hlthunk_address_range_get_address(const struct hlthunk_address_range *range);

/**
 * hlthunk_address_range_get_size() - get the size of a range as it was reserved
 * @range: the range
 *
 * Return: bytes: what was asked for, rounded up.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API uint64_t hlthunk_address_range_get_size(const struct hlthunk_address_range *range);

HLTHUNK_END_DECLS

#endif
