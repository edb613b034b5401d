/* SPDX-License-Identifier: MIT */
/* A thread that waits for a device to become stale, and calls back then. */
#include <hlthunk/reset.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/device/device.h"
#include "lib/options.h"
#include "lib/thread.h"

#define INTERVAL_US 100000
#define INTERVAL_MAX_MS 3600000

struct hlthunk_reset_watch {
    struct hl_object object;
    hlthunk_reset_fn fn;
    void *user;
    pthread_t thread;
    pthread_mutex_t gate;        /* held until the thread may begin */
    struct hl_stale_waker waker; /* its eventfd also ends the thread */
    int epoll;
    int interval_ms;
    bool listens; /* to the driver's events */
    atomic_bool stop;
};

/* The watch whose callback this thread is in: it cannot wait for itself. */
static _Thread_local const struct hlthunk_reset_watch *own;

static void describe(const struct hl_object *o, struct hlthunk_live_object *live)
{
    (void)o, (void)live; /* it has neither size nor address */
}

static void *run(void *arg)
{
    struct hlthunk_reset_watch *w = arg;
    struct hlthunk_device *d = w->object.device;
    struct epoll_event ready[2];
    enum hlthunk_stale why;

    pthread_mutex_lock(&w->gate);
    pthread_mutex_unlock(&w->gate);
    do {
        int n = epoll_wait(w->epoll, ready, 2, w->interval_ms);

        if (atomic_load(&w->stop))
            return NULL;
        for (int i = 0; i < n; i++) {
            if (ready[i].data.fd != w->waker.eventfd)
                hl_events_fetch(d);
        }
        hl_device_ask(d);
        why = hlthunk_device_stale(d);
    } while (why == HLTHUNK_STALE_NOT);
    own = w;
    /* which may give the watch back: it is not looked at after this */
    w->fn(d, why, w->user);
    return NULL;
}

static void wake(const struct hlthunk_reset_watch *w)
{
    const uint64_t one = 1;

    if (write(w->waker.eventfd, &one, sizeof(one)) < 0)
        return; /* full: it is awake */
}

static void set_waker(struct hlthunk_reset_watch *w, bool listed)
{
    struct hlthunk_device *d = w->object.device;
    struct hl_stale_waker **p = &d->wakers;

    pthread_mutex_lock(&d->lock);
    if (listed) {
        w->waker.next = d->wakers;
        d->wakers = &w->waker;
    } else {
        while (*p && *p != &w->waker)
            p = &(*p)->next;
        if (*p)
            *p = w->waker.next;
    }
    pthread_mutex_unlock(&d->lock);
}

/* What there is of it, but for the thread. */
static void destroy(struct hlthunk_reset_watch *w)
{
    struct hlthunk_device *d = w->object.device;

    if (hl_epoch_is_ours(w->object.epoch)) {
        set_waker(w, false);
        if (w->listens)
            hl_events_leave(d, false);
    }
    if (w->epoll >= 0)
        close(w->epoll);
    if (w->waker.eventfd >= 0)
        close(w->waker.eventfd);
    pthread_mutex_destroy(&w->gate);
    hl_object_delist(&w->object);
    free(w);
    hlthunk_device_unref(d);
}

/* The driver's eventfd is read by the event notifier alone: each signal wakes the thread once. */
static int add(int epoll, int fd, uint32_t flags)
{
    struct epoll_event e = { .events = EPOLLIN | flags, .data.fd = fd };

    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

/* Everything that the thread needs; what lacks shows in the object, which is destroyed then. */
static int set_up(struct hlthunk_reset_watch *w)
{
    struct hlthunk_device *d = w->object.device;
    int rc;

    w->waker.eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    rc = w->waker.eventfd < 0 ? -errno : (w->waker.eventfd = hl_fd_sanitize(w->waker.eventfd));
    if (rc >= 0) {
        w->epoll = epoll_create1(EPOLL_CLOEXEC);
        rc = w->epoll < 0 ? -errno : (w->epoll = hl_fd_sanitize(w->epoll));
    }
    if (rc >= 0)
        rc = add(w->epoll, w->waker.eventfd, 0);
    if (rc)
        return hl_err(rc, "no file descriptor for a reset watch: %s", strerror(-rc));
    rc = hl_events_join(d, false);
    /* events elsewhere, or none on this node: the status has to do */
    if (rc == -EBUSY || rc == -EOPNOTSUPP)
        return hl_device_ask(d) ? hl_device_check(d) : 0;
    if (rc)
        return hl_device_failed(d, rc);
    w->listens = true;
    rc = add(w->epoll, d->events.eventfd, EPOLLET);
    return rc ? hl_err(rc, "no event poll for a reset watch: %s", strerror(-rc)) : 0;
}

static int interval_ms(uint64_t us)
{
    uint64_t ms = (us ? us : INTERVAL_US) / 1000;

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
    w->interval_ms = interval_ms(o.interval_us);
    w->epoll = w->waker.eventfd = -1;
    atomic_init(&w->stop, false);
    pthread_mutex_init(&w->gate, NULL); /* cannot fail without attributes */
    hl_object_init(&w->object, "reset watch", d, o.label, __builtin_return_address(0), describe);
    hl_object_enlist(&w->object);
    rc = set_up(w);
    if (rc == 0) {
        set_waker(w, true);
        pthread_mutex_lock(&w->gate);
        rc = hl_thread_start(&w->thread, run, w);
        if (rc)
            hl_err(rc, "no thread for a reset watch: %s", strerror(-rc));
        else
            *out = w; /* before the callback can want it */
        pthread_mutex_unlock(&w->gate);
    }
    if (rc)
        destroy(w);
    return rc;
}

struct hlthunk_reset_watch *hlthunk_reset_watch_ref(struct hlthunk_reset_watch *w)
{
    hl_refs_get(&w->object.refs);
    return w;
}

void hlthunk_reset_watch_unref(struct hlthunk_reset_watch *w)
{
    if (!w || !hl_refs_put(&w->object.refs))
        return;
    if (hl_epoch_is_ours(w->object.epoch)) { /* a forked child has no such thread */
        if (own == w) {
            pthread_detach(pthread_self());
        } else {
            atomic_store(&w->stop, true);
            wake(w);
            pthread_join(w->thread, NULL);
        }
    }
    destroy(w);
}
