/* SPDX-License-Identifier: MIT */
#include <hlthunk/fence.h>

#include <stdlib.h>

#include "lib/error.h"
#include "lib/device/device.h"
#include "lib/options.h"
#include "lib/queue/queue.h"

void hl_fence_over(struct hlthunk_fence *f, enum hlthunk_fence_status status, int error,
                   int64_t timestamp_ns)
{
    struct hl_notice *notices = f->notices;

    f->status = status;
    f->error = error;
    f->timestamp_ns = f->stamp ? timestamp_ns : 0;
    f->notices = NULL;
    if (notices)
        hl_queue_fire(f->queue, notices);
}

static void attach(struct hlthunk_fence *f, uint64_t number)
{
    struct hl_batch *b = hl_queue_batch(f->queue, number);

    f->number = number;
    f->next = b->fences;
    b->fences = f;
}

static void detach(struct hlthunk_fence *f)
{
    struct hlthunk_fence **p = &hl_queue_batch(f->queue, f->number)->fences;

    while (*p && *p != f)
        p = &(*p)->next;
    if (*p)
        *p = f->next;
}

/* With nothing recorded: what is in flight, or that there is nothing, may do.  True: it does. */
static bool place_on_flying(struct hlthunk_fence *f)
{
    struct hlthunk_queue *q = f->queue;

    if (q->head != q->tail) {
        if (f->stamp && !hl_queue_batch(q, q->tail - 1)->stamp)
            return false;
        attach(f, q->tail - 1);
    } else {
        if (f->stamp)
            return false;
        f->status = HLTHUNK_FENCE_DONE;
    }
    return true;
}

/* Once: the rest of place().  1: what was recorded was taken back meanwhile by who recorded it. */
static int try_to_place(struct hlthunk_fence *f)
{
    struct hlthunk_queue *q = f->queue;
    struct hl_batch *b;
    int rc;

    if (q->lost)
        return hl_queue_say_lost(q);
    rc = hl_batch_follow_wait(q);
    if (rc)
        return rc;
    if (!hl_batch_has_work(q)) {
        if (place_on_flying(f))
            return 0;
        rc = hl_batch_record_nothing(q);
        if (rc)
            return rc;
    }
    b = hl_queue_batch(q, q->tail);
    b->stamp |= f->stamp;
    attach(f, q->tail);
    rc = hl_queue_submit(q);
    if (f->status != HLTHUNK_FENCE_PENDING || f->number < q->tail)
        return rc;
    detach(f);
    return rc ? rc : 1;
}

/* Puts the fence behind the last of what the queue has, and sends that off. */
static int place(struct hlthunk_fence *f)
{
    int rc;

    do
        rc = try_to_place(f);
    while (rc > 0);
    return rc;
}

static void destroy(struct hl_object *o)
{
    struct hlthunk_fence *f = (struct hlthunk_fence *)o;
    struct hlthunk_queue *q = f->queue;

    if (hl_object_is_ours(o)) {
        hl_queue_lock(q);
        if (f->status == HLTHUNK_FENCE_PENDING)
            detach(f);
        hl_queue_unlock(q);
    }
    hl_object_free(o);
    hlthunk_queue_unref(q);
}

static const struct hl_object_ops ops = { .kind = "fence", .destroy = destroy };

int hlthunk_queue_create_fence(struct hlthunk_queue *q, const struct hlthunk_fence_options *options,
                               struct hlthunk_fence **out)
{
    struct hlthunk_fence_options o;
    struct hlthunk_fence *f;
    int rc = hl_queue_enter(q);

    if (rc)
        return rc;
    if (!out)
        return hl_err(-EINVAL, "fence is NULL");
    rc = HL_OPTIONS_READ(o, options);
    rc = rc ? rc : HL_OPTIONS_RESERVED(o);
    if (rc)
        return rc;
    f = calloc(1, sizeof(*f));
    if (!f)
        return hl_err(-ENOMEM, "no memory for a fence");
    f->queue = hlthunk_queue_ref(q);
    f->stamp = o.timestamp;
    hl_object_init(&f->object, &ops, q->object.parent, o.label, __builtin_return_address(0));
    hl_queue_lock(q);
    rc = place(f);
    hl_queue_unlock(q);
    if (rc) {
        hl_object_put(&f->object);
        return rc;
    }
    hl_object_list(&f->object);
    *out = f;
    return 0;
}

struct hlthunk_fence *hlthunk_fence_ref(struct hlthunk_fence *f)
{
    hl_object_get(&f->object);
    return f;
}

void hlthunk_fence_unref(struct hlthunk_fence *f)
{
    if (f)
        hl_object_put(&f->object);
}

/* Not hl_object_check(): after a reset the object is stale, and how it ended is of interest. */
int hl_fence_check(const struct hlthunk_fence *f)
{
    if (!f)
        return hl_err(-EINVAL, "fence is NULL");
    if (!hl_object_is_ours(&f->object))
        return hl_err(-EPERM, "fence was made by the parent of this process");
    return 0;
}

int hlthunk_fence_wait(struct hlthunk_fence *f, int64_t timeout_ns)
{
    uint64_t deadline = hl_queue_deadline_ns(timeout_ns);
    int rc = hl_fence_check(f);

    if (rc)
        return rc;
    hl_queue_lock(f->queue);
    if (f->status == HLTHUNK_FENCE_PENDING)
        rc = hl_queue_await(f->queue, f->number, deadline);
    if (f->status == HLTHUNK_FENCE_LOST)
        rc = hl_err(-EIO,
                    "the fence is lost (%d): the device was reset or removed, or "
                    "a submission failed or took too long",
                    f->error);
    else if (f->status == HLTHUNK_FENCE_DONE)
        rc = 0;
    hl_queue_unlock(f->queue);
    return rc;
}

int hlthunk_fence_get_result(struct hlthunk_fence *f, struct hlthunk_fence_result *result)
{
    struct hlthunk_fence_result r = { 0 };
    struct hl_err_kept kept;
    int rc = hl_fence_check(f);

    if (rc)
        return rc;
    rc = hl_struct_check(result, "result");
    if (rc)
        return rc;
    hl_err_begin(&kept); /* how it ends is no failure of this call */
    hl_queue_lock(f->queue);
    if (f->status == HLTHUNK_FENCE_PENDING)
        (void)hl_queue_await(f->queue, f->number, 0);
    r.status = f->status;
    r.error = f->error;
    r.timestamp_ns = f->timestamp_ns;
    hl_queue_unlock(f->queue);
    hl_err_end(&kept, 0);
    HL_STRUCT_FILL(result, r);
    return 0;
}

struct hlthunk_queue *hlthunk_fence_borrow_queue(const struct hlthunk_fence *f)
{
    return f->queue;
}
