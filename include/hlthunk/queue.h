/* SPDX-License-Identifier: MIT */
/*
 * Queues: move bytes between buffers, and between a buffer and any memory of this process.
 *
 * The operations of a queue happen in the order in which it is given them; queues run concurrently.
 * A call records its work and returns.  The work starts at the latest when the queue is flushed,
 * which hlthunk_queue_create_fence(), hlthunk_queue_finish() and the _sync calls do by themselves;
 * until then small operations are batched into one submission.  A call waits only where a limit
 * makes it: when the queue's depth is in flight, when the driver is full, or when the staging
 * memory for host transfers is.
 *
 * A queue holds references to the buffers of its work until somebody finds that over (a wait, a
 * query, an allocation that lacks memory), so the program may release them at any time.  Any
 * thread may use a queue at any time.  After a reset or removal of the device everything pending is
 * lost, once: fences say so, calls fail with -ENODEV, and the buffers are released.  A queue of
 * which the driver gives up or aborts a submission is lost as well, even where its device is not:
 * every later call that gives it work or flushes it fails with the same error, -ETIMEDOUT or -EIO.
 * Another queue goes on, unless the driver resets the device for it, or will when it is closed.
 * On Goya the driver remembers how the latest 64 submissions of the device have ended: with older
 * work that nobody has asked for, a queue is lost if the engines were reset since it was submitted.
 */
#ifndef HLTHUNK_QUEUE_H
#define HLTHUNK_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_device;
struct hlthunk_buffer;
struct hlthunk_command_buffer;
struct hlthunk_fence;
struct hlthunk_queue;

/**
 * enum hlthunk_engine - which of the device's DMA engines a queue uses
 * @HLTHUNK_ENGINE_ANY: any
 * @HLTHUNK_ENGINE_TO_DEVICE: the best for host memory to device memory
 * @HLTHUNK_ENGINE_FROM_DEVICE: the best for device memory to host memory
 * @HLTHUNK_ENGINE_WITHIN_DEVICE: the best within device memory
 *
 * A preference for one direction, not a restriction, except on Goya, where only
 * HLTHUNK_ENGINE_ANY and HLTHUNK_ENGINE_TO_DEVICE read host memory.  Queues of one kind are spread
 * over its engines in turn.
 *
 * Since: 0.9
 */
enum hlthunk_engine {
    HLTHUNK_ENGINE_ANY = 0,
    HLTHUNK_ENGINE_TO_DEVICE = 1,
    HLTHUNK_ENGINE_FROM_DEVICE = 2,
    HLTHUNK_ENGINE_WITHIN_DEVICE = 3,
};

/**
 * struct hlthunk_queue_options - how hlthunk_queue_create() creates a queue
 * @struct_size: sizeof(struct hlthunk_queue_options)
 * @engine: which DMA engine
 * @depth: submissions in flight, 1 to 1024; 0 for 16
 * @label: name in leak reports; the first 31 bytes are copied; may be NULL
 *
 * Since: 0.9
 */
struct hlthunk_queue_options {
    size_t struct_size;
    enum hlthunk_engine engine;
    uint32_t depth;
    const char *label;
};

/**
 * hlthunk_queue_create() - create a queue on one of the device's DMA engines
 * @device: an open primary node
 * @options: NULL for defaults
 * @queue: receives a reference that the caller owns
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: no such engine, or .depth is out of range
 *   -EPERM: @device is a control node
 *   -EOPNOTSUPP: an ASIC whose packets the library does not know
 *   -ENOMEM: host memory is exhausted
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_queue_create(struct hlthunk_device *device,
                                                        const struct hlthunk_queue_options *options,
                                                        struct hlthunk_queue **queue);

/**
 * hlthunk_queue_ref() - take one more reference to a queue
 * @queue: the queue
 *
 * Return: @queue.
 *
 * Context: any thread; never blocks.
 * Since: 0.9
 */
HLTHUNK_API struct hlthunk_queue *hlthunk_queue_ref(struct hlthunk_queue *queue);

/**
 * hlthunk_queue_unref() - drop a reference to a queue
 * @queue: the queue; NULL is allowed
 *
 * The last one flushes the queue, waits for everything that it was given, and destroys it; what the
 * driver refuses is dropped, with a warning in the log: after a second, if it does for a reset of
 * only the engines.  Fences hold their queue.  In a child after fork() it frees only the child's
 * copy.
 *
 * Context: any thread; the last reference waits for the queue's work.
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_queue_unref(struct hlthunk_queue *queue);

/**
 * hlthunk_queue_copy() - copy between two buffers, or within one
 * @queue: the queue
 * @destination: a buffer of the queue's device
 * @destination_offset: bytes from its start, of any alignment
 * @source: a buffer of the queue's device
 * @source_offset: bytes from its start, of any alignment
 * @size_bytes: any number; 0 does nothing
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: a range outside its buffer, ranges that overlap, a buffer without an address or of
 *     another device, or an engine of Goya that cannot read host memory
 *   -ENOMEM: host memory is exhausted; part of a copy that needs several submissions may have been
 *     recorded
 *   -EBUSY: the device is in reset; likewise
 *   -EIO, -ETIMEDOUT: the queue is lost: the driver aborted or gave up one of its submissions
 *
 * Context: any thread; waits while the queue or the driver is full.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_queue_copy(struct hlthunk_queue *queue,
                                                      struct hlthunk_buffer *destination,
                                                      uint64_t destination_offset,
                                                      struct hlthunk_buffer *source,
                                                      uint64_t source_offset, uint64_t size_bytes);

/**
 * struct hlthunk_copy_2d - a two-dimensional copy
 * @struct_size: sizeof(struct hlthunk_copy_2d)
 * @destination: a buffer of the queue's device
 * @source: a buffer of the queue's device
 * @destination_offset: of the first row, in bytes from the start of the destination
 * @source_offset: of the first row, in bytes from the start of the source
 * @destination_pitch: bytes from one row to the next; at least @width_bytes
 * @source_pitch: bytes from one row to the next; at least @width_bytes, or 0 to repeat one row
 * @width_bytes: bytes of each row
 * @rows: number of rows
 *
 * Since: 0.9
 */
struct hlthunk_copy_2d {
    size_t struct_size;
    struct hlthunk_buffer *destination, *source;
    uint64_t destination_offset, source_offset;
    uint64_t destination_pitch, source_pitch;
    uint64_t width_bytes, rows;
};

/**
 * hlthunk_queue_copy_2d() - copy rows of equal width at equal distances
 * @queue: the queue
 * @copy: what to copy; read before the call returns
 *
 * Like hlthunk_queue_copy() for each row, after the whole rectangle has been checked.  Overlapping
 * rows of one buffer are not detected.  No rows, or rows of 0 bytes, do nothing.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: a range outside its buffer, a pitch below the width, a buffer without an address or of
 *     another device, or an engine of Goya that cannot read host memory
 *   -ENOMEM: host memory is exhausted; some of the rows may have been recorded
 *   -EBUSY: the device is in reset; likewise
 *   -EIO, -ETIMEDOUT: the queue is lost: the driver aborted or gave up one of its submissions
 *
 * Context: any thread; waits while the queue or the driver is full.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_queue_copy_2d(struct hlthunk_queue *queue,
                                                         const struct hlthunk_copy_2d *copy);

/**
 * hlthunk_queue_fill() - fill a range of a buffer with a repeated pattern
 * @queue: the queue
 * @destination: a buffer of the queue's device
 * @offset: bytes from its start, of any alignment
 * @size_bytes: a multiple of @pattern_size; 0 does nothing
 * @pattern: the lowest @pattern_size bytes, in the host's byte order
 * @pattern_size: 1, 2, 4 or 8
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: a range outside the buffer, a bad @pattern_size or @size_bytes, a buffer without an
 *     address or of another device, or an unaligned range on an engine of Goya that cannot read
 *     host memory
 *   -ENOMEM: host memory is exhausted; part of the range may have been recorded
 *   -EBUSY: the device is in reset; likewise
 *   -EIO, -ETIMEDOUT: the queue is lost: the driver aborted or gave up one of its submissions
 *
 * Context: any thread; waits while the queue or the driver is full.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_queue_fill(struct hlthunk_queue *queue,
                                                      struct hlthunk_buffer *destination,
                                                      uint64_t offset, uint64_t size_bytes,
                                                      uint64_t pattern, unsigned pattern_size);

/**
 * hlthunk_queue_write() - write from memory of this process into a buffer
 * @queue: the queue
 * @destination: a buffer of the queue's device
 * @offset: bytes from its start, of any alignment
 * @host: any memory; copied to pinned staging memory of the queue's before the call returns
 * @size_bytes: any number; 0 does nothing
 *
 * More than the staging memory holds (4 MiB) goes in pieces, and the call returns when the last one
 * is in it.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: a range outside the buffer, a buffer without an address or of another device, or an
 *     engine of Goya that cannot read host memory
 *   -ENOMEM: host memory is exhausted, or cannot be pinned; part of it may have been written
 *   -EBUSY: the device is in reset; likewise
 *   -EIO, -ETIMEDOUT: the queue is lost: the driver aborted or gave up one of its submissions
 *
 * Context: any thread; waits while the queue, the driver or the staging memory is full.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_queue_write(struct hlthunk_queue *queue,
                                                       struct hlthunk_buffer *destination,
                                                       uint64_t offset, const void *host,
                                                       uint64_t size_bytes);

/**
 * hlthunk_queue_read() - read from a buffer into memory of this process
 * @queue: the queue
 * @host: any memory; complete when a later fence is done, and must stay valid until then, also
 *        after an error that says that part may have been recorded
 * @source: a buffer of the queue's device
 * @offset: bytes from its start, of any alignment
 * @size_bytes: any number; 0 does nothing
 *
 * Goes through the same staging memory as hlthunk_queue_write().
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: a range outside the buffer, a buffer without an address or of another device, or host
 *     memory on an engine of Goya that cannot read it
 *   -ENOMEM: host memory is exhausted, or cannot be pinned; part of it may have been recorded
 *   -EBUSY: the device is in reset; likewise
 *   -EIO, -ETIMEDOUT: the queue is lost: the driver aborted or gave up one of its submissions
 *
 * Context: any thread; waits while the queue, the driver or the staging memory is full.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_queue_read(struct hlthunk_queue *queue, void *host,
                                                      struct hlthunk_buffer *source,
                                                      uint64_t offset, uint64_t size_bytes);

/**
 * hlthunk_queue_write_sync() - write from memory of this process into a buffer, and wait
 * @queue: the queue
 * @destination: a buffer of the queue's device
 * @offset: bytes from its start, of any alignment
 * @host: any memory
 * @size_bytes: any number
 *
 * hlthunk_queue_write() and hlthunk_queue_finish() without a limit: everything that the queue was
 * given is done when it returns.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL, -ENOMEM, -EBUSY: as hlthunk_queue_write()
 *   -EIO, -ETIMEDOUT: the submission was aborted or exceeded the driver's timeout
 *
 * Context: any thread; waits until the queue has finished.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_queue_write_sync(struct hlthunk_queue *queue,
                                                            struct hlthunk_buffer *destination,
                                                            uint64_t offset, const void *host,
                                                            uint64_t size_bytes);

/**
 * hlthunk_queue_read_sync() - read from a buffer into memory of this process, and wait
 * @queue: the queue
 * @host: any memory
 * @source: a buffer of the queue's device
 * @offset: bytes from its start, of any alignment
 * @size_bytes: any number
 *
 * hlthunk_queue_read() and hlthunk_queue_finish() without a limit: everything that the queue was
 * given is done when it returns 0.  After an error nothing is written to @host any more; one of bad
 * arguments (-EINVAL) leaves earlier reads into it alone.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL, -ENOMEM, -EBUSY: as hlthunk_queue_read()
 *   -EIO, -ETIMEDOUT: the submission was aborted or exceeded the driver's timeout
 *
 * Context: any thread; waits until the queue has finished.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_queue_read_sync(struct hlthunk_queue *queue, void *host,
                                                           struct hlthunk_buffer *source,
                                                           uint64_t offset, uint64_t size_bytes);

/**
 * struct hlthunk_packets - packets of the caller's own
 * @struct_size: sizeof(struct hlthunk_packets)
 * @command_buffer: holds the packets; of the queue's device, on Gaudi2 created with .device_mapped
 * @size_bytes: size of the packets at its start; at least 8
 * @buffers: what the packets use, of the queue's device: held until the packets are done
 * @buffer_count: how many
 *
 * Since: 0.9
 */
struct hlthunk_packets {
    size_t struct_size;
    struct hlthunk_command_buffer *command_buffer;
    uint32_t size_bytes;
    uint8_t reserved[4];
    struct hlthunk_buffer *const *buffers;
    size_t buffer_count;
};

/**
 * hlthunk_queue_submit_packets() - submit packets of the caller's own, in order
 * @queue: the queue
 * @packets: what to submit; read before the call returns
 *
 * They are submitted immediately, after what was recorded before.  The library checks neither the
 * packets nor the memory that they touch.  The command buffer must not be written until a later
 * fence is done.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: bad members of @packets, or the driver refuses the packets; nothing has run
 *   -EFAULT, -EPERM: the driver refuses the packets; nothing has run
 *   -ENOMEM: host memory is exhausted
 *   -EBUSY: the device is in reset
 *   -EIO, -ETIMEDOUT: the queue is lost: the driver aborted or gave up one of its submissions
 *
 * Context: any thread; waits while the queue or the driver is full.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_queue_submit_packets(struct hlthunk_queue *queue, const struct hlthunk_packets *packets);

/**
 * hlthunk_queue_flush() - submit what is recorded
 * @queue: the queue
 *
 * Does not wait for the work.  After a failure other than -ENODEV, -EIO and -ETIMEDOUT everything
 * stays recorded, and the call can be repeated.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EBUSY: the device is in reset
 *   -EIO, -ETIMEDOUT: the queue is lost, with all that was recorded: the driver aborted or gave up
 *     one of its submissions
 *
 * Context: any thread; sleeps while the queue or the driver is full.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_queue_flush(struct hlthunk_queue *queue);

/**
 * hlthunk_queue_finish() - flush a queue and wait for all of its work
 * @queue: the queue
 * @timeout_ns: 0 does not wait, negative waits indefinitely
 *
 * Fences that it was made to wait for (hlthunk_queue_wait_fence()) are part of its work.
 *
 * Return: 0 when all is done, or a negative errno.
 *
 * Errors: besides the common ones:
 *   -ETIMEDOUT: not yet finished
 *   -EIO: some of the work was lost: a submission was aborted or exceeded the driver's timeout
 *   -EBUSY: the device is in reset
 *
 * Context: any thread; sleeps for up to @timeout_ns.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_queue_finish(struct hlthunk_queue *queue,
                                                        int64_t timeout_ns);

/**
 * enum hlthunk_wait_place - where a queue waits for the fence of another
 * @HLTHUNK_WAIT_NONE: nowhere: the fence is done, or the queue's own
 * @HLTHUNK_WAIT_DEVICE: on the device: the engine waits for a signal of the driver's
 * @HLTHUNK_WAIT_HOST: on the host: this process waits before it submits what follows
 *
 * Since: 0.9
 */
enum hlthunk_wait_place {
    HLTHUNK_WAIT_NONE = 0,
    HLTHUNK_WAIT_DEVICE = 1,
    HLTHUNK_WAIT_HOST = 2,
};

/**
 * hlthunk_queue_wait_fence() - make a queue's further work start after a fence
 * @queue: the queue
 * @fence: of any queue, of another device too
 * @place: receives where the wait takes place; may be NULL
 *
 * The wait takes place on the device where the driver has signals between queues (Gaudi and Gaudi2,
 * queues of one device).  Elsewhere the call that submits what follows, a flush or one that reaches
 * a limit, waits, and until then the wait is among the live objects of the fence's device, which it
 * holds ("queue wait").  One more wait on the host first waits for the fence of the one before.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EIO: the fence is lost; the queue continues without it
 *   -ENOMEM: host memory is exhausted
 *   -EBUSY: the device is in reset
 *   -EIO, -ETIMEDOUT: the queue is lost: the driver aborted or gave up one of its submissions
 *
 * Context: any thread; waits while the queue or the driver is full, and for such a fence.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_queue_wait_fence(struct hlthunk_queue *queue,
                                                            struct hlthunk_fence *fence,
                                                            enum hlthunk_wait_place *place);

/**
 * hlthunk_queue_borrow_device() - borrow a queue's device
 * @queue: the queue
 *
 * Return: the device, valid while the queue lives and not to be released.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API struct hlthunk_device *hlthunk_queue_borrow_device(const struct hlthunk_queue *queue);

HLTHUNK_END_DECLS

#endif
