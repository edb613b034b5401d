/* SPDX-License-Identifier: MIT */
/* Submits what is recorded to the driver. */
#include <time.h>

#include <hlthunk/command_buffer.h>

#include "lib/error.h"
#include "lib/kernel/deadline.h"
#include "lib/device/device.h"
#include "lib/op/op_cs.h"
#include "lib/device/stale.h"
#include "lib/queue/queue.h"
#include "uapi/habanalabs_accel.h"

#define PAUSE_FIRST_NS 50000
#define PAUSE_MAX_SHIFT 6 /* 3.2 ms */

void hl_queue_pause(unsigned attempt)
{
    unsigned shift = attempt < PAUSE_MAX_SHIFT ? attempt : PAUSE_MAX_SHIFT;
    struct timespec t = { .tv_nsec = PAUSE_FIRST_NS << shift };

    nanosleep(&t, NULL);
}

static int try_submit(struct hlthunk_queue *q, struct hl_batch *b)
{
    struct hlthunk_command_buffer *packets =
        b->held && b->held->packets ? b->held->packets : b->recorded;
    struct hl_cs_chunk chunk = {
        .cb_handle = q->format->mapped_packets ? hlthunk_command_buffer_get_address(packets)
                                               : hlthunk_command_buffer_borrow_handle(packets),
        .queue_index = q->hardware,
        .cb_size = b->used,
        .cs_chunk_flags = q->format->mapped_packets ? HL_CS_CHUNK_FLAGS_USER_ALLOC_CB : 0,
    };
    const struct hl_cs_in in = {
        .chunks_execute = (uint64_t)(uintptr_t)&chunk,
        .num_chunks_execute = 1,
        .cs_flags = b->stamp ? HL_CS_FLAGS_TIMESTAMP : 0,
    };
    union hl_cs_args args;
    int rc;

    if (q->format->engines_reset && q->head == q->tail)
        (void)hl_queue_count_resets(q, &q->resets);
    do {
        args.in = in;
        rc = hl_cs_try_plain(q->object.device->fd, &args);
    } while (rc == -EINTR);
    if (rc)
        return rc == -EAGAIN ? rc : hl_cs_explain(rc, in.cs_flags); /* full: it is waited out */
    b->sequence = args.out.seq;
    return 0;
}

static int wait_a_moment(struct hlthunk_queue *q, unsigned attempt, uint64_t deadline_ns)
{
    if (!hl_left_us(deadline_ns))
        return hl_err(-ETIMEDOUT, "the driver has no room yet for what the queue has recorded");
    hl_queue_unlock(q);
    hl_queue_pause(attempt);
    hl_queue_lock(q);
    return 0;
}

/* Room appears when something in flight completes: of this queue, or of any user of the device. */
static int wait_for_room(struct hlthunk_queue *q, unsigned attempt, uint64_t deadline_ns)
{
    if (q->head != q->tail)
        return hl_queue_await(q, q->head, deadline_ns);
    return wait_a_moment(q, attempt, deadline_ns);
}

/* What the driver's answer means for the queue, and for the caller. */
static int refused(struct hlthunk_queue *q, int rc)
{
    struct hlthunk_device *d = q->object.device;

    hl_queue_hush(q);
    /* EPERM: the packets are refused, or a reset overtakes the submission */
    rc = rc == -EPERM && hl_device_ask(d) ? hl_device_check(d) : hl_device_failed(d, rc);
    if (rc == -ENODEV)
        hl_queue_lose(q, q->tail, rc);
    return rc;
}

/* Are they packets that another thread has given and is about to submit? */
static bool is_for_another(const struct hl_held *h)
{
    return h && h->packets && !pthread_equal(h->giver, pthread_self());
}

/*
 * Submits the batch: 0 or -errno; -EAGAIN after a wait: everything may be different.  The program's
 * packets are for the thread that gave them, and waits for what they come after, or for room:
 * others wait until they are submitted or taken back.  What runs in that thread meanwhile, when the
 * lock is released, may submit them for it.
 */
static int submit_once(struct hlthunk_queue *q, struct hl_batch *b, unsigned attempt,
                       uint64_t deadline_ns)
{
    int rc;

    if (b->held && b->held->after) {
        rc = hl_queue_wait_before(q, deadline_ns)
                 ? 0
                 : hl_err(-ETIMEDOUT, "the fence that the queue waits for is not over yet");
    } else if (is_for_another(b->held)) {
        rc = wait_a_moment(q, attempt, deadline_ns);
    } else {
        rc = try_submit(q, b);
        if (rc != -EAGAIN)
            return rc;
        rc = wait_for_room(q, attempt, deadline_ns);
    }
    return rc == -ETIMEDOUT && !q->lost ? rc : -EAGAIN;
}

int hl_queue_submit_by(struct hlthunk_queue *q, uint64_t deadline_ns)
{
    uint64_t number = q->tail;
    struct hl_batch *b = hl_queue_batch(q, number);
    int rc = -EAGAIN;

    for (unsigned attempt = 0; rc == -EAGAIN; attempt++) {
        if (atomic_load(&q->object.device->base.stale))
            hl_queue_lose(q, q->tail, -ENODEV);
        /* another thread may have submitted it, or found the queue lost */
        if (q->lost)
            return hl_queue_say_lost(q);
        if (!q->recording || q->tail != number || !b->used)
            return 0;
        rc = submit_once(q, b, attempt, deadline_ns);
    }
    if (rc)
        return refused(q, rc);
    q->tail++;
    q->recording = false;
    q->waits = false;
    if (q->unfired)
        pthread_cond_signal(&q->work);
    return 0;
}
