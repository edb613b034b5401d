/* SPDX-License-Identifier: MIT */
/* Packets of the program's own, and waiting for another queue. */
#include <stdlib.h>

#include <hlthunk/command_buffer.h>

#include "lib/error.h"
#include "lib/device/device.h"
#include "lib/op/op_signal.h"
#include "lib/op/op_wait.h"
#include "lib/options.h"
#include "lib/queue/queue.h"
#include "uapi/habanalabs_accel.h"

/* Handles are numbers of a device: those of another one would name something else. */
static bool is_foreign(const struct hlthunk_queue *q, const struct hlthunk_command_buffer *packets)
{
    return ((const struct hl_object *)packets)->device != q->object.device;
}

static int check_buffers(const struct hlthunk_queue *q, const struct hlthunk_packets *p)
{
    if (p->buffer_count && !p->buffers)
        return hl_err(-EINVAL, "packets->buffers is NULL with a count of %zu", p->buffer_count);
    for (size_t i = 0; i < p->buffer_count; i++) {
        if (!p->buffers[i])
            return hl_err(-EINVAL, "packets->buffers[%zu] is NULL", i);
        if (hlthunk_buffer_borrow_device(p->buffers[i]) != q->object.device)
            return hl_err(-EINVAL, "packets->buffers[%zu] belongs to another device than the queue",
                          i);
    }
    return 0;
}

static int check(const struct hlthunk_queue *q, const struct hlthunk_packets *p)
{
    if (!p->command_buffer)
        return hl_err(-EINVAL, "packets->command_buffer is NULL");
    if (is_foreign(q, p->command_buffer))
        return hl_err(-EINVAL, "packets->command_buffer belongs to another device than the queue");
    if (p->size_bytes < 8 || p->size_bytes > hlthunk_command_buffer_get_size(p->command_buffer))
        return hl_err(-EINVAL, "packets->size_bytes %u is not within 8 to %u", p->size_bytes,
                      hlthunk_command_buffer_get_size(p->command_buffer));
    if (q->format->mapped_packets && !hlthunk_command_buffer_get_address(p->command_buffer))
        return hl_err(-EINVAL, "packets->command_buffer has no address on the device, which this "
                               "ASIC needs: create it with .device_mapped");
    return check_buffers(q, p);
}

/* A batch of nothing but the program's packets: recorded here, or not at all. */
static int record(struct hlthunk_queue *q, const struct hlthunk_packets *p)
{
    struct hl_held *h;
    int rc = 0;

    for (size_t i = 0; i < p->buffer_count && rc == 0; i++)
        rc = hl_batch_hold(q, p->buffers[i]);
    h = rc ? NULL : hl_batch_held(q);
    if (!h)
        return -ENOMEM;
    h->packets = hlthunk_command_buffer_ref(p->command_buffer);
    h->giver = pthread_self();
    hl_queue_batch(q, q->tail)->used = p->size_bytes;
    return 0;
}

int hlthunk_queue_submit_packets(struct hlthunk_queue *q, const struct hlthunk_packets *packets)
{
    struct hlthunk_packets p;
    uint64_t number;
    int rc = hl_queue_enter(q);

    if (rc)
        return rc;
    if (!packets)
        return hl_err(-EINVAL, "packets is NULL");
    rc = hl_options_read(&p, sizeof(p), packets, "packets");
    rc = rc ? rc : hl_options_reserved(p.reserved, sizeof(p.reserved), "packets");
    if (rc == 0)
        rc = check(q, &p);
    if (rc)
        return rc;
    hl_queue_lock(q);
    do { /* until a batch is open that nothing is recorded in */
        rc = hl_queue_submit(q);
        if (rc == 0)
            rc = hl_batch_open(q);
    } while (rc == 0 && hl_queue_batch(q, q->tail)->used);
    if (rc == 0) {
        number = q->tail;
        rc = record(q, &p);
        if (rc == 0) {
            rc = hl_queue_submit(q);
            if (rc && !q->lost && q->tail == number) /* the batch is as empty as it was */
                hl_batch_clear(q, hl_queue_batch(q, number));
        }
    }
    hl_queue_unlock(q);
    return rc;
}

/*
 * The driver answers a wait for a signal that is over with the number UINT64_MAX, and so it does
 * when it has no room for the wait (cs_ioctl_signal_wait()).
 */
static bool is_over(int fd, uint64_t signal)
{
    union hl_wait_cs_args args;

    return hl_wait_cs_plain(fd, signal, 0, &args) == 0 && args.out.status != HL_WAIT_CS_STATUS_BUSY;
}

/* A signal of the driver's after the work of the fence's queue, and a wait for it in this one. */
static int wait_on_device(struct hlthunk_queue *q, const struct hlthunk_queue *other)
{
    const struct hl_signal_common none = { 0 };
    struct hl_signal_wait wait = { .queue = q->hardware };
    int fd = q->object.device->fd;
    struct hl_cs_out out;
    uint64_t signal;
    int rc = hl_signal_submit(fd, &none, other->hardware, &out);

    if (rc)
        return rc;
    signal = out.seq;
    wait.signal = &signal;
    rc = hl_signal_wait(fd, &none, &wait, &out);
    if (rc == 0 && out.seq == UINT64_MAX && !is_over(fd, signal))
        rc = -EAGAIN;
    return rc;
}

/* From now on it is among what its device lists. */
static void come_after(struct hl_held *h, struct hl_after *after)
{
    h->after = after;
    hl_object_get(&after->object);
    hl_object_list(&after->object);
}

static int wait_on_host(struct hlthunk_queue *q, struct hl_after *after)
{
    for (;;) {
        struct hl_held *h;
        int rc = hl_queue_submit(q);

        if (rc == 0)
            rc = hl_batch_open(q);
        if (rc)
            return rc;
        if (hl_queue_batch(q, q->tail)->used)
            continue; /* another thread came first */
        h = hl_batch_held(q);
        if (!h)
            return -ENOMEM;
        if (!h->after) {
            come_after(h, after);
            return 0;
        }
        hl_queue_wait_before(q, UINT64_MAX);
    }
}

static struct hl_after *create_after(const struct hlthunk_queue *q, struct hlthunk_queue *other,
                                     const void *creator)
{
    static const struct hl_object_ops ops = { .kind = "queue wait", .destroy = hl_object_free };
    struct hl_after *after = calloc(1, sizeof(*after));

    if (after)
        hl_object_init(&after->object, &ops, other->object.parent, q->object.label, creator);
    else
        hl_err(-ENOMEM, "no memory to wait for a fence");
    return after;
}

/* False: the fence is over. */
static bool find_work(struct hlthunk_fence *f, struct hl_after *after)
{
    struct hlthunk_queue *q = f->queue;
    bool pending;

    hl_queue_lock(q);
    pending = f->status == HLTHUNK_FENCE_PENDING;
    if (pending)
        after->sequence = hl_queue_batch(q, f->number)->sequence;
    hl_queue_unlock(q);
    return pending;
}

/* With the lock held: enum hlthunk_wait_place, or -errno. */
static int wait_for(struct hlthunk_queue *q, const struct hlthunk_queue *other,
                    struct hl_after *after)
{
    int rc = hl_queue_submit(q);

    if (rc)
        return rc;
    if (q->format->signals && other->object.device == q->object.device &&
        wait_on_device(q, other) == 0) {
        q->waits = true;
        return HLTHUNK_WAIT_DEVICE;
    }
    /* whatever the reason is: the driver is full, or has no signals for these queues */
    rc = wait_on_host(q, after);
    return rc ? rc : HLTHUNK_WAIT_HOST;
}

/* The fence is pending, or was a moment ago. */
static int wait_for_fence(struct hlthunk_queue *q, struct hlthunk_fence *f, struct hl_after *after)
{
    int rc;

    if (!find_work(f, after))
        return hlthunk_fence_wait(f, 0);
    hl_queue_lock(q);
    rc = wait_for(q, f->queue, after);
    hl_queue_unlock(q);
    return rc;
}

/* Of another queue: enum hlthunk_wait_place, or -errno. */
static int wait_if_pending(struct hlthunk_queue *q, struct hlthunk_fence *f, const void *creator)
{
    struct hl_after *after;
    int rc = hlthunk_fence_wait(f, 0);

    if (rc != -ETIMEDOUT)
        return rc;
    after = create_after(q, f->queue, creator);
    if (!after)
        return -ENOMEM;
    rc = wait_for_fence(q, f, after);
    hl_object_put(&after->object);
    return rc;
}

int hlthunk_queue_wait_fence(struct hlthunk_queue *q, struct hlthunk_fence *f,
                             enum hlthunk_wait_place *place)
{
    struct hl_err_kept kept;
    int rc = hl_queue_enter(q);

    if (rc)
        return rc;
    if (!f)
        return hl_err(-EINVAL, "fence is NULL");
    hl_err_begin(&kept);
    rc = f->queue == q ? HLTHUNK_WAIT_NONE : wait_if_pending(q, f, __builtin_return_address(0));
    hl_err_end(&kept, rc < 0 ? rc : 0);
    if (rc < 0)
        return rc;
    if (place)
        *place = (enum hlthunk_wait_place)rc;
    return 0;
}
