/* SPDX-License-Identifier: MIT */
#include "lib/device/events.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/device/device.h"
#include "lib/op/op_event.h"

void hl_events_init(struct hl_events *e)
{
    *e = (struct hl_events){ .eventfd = -1 };
}

/* A new eventfd, registered: the descriptor or -errno. */
static int set_up(int device_fd)
{
    int rc, fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    if (fd < 0)
        return hl_err(-errno, "no eventfd: %s", strerror(errno));
    fd = hl_fd_sanitize(fd);
    if (fd < 0)
        return hl_err(fd, "no eventfd: %s", strerror(-fd));
    rc = hl_event_register(device_fd, fd);
    if (rc == 0)
        return fd;
    close(fd);
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
        rc = set_up(d->fd);
        if (rc >= 0) {
            e->eventfd = rc;
            rc = 0;
        }
    }
    if (rc == 0) {
        e->users++;
        e->notifier |= notifier;
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
        hl_event_unregister(d->fd, e->eventfd);
        close(e->eventfd);
        hl_events_init(e);
    }
    pthread_mutex_unlock(&d->lock);
}

void hl_events_forget(struct hl_events *e)
{
    if (e->eventfd >= 0)
        close(e->eventfd);
    e->eventfd = -1;
}

int hl_events_fetch(struct hlthunk_device *d)
{
    uint64_t mask = 0;
    int rc;

    /* under the lock: what one has fetched, the other finds */
    pthread_mutex_lock(&d->lock);
    rc = hl_event_mask(d->fd, &mask);
    if (rc == 0)
        d->events.pending |= mask;
    pthread_mutex_unlock(&d->lock);
    if (rc)
        return hl_device_failed(d, rc);
    hl_device_learn_events(d, mask);
    return 0;
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
