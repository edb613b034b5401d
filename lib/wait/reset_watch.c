/* SPDX-License-Identifier: MIT */
/* A thread that waits for a device to become stale, and calls back then. */
#include <hlthunk/reset.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/log.h"
#include "lib/device/device.h"
#include "lib/device/events.h"
#include "lib/device/stale.h"
#include "lib/options.h"
#include "lib/thread.h"

#define INTERVAL_NS 100000000u
#define INTERVAL_MAX_MS 3600000
#define DEAF_MS 100 /* the longest that the driver's events are ignored */
#define LOOK_MS 500 /* between looks at memory, where no descriptor wakes the thread */

struct hlthunk_reset_watch {
    struct hl_object object;
    hlthunk_reset_fn fn;
    void *user;
    pthread_t thread;
    bool runs;                   /* the thread, until it is waited for */
    pthread_mutex_t gate;        /* held until the thread may begin */
    struct hl_listener listener; /* its eventfd also ends the thread, */
    bool lost;                   /* unless the program has taken it (the thread's own) */
    int interval_ms;
    bool listens;  /* to the driver's events, */
    int events_fd; /* which come here */
    atomic_bool stop;
};

/* A watch's thread: the program's code that it was in has released the watch. */
static _Thread_local bool gone;

/* One of the two things that it is woken for has come. */
static bool is_over(struct hlthunk_reset_watch *w)
{
    return atomic_load(&w->stop) ||
           hlthunk_device_get_stale_reason(w->object.device) != HLTHUNK_STALE_NOT;
}

/* Sleeps for at most so long; true when something may have happened. */
static bool sleep_for(struct hlthunk_reset_watch *w, int ms, bool *deaf)
{
    const struct hl_eventfd *wake = &w->listener.wake;
    struct pollfd p[2] = {
        { .fd = w->lost ? -1 : wake->fd, .events = POLLIN },
        { .fd = w->listens && !*deaf ? w->events_fd : -1, .events = POLLIN },
    };
    int n = poll(p, 2, ms);

    *deaf = p[1].revents != 0;
    if (p[0].revents && !is_over(w))
        w->lost = !hl_eventfd_is_intact(wake);
    return n != 0;
}

/*
 * Sleeps until something may have happened, or it is time to ask the driver.  Where a notifier has
 * the driver's eventfd it stays readable until the program reads it: then it is left out once, so
 * that this is not a loop.  The program may have closed the thread's eventfd, also while the thread
 * sleeps on it: what it would be woken for is looked at now and then.  Whose the eventfd is, is
 * asked only when it is readable for neither reason: asking opens a descriptor, which a process
 * forked at that moment would inherit, and a program that closes all descriptors would take.
 */
static void sleep_until_woken(struct hlthunk_reset_watch *w, bool *deaf)
{
    int left = *deaf && w->interval_ms > DEAF_MS ? DEAF_MS : w->interval_ms;
    int slice;

    do {
        slice = left < LOOK_MS ? left : LOOK_MS;
        left -= slice;
    } while (!sleep_for(w, slice, deaf) && left && !is_over(w));
}

static void *run(void *arg)
{
    struct hlthunk_reset_watch *w = arg;
    struct hlthunk_device *d = w->object.device;
    enum hlthunk_stale_reason why;
    bool deaf = false;

    pthread_mutex_lock(&w->gate);
    pthread_mutex_unlock(&w->gate);
    do {
        if (!is_over(w)) /* it may be since before there was a listener */
            sleep_until_woken(w, &deaf);
        if (atomic_load(&w->stop))
            return NULL;
        hl_log_hold();
        if (deaf) {
            hl_events_fetch(d);
            w->events_fd = hl_events_fd(d);
        }
        hl_device_ask(d);
        why = hlthunk_device_get_stale_reason(d);
        hl_log_release(); /* its receiver may release the watch, as the callback may */
        if (gone)
            return NULL;
    } while (why == HLTHUNK_STALE_NOT);
    w->fn(d, why, w->user);
    return NULL;
}

/* Whatever exists of it. */
static void destroy(struct hl_object *o)
{
    struct hlthunk_reset_watch *w = (struct hlthunk_reset_watch *)o;

    if (hl_object_is_ours(o)) { /* a forked child has no such thread */
        if (w->runs && pthread_equal(w->thread, pthread_self())) {
            pthread_detach(w->thread); /* it cannot wait for itself */
            gone = true;
        } else if (w->runs) {
            atomic_store(&w->stop, true);
            hl_eventfd_signal(&w->listener.wake);
            pthread_join(w->thread, NULL);
        }
        hl_stale_remove_listener(o->device, &w->listener);
        if (w->listens)
            hl_events_leave(o->device, false);
    }
    hl_eventfd_close(&w->listener.wake);
    pthread_mutex_destroy(&w->gate);
    hl_object_free(o);
}

static const struct hl_object_ops ops = { .kind = "reset watch", .destroy = destroy };

/* Everything that the thread needs; after a failure the object shows what to undo. */
static int set_up(struct hlthunk_reset_watch *w)
{
    struct hlthunk_device *d = w->object.device;
    int rc = hl_eventfd_open(&w->listener.wake);
    struct hl_err_kept kept;

    if (rc)
        return hl_err(rc, "no file descriptor for a reset watch: %s", strerror(-rc));
    hl_err_begin(&kept);
    rc = hl_events_join(d, false);
    if (rc == 0) {
        w->listens = true;
        w->events_fd = hl_events_fd(d);
    }
    /* events go elsewhere, or this node has none: the status must suffice */
    if (rc == -EBUSY || rc == -EOPNOTSUPP)
        rc = hl_device_ask(d) ? hl_device_check(d) : 0;
    else if (rc)
        rc = hl_device_failed(d, rc);
    if (rc == 0)
        hl_stale_add_listener(d, &w->listener);
    return hl_err_end(&kept, rc);
}

static int interval_ms(uint64_t ns)
{
    uint64_t ms = (ns ? ns : INTERVAL_NS) / 1000000;

    return ms < 1 ? 1 : ms > INTERVAL_MAX_MS ? INTERVAL_MAX_MS : (int)ms;
}

int hlthunk_reset_watch_create(struct hlthunk_device *d, hlthunk_reset_fn fn, void *user,
                               const struct hlthunk_reset_watch_options *options,
                               struct hlthunk_reset_watch **out)
{
    struct hlthunk_reset_watch_options o;
    struct hlthunk_reset_watch *w;
    int rc = hl_device_check(d);

    if (rc)
        return rc;
    if (!out || !fn)
        return hl_err(-EINVAL, "%s is NULL", out ? "fn" : "watch");
    rc = HL_OPTIONS_READ(o, options);
    if (rc)
        return rc;
    w = calloc(1, sizeof(*w));
    if (!w)
        return hl_err(-ENOMEM, "no memory for a reset watch");
    w->fn = fn;
    w->user = user;
    w->interval_ms = interval_ms(o.interval_ns);
    w->listener.wake = HL_EVENTFD_NONE;
    atomic_init(&w->stop, false);
    pthread_mutex_init(&w->gate, NULL); /* cannot fail without attributes */
    hl_object_init(&w->object, &ops, &d->base, o.label, __builtin_return_address(0));
    rc = set_up(w);
    if (rc == 0) {
        pthread_mutex_lock(&w->gate);
        rc = hl_thread_start(&w->thread, run, w);
        if (rc) {
            hl_err(rc, "no thread for a reset watch: %s", strerror(-rc));
        } else { /* before the callback can want it */
            w->runs = true;
            hl_object_list(&w->object);
            *out = w;
        }
        pthread_mutex_unlock(&w->gate);
    }
    if (rc)
        hl_object_put(&w->object);
    return rc;
}

struct hlthunk_reset_watch *hlthunk_reset_watch_ref(struct hlthunk_reset_watch *w)
{
    hl_object_get(&w->object);
    return w;
}

void hlthunk_reset_watch_unref(struct hlthunk_reset_watch *w)
{
    if (w)
        hl_object_put(&w->object);
}
