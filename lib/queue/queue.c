/* SPDX-License-Identifier: MIT */
#include "lib/queue/queue.h"

#include <stdlib.h>

#include <hlthunk/command_buffer.h>
#include <hlthunk/error.h>

#include "lib/error.h"
#include "lib/log.h"
#include "lib/kernel/deadline.h"
#include "lib/device/device.h"
#include "lib/options.h"

#define DEPTH_DEFAULT 16u
#define DEPTH_MAX 1024u
#define BUSY_NS 1000000000u /* how long the last work is tried to submit to a driver in reset */

void hl_queue_lock(struct hlthunk_queue *q)
{
    pthread_mutex_lock(&q->lock);
}

static void let_go(struct hl_held *h)
{
    struct hl_held *next;

    for (; h; h = next) {
        next = h->next;
        for (uint32_t i = 0; i < h->count; i++)
            hlthunk_buffer_unref(h->buffer[i]);
        hlthunk_command_buffer_unref(h->packets);
        hl_object_put(h->after ? &h->after->object : NULL);
        free(h);
    }
}

void hl_queue_hush(struct hlthunk_queue *q)
{
    if (!q->quiet)
        hl_log_hold();
    q->quiet = true;
}

void hl_queue_unlock(struct hlthunk_queue *q)
{
    struct hl_notice *due = q->due;
    struct hl_held *h = q->let_go;
    bool quiet = q->quiet;

    q->quiet = false;
    q->let_go = NULL;
    q->due = NULL;
    pthread_mutex_unlock(&q->lock);
    if (quiet)
        hl_log_release();
    if (h)
        let_go(h);
    if (due)
        hl_notices_tell(due);
}

int hl_queue_enter(struct hlthunk_queue *q)
{
    int rc = hl_object_check(q ? &q->object : NULL, "queue");

    if (rc == -ENODEV) {
        /* its work ends with this */
        hl_queue_lock(q);
        if (q->head != q->tail)
            (void)hl_queue_await(q, q->tail - 1, 0);
        hl_queue_lose(q, q->tail, -ENODEV);
        hl_queue_unlock(q);
        rc = hl_object_check(&q->object, "queue");
    }
    return rc;
}

/*
 * What is recorded goes to the driver.  A wait on the device is in the driver without a batch: one
 * follows it, which ends after it.
 */
static int submit_rest(struct hlthunk_queue *q)
{
    int rc = q->waits && !q->lost ? hl_batch_follow_wait(q) : 0;

    return rc ? rc : hl_queue_submit(q);
}

/* The same; a reset of only the engines refuses it for some milliseconds. */
static int submit_last(struct hlthunk_queue *q)
{
    uint64_t deadline = hl_now_ns() + BUSY_NS;
    int rc = submit_rest(q);

    for (unsigned n = 0; rc == -EBUSY && !q->lost && hl_left_us(deadline); n++) {
        hl_queue_unlock(q);
        hl_queue_pause(n);
        hl_queue_lock(q);
        rc = submit_rest(q);
    }
    return rc;
}

/*
 * Submits the rest and waits for it: the engine is then done with all memory, and the driver has
 * nothing that would keep the device's file busy.  Memory of a stale device stays pinned until its
 * file is closed, and it is asked for nothing.
 */
static void drain(struct hlthunk_queue *q)
{
    struct hl_err_kept kept;

    hl_err_begin(&kept); /* a release does not fail */
    hl_queue_lock(q);
    hl_queue_hush(q);
    if (atomic_load(&q->object.device->base.stale))
        hl_queue_lose(q, q->head, -ENODEV);
    if (submit_last(q) && !q->lost) {
        hl_queue_hush(q);
        hl_log(HLTHUNK_LOG_WARNING, "queue%s%s: the work recorded last is dropped: %s",
               q->object.label[0] ? " " : "", q->object.label, hlthunk_last_error());
    }
    if (q->head != q->tail)
        (void)hl_queue_await(q, q->tail - 1, UINT64_MAX);
    hl_queue_lose(q, q->head, -ECANCELED);
    hl_queue_unlock(q);
    hl_err_end(&kept, 0);
}

static void destroy(struct hl_object *o)
{
    struct hlthunk_queue *q = (struct hlthunk_queue *)o;

    if (hl_object_is_ours(&q->object)) {
        drain(q);
        hl_queue_stop_thread(q);
        pthread_cond_destroy(&q->work);
        pthread_mutex_destroy(&q->lock);
        hl_staging_destroy(&q->staging);
    } else {
        /* the lock and the staging memory are the parent's */
        hlthunk_buffer_unref(q->staging.buffer);
        let_go(q->let_go);
    }
    for (uint32_t i = 0; i < q->depth; i++) {
        let_go(q->ring[i].held);
        hlthunk_command_buffer_unref(q->ring[i].recorded);
        free(q->ring[i].deliveries);
    }
    free(q->ring);
    hl_object_free(o);
}

/*
 * What is listed is not destroyed before its lock is free.  Calls that have this lock add objects
 * to the parent's list: it is not waited for here.
 */
static bool settle(struct hl_object *o)
{
    struct hlthunk_queue *q = (struct hlthunk_queue *)o;
    bool busy = pthread_mutex_trylock(&q->lock) != 0, any;

    pthread_mutex_unlock(&o->parent->lock);
    if (busy)
        return false;
    hl_queue_collect(q);
    any = q->let_go != NULL;
    hl_queue_unlock(q);
    return any;
}

static const struct hl_object_ops ops = { .kind = "queue", .destroy = destroy, .settle = settle };

int hlthunk_queue_create(struct hlthunk_device *d, const struct hlthunk_queue_options *options,
                         struct hlthunk_queue **out)
{
    static atomic_uint turns[HL_ENGINE_COUNT];
    const struct hl_queue_format *format;
    struct hlthunk_queue_options o;
    struct hlthunk_queue *q;
    int rc = hl_device_check(d);

    if (rc)
        return rc;
    if (!out)
        return hl_err(-EINVAL, "queue is NULL");
    rc = HL_OPTIONS_READ(o, options);
    if (rc)
        return rc;
    if ((unsigned)o.engine >= HL_ENGINE_COUNT)
        return hl_err(-EINVAL, "options->engine %d is not one of enum hlthunk_engine",
                      (int)o.engine);
    if (o.depth > DEPTH_MAX)
        return hl_err(-EINVAL, "options->depth %u is above %u", o.depth, DEPTH_MAX);
    if (d->props.control)
        return hl_err(-EPERM, "device is a control node, which submits nothing: open the primary "
                              "node");
    format = hl_queue_format(d->props.asic);
    if (!format)
        return hl_err(-EOPNOTSUPP, "%s: the library does not know this ASIC's packets",
                      hlthunk_asic_get_name(d->props.asic));
    q = calloc(1, sizeof(*q));
    if (q) {
        q->depth = o.depth ? o.depth : DEPTH_DEFAULT;
        q->ring = calloc(q->depth, sizeof(q->ring[0]));
    }
    if (!q || !q->ring) {
        free(q);
        return hl_err(-ENOMEM, "no memory for a queue");
    }
    q->format = format;
    q->hardware =
        format->engine[o.engine]
            .queue[atomic_fetch_add(&turns[o.engine], 1) % format->engine[o.engine].count];
    q->fired_end = &q->fired;
    pthread_mutex_init(&q->lock, NULL); /* neither can fail without attributes */
    pthread_cond_init(&q->work, NULL);
    hl_object_init(&q->object, &ops, &d->base, o.label, __builtin_return_address(0));
    hl_object_list(&q->object);
    *out = q;
    return 0;
}

struct hlthunk_queue *hlthunk_queue_ref(struct hlthunk_queue *q)
{
    hl_object_get(&q->object);
    return q;
}

void hlthunk_queue_unref(struct hlthunk_queue *q)
{
    if (q)
        hl_object_put(&q->object);
}

int hlthunk_queue_flush(struct hlthunk_queue *q)
{
    int rc = hl_queue_enter(q);

    if (rc)
        return rc;
    hl_queue_lock(q);
    rc = hl_queue_submit(q);
    hl_queue_unlock(q);
    return rc;
}

int hlthunk_queue_finish(struct hlthunk_queue *q, int64_t timeout_ns)
{
    uint64_t deadline = hl_queue_deadline_ns(timeout_ns);
    int rc = hl_queue_enter(q);

    if (rc)
        return rc;
    hl_queue_lock(q);
    /* what follows a wait may need a slot */
    if (q->waits && !q->recording && q->tail - q->head >= q->depth)
        rc = hl_queue_await(q, q->head, deadline);
    if (rc == 0)
        rc = q->lost ? 0 : hl_batch_follow_wait(q);
    if (rc == 0)
        rc = hl_queue_submit_by(q, deadline);
    if (rc == 0 && q->head != q->tail)
        rc = hl_queue_await(q, q->tail - 1, deadline);
    if (rc == -ETIMEDOUT && q->lost)
        rc = -EIO; /* "not yet" would be waited for in vain */
    hl_queue_unlock(q);
    return rc;
}

struct hlthunk_device *hlthunk_queue_borrow_device(const struct hlthunk_queue *q)
{
    return q->object.device;
}
