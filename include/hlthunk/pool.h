/* SPDX-License-Identifier: MIT */
/*
 * Pools: many small buffers in few big allocations.
 *
 * The driver rounds each allocation up to the device's page (Gaudi2: 768 MiB), and each costs
 * system calls.  A pool takes chunks of device memory and hands out pieces of them as ordinary
 * buffers: same functions, same rules, and a buffer holds its pool as it would hold its device.
 * All functions here may be called from any number of threads at once, and threads that use
 * buffers of their own do not wait for one another.
 *
 * Neighbours: importers of a dma-buf see whole pages.  A buffer with .exportable has its pages to
 * itself, and its export shows nothing else.  Any other shares them with buffers of the same pool:
 * exporting it is refused, unless hlthunk_dmabuf_options.whole_pages says that the importers may
 * see and write whatever else is in these pages, now and as long as they have them.
 */
#ifndef HLTHUNK_POOL_H
#define HLTHUNK_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_buffer;
struct hlthunk_device;
struct hlthunk_pool;

/* Largest alignment of a pool's buffer. */
#define HLTHUNK_POOL_MAX_ALIGNMENT (1ull << 30)

struct hlthunk_pool_options {
    size_t struct_size;   /* sizeof(struct hlthunk_pool_options) */
    uint64_t chunk_bytes; /* asked of the device at a time, which rounds it up; 0: 64 MiB */
    uint64_t max_bytes;   /* of device memory for all chunks together; 0: no limit */
    bool exportable;      /* every buffer gets pages of its own */
    uint8_t reserved[7];
    const char *label; /* for leak reports and errors; copied (the first 31 bytes) */
};

/**
 * hlthunk_pool_create() - make a pool on a device
 * @device: an open primary node
 * @options: NULL for defaults
 * @pool: receives a reference that is the caller's
 *
 * Nothing is asked of the device yet: the first buffer brings the first chunk.  -EINVAL: .max_bytes
 * is less than the smallest allocation of the device, .chunk_bytes more than its memory.  -EPERM on
 * a control node.  -ENOMEM (of the host).
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_pool_create(struct hlthunk_device *device,
                                                       const struct hlthunk_pool_options *options,
                                                       struct hlthunk_pool **pool);

/* One more reference; returns the pool.  Any thread.  Since: 0.9 */
HLTHUNK_API struct hlthunk_pool *hlthunk_pool_ref(struct hlthunk_pool *pool);

/**
 * hlthunk_pool_unref() - give a reference back; NULL is allowed
 *
 * After the last one nothing can be allocated any more.  Buffers stay what they are; each chunk
 * goes back to the device with its last buffer.  Any thread.
 *
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_pool_unref(struct hlthunk_pool *pool);

struct hlthunk_pool_buffer_options {
    size_t struct_size; /* sizeof(struct hlthunk_pool_buffer_options) */
    uint64_t alignment; /* of the device address: a power of two; 0: 64 */
    bool exportable;    /* pages of its own: no neighbour is visible to an importer */
    uint8_t reserved[7];
    const char *label; /* for leak reports; copied (the first 31 bytes); may be NULL */
};

/**
 * hlthunk_pool_alloc() - a buffer of a pool
 * @size_bytes: at least 1; hlthunk_buffer_get_granted_size() tells what it takes: up to a quarter
 * more, or, with an alignment of up to a page, whole multiples of that
 * @options: NULL for defaults
 * @buffer: receives a reference that is the caller's
 *
 * As hlthunk_buffer_alloc(), for less: mostly without a system call.  A buffer larger than a chunk
 * gets a chunk of its size.  hlthunk_buffer_unref() gives the memory back to the pool, for other
 * buffers at once, unless a dma-buf of it is still open elsewhere: then it waits for that.
 *
 * -ENOMEM when there is no room: the text says which limit was met (.max_bytes, the device's
 * memory) and how much is free in which largest piece.  -EINVAL: size or alignment.  -ENODEV: the
 * device was reset or removed.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_pool_alloc(struct hlthunk_pool *pool, uint64_t size_bytes,
                   const struct hlthunk_pool_buffer_options *options,
                   struct hlthunk_buffer **buffer);

/**
 * hlthunk_pool_trim() - give chunks without buffers back to the device
 * @keep_chunks: how many of them to keep for later
 * @released_bytes: receives how much was given back; may be NULL
 *
 * A pool keeps its chunks until this is called or its last reference goes.  System calls.
 *
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_pool_trim(struct hlthunk_pool *pool, uint32_t keep_chunks,
                                  uint64_t *released_bytes);

/* granted = taken + cached + held + free, while no other thread uses the pool. */
struct hlthunk_pool_statistics {
    size_t struct_size; /* set by the caller: sizeof(struct hlthunk_pool_statistics) */
    uint32_t chunks;
    uint32_t empty_chunks;  /* with nothing taken, cached or held */
    uint64_t granted_bytes; /* device memory of all chunks */
    uint64_t live_buffers;
    uint64_t used_bytes;   /* of live buffers, as asked for */
    uint64_t taken_bytes;  /* by live buffers: used and what was rounded up */
    uint64_t cached_bytes; /* given back, and ready for the next buffer of that size */
    uint64_t held_bytes;   /* given back, but a dma-buf of it is open elsewhere */
    uint64_t free_bytes;
    uint64_t largest_free_bytes; /* the largest piece of these */
    uint64_t allocations;        /* since the pool was made */
};

/**
 * hlthunk_pool_get_statistics() - how a pool is used
 * @statistics: .struct_size must be set; receives as much as that holds
 *
 * Works on a stale device, too.  No system call.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_pool_get_statistics(struct hlthunk_pool *pool, struct hlthunk_pool_statistics *statistics);

HLTHUNK_END_DECLS

#endif
