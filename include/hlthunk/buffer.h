/* SPDX-License-Identifier: MIT */
/*
 * Buffers: memory with an address on the device.
 *
 * Device memory is allocated and, where the ASIC has an MMU for it, mapped; host memory is
 * pinned and mapped; a foreign dma-buf is mapped, where the driver can.  A buffer holds its device
 * open, a dma-buf holds its buffer: whatever the order in which references are given back, the
 * kernel sees dma-buf, unmap, free, device.
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

struct hlthunk_buffer_options {
    size_t struct_size; /* sizeof(struct hlthunk_buffer_options) */
    bool contiguous;    /* physically contiguous (HL_MEM_CONTIGUOUS) */
    bool shared;        /* HL_MEM_SHARED */
    bool unmapped;      /* do not map yet: hlthunk_buffer_map() does */
    bool force_hint;    /* fail rather than choose another address than .hint */
    uint8_t reserved[4];
    uint64_t hint;     /* preferred device address; 0: any */
    const char *label; /* for leak reports; copied (the first 31 bytes); may be NULL */
};

/**
 * hlthunk_buffer_alloc() - allocate device memory and map it
 * @device: an open primary node
 * @size_bytes: at least 1; the driver rounds up to the device's page (Gaudi2: 768 MiB with six
 *              stacks of memory), see hlthunk_buffer_get_granted_size()
 * @options: NULL for defaults
 * @buffer: receives a reference that is the caller's
 *
 * On Gaudi, whose device memory has no MMU, the library chooses a physical range that no other
 * buffer of this process has (a device has one user process), and there is nothing to map.
 * -ENOMEM: no memory, or (.force_hint) the address is taken.  -EPERM on a control node.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_buffer_alloc(struct hlthunk_device *device, uint64_t size_bytes,
                     const struct hlthunk_buffer_options *options, struct hlthunk_buffer **buffer);

struct hlthunk_buffer_from_host_options {
    size_t struct_size; /* sizeof(struct hlthunk_buffer_from_host_options) */
    uint64_t hint;      /* preferred device address; 0: any */
    const char *label;  /* for leak reports; copied (the first 31 bytes); may be NULL */
    bool force_hint;    /* fail rather than choose another address than .hint */
    uint8_t reserved[7];
};

/**
 * hlthunk_buffer_from_host() - map memory of this process for the device
 * @host: start; need not be page aligned
 * @size_bytes: at least 1
 * @options: NULL for defaults
 * @buffer: receives a reference that is the caller's
 *
 * The pages are pinned until the last reference is gone; the memory stays the caller's and must
 * not be unmapped before.  Host memory cannot be exported by the driver.
 * -EFAULT: not mapped or not writable.  -ENOMEM.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_buffer_from_host(struct hlthunk_device *device, void *host, uint64_t size_bytes,
                         const struct hlthunk_buffer_from_host_options *options,
                         struct hlthunk_buffer **buffer);

struct hlthunk_buffer_from_address_options {
    size_t struct_size; /* sizeof(struct hlthunk_buffer_from_address_options) */
    const char *label;  /* for leak reports; copied (the first 31 bytes); may be NULL */
};

/**
 * hlthunk_buffer_from_address() - name a range of device memory that the caller manages
 * @address: device address, page aligned
 * @size_bytes: a multiple of the page size
 * @options: NULL for defaults
 * @buffer: receives a reference that is the caller's
 *
 * With an MMU, @address must be what a mapping through the device's fd returned, and stays the
 * caller's to unmap, after the last reference.  On Gaudi it is any range of user memory; buffers
 * that the library allocates keep clear of it while the object lives (-EBUSY if one is there
 * already).  For programs that bring memory management of their own.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_buffer_from_address(struct hlthunk_device *device, uint64_t address, uint64_t size_bytes,
                            const struct hlthunk_buffer_from_address_options *options,
                            struct hlthunk_buffer **buffer);

struct hlthunk_buffer_from_dmabuf_options {
    size_t struct_size; /* sizeof(struct hlthunk_buffer_from_dmabuf_options) */
    const char *label;  /* for leak reports; copied (the first 31 bytes); may be NULL */
};

/**
 * hlthunk_buffer_from_dmabuf() - map a dma-buf into a device's address space
 * @dmabuf: of any exporter: another device, a NIC, udmabuf (hlthunk_dmabuf_import())
 * @options: NULL for defaults
 * @buffer: receives a reference that is the caller's
 *
 * The device's engines reach all of the dma-buf from hlthunk_buffer_get_address() on.  The buffer
 * holds @dmabuf, and with it the exporter's memory, until its last reference is gone: whatever
 * the order of releases, the kernel sees the importer's unmap before the exporter's.
 *
 * A dma-buf that this device itself exported (through this library, in this process) is
 * recognised: its memory has an address already, the result is a second name for it, and the
 * driver is not asked.  That works with every driver; the rest needs the vendor's
 * (HLTHUNK_GENERATION_VENDOR).
 *
 * An imported buffer cannot be exported (pass the dma-buf on), unmapped or mapped elsewhere.
 * -EOPNOTSUPP: a mainline driver, which cannot import.  -EPERM: a control node; or the exporter
 * allows no peer-to-peer access, or there is no route to it.  -ENODEV: the exporter was reset.
 * -ENOMEM: no address is free.  -EBUSY: in reset.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_buffer_from_dmabuf(struct hlthunk_device *device, struct hlthunk_dmabuf *dmabuf,
                           const struct hlthunk_buffer_from_dmabuf_options *options,
                           struct hlthunk_buffer **buffer);

struct hlthunk_buffer_map_options {
    size_t struct_size; /* sizeof(struct hlthunk_buffer_map_options) */
    uint64_t hint;      /* preferred device address; 0: any */
    bool force_hint;    /* fail rather than choose another address than .hint */
    uint8_t reserved[7];
};

/**
 * hlthunk_buffer_map() - give an unmapped buffer a device address
 * @options: NULL for any address
 *
 * -EALREADY when it has one.  Without an MMU there is nothing to do and the result is 0.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_buffer_map(struct hlthunk_buffer *buffer, const struct hlthunk_buffer_map_options *options);

/**
 * hlthunk_buffer_unmap() - take a buffer's device address away, keep the memory
 *
 * -EBUSY while a dma-buf of it is alive in this process or, as far as the kernel tells, in
 * another.  -EINVAL when it is not mapped.  Host memory: release the buffer instead.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_buffer_unmap(struct hlthunk_buffer *buffer);

/* One more reference; returns the buffer.  Any thread.  Since: 0.9 */
HLTHUNK_API struct hlthunk_buffer *hlthunk_buffer_ref(struct hlthunk_buffer *buffer);

/**
 * hlthunk_buffer_unref() - give a reference back; NULL is allowed
 *
 * The last one unmaps and frees.  When a dma-buf of the buffer is still open elsewhere (a
 * duplicate in this process or a file in another), the kernel keeps the memory: the library logs
 * a warning and tries again with later calls on the device.  Any thread.
 *
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_buffer_unref(struct hlthunk_buffer *buffer);

/* Address in the device's address space; 0 while it is not mapped.  Since: 0.9 */
HLTHUNK_API uint64_t hlthunk_buffer_get_address(const struct hlthunk_buffer *buffer);
/* Bytes as asked for.  Since: 0.9 */
HLTHUNK_API uint64_t hlthunk_buffer_get_size(const struct hlthunk_buffer *buffer);
/* Bytes that the allocation takes on the device.  Since: 0.9 */
HLTHUNK_API uint64_t hlthunk_buffer_get_granted_size(const struct hlthunk_buffer *buffer);
/* Is it host memory?  Since: 0.9 */
HLTHUNK_API bool hlthunk_buffer_is_host(const struct hlthunk_buffer *buffer);
/* The dma-buf that the buffer was made from, borrowed; NULL for all others.  Since: 0.9 */
HLTHUNK_API struct hlthunk_dmabuf *
hlthunk_buffer_borrow_dmabuf(const struct hlthunk_buffer *buffer);
/* The device, borrowed: valid while the buffer lives.  Since: 0.9 */
HLTHUNK_API struct hlthunk_device *
hlthunk_buffer_borrow_device(const struct hlthunk_buffer *buffer);

HLTHUNK_END_DECLS

#endif
