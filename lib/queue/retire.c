/* SPDX-License-Identifier: MIT */
/* Batches end, completed or lost. */
#include <string.h>

#include "lib/error.h"
#include "lib/kernel/deadline.h"
#include "lib/kernel/door.h"
#include "lib/device/device.h"
#include "lib/op/op_wait.h"
#include "lib/device/stale.h"
#include "lib/queue/queue.h"
#include "uapi/habanalabs_accel.h"

/* A wait that fails for no known reason is repeated this often. */
#define REFUSALS_MAX 100u

/* Another thread may find out that the device is lost: this one looks, too. */
#define SLICE_US 1000000u

int hl_queue_say_lost(const struct hlthunk_queue *q)
{
    if (q->lost == -ENODEV)
        return hl_err(q->lost, "queue is lost with its device: release it");
    return hl_err(q->lost,
                  "queue is lost, its device is not: the driver gave up or aborted a submission "
                  "(%s); release it and create another one",
                  strerror(-q->lost));
}

static bool is_stale(const struct hlthunk_device *d)
{
    return atomic_load(&d->base.stale);
}

uint64_t hl_queue_deadline_ns(int64_t timeout_ns)
{
    uint64_t deadline;

    if (timeout_ns < 0 || __builtin_add_overflow((uint64_t)timeout_ns, hl_now_ns(), &deadline))
        return UINT64_MAX;
    return timeout_ns ? deadline : 0;
}

static void end_fences(struct hl_batch *b, enum hlthunk_fence_status status, int error,
                       int64_t timestamp_ns)
{
    struct hlthunk_fence *f = b->fences, *next;

    b->fences = NULL;
    for (; f; f = next) {
        next = f->next;
        hl_fence_over(f, status, error, timestamp_ns);
    }
}

static void retire(struct hlthunk_queue *q, int64_t timestamp_ns)
{
    struct hl_batch *b = hl_queue_batch(q, q->head);

    for (uint32_t i = 0; i < b->delivery_count; i++)
        memcpy(b->deliveries[i].to, b->deliveries[i].from, b->deliveries[i].n);
    if (b->staged > q->staging.free)
        q->staging.free = b->staged;
    end_fences(b, HLTHUNK_FENCE_DONE, 0, timestamp_ns);
    hl_batch_clear(q, b);
    q->head++;
}

static int64_t timestamp_of(const struct hl_wait_cs_out *out)
{
    return out->flags & HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD ? out->timestamp_nsec : 0;
}

int hl_queue_count_resets(const struct hlthunk_queue *q, uint32_t *count)
{
    struct hl_info_reset_count r = { 0 };
    int rc = hl_ioctl_info(q->object.device->fd, HL_INFO_RESET_COUNT, &r, sizeof(r));

    if (rc == 0)
        *count = r.soft_reset_cnt;
    return rc;
}

/*
 * What "completed" means: 0, done; -EIO, aborted; or why it is not known yet.  The driver says so,
 * and GONE, of what it has forgotten: of Goya's submissions all but the latest 64
 * (hl_ctx_get_fence_locked(), hl_cs_poll_fences()).  It has aborted what was running if it has
 * reset the engines since.
 */
static int completed(const struct hlthunk_queue *q, const struct hl_wait_cs_out *out)
{
    uint32_t resets;
    int rc;

    if (__builtin_expect(!q->format->engines_reset, 1) ||
        !(out->flags & HL_WAIT_CS_STATUS_FLAG_GONE))
        return 0;
    rc = hl_queue_count_resets(q, &resets);
    if (rc)
        return rc;
    return resets == q->resets ? 0 : -EIO;
}

/* The same of the oldest batch, and when it was done; -EBUSY while it runs. */
static int ask_for_head(const struct hlthunk_queue *q, int64_t *timestamp_ns)
{
    union hl_wait_cs_args args;
    int rc = hl_wait_cs_plain(q->object.device->fd, hl_queue_batch(q, q->head)->sequence, 0, &args);

    *timestamp_ns = 0;
    if (rc)
        return rc;
    if (args.out.status != HL_WAIT_CS_STATUS_COMPLETED)
        return args.out.status == HL_WAIT_CS_STATUS_ABORTED ? -EIO : -EBUSY;
    *timestamp_ns = timestamp_of(&args.out);
    return completed(q, &args.out);
}

void hl_queue_lose(struct hlthunk_queue *q, uint64_t number, int why)
{
    int64_t at;

    if (q->lost)
        return;
    while (q->head < number && ask_for_head(q, &at) == 0)
        retire(q, at);
    q->lost = why;
    if (q->recording)
        q->tail++; /* what was not submitted is lost like the rest */
    q->recording = false;
    while (q->head != q->tail) {
        struct hl_batch *b = hl_queue_batch(q, q->head++);

        end_fences(b, HLTHUNK_FENCE_LOST, why, 0);
        hl_batch_clear(q, b);
    }
    q->staging.free = q->staging.end;
}

/*
 * Batches run in order: what came before this one is over as well.  The driver knows when; and on
 * Goya it may have been aborted, by a reset of only the engines, with this one submitted
 * afterwards.  Not 0: what the driver answered of the oldest one that is left.
 */
static int retire_until(struct hlthunk_queue *q, uint64_t number, int64_t timestamp_ns)
{
    while (q->head <= number && q->head != q->tail) {
        const struct hl_batch *b = hl_queue_batch(q, q->head);
        int64_t at = timestamp_ns;

        if (q->head != number && (b->stamp || q->format->engines_reset)) {
            int why = ask_for_head(q, &at);

            if (why)
                return why;
        }
        retire(q, at);
    }
    return 0;
}

/* What a refused wait means: why the work is lost, or 0: nothing yet. */
static int refused(struct hlthunk_device *d, int rc, unsigned *refusals)
{
    ++*refusals;
    switch (rc) {
    case -ETIMEDOUT:
    case -EIO:
    case -ENODEV:
        hl_device_ask(d);
        return rc;
    case -EBUSY:
        /* a reset of only the engines passes; what stays refused does not */
        return (*refusals > 1 ? hl_device_ask_after_wait(d) : hl_device_ask(d)) ? -ENODEV : 0;
    case -EINTR:
    case -ENOMEM:
        return 0;
    default:
        return *refusals > REFUSALS_MAX ? rc : 0;
    }
}

static int refused_with_lock(struct hlthunk_queue *q, int rc)
{
    hl_queue_hush(q);
    return refused(q->object.device, rc, &q->refusals);
}

static void pause_unlocked(struct hlthunk_queue *q, unsigned attempt)
{
    hl_queue_unlock(q);
    hl_queue_pause(attempt);
    hl_queue_lock(q);
}

/* Without the lock, unless it was to be only a look. */
static int ask_driver(struct hlthunk_queue *q, uint64_t sequence, bool unlock, uint64_t timeout_us,
                      union hl_wait_cs_args *args)
{
    int rc;

    if (unlock)
        hl_queue_unlock(q);
    rc = hl_wait_cs_plain(q->object.device->fd, sequence, timeout_us, args);
    if (unlock)
        hl_queue_lock(q);
    return rc;
}

unsigned hl_queue_look(struct hlthunk_queue *q, uint64_t number, uint64_t timeout_us)
{
    uint64_t sequence = hl_queue_batch(q, number)->sequence;
    bool stale = is_stale(q->object.device);
    union hl_wait_cs_args args;
    int rc, why;

    /* of a stale device only what it has finished already is of interest */
    rc = ask_driver(q, sequence, timeout_us, stale ? 0 : timeout_us, &args);
    if (q->lost || number < q->head)
        return 0;
    if (rc == 0 && args.out.status == HL_WAIT_CS_STATUS_COMPLETED) {
        rc = completed(q, &args.out);
        if (rc == 0) {
            rc = retire_until(q, number, timestamp_of(&args.out));
            number = q->head; /* what is left: of an outcome the driver may tell only once */
        }
        if (rc == 0) {
            q->refusals = 0;
            return 0;
        }
    } else if (rc == 0) {
        q->refusals = 0;
        if (args.out.status == HL_WAIT_CS_STATUS_ABORTED)
            rc = -EIO;
    }
    why = rc ? refused_with_lock(q, rc) : stale ? -ENODEV : 0;
    if (why)
        hl_queue_lose(q, number, why);
    return rc && !q->lost ? q->refusals : 0;
}

void hl_queue_collect(struct hlthunk_queue *q)
{
    uint64_t number;

    do {
        number = q->head;
        if (number != q->tail)
            (void)hl_queue_look(q, number, 0);
    } while (q->head != number);
}

int hl_queue_await(struct hlthunk_queue *q, uint64_t number, uint64_t deadline_ns)
{
    uint64_t left = deadline_ns ? hl_left_us(deadline_ns) : 0;

    while (!q->lost && number >= q->head) {
        unsigned attempt = hl_queue_look(q, number, left < SLICE_US ? left : SLICE_US);

        if (q->lost || number < q->head)
            break;
        if (!left)
            return hl_err(-ETIMEDOUT, "the queue has not finished yet");
        if (attempt)
            pause_unlocked(q, attempt);
        left = hl_left_us(deadline_ns);
    }
    if (q->lost)
        return hl_err(q->lost, "the queue was lost: its device was reset or removed, or a "
                               "submission failed or took too long");
    return 0;
}

/* Once it is, or its device or the queue's own is lost; false: not by then. */
static bool is_over(const struct hl_after *after, const struct hlthunk_device *own,
                    uint64_t deadline_ns)
{
    struct hlthunk_device *d = after->object.device;
    unsigned refusals = 0;

    for (;;) {
        bool stale = is_stale(d);
        uint64_t left = stale ? 0 : hl_left_us(deadline_ns);
        union hl_wait_cs_args args;
        int rc = hl_wait_cs_plain(d->fd, after->sequence, left < HL_GLANCE_US ? left : HL_GLANCE_US,
                                  &args);

        if (rc == 0)
            refusals = 0;
        if (rc ? refused(d, rc, &refusals) != 0
               : stale || args.out.status != HL_WAIT_CS_STATUS_BUSY)
            return true;
        if (is_stale(own))
            return true;
        if (!hl_left_us(deadline_ns))
            return false;
        if (rc)
            hl_queue_pause(refusals);
    }
}

bool hl_queue_wait_before(struct hlthunk_queue *q, uint64_t deadline_ns)
{
    struct hl_after *after = hl_queue_after(q);
    bool over, ends;

    /* it stays with the batch: other threads wait for it as well */
    hl_object_get(&after->object);
    hl_queue_unlock(q);
    over = is_over(after, q->object.device, deadline_ns);
    hl_queue_lock(q);
    ends = over && hl_queue_after(q) == after;
    if (ends)
        hl_queue_batch(q, q->tail)->held->after = NULL;
    hl_queue_unlock(q);
    if (ends)
        hl_object_put(&after->object);
    hl_object_put(&after->object);
    hl_queue_lock(q);
    return over;
}
