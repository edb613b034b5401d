/* SPDX-License-Identifier: MIT */
/*
 * Buffers: memory with an address on the device.
 *
 * Device memory is allocated and, where the ASIC has an MMU for it, mapped; host memory is pinned
 * and mapped; a foreign dma-buf is mapped, where the driver can.  A buffer holds its device open
 * and a dma-buf holds its buffer, so references may be dropped in any order: the kernel always sees
 * the dma-buf closed, then the memory unmapped, then freed, then the device closed.
 */
#ifndef HLTHUNK_BUFFER_H
#define HLTHUNK_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_device;
struct hlthunk_buffer;
struct hlthunk_dmabuf;

/**
 * struct hlthunk_buffer_options - how hlthunk_buffer_alloc() allocates
 * @struct_size: sizeof(struct hlthunk_buffer_options)
 * @contiguous: allocate physically contiguous memory (HL_MEM_CONTIGUOUS)
 * @shared: let other contexts of the device map the allocation (HL_MEM_SHARED)
 * @unmapped: leave the buffer without an address until hlthunk_buffer_map()
 * @force_hint: fail if @hint is not free, rather than choose another address; needs a @hint
 * @hint: preferred device address; 0 for any
 * @label: name in leak reports; the first 31 bytes are copied; may be NULL
 *
 * On Gaudi, whose device memory has no MMU, @contiguous, @shared and @unmapped have no effect.  On
 * Gaudi2 addresses that ranges can reserve (hlthunk/address_range.h) are given for a @hint with
 * @force_hint alone.
 *
 * Since: 0.9
 */
struct hlthunk_buffer_options {
    size_t struct_size;
    bool contiguous;
    bool shared;
    bool unmapped;
    bool force_hint;
    uint8_t reserved[4];
    uint64_t hint;
    const char *label;
};

/**
 * hlthunk_buffer_alloc() - allocate device memory and map it
 * @device: an open primary node
 * @size_bytes: at least 1; the driver rounds up to the device's page (768 MiB on a Gaudi2 with six
 *              stacks of memory), see hlthunk_buffer_get_granted_size()
 * @options: NULL for defaults
 * @buffer: receives a reference that the caller owns
 *
 * On Gaudi the library chooses a physical range that no other buffer of this process uses (a device
 * has one user process), and there is nothing to map.
 *
 * When the device is out of memory, empty chunks of the device's pools are returned to it and the
 * allocation is tried once more; and again if queues have buffers to let go of, of work that is
 * over.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @size_bytes is 0, or .force_hint is set without a .hint or with .unmapped
 *   -ENOMEM: device memory, a device address or host memory is exhausted, or .force_hint is set
 *     and the address is taken; the text says how much memory pools hold in partly used chunks
 *   -EPERM: @device is a control node
 *   -EBUSY: the device is in reset
 *   -EOPNOTSUPP: a Gaudi received from another process, which alone hands out its memory
 *
 * Context: any thread; makes one or two system calls, in which the driver may sleep.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_buffer_alloc(struct hlthunk_device *device, uint64_t size_bytes,
                     const struct hlthunk_buffer_options *options, struct hlthunk_buffer **buffer);

/**
 * struct hlthunk_buffer_from_host_options - how hlthunk_buffer_from_host() maps
 * @struct_size: sizeof(struct hlthunk_buffer_from_host_options)
 * @hint: preferred device address; 0 for any
 * @label: name in leak reports; the first 31 bytes are copied; may be NULL
 * @force_hint: fail if @hint is not free, rather than choose another address
 *
 * Since: 0.9
 */
struct hlthunk_buffer_from_host_options {
    size_t struct_size;
    uint64_t hint;
    const char *label;
    bool force_hint;
    uint8_t reserved[7];
};

/**
 * hlthunk_buffer_from_host() - map memory of this process for the device
 * @device: an open primary node
 * @host: first byte; need not be page aligned
 * @size_bytes: at least 1, less than 16 TiB
 * @options: NULL for defaults
 * @buffer: receives a reference that the caller owns
 *
 * The pages stay pinned until the last reference is dropped.  The memory remains the caller's, who
 * must not unmap it before that.  The driver does not export host memory.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @size_bytes is 0 or too large, @host + @size_bytes wraps around, or .force_hint is set
 *     without a .hint
 *   -EFAULT: the memory is not mapped in this process, not writable (Linux 6.1 takes private memory
 *     that is not), or (from Linux 6.5 on) a shared mapping of a file on a disk
 *   -ENOMEM: part of the memory is not accessible, no device address is free for it, or .force_hint
 *     is set and .hint is taken or not aligned
 *   -EPERM: @device is a control node
 *   -EBUSY: the device is in reset
 *
 * Context: any thread; sleeps in the driver while pages are pinned.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_buffer_from_host(struct hlthunk_device *device, void *host, uint64_t size_bytes,
                         const struct hlthunk_buffer_from_host_options *options,
                         struct hlthunk_buffer **buffer);

/**
 * struct hlthunk_buffer_from_address_options - options of hlthunk_buffer_from_address()
 * @struct_size: sizeof(struct hlthunk_buffer_from_address_options)
 * @label: name in leak reports; the first 31 bytes are copied; may be NULL
 *
 * Since: 0.9
 */
struct hlthunk_buffer_from_address_options {
    size_t struct_size;
    const char *label;
};

/**
 * hlthunk_buffer_from_address() - make a buffer object of device memory that the caller manages
 * @device: an open primary node
 * @address: device address, a multiple of the host's page size
 * @size_bytes: a multiple of the host's page size
 * @options: NULL for defaults
 * @buffer: receives a reference that the caller owns
 *
 * With a device MMU, @address must be one that a mapping through the device's descriptor returned.
 * It stays the caller's to unmap, after the last reference is dropped.  On Gaudi it may be any
 * range of user memory; buffers that the library allocates avoid it while the object lives.
 *
 * For programs that bring their own memory management.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: bad alignment, a range that wraps around or is outside the device's memory, or a range
 *     within a mapping of this library's that does not begin where the mapping does
 *   -EBUSY: on Gaudi, part of the range belongs to another buffer
 *   -ENOMEM: host memory is exhausted
 *   -EPERM: @device is a control node
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_buffer_from_address(struct hlthunk_device *device, uint64_t address, uint64_t size_bytes,
                            const struct hlthunk_buffer_from_address_options *options,
                            struct hlthunk_buffer **buffer);

/**
 * struct hlthunk_buffer_from_dmabuf_options - options of hlthunk_buffer_from_dmabuf()
 * @struct_size: sizeof(struct hlthunk_buffer_from_dmabuf_options)
 * @label: name in leak reports; the first 31 bytes are copied; may be NULL
 *
 * Since: 0.9
 */
struct hlthunk_buffer_from_dmabuf_options {
    size_t struct_size;
    const char *label;
};

/**
 * hlthunk_buffer_from_dmabuf() - map a dma-buf into a device's address space
 * @device: an open primary node
 * @dmabuf: of any exporter: another device, a NIC, udmabuf (see hlthunk_dmabuf_import())
 * @options: NULL for defaults
 * @buffer: receives a reference that the caller owns
 *
 * The device's engines reach the whole dma-buf at hlthunk_buffer_get_address().  The buffer holds a
 * reference to @dmabuf, and with it the exporter's memory, until its own last reference is dropped:
 * in whatever order references go, the kernel sees the importer unmap before the exporter frees.
 *
 * A dma-buf that this device itself exported, through this library in this process, is recognised:
 * its memory already has an address, so the result is a second name for it and the driver is not
 * asked.  That works with every driver; everything else needs the vendor's driver
 * (HLTHUNK_GENERATION_VENDOR).
 *
 * An imported buffer cannot be exported (pass the dma-buf on instead), unmapped or remapped.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EOPNOTSUPP: a mainline driver, which cannot import
 *   -EPERM: @device is a control node; or the exporter does not allow peer-to-peer access, or there
 *     is no peer-to-peer route between the two devices
 *   -ENODEV: the exporter was reset or removed
 *   -ENOMEM: no device address is free, or host memory is exhausted
 *   -EBUSY: the device is in reset
 *
 * Context: any thread; may sleep in the driver.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_buffer_from_dmabuf(struct hlthunk_device *device, struct hlthunk_dmabuf *dmabuf,
                           const struct hlthunk_buffer_from_dmabuf_options *options,
                           struct hlthunk_buffer **buffer);

/**
 * struct hlthunk_buffer_map_options - how hlthunk_buffer_map() chooses the address
 * @struct_size: sizeof(struct hlthunk_buffer_map_options)
 * @hint: preferred device address; 0 for any
 * @force_hint: fail if @hint is not free, rather than choose another address
 *
 * As in struct hlthunk_buffer_options.
 *
 * Since: 0.9
 */
struct hlthunk_buffer_map_options {
    size_t struct_size;
    uint64_t hint;
    bool force_hint;
    uint8_t reserved[7];
};

/**
 * hlthunk_buffer_map() - give an unmapped buffer a device address
 * @buffer: device memory without an address
 * @options: NULL for any address
 *
 * On Gaudi, whose memory has no MMU, there is nothing to do and the call succeeds.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: .force_hint is set without a .hint
 *   -EALREADY: the buffer already has an address
 *   -ENOMEM: no device address is free, or .force_hint is set and .hint is taken or not a multiple
 *     of the device's page
 *   -EBUSY: the device is in reset
 *
 * Context: one thread per buffer at a time; may sleep in the driver.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_buffer_map(struct hlthunk_buffer *buffer, const struct hlthunk_buffer_map_options *options);

/**
 * hlthunk_buffer_unmap() - take away a buffer's device address and keep its memory
 * @buffer: device memory that hlthunk_buffer_alloc() or hlthunk_buffer_map() mapped
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: the buffer is not mapped by the library, is physical, imported or host memory, or
 *     belongs to a pool
 *   -EBUSY: a dma-buf of it is alive in this process or open in another, or the device is in reset
 *
 * Context: one thread per buffer at a time; may sleep in the driver.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_buffer_unmap(struct hlthunk_buffer *buffer);

/**
 * hlthunk_buffer_ref() - take one more reference to a buffer
 * @buffer: the buffer
 *
 * Return: @buffer.
 *
 * Context: any thread; never blocks.
 * Since: 0.9
 */
HLTHUNK_API struct hlthunk_buffer *hlthunk_buffer_ref(struct hlthunk_buffer *buffer);

/**
 * hlthunk_buffer_unref() - drop a reference to a buffer
 * @buffer: the buffer; NULL is allowed
 *
 * The last one unmaps and frees the memory, or returns it to its pool.  While a dma-buf of it is
 * open elsewhere (a duplicated descriptor in this process, or a file in another) or the driver
 * resets the engines, the kernel keeps the memory: the library logs a warning and tries again with
 * later calls on the device.
 *
 * Context: any thread; the last reference may sleep in the driver.
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_buffer_unref(struct hlthunk_buffer *buffer);

/**
 * hlthunk_buffer_get_address() - get a buffer's address on the device
 * @buffer: the buffer
 *
 * Return: the address in the device's address space; 0 while the buffer is not mapped.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API uint64_t hlthunk_buffer_get_address(const struct hlthunk_buffer *buffer);

/**
 * hlthunk_buffer_get_size() - get the size of a buffer as it was requested
 * @buffer: the buffer
 *
 * Return: bytes, as passed when the buffer was made; of an imported dma-buf, its size.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API uint64_t hlthunk_buffer_get_size(const struct hlthunk_buffer *buffer);

/**
 * hlthunk_buffer_get_granted_size() - get the size of a buffer as it was allocated
 * @buffer: the buffer
 *
 * Return: bytes that the buffer takes up on the device or in its pool: its size, rounded up.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API uint64_t hlthunk_buffer_get_granted_size(const struct hlthunk_buffer *buffer);

/**
 * hlthunk_buffer_is_host() - ask whether a buffer is host memory
 * @buffer: the buffer
 *
 * Return: true for a buffer of hlthunk_buffer_from_host() or hlthunk_buffer_alloc_host().
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API bool hlthunk_buffer_is_host(const struct hlthunk_buffer *buffer);

/**
 * hlthunk_buffer_borrow_dmabuf() - borrow the dma-buf that a buffer was imported from
 * @buffer: the buffer
 *
 * Return: the dma-buf of hlthunk_buffer_from_dmabuf(), valid while the buffer lives and not to be
 * released; NULL for any other buffer.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API struct hlthunk_dmabuf *
hlthunk_buffer_borrow_dmabuf(const struct hlthunk_buffer *buffer);

/**
 * hlthunk_buffer_borrow_device() - borrow a buffer's device
 * @buffer: the buffer
 *
 * Return: the device, valid while the buffer lives and not to be released.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API struct hlthunk_device *
hlthunk_buffer_borrow_device(const struct hlthunk_buffer *buffer);

HLTHUNK_END_DECLS

#endif
