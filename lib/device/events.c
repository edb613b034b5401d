/* SPDX-License-Identifier: MIT */
#include "lib/device/events.h"

#include <string.h>

#include "lib/error.h"
#include "lib/device/device.h"
#include "lib/op/op_event.h"

void hl_events_init(struct hl_events *e)
{
    *e = (struct hl_events){ .eventfd = HL_EVENTFD_NONE };
}

/* A new eventfd, registered: 0 or -errno. */
static int set_up(struct hl_events *e, int device_fd)
{
    int rc = hl_eventfd_open(&e->eventfd);

    if (rc)
        return hl_err(rc, "no eventfd: %s", strerror(-rc));
    rc = hl_event_register(device_fd, e->eventfd.fd);
    if (rc)
        hl_eventfd_close(&e->eventfd);
    return rc == -EINVAL ? hl_err(-EBUSY, "this device file has a notifier already") : rc;
}

int hl_events_join(struct hlthunk_device *d, bool notifier)
{
    struct hl_events *e = &d->events;
    int rc = 0;

    pthread_mutex_lock(&d->lock);
    if (notifier && e->notifier) {
        rc = hl_err(-EBUSY, "this device file has a notifier already");
    } else if (!e->users) {
        rc = set_up(e, d->fd);
    }
    if (rc == 0) {
        e->users++;
        e->notifier |= notifier;
        if (notifier && e->pending) /* a watch has taken the count */
            hl_eventfd_signal(&e->eventfd);
    }
    pthread_mutex_unlock(&d->lock);
    return rc;
}

void hl_events_leave(struct hlthunk_device *d, bool notifier)
{
    struct hl_events *e = &d->events;

    pthread_mutex_lock(&d->lock);
    if (notifier)
        e->notifier = false;
    if (--e->users == 0) {
        hl_event_unregister(d->fd, e->eventfd.fd);
        hl_eventfd_close(&e->eventfd);
        e->pending = 0;
    }
    pthread_mutex_unlock(&d->lock);
}

void hl_events_forget(struct hl_events *e)
{
    hl_eventfd_close(&e->eventfd);
}

int hl_events_fetch(struct hlthunk_device *d)
{
    uint64_t mask = 0;
    int rc;

    /* under the lock: what one has fetched, the other finds */
    pthread_mutex_lock(&d->lock);
    if (!d->events.notifier)
        hl_eventfd_clear(&d->events.eventfd); /* first: what comes from now on is seen again */
    rc = hl_event_mask(d->fd, &mask);
    if (rc == 0)
        d->events.pending |= mask;
    pthread_mutex_unlock(&d->lock);
    if (rc)
        return hl_device_failed(d, rc);
    hl_device_learn_events(d, mask);
    return 0;
}

void hl_events_add_listener(struct hlthunk_device *d, struct hl_listener *l)
{
    pthread_mutex_lock(&d->lock);
    l->next = d->events.listeners;
    d->events.listeners = l;
    pthread_mutex_unlock(&d->lock);
}

void hl_events_remove_listener(struct hlthunk_device *d, struct hl_listener *l)
{
    struct hl_listener **p = &d->events.listeners;

    pthread_mutex_lock(&d->lock);
    while (*p && *p != l)
        p = &(*p)->next;
    if (*p)
        *p = l->next;
    pthread_mutex_unlock(&d->lock);
}

void hl_events_wake(struct hlthunk_device *d)
{
    pthread_mutex_lock(&d->lock);
    for (struct hl_listener *l = d->events.listeners; l; l = l->next)
        hl_eventfd_signal(&l->wake);
    pthread_mutex_unlock(&d->lock);
}

int hl_events_take(struct hlthunk_device *d)
{
    struct hl_events *e = &d->events;
    int kind = -1;

    pthread_mutex_lock(&d->lock);
    if (e->pending) {
        kind = __builtin_ctzll(e->pending);
        e->pending &= e->pending - 1;
    }
    pthread_mutex_unlock(&d->lock);
    return kind;
}
