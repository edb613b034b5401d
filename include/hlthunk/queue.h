/* SPDX-License-Identifier: MIT */
/*
 * Queues: bytes move between buffers, and between a buffer and any memory of this process.
 *
 * What a queue is given happens in the order in which it is given; queues run beside one another.
 * A call records its work and returns: the work starts at the latest when the queue is flushed,
 * and hlthunk_queue_create_fence(), hlthunk_queue_finish() and the _sync calls flush by
 * themselves.  Until then small operations gather in one submission.  A call waits only where a
 * limit makes it: when the queue's depth is in flight, when the driver is full, or when the
 * staging memory for host transfers is.
 *
 * A queue holds the buffers of its work until that is over, so they may be released at any time.
 * Any thread may use a queue at any time.  After a reset or removal of the device everything that
 * was pending is lost, once: fences say so, calls fail with -ENODEV, and the buffers are let go.
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

/*
 * Which of the device's DMA engines.  A choice of the engine that is best for one direction, not a
 * limit; but on Goya only ANY and TO_DEVICE read host memory.  Queues of one kind share its engines
 * in turn.
 */
enum hlthunk_engine {
    HLTHUNK_ENGINE_ANY = 0,
    HLTHUNK_ENGINE_TO_DEVICE = 1,
    HLTHUNK_ENGINE_FROM_DEVICE = 2,
    HLTHUNK_ENGINE_WITHIN_DEVICE = 3,
};

struct hlthunk_queue_options {
    size_t struct_size; /* sizeof(struct hlthunk_queue_options) */
    enum hlthunk_engine engine;
    uint32_t depth;    /* submissions in flight, 1 to 1024; 0: 16 */
    const char *label; /* for leak reports; copied (the first 31 bytes); may be NULL */
};

/**
 * hlthunk_queue_create() - a queue on one of the device's DMA engines
 * @device: an open primary node
 * @options: NULL for defaults
 * @queue: receives a reference that is the caller's
 *
 * -EINVAL; -EPERM (a control node); -EOPNOTSUPP (an ASIC whose packets are not known); -ENOMEM.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_queue_create(struct hlthunk_device *device,
                                                        const struct hlthunk_queue_options *options,
                                                        struct hlthunk_queue **queue);

/* One more reference; returns the queue.  Any thread.  Since: 0.9 */
HLTHUNK_API struct hlthunk_queue *hlthunk_queue_ref(struct hlthunk_queue *queue);

/**
 * hlthunk_queue_unref() - give a reference back; NULL is allowed
 *
 * The last one flushes, waits for all that the queue was given, and destroys it.  Fences hold
 * their queue.  In a child after fork() it only forgets.  Any thread.
 *
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_queue_unref(struct hlthunk_queue *queue);

/**
 * hlthunk_queue_copy() - copy between two buffers, or within one
 * @destination: of the queue's device, like @source
 * @destination_offset: bytes from its start; any alignment, like the others
 * @size_bytes: 0 does nothing
 *
 * -EINVAL: a range that does not fit, ranges that overlap, a buffer without an address or of
 * another device.  -ENODEV: reset or removed.  -ENOMEM, -EBUSY: what does not fit into one
 * submission may have been recorded in part.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_queue_copy(struct hlthunk_queue *queue,
                                                      struct hlthunk_buffer *destination,
                                                      uint64_t destination_offset,
                                                      struct hlthunk_buffer *source,
                                                      uint64_t source_offset, uint64_t size_bytes);

struct hlthunk_copy_2d {
    size_t struct_size; /* sizeof(struct hlthunk_copy_2d) */
    struct hlthunk_buffer *destination, *source;
    uint64_t destination_offset, source_offset; /* of the first row */
    uint64_t destination_pitch, source_pitch;   /* from one row to the next, at least .width */
    uint64_t width_bytes, rows;
};

/**
 * hlthunk_queue_copy_2d() - copy rows of equal width at equal distances
 *
 * As hlthunk_queue_copy() for each row; the rectangle as a whole is checked first.  A source pitch
 * of 0 repeats one row.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_queue_copy_2d(struct hlthunk_queue *queue,
                                                         const struct hlthunk_copy_2d *copy);

/**
 * hlthunk_queue_fill() - repeat a pattern
 * @pattern: 1, 2, 4 or 8 bytes of it count, in the host's byte order
 * @pattern_size: how many
 * @size_bytes: a multiple of @pattern_size; the offset may be anything
 *
 * Otherwise as hlthunk_queue_copy().
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_queue_fill(struct hlthunk_queue *queue,
                                                      struct hlthunk_buffer *destination,
                                                      uint64_t offset, uint64_t size_bytes,
                                                      uint64_t pattern, unsigned pattern_size);

/**
 * hlthunk_queue_write() - from any memory of this process into a buffer
 * @host: copied before the call returns, by way of pinned memory of the queue's
 *
 * What is larger than that memory (4 MiB) goes in pieces, and the call returns when the last one is
 * in it.  Otherwise as hlthunk_queue_copy().
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_queue_write(struct hlthunk_queue *queue,
                                                       struct hlthunk_buffer *destination,
                                                       uint64_t offset, const void *host,
                                                       uint64_t size_bytes);

/**
 * hlthunk_queue_read() - from a buffer into any memory of this process
 * @host: written by the time a fence of later on is done; must stay valid until then
 *
 * Otherwise as hlthunk_queue_write().
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_queue_read(struct hlthunk_queue *queue, void *host,
                                                      struct hlthunk_buffer *source,
                                                      uint64_t offset, uint64_t size_bytes);

/* The two with hlthunk_queue_finish() without a limit of time: done on return.  Since: 0.9 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_queue_write_sync(struct hlthunk_queue *queue,
                                                            struct hlthunk_buffer *destination,
                                                            uint64_t offset, const void *host,
                                                            uint64_t size_bytes);
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_queue_read_sync(struct hlthunk_queue *queue, void *host,
                                                           struct hlthunk_buffer *source,
                                                           uint64_t offset, uint64_t size_bytes);

struct hlthunk_packets {
    size_t struct_size;                            /* sizeof(struct hlthunk_packets) */
    struct hlthunk_command_buffer *command_buffer; /* on Gaudi2 one with .device_mapped */
    uint32_t size_bytes;                           /* from its start */
    uint8_t reserved[4];
    struct hlthunk_buffer *const *buffers; /* what the packets use: held until done */
    size_t buffer_count;
};

/**
 * hlthunk_queue_submit_packets() - packets of the caller's own, in their place in the order
 *
 * Submitted at once, after what was recorded before.  Neither the packets nor the memory that they
 * touch is checked by the library.  The command buffer must not be written until a fence of later
 * on is done.  -EINVAL; -EFAULT, -EPERM: what the driver refuses in packets; nothing ran then.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_queue_submit_packets(struct hlthunk_queue *queue, const struct hlthunk_packets *packets);

/**
 * hlthunk_queue_flush() - submit what is recorded
 *
 * Waits for room where the driver or the queue is full, and does not spin.  On failure everything
 * stays recorded, for another try; but with -ENODEV it is lost.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_queue_flush(struct hlthunk_queue *queue);

/**
 * hlthunk_queue_finish() - flush, and wait for all of it
 * @timeout_ns: 0 asks, negative waits indefinitely
 *
 * -ETIMEDOUT: not yet.  -ENODEV, -EIO: some of it was lost.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_queue_finish(struct hlthunk_queue *queue,
                                                        int64_t timeout_ns);

/* Where a queue waits for another's fence. */
enum hlthunk_wait_place {
    HLTHUNK_WAIT_NONE = 0,   /* the fence is done already, or the queue's own */
    HLTHUNK_WAIT_DEVICE = 1, /* the engine waits, by a signal of the driver's */
    HLTHUNK_WAIT_HOST = 2,   /* this process waits before it submits what follows */
};

/**
 * hlthunk_queue_wait_fence() - what follows in the queue starts after a fence
 * @fence: of any queue, of another device too
 * @place: receives where it is waited; may be NULL
 *
 * On the device where the driver has signals between queues (Gaudi, Gaudi2, queues of one device).
 * Elsewhere the call that submits what follows (a flush, or a call that finds a limit reached)
 * waits.  A fence that was lost: -EIO, and the queue goes on without it.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_queue_wait_fence(struct hlthunk_queue *queue,
                                                            struct hlthunk_fence *fence,
                                                            enum hlthunk_wait_place *place);

/* The device, borrowed: valid while the queue lives.  Since: 0.9 */
HLTHUNK_API struct hlthunk_device *hlthunk_queue_borrow_device(const struct hlthunk_queue *queue);

HLTHUNK_END_DECLS

#endif
