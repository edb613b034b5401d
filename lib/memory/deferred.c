/* SPDX-License-Identifier: MIT */
#include "lib/memory/deferred.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/core/attachment.h"
#include "lib/device/device.h"
#include "lib/device/stale.h"
#include "lib/log.h"
#include "lib/memory/physical.h"
#include "lib/memory/reservation.h"
#include "lib/op/op_mem.h"

struct deferred {
    struct deferred *next;
    struct hl_memory memory;
    struct hl_open_export *exports;
};

/* The device's; guarded by its lock. */
struct deferred_list {
    struct hl_attachment part;
    struct deferred *_Atomic first; /* changed with the lock held */
};

/* -EINVAL: still exported.  Everything else is over: done, or gone with the device. */
static int unmap(struct hlthunk_device *d, struct hl_memory *m)
{
    int rc = hl_mem_unmap(d->fd, m->address);

    if (rc && rc != -EINVAL)
        hl_device_ask(d);
    return rc;
}

static void free_memory(struct hlthunk_device *d, const struct hl_memory *m)
{
    int rc = hl_mem_free(d->fd, m->physical ? m->granted : m->handle);

    if (rc && !hl_device_ask(d))
        hl_log(HLTHUNK_LOG_WARNING, "%s: %llu bytes of device memory stay allocated: %s", d->name,
               (unsigned long long)m->granted, strerror(-rc));
}

static void is_gone(struct hlthunk_device *d, const struct hl_memory *m)
{
    if (!m->ours_to_free)
        return;
    hl_tally_subtract(&d->memory.segments, 1);
    hl_tally_subtract(&d->memory.reserved, m->granted);
}

/*
 * Does as much as can be done now and clears it in *m.  True when nothing is left.  A stale device
 * is asked nothing: its memory goes with its file, and nobody can get its address again.
 */
static bool release(struct hlthunk_device *d, struct hl_memory *m, struct hl_open_export **exports)
{
    if (atomic_load(&d->base.stale)) {
        hl_open_exports_drop(*exports);
        *exports = NULL;
        hl_reservation_put(d, &m->within);
        is_gone(d, m);
        return true;
    }
    if (*exports)
        *exports = hl_open_exports_look(*exports);
    if (*exports)
        return false;
    if (m->ours_to_unmap) {
        if (unmap(d, m) == -EINVAL)
            return false;
        m->ours_to_unmap = false;
    }
    hl_reservation_put(d, &m->within);
    if (m->ours_to_free) {
        if (!atomic_load(&d->base.stale))
            free_memory(d, m);
        is_gone(d, m);
        m->ours_to_free = false;
    }
    if (m->range)
        hl_physical_give(d, m->range);
    m->range = NULL;
    return true;
}

/* Tries all of them again; returns how many are left. */
static size_t retry(struct deferred_list *list, struct hlthunk_device *d)
{
    struct deferred *p, *next, *rest = NULL;
    size_t left = 0;

    if (!atomic_load_explicit(&list->first, memory_order_relaxed))
        return 0; /* what another thread adds just now is tried next time */
    pthread_mutex_lock(&d->base.lock);
    p = atomic_exchange(&list->first, NULL);
    pthread_mutex_unlock(&d->base.lock);
    for (; p; p = next) {
        next = p->next;
        if (release(d, &p->memory, &p->exports)) {
            free(p);
        } else {
            p->next = rest;
            rest = p;
            left++;
        }
    }
    if (!rest)
        return 0;
    pthread_mutex_lock(&d->base.lock);
    for (p = rest; p->next; p = p->next)
        ;
    p->next = atomic_load(&list->first);
    atomic_store(&list->first, rest);
    pthread_mutex_unlock(&d->base.lock);
    return left;
}

static size_t settle(struct hl_attachment *a, struct hl_parent *parent)
{
    return retry((struct deferred_list *)a, (struct hlthunk_device *)parent);
}

/* The device's file is about to be closed: forget what is left, which the kernel frees then. */
static void destroy(struct hl_attachment *a, struct hl_parent *parent, bool ours)
{
    struct hlthunk_device *d = (struct hlthunk_device *)parent;
    struct deferred_list *list = (struct deferred_list *)a;
    struct deferred *p, *next;

    for (p = atomic_load(&list->first); p; p = next) {
        next = p->next;
        if (ours)
            hl_log(HLTHUNK_LOG_WARNING,
                   "%s is closed while a dma-buf of its memory (%llu bytes at %#llx) is open "
                   "elsewhere: the device stays busy until the last such file is closed",
                   d->name, (unsigned long long)p->memory.granted,
                   (unsigned long long)p->memory.address);
        hl_open_exports_drop(p->exports);
        hl_reservation_forget(p->memory.within);
        free(p);
    }
}

static const struct hl_attachment_ops ops = {
    .size = sizeof(struct deferred_list),
    .destroy = destroy,
    .settle = settle,
};

static void postpone(struct hlthunk_device *d, const struct hl_memory *m,
                     struct hl_open_export *exports)
{
    struct deferred_list *list = hl_attachment_get(&d->base, &ops);
    struct deferred *p = malloc(sizeof(*p));

    hl_log(HLTHUNK_LOG_WARNING,
           "%s: %llu bytes of device memory at %#llx cannot be released yet: a dma-buf of them is "
           "still open in some process",
           d->name, (unsigned long long)m->granted, (unsigned long long)m->address);
    if (!p || !list) {
        /* the range stays taken until the device's file is closed: lost for us, never reused */
        hl_log(HLTHUNK_LOG_ERROR, "no memory to remember it: it is released with the device");
        hl_open_exports_drop(exports);
        hl_reservation_forget(m->within);
        free(p);
        return;
    }
    p->memory = *m;
    p->exports = exports;
    pthread_mutex_lock(&d->base.lock);
    p->next = atomic_load(&list->first);
    atomic_store(&list->first, p);
    pthread_mutex_unlock(&d->base.lock);
}

void hl_memory_release(struct hlthunk_device *d, struct hl_memory *m,
                       struct hl_open_export *exports)
{
    if (!release(d, m, &exports))
        postpone(d, m, exports);
    *m = (struct hl_memory){ .granted = m->granted };
}

void hl_deferred_retry(struct hlthunk_device *d)
{
    struct deferred_list *list = hl_attachment_find(&d->base, &ops);

    if (list)
        retry(list, d);
}
