/* SPDX-License-Identifier: MIT */
/*
 * Memory statistics as frameworks print them: allocated, active, reserved; now, at the peak, and
 * over all time.
 */
#ifndef HLTHUNK_STATISTICS_H
#define HLTHUNK_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_device;
struct hlthunk_pool;

/**
 * struct hlthunk_memory_counter - one statistic
 * @current: what is there now
 * @peak: the largest @current since the start or the last reset of peaks
 * @total: all that was ever added
 * @freed: all that was ever taken away: @total - @current
 *
 * Since: 0.9
 */
struct hlthunk_memory_counter {
    uint64_t current;
    uint64_t peak;
    uint64_t total;
    uint64_t freed;
};

/**
 * struct hlthunk_memory_statistics - what a device or a pool has given out
 * @struct_size: set by the caller: sizeof(struct hlthunk_memory_statistics)
 * @buffers: live buffers
 * @allocated_bytes: of live buffers, as asked for
 * @active_bytes: not available for another buffer: of live buffers, rounded up; of a pool, also
 *                what was released while a dma-buf of it is open elsewhere
 * @segments: allocations of the driver
 * @reserved_bytes: of these: what is taken from the device
 * @host_allocated_bytes: of hlthunk_buffer_alloc_host(), as asked for; 0 for a pool
 * @host_reserved_bytes: pinned for it, in use or kept; 0 for a pool
 * @retries: allocations that were tried once more after something had been given back
 * @failures: allocations that ended with -ENOMEM
 *
 * A device counts what it gave out itself: its buffers, and each chunk of a pool as a segment.  A
 * pool counts its buffers and its chunks.  Memory that the program manages and imported dma-bufs
 * are not counted.
 *
 * Since: 0.9
 */
struct hlthunk_memory_statistics {
    size_t struct_size;
    struct hlthunk_memory_counter buffers;
    struct hlthunk_memory_counter allocated_bytes;
    struct hlthunk_memory_counter active_bytes;
    struct hlthunk_memory_counter segments;
    struct hlthunk_memory_counter reserved_bytes;
    struct hlthunk_memory_counter host_allocated_bytes;
    struct hlthunk_memory_counter host_reserved_bytes;
    uint64_t retries;
    uint64_t failures;
};

/**
 * hlthunk_device_get_memory_statistics() - read what a device object has given out
 * @device: the device
 * @statistics: .struct_size must be set; receives as much as that holds
 *
 * Each counter is exact; together they are of one moment only while no other thread allocates or
 * releases.  hlthunk_device_get_memory_usage() asks the driver instead.  Works on a stale device,
 * too.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: the common ones, except -ENODEV.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_device_get_memory_statistics(struct hlthunk_device *device,
                                     struct hlthunk_memory_statistics *statistics);

/**
 * hlthunk_device_reset_memory_peaks() - set the peaks of a device back to the current values
 * @device: the device
 *
 * Return: 0 or a negative errno.
 *
 * Errors: the common ones, except -ENODEV.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_device_reset_memory_peaks(struct hlthunk_device *device);

/**
 * hlthunk_pool_get_memory_statistics() - read what a pool has given out
 * @pool: created with hlthunk_pool_options.statistics
 * @statistics: .struct_size must be set; receives as much as that holds
 *
 * Like hlthunk_device_get_memory_statistics().  A peak is of all threads together, so they share
 * counters: only a pool that was asked to has them.  hlthunk_pool_get_statistics() works for every
 * pool and tells what is there now.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones, except -ENODEV:
 *   -EOPNOTSUPP: the pool was created without .statistics
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_pool_get_memory_statistics(struct hlthunk_pool *pool,
                                   struct hlthunk_memory_statistics *statistics);

/**
 * hlthunk_pool_reset_memory_peaks() - set the peaks of a pool back to the current values
 * @pool: created with hlthunk_pool_options.statistics
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones, except -ENODEV:
 *   -EOPNOTSUPP: the pool was created without .statistics
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_pool_reset_memory_peaks(struct hlthunk_pool *pool);

HLTHUNK_END_DECLS

#endif
