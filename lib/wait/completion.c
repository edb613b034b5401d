/* SPDX-License-Identifier: MIT */
#include <hlthunk/completion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/error.h"
#include "lib/kernel/deadline.h"
#include "lib/kernel/eventfd.h"
#include "lib/device/device.h"
#include "lib/device/stale.h"
#include "lib/op/op_wait.h"
#include "lib/wait/waiters.h"
#include "lib/options.h"
#include "uapi/habanalabs_accel.h"

/* A wait that is refused for the moment, or ends early without an answer, is not repeated at once.
 */
#define PAUSE_US 5000

struct hlthunk_completion {
    struct hl_object object;
    struct hl_wait wait;
    struct hl_waiters *waiters;
    struct hl_eventfd eventfd;
    bool own_eventfd;  /* not the caller's */
    bool added;        /* to the waiters */
    unsigned refusals; /* in a row; of the thread that asks */
    bool checked;      /* the driver has seen the arguments */
    /* written by the thread that asks, read when it is over */
    enum hlthunk_completion_status status;
    int error;
    int64_t timestamp_ns;
    /* an interrupt */
    const uint64_t *address; /* NULL: submissions */
    uint64_t target;
    uint32_t interrupt;
    /* submissions: those before next have completed */
    size_t next, count;
    uint64_t sequences[];
};

/* ---- what the threads do ---- */

static struct hlthunk_completion *of(struct hl_wait *wait)
{
    return (struct hlthunk_completion *)((char *)wait - offsetof(struct hlthunk_completion, wait));
}

static bool settle(struct hlthunk_completion *c, enum hlthunk_completion_status status, int error)
{
    c->status = status;
    c->error = error;
    return true;
}

static void sleep_us(uint64_t us)
{
    struct timespec t = { .tv_sec = (time_t)(us / 1000000),
                          .tv_nsec = (long)(us % 1000000) * 1000 };

    nanosleep(&t, NULL);
}

static bool lost(struct hlthunk_completion *c)
{
    return settle(c, HLTHUNK_COMPLETION_LOST, -ENODEV);
}

/* What a refused wait means.  False: nothing yet. */
static bool failed(struct hlthunk_completion *c, int rc, uint64_t timeout_us)
{
    struct hlthunk_device *d = c->object.device;

    switch (rc) {
    case -ETIMEDOUT:
        return settle(c, HLTHUNK_COMPLETION_TIMED_OUT, rc);
    case -EIO:
        hl_device_ask(d);
        return settle(c, HLTHUNK_COMPLETION_ABORTED, rc);
    case -ENODEV:
        hl_device_ask(d);
        return lost(c);
    case -EBUSY:
        /* a reset of only the engines passes; what stays refused does not */
        if (c->refusals++ ? hl_device_ask_after_wait(d) : hl_device_ask(d))
            return lost(c);
        /* fall through */
    case -EINTR:
    case -ENOMEM: /* all of the driver's places for waiters are taken */
        if (timeout_us)
            sleep_us(PAUSE_US);
        return false;
    default:
        return settle(c, HLTHUNK_COMPLETION_FAILED, rc);
    }
}

/* One wait of the driver's: 0 with its answer, or -errno. */
static int wait_once(struct hlthunk_completion *c, uint64_t timeout_us, union hl_wait_cs_args *args)
{
    int fd = c->object.device->fd;

    if (!c->address)
        return hl_wait_cs(fd, c->sequences[c->next], timeout_us, args);
    /* the word is all that the driver looks at, too */
    if (!timeout_us && c->checked && __atomic_load_n(c->address, __ATOMIC_ACQUIRE) < c->target) {
        args->out = (struct hl_wait_cs_out){ .status = HL_WAIT_CS_STATUS_BUSY };
        return 0;
    }
    c->checked = true;
    return hl_wait_interrupt(fd, c->address, c->target, c->interrupt, timeout_us, args);
}

/* The part of it that was waited for is done: is all of it? */
static bool advance(struct hlthunk_completion *c, const struct hl_wait_cs_out *out)
{
    if (out->flags & HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD && out->timestamp_nsec > c->timestamp_ns)
        c->timestamp_ns = out->timestamp_nsec;
    return c->address || ++c->next == c->count;
}

static bool ask(struct hl_wait *wait, uint64_t timeout_us)
{
    struct hlthunk_completion *c = of(wait);
    uint64_t deadline = hl_deadline_ns(timeout_us), left = timeout_us;
    bool stale = atomic_load(&c->object.device->base.stale);
    union hl_wait_cs_args args;
    int rc;

    for (;;) {
        /* of a stale device, only what it has already finished is of interest */
        rc = wait_once(c, stale ? 0 : left, &args);
        if (rc)
            return failed(c, rc, timeout_us);
        c->refusals = 0;
        if (args.out.status == HL_WAIT_CS_STATUS_ABORTED)
            return failed(c, -EIO, timeout_us);
        if (args.out.status != HL_WAIT_CS_STATUS_COMPLETED)
            break;
        if (advance(c, &args.out))
            return settle(c, HLTHUNK_COMPLETION_DONE, 0);
        left = timeout_us ? hl_left_us(deadline) : 0;
    }
    if (stale)
        return lost(c);
    /* the driver cut the wait short: do not spin */
    left = timeout_us ? hl_left_us(deadline) : 0;
    if (left > PAUSE_US)
        sleep_us(PAUSE_US);
    return false;
}

static void over(struct hl_wait *wait)
{
    hl_eventfd_signal(&of(wait)->eventfd);
}

/* ---- the object ---- */

/* The caller's must be an eventfd: eight bytes will be written to it. */
static int use_eventfd(struct hlthunk_completion *c, int fd)
{
    int rc;

    if (fd) {
        rc = hl_eventfd_borrow(&c->eventfd, fd);
        if (rc == -EINVAL)
            return hl_err(rc, "options->eventfd %d is not an eventfd", fd);
        return rc ? hl_err(rc, "options->eventfd %d is not open", fd) : 0;
    }
    rc = hl_eventfd_open(&c->eventfd);
    c->own_eventfd = rc == 0;
    return rc ? hl_err(rc, "no eventfd: %s", strerror(-rc)) : 0;
}

static void destroy(struct hl_object *o)
{
    struct hlthunk_completion *c = (struct hlthunk_completion *)o;

    if (c->added && hl_object_is_ours(o))
        hl_waiters_cancel(c->waiters, &c->wait);
    if (c->own_eventfd)
        hl_eventfd_close(&c->eventfd);
    hl_object_free(o);
}

static const struct hl_object_ops ops = { .kind = "completion", .destroy = destroy };

/* What all kinds check, before they are built. */
static int check_new(struct hlthunk_device *d, const struct hlthunk_completion_options *options,
                     struct hlthunk_completion_options *o, struct hlthunk_completion **out)
{
    int rc = hl_device_check(d);

    if (rc)
        return rc;
    if (!out)
        return hl_err(-EINVAL, "completion is NULL");
    if (d->props.control)
        return hl_err(-EPERM, "device is a control node, which submits nothing: open the primary "
                              "node");
    rc = HL_OPTIONS_READ(*o, options);
    return rc ? rc : HL_OPTIONS_RESERVED(*o);
}

static struct hlthunk_completion *create(struct hlthunk_device *d, size_t count,
                                         const struct hlthunk_completion_options *o,
                                         const void *creator)
{
    struct hlthunk_completion *c;

    if (count > (SIZE_MAX - sizeof(*c)) / sizeof(c->sequences[0]))
        c = NULL;
    else
        c = calloc(1, sizeof(*c) + count * sizeof(c->sequences[0]));
    if (!c) {
        hl_err(-ENOMEM, "no memory for a completion of %zu submissions", count);
        return NULL;
    }
    c->eventfd = HL_EVENTFD_NONE;
    c->wait.ask = ask;
    c->wait.over = over;
    c->count = count;
    hl_object_init(&c->object, &ops, &d->base, o->label, creator);
    return c;
}

/* Asks once.  How the work ended is no failure, nor that it is not known yet. */
static bool look(struct hlthunk_completion *c)
{
    struct hl_err_kept kept;
    bool is_over;

    hl_err_begin(&kept);
    is_over = ask(&c->wait, 0);
    hl_err_end(&kept, is_over && c->status == HLTHUNK_COMPLETION_FAILED ? c->error : 0);
    return is_over;
}

/* Once here, so that errors are reported immediately; then the threads take over. */
static int start(struct hlthunk_completion *c, const struct hlthunk_completion_options *o,
                 struct hlthunk_completion **out)
{
    struct hlthunk_device *d = c->object.device;
    int rc = use_eventfd(c, o->eventfd);

    if (rc == 0) {
        c->waiters = hl_waiters_of(d);
        rc = c->waiters ? 0 : -ENOMEM;
    }
    if (rc == 0 && look(c)) {
        c->wait.ended = true;
        if (c->status == HLTHUNK_COMPLETION_LOST)
            rc = hl_device_check(d);
        else if (c->status == HLTHUNK_COMPLETION_FAILED)
            rc = c->error; /* with its text */
        if (rc == 0)
            over(&c->wait);
    } else if (rc == 0) {
        rc = hl_waiters_add(c->waiters, &c->wait);
        c->added = rc == 0;
    }
    if (rc) {
        hl_object_put(&c->object);
        return rc;
    }
    hl_object_list(&c->object);
    *out = c;
    return 0;
}

int hlthunk_completion_create_for_submissions(struct hlthunk_device *d, const uint64_t *sequences,
                                              size_t count,
                                              const struct hlthunk_completion_options *options,
                                              struct hlthunk_completion **out)
{
    struct hlthunk_completion_options o;
    struct hlthunk_completion *c;
    int rc = check_new(d, options, &o, out);

    if (rc)
        return rc;
    if (!sequences || !count)
        return hl_err(-EINVAL, sequences ? "count is 0" : "sequences is NULL");
    c = create(d, count, &o, __builtin_return_address(0));
    if (!c)
        return -ENOMEM;
    memcpy(c->sequences, sequences, count * sizeof(sequences[0]));
    return start(c, &o, out);
}

int hlthunk_completion_create_for_interrupt(struct hlthunk_device *d, uint32_t interrupt,
                                            const uint64_t *address, uint64_t target,
                                            const struct hlthunk_completion_options *options,
                                            struct hlthunk_completion **out)
{
    struct hlthunk_completion_options o;
    struct hlthunk_completion *c;
    int rc = check_new(d, options, &o, out);

    if (rc)
        return rc;
    if (!address || (uintptr_t)address % sizeof(*address))
        return hl_err(-EINVAL, address ? "address %p is not a multiple of 8" : "address is NULL",
                      (const void *)address);
    if (!d->props.number_of_user_interrupts)
        return hl_err(-EOPNOTSUPP, "this ASIC has no interrupts for programs");
    if (interrupt > HL_INTERRUPT_ANY_CQ)
        return hl_err(-EINVAL, "interrupt %u is above %u", interrupt, HL_INTERRUPT_ANY_CQ);
    c = create(d, 0, &o, __builtin_return_address(0));
    if (!c)
        return -ENOMEM;
    c->address = address;
    c->target = target;
    c->interrupt = interrupt;
    return start(c, &o, out);
}

struct hlthunk_completion *hlthunk_completion_ref(struct hlthunk_completion *c)
{
    hl_object_get(&c->object);
    return c;
}

void hlthunk_completion_unref(struct hlthunk_completion *c)
{
    if (c)
        hl_object_put(&c->object);
}

int hlthunk_completion_borrow_fd(const struct hlthunk_completion *c)
{
    return c->eventfd.fd;
}

/* Not hl_object_check(): after a reset the object is stale, and how it ended is of interest. */
static int check(const struct hlthunk_completion *c)
{
    if (!c)
        return hl_err(-EINVAL, "completion is NULL");
    if (!hl_object_is_ours(&c->object))
        return hl_err(-EPERM, "completion was made by the parent of this process");
    return 0;
}

int hlthunk_completion_get_result(struct hlthunk_completion *c,
                                  struct hlthunk_completion_result *result)
{
    struct hlthunk_completion_result r = { 0 };
    int rc = check(c);

    if (rc)
        return rc;
    rc = hl_struct_check(result, "result");
    if (rc)
        return rc;
    hl_waiters_lock(c->waiters);
    if (c->wait.ended) {
        r.status = c->status;
        r.error = c->error;
        r.timestamp_ns = c->status == HLTHUNK_COMPLETION_DONE ? c->timestamp_ns : 0;
    }
    hl_waiters_unlock(c->waiters);
    HL_STRUCT_FILL(result, r);
    return 0;
}

int hlthunk_completion_wait(struct hlthunk_completion *c, int64_t timeout_ns)
{
    int rc = check(c);

    if (rc)
        return rc;
    if (!hl_waiters_wait(c->waiters, &c->wait, hl_deadline_after(timeout_ns)))
        return hl_err(-ETIMEDOUT, "not complete within %lld ns", (long long)timeout_ns);
    return 0;
}

const char *hlthunk_completion_status_get_name(enum hlthunk_completion_status status)
{
    static const char *const names[] = {
        [HLTHUNK_COMPLETION_PENDING] = "pending",     [HLTHUNK_COMPLETION_DONE] = "done",
        [HLTHUNK_COMPLETION_TIMED_OUT] = "timed out", [HLTHUNK_COMPLETION_ABORTED] = "aborted",
        [HLTHUNK_COMPLETION_LOST] = "device lost",    [HLTHUNK_COMPLETION_FAILED] = "failed",
    };

    return (unsigned)status < sizeof(names) / sizeof(names[0]) ? names[status] : "unknown";
}
