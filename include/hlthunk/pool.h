/* SPDX-License-Identifier: MIT */
/*
 * Pools: many small buffers in a few large allocations.
 *
 * The driver rounds each allocation up to the device's page (768 MiB on Gaudi2), and each costs
 * system calls.  A pool allocates chunks of device memory and hands out pieces of them as ordinary
 * buffers: the same functions and rules apply, and a buffer holds its pool as it would hold its
 * device.  Any number of threads may use a pool at once, and threads that use buffers of their own
 * do not contend.
 *
 * Neighbours: importers of a dma-buf see whole pages.  A buffer with .exportable has its pages to
 * itself, so exporting it shows nothing else.  Any other buffer shares its pages with buffers of
 * the same pool: exporting it is refused, unless hlthunk_dmabuf_options.whole_pages states that
 * importers may see and write whatever else is in these pages for as long as they hold them.
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

/** define HLTHUNK_POOL_MAX_ALIGNMENT - the largest alignment of a pool's buffer, in bytes */
#define HLTHUNK_POOL_MAX_ALIGNMENT (1ull << 30)

/**
 * struct hlthunk_pool_options - how hlthunk_pool_create() sets up a pool
 * @struct_size: sizeof(struct hlthunk_pool_options)
 * @chunk_bytes: requested from the device at a time, which rounds up; 0 for 64 MiB
 * @max_bytes: limit of device memory for all chunks together; 0 for none
 * @exportable: give every buffer pages of its own
 * @statistics: keep what hlthunk_pool_get_memory_statistics() tells (hlthunk/statistics.h)
 * @label: name in leak reports and error texts; the first 31 bytes are copied; may be NULL
 *
 * Since: 0.9
 */
struct hlthunk_pool_options {
    size_t struct_size;
    uint64_t chunk_bytes;
    uint64_t max_bytes;
    bool exportable;
    bool statistics;
    uint8_t reserved[6];
    const char *label;
};

/**
 * hlthunk_pool_create() - create a pool on a device
 * @device: an open primary node
 * @options: NULL for defaults
 * @pool: receives a reference that the caller owns
 *
 * No device memory is allocated yet: the first buffer brings the first chunk.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: .max_bytes is less than the device's smallest allocation, or .chunk_bytes is more than
 *     its memory
 *   -EPERM: @device is a control node
 *   -ENOMEM: host memory is exhausted
 *
 * Context: any thread; does not block.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_pool_create(struct hlthunk_device *device,
                                                       const struct hlthunk_pool_options *options,
                                                       struct hlthunk_pool **pool);

/**
 * hlthunk_pool_ref() - take one more reference to a pool
 * @pool: the pool
 *
 * Return: @pool.
 *
 * Context: any thread; never blocks.
 * Since: 0.9
 */
HLTHUNK_API struct hlthunk_pool *hlthunk_pool_ref(struct hlthunk_pool *pool);

/**
 * hlthunk_pool_unref() - drop a reference to a pool
 * @pool: the pool; NULL is allowed
 *
 * After the last one nothing more can be allocated.  Live buffers remain valid; each chunk returns
 * to the device with its last buffer.
 *
 * Context: any thread; the last reference may sleep in the driver.
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_pool_unref(struct hlthunk_pool *pool);

/**
 * struct hlthunk_pool_buffer_options - how hlthunk_pool_alloc() allocates
 * @struct_size: sizeof(struct hlthunk_pool_buffer_options)
 * @alignment: of the device address, in bytes: a power of two up to HLTHUNK_POOL_MAX_ALIGNMENT; 0
 *             for 64
 * @exportable: give the buffer pages of its own, so that importers see no neighbours
 * @label: name in leak reports; the first 31 bytes are copied; may be NULL
 *
 * Since: 0.9
 */
struct hlthunk_pool_buffer_options {
    size_t struct_size;
    uint64_t alignment;
    bool exportable;
    uint8_t reserved[7];
    const char *label;
};

/**
 * hlthunk_pool_alloc() - allocate a buffer from a pool
 * @pool: the pool
 * @size_bytes: at least 1; hlthunk_buffer_get_granted_size() returns what it takes up: at most a
 *              quarter more, or whole multiples of an alignment of up to a page
 * @options: NULL for defaults
 * @buffer: receives a reference that the caller owns
 *
 * Like hlthunk_buffer_alloc(), but cheaper: most calls make no system call.  A buffer larger than a
 * chunk gets a chunk of its own size.  hlthunk_buffer_unref() returns the memory to the pool, for
 * immediate reuse unless a dma-buf of it is still open elsewhere: then reuse waits for that.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @size_bytes is 0, or the alignment is not a power of two in range
 *   -ENOMEM: no room, even after empty chunks were returned (the pool's own at .max_bytes, those of
 *     all pools when the device's memory is exhausted) and queues have let go of the buffers of
 *     work that is over; the text says which limit was reached, how
 *     much is free, and how large the largest free piece is
 *   -EBUSY: the device is in reset
 *   -EOPNOTSUPP: a Gaudi received from another process, which alone hands out its memory
 *
 * Context: any thread; sleeps in the driver only when the pool needs another chunk.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_pool_alloc(struct hlthunk_pool *pool, uint64_t size_bytes,
                   const struct hlthunk_pool_buffer_options *options,
                   struct hlthunk_buffer **buffer);

/**
 * hlthunk_pool_trim() - return chunks without buffers to the device
 * @pool: the pool
 * @keep_chunks: how many such chunks to keep for later
 * @released_bytes: receives how much device memory was returned; may be NULL
 *
 * A pool otherwise keeps its chunks until its last reference is dropped or the device runs out of
 * memory.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: the common ones.
 *
 * Context: any thread; may sleep in the driver.
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_pool_trim(struct hlthunk_pool *pool, uint32_t keep_chunks,
                                  uint64_t *released_bytes);

/**
 * struct hlthunk_pool_statistics - how a pool uses its memory
 * @struct_size: set by the caller: sizeof(struct hlthunk_pool_statistics)
 * @chunks: allocations of the device that the pool holds
 * @empty_chunks: chunks in which nothing is taken, cached or held
 * @granted_bytes: device memory of all chunks
 * @live_buffers: buffers that the program holds
 * @used_bytes: size of the live buffers, as requested
 * @taken_bytes: size of the live buffers, as rounded up
 * @cached_bytes: released, and kept for the next buffer of that size
 * @held_bytes: released, but a dma-buf of it is open elsewhere
 * @free_bytes: not in any buffer
 * @largest_free_bytes: size of the largest free piece
 * @allocations: buffers allocated since the pool was created
 *
 * granted = taken + cached + held + free, while no other thread uses the pool.
 *
 * Since: 0.9
 */
struct hlthunk_pool_statistics {
    size_t struct_size;
    uint32_t chunks;
    uint32_t empty_chunks;
    uint64_t granted_bytes;
    uint64_t live_buffers;
    uint64_t used_bytes;
    uint64_t taken_bytes;
    uint64_t cached_bytes;
    uint64_t held_bytes;
    uint64_t free_bytes;
    uint64_t largest_free_bytes;
    uint64_t allocations;
};

/**
 * hlthunk_pool_get_statistics() - get how a pool uses its memory
 * @pool: the pool
 * @statistics: .struct_size must be set; receives as much as it has room for
 *
 * Works on a stale device.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: the common ones, except -ENODEV.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_pool_get_statistics(struct hlthunk_pool *pool, struct hlthunk_pool_statistics *statistics);

HLTHUNK_END_DECLS

#endif
