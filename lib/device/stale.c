/* SPDX-License-Identifier: MIT */
#include "lib/device/stale.h"

#include "lib/error.h"
#include "lib/log.h"
#include "lib/device/device.h"
#include "lib/kernel/door.h"
#include "uapi/habanalabs_accel.h"

enum hlthunk_stale_reason hlthunk_device_get_stale_reason(const struct hlthunk_device *d)
{
    return (enum hlthunk_stale_reason)atomic_load(&d->base.stale);
}

void hl_stale_add_listener(struct hlthunk_device *d, struct hl_listener *l)
{
    pthread_mutex_lock(&d->base.lock);
    l->next = d->listeners;
    d->listeners = l;
    pthread_mutex_unlock(&d->base.lock);
}

void hl_stale_remove_listener(struct hlthunk_device *d, struct hl_listener *l)
{
    struct hl_listener **p = &d->listeners;

    pthread_mutex_lock(&d->base.lock);
    while (*p && *p != l)
        p = &(*p)->next;
    if (*p)
        *p = l->next;
    pthread_mutex_unlock(&d->base.lock);
}

void hl_device_mark_stale(struct hlthunk_device *d, enum hlthunk_stale_reason why)
{
    int not_yet = HLTHUNK_STALE_NOT;

    /* a control node's file outlives a reset, and has no memory that is lost in it */
    if (d->props.control && why != HLTHUNK_STALE_GONE)
        return;
    if (!atomic_compare_exchange_strong(&d->base.stale, &not_yet, (int)why))
        return;
    hl_log(HLTHUNK_LOG_WARNING,
           "%s %s: its objects are stale; drop what importers have registered, release the "
           "objects and open the device again",
           d->name, why == HLTHUNK_STALE_RESET ? "is being reset" : "is gone or has failed");
    pthread_mutex_lock(&d->base.lock);
    for (struct hl_listener *l = d->listeners; l; l = l->next)
        hl_eventfd_signal(&l->wake);
    pthread_mutex_unlock(&d->base.lock);
}

void hl_device_learn_status(struct hlthunk_device *d, uint32_t status)
{
    switch (status) {
    case HL_DEVICE_STATUS_IN_RESET:
    case HL_DEVICE_STATUS_NEEDS_RESET:
        hl_device_mark_stale(d, HLTHUNK_STALE_RESET);
        break;
    case HL_DEVICE_STATUS_MALFUNCTION: /* also while the driver is unbound */
        hl_device_mark_stale(d, HLTHUNK_STALE_GONE);
        break;
    default:
        /* IN_RESET_AFTER_DEVICE_RELEASE: another user's leftovers, or a reset of only the engines;
         * memory and mappings stay */
        break;
    }
}

void hl_device_learn_events(struct hlthunk_device *d, uint64_t mask)
{
    uint64_t lost = HL_NOTIFIER_EVENT_DEVICE_RESET | HL_NOTIFIER_EVENT_DEVICE_UNAVAILABLE;

    /*
     * Of a Goya, 6.1 says "reset" only before it resets nothing but the engines (cs_timedout()); of
     * other resets it says nothing, and the status tells.
     */
    if (d->props.asic == HLTHUNK_ASIC_GOYA && d->props.generation == HLTHUNK_GENERATION_MISC)
        lost = HL_NOTIFIER_EVENT_DEVICE_UNAVAILABLE;
    /* whatever else went wrong: if it leads to a reset, the driver says so */
    if (mask & lost)
        hl_device_mark_stale(d, HLTHUNK_STALE_RESET);
}

/* The driver's answer, or UINT32_MAX without one. */
static uint32_t ask(struct hlthunk_device *d)
{
    struct hl_info_device_status out = { 0 };
    int rc = hl_ioctl_info(d->fd, HL_INFO_DEVICE_STATUS, &out, sizeof(out));

    if (rc == 0)
        hl_device_learn_status(d, out.status);
    else if (rc == -ENODEV)
        hl_device_mark_stale(d, HLTHUNK_STALE_GONE);
    return rc ? UINT32_MAX : out.status;
}

bool hl_device_ask(struct hlthunk_device *d)
{
    ask(d);
    return atomic_load(&d->base.stale) != HLTHUNK_STALE_NOT;
}

bool hl_device_keeps(struct hlthunk_device *d, int rc)
{
    return rc && !hl_device_ask(d) && rc == -EBUSY;
}

bool hl_device_ask_after_wait(struct hlthunk_device *d)
{
    /* before 6.3 it refuses them for its status alone (hl_wait_ioctl()), which has changed since */
    if (ask(d) == HL_DEVICE_STATUS_OPERATIONAL && d->props.generation != HLTHUNK_GENERATION_MISC)
        hl_device_mark_stale(d, HLTHUNK_STALE_RESET);
    return atomic_load(&d->base.stale) != HLTHUNK_STALE_NOT;
}

int hl_device_failed(struct hlthunk_device *d, int rc)
{
    /* what the driver answers while it resets, is unbound, or after it aborted what was waited for
     */
    if (rc != -EBUSY && rc != -ENODEV && rc != -EIO)
        return rc;
    return hl_device_ask(d) ? hl_device_check(d) : rc;
}
