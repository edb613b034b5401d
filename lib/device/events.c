/* SPDX-License-Identifier: MIT */
#include "lib/device/events.h"

#include <string.h>

#include "lib/error.h"
#include "lib/core/attachment.h"
#include "lib/device/device.h"
#include "lib/device/stale.h"
#include "lib/kernel/eventfd.h"
#include "lib/op/op_event.h"

/* Guarded by the device's lock. */
struct events {
    struct hl_attachment part;
    struct hl_eventfd eventfd; /* ours; none: the program has taken it, or there is no user */
    bool registered;           /* with the driver */
    unsigned users;
    bool notifier;    /* one of them is the event notifier */
    uint64_t pending; /* fetched from the driver, not returned by the notifier yet */
};

static void init(struct hl_attachment *a, struct hl_parent *parent)
{
    (void)parent;
    ((struct events *)a)->eventfd = HL_EVENTFD_NONE;
}

/* Its users are gone; in a forked child there is the copy of the eventfd. */
static void destroy(struct hl_attachment *a, struct hl_parent *parent, bool ours)
{
    (void)parent, (void)ours;
    hl_eventfd_close(&((struct events *)a)->eventfd);
}

static const struct hl_attachment_ops ops = {
    .size = sizeof(struct events),
    .init = init,
    .destroy = destroy,
};

/* NULL: no user has joined yet. */
static struct events *events_of(struct hlthunk_device *d)
{
    return hl_attachment_find(&d->base, &ops);
}

static struct events *events_get(struct hlthunk_device *d)
{
    struct events *e = hl_attachment_get(&d->base, &ops);

    if (!e)
        hl_err(-ENOMEM, "no memory for the events of a device");
    return e;
}

/* A new eventfd, registered: 0 or -errno. */
static int set_up(struct events *e, int device_fd)
{
    int rc = hl_eventfd_open(&e->eventfd);

    if (rc)
        return hl_err(rc, "no eventfd: %s", strerror(-rc));
    rc = hl_event_register(device_fd, e->eventfd.fd);
    if (rc)
        hl_eventfd_close(&e->eventfd);
    else
        e->registered = true;
    return rc == -EINVAL ? hl_err(-EBUSY, "this device file already has a notifier") : rc;
}

/* In a reset 6.1 refuses it with EBUSY (_hl_info_ioctl()), and keeps the eventfd. */
static void end(struct events *e, int device_fd)
{
    struct hl_err_kept kept;

    hl_err_begin(&kept); /* a release does not fail */
    e->registered = hl_event_unregister(device_fd, e->eventfd.fd) == -EBUSY;
    hl_err_end(&kept, 0);
    if (!e->registered || !hl_eventfd_clear(&e->eventfd))
        hl_eventfd_close(&e->eventfd);
}

/* With what the driver has kept, if it still does not take that back. */
static int begin(struct events *e, int device_fd)
{
    if (e->registered)
        end(e, device_fd);
    return e->registered && e->eventfd.fd >= 0 ? 0 : set_up(e, device_fd);
}

int hl_events_join(struct hlthunk_device *d, bool notifier)
{
    struct events *e = events_get(d);
    int rc = 0;

    if (!e)
        return -ENOMEM;
    pthread_mutex_lock(&d->base.lock);
    if (notifier && e->notifier) {
        rc = hl_err(-EBUSY, "this device file already has a notifier");
    } else if (!e->users || e->eventfd.fd < 0) {
        rc = begin(e, d->fd);
    }
    if (rc == 0) {
        e->users++;
        e->notifier |= notifier;
        if (notifier && e->pending) /* a watch has taken the count */
            hl_eventfd_signal(&e->eventfd);
    }
    pthread_mutex_unlock(&d->base.lock);
    return rc;
}

void hl_events_leave(struct hlthunk_device *d, bool notifier)
{
    struct events *e = events_of(d);

    pthread_mutex_lock(&d->base.lock);
    if (notifier)
        e->notifier = false;
    if (--e->users == 0) {
        if (atomic_load(&d->base.stale))
            hl_eventfd_close(&e->eventfd);
        else
            end(e, d->fd);
        e->pending = 0;
    }
    pthread_mutex_unlock(&d->base.lock);
}

int hl_events_fd(struct hlthunk_device *d)
{
    struct events *e = events_of(d);
    int fd;

    pthread_mutex_lock(&d->base.lock);
    fd = e->eventfd.fd;
    pthread_mutex_unlock(&d->base.lock);
    return fd;
}

int hl_events_fetch(struct hlthunk_device *d)
{
    struct events *e = events_of(d);
    uint64_t mask = 0;
    int rc;

    /* under the lock: what one has fetched, the other finds */
    pthread_mutex_lock(&d->base.lock);
    /* first: what comes from now on is seen again */
    if (!e->notifier && !hl_eventfd_clear(&e->eventfd))
        hl_eventfd_close(&e->eventfd);
    rc = hl_event_mask(d->fd, &mask);
    if (rc == 0)
        e->pending |= mask;
    pthread_mutex_unlock(&d->base.lock);
    if (rc)
        return hl_device_failed(d, rc);
    hl_device_learn_events(d, mask);
    return 0;
}

int hl_events_take(struct hlthunk_device *d)
{
    struct events *e = events_of(d);
    int kind = -1;

    pthread_mutex_lock(&d->base.lock);
    if (e->pending) {
        kind = __builtin_ctzll(e->pending);
        e->pending &= e->pending - 1;
    }
    pthread_mutex_unlock(&d->base.lock);
    return kind;
}
