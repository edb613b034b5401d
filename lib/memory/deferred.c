/* SPDX-License-Identifier: MIT */
#include "lib/memory/deferred.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/core/attachment.h"
#include "lib/device/device.h"
#include "lib/device/stale.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/memory/physical.h"
#include "lib/memory/reservation.h"
#include "lib/op/op_cb.h"
#include "lib/op/op_mem.h"

struct deferred {
    struct deferred *next;
    struct hl_memory memory;
    struct hl_open_export *exports;
    struct hl_released released;
    bool busy; /* the driver was; otherwise it is still exported */
};

/* The device's, by whether there is something to call; changed with its lock held. */
struct deferred_lists {
    struct hl_attachment part;
    struct deferred *_Atomic silent, *_Atomic calling;
    atomic_uint second; /* mappings among them of memory that has another */
};

static const struct hl_attachment_ops ops;

/*
 * What failed is over, too: the memory goes with the device.  But a driver that resets only the
 * engines keeps memory and mappings, and is asked again.
 */
static bool is_over(struct hlthunk_device *d, struct deferred *p, int rc)
{
    p->busy = hl_device_keeps(d, rc);
    return !p->busy;
}

static bool unmap(struct hlthunk_device *d, struct deferred *p)
{
    int rc = hl_mem_unmap(d->fd, p->memory.address);

    if (rc == -EINVAL) { /* still exported */
        p->busy = false;
        return false;
    }
    return is_over(d, p, rc);
}

/* Memory that has a mapping beside its own for a moment (address_range.c). */
static bool is_second(const struct hl_memory *m)
{
    return m->ours_to_unmap && m->handle && !m->ours_to_free;
}

static bool has_second(struct hlthunk_device *d)
{
    const struct deferred_lists *lists = hl_attachment_find(&d->base, &ops);

    return lists && atomic_load(&lists->second);
}

static bool free_memory(struct hlthunk_device *d, struct deferred *p)
{
    const struct hl_memory *m = &p->memory;
    int rc = m->command_buffer ? hl_cb_destroy(d->fd, m->handle)
                               : hl_mem_free(d->fd, m->physical ? m->granted : m->handle);

    if (rc == -EINVAL && !m->command_buffer && has_second(d)) {
        p->busy = true; /* it may be this one's: mapped memory is not freed */
        return false;
    }
    if (!is_over(d, p, rc))
        return false;
    if (rc && !atomic_load(&d->base.stale))
        hl_log(HLTHUNK_LOG_WARNING, "%s: %llu bytes of %s stay allocated: %s", d->name,
               (unsigned long long)m->granted,
               m->command_buffer ? "a command buffer" : "device memory", strerror(-rc));
    return true;
}

static void is_gone(struct hlthunk_device *d, const struct hl_memory *m)
{
    if (!m->ours_to_free || m->command_buffer)
        return;
    hl_tally_subtract(&d->memory.segments, 1);
    hl_tally_subtract(&d->memory.reserved, m->granted);
}

/*
 * Does as much as can be done now and clears it in *p.  True when nothing is left.  A stale device
 * is asked nothing: its memory goes with its file, and nobody can get its address again.
 */
static bool try_release(struct hlthunk_device *d, struct deferred *p)
{
    struct hl_memory *m = &p->memory;

    if (atomic_load(&d->base.stale)) {
        hl_open_exports_drop(p->exports);
        p->exports = NULL;
        hl_reservation_put(d, &m->within);
        is_gone(d, m);
        return true;
    }
    if (p->exports)
        p->exports = hl_open_exports_look(d, p->exports);
    if (p->exports)
        return false;
    if (m->ours_to_unmap) {
        if (!unmap(d, p))
            return false;
        m->ours_to_unmap = false;
    }
    hl_reservation_put(d, &m->within);
    if (m->ours_to_free) {
        if (!atomic_load(&d->base.stale) && !free_memory(d, p))
            return false;
        is_gone(d, m);
        m->ours_to_free = false;
    }
    if (m->range)
        hl_physical_give(d, m->range);
    m->range = NULL;
    return true;
}

/* What fails is no failure of the call that it happens in: its text stays. */
static bool release(struct hlthunk_device *d, struct deferred *p)
{
    struct hl_err_kept kept;
    bool over;

    hl_err_begin(&kept);
    over = try_release(d, p);
    hl_err_end(&kept, 0);
    return over;
}

void hl_released_call(struct hl_released r)
{
    struct hl_err_kept kept;

    if (!r.fn)
        return;
    hl_err_begin(&kept);
    r.fn(r.user);
    hl_err_end(&kept, 0);
}

/* Ends what was postponed; without locks. */
static void end(struct deferred *p)
{
    struct hl_released r = p->released;

    free(p);
    hl_released_call(r);
}

/* Tries them again; returns of how many a dma-buf is still open. */
static size_t retry(struct deferred_lists *lists, struct deferred *_Atomic *list,
                    struct hlthunk_device *d)
{
    struct deferred *p, *next, *rest = NULL;
    size_t left = 0;

    if (!atomic_load_explicit(list, memory_order_relaxed))
        return 0; /* what another thread adds just now is tried next time */
    pthread_mutex_lock(&d->base.lock);
    p = atomic_exchange(list, NULL);
    pthread_mutex_unlock(&d->base.lock);
    for (; p; p = next) {
        bool second = is_second(&p->memory);

        next = p->next;
        if (release(d, p)) {
            if (second)
                atomic_fetch_sub(&lists->second, 1);
            end(p);
        } else {
            p->next = rest;
            rest = p;
            left += !p->busy;
        }
    }
    if (!rest)
        return 0;
    pthread_mutex_lock(&d->base.lock);
    for (p = rest; p->next; p = p->next)
        ;
    p->next = atomic_load(list);
    atomic_store(list, rest);
    pthread_mutex_unlock(&d->base.lock);
    return left;
}

static size_t settle(struct hl_attachment *a, struct hl_parent *parent)
{
    struct hlthunk_device *d = (struct hlthunk_device *)parent;
    struct deferred_lists *lists = (struct deferred_lists *)a;
    size_t left = retry(lists, &lists->silent, d);

    return left + retry(lists, &lists->calling, d);
}

static void forget(struct deferred *p, const struct hlthunk_device *d, bool ours)
{
    struct deferred *next;

    for (; p; p = next) {
        next = p->next;
        if (ours && !p->busy)
            hl_log(HLTHUNK_LOG_WARNING,
                   "%s is closed while a dma-buf of its memory (%llu bytes at %#llx) is open "
                   "elsewhere: the device stays busy until the last such file is closed",
                   d->name, (unsigned long long)p->memory.granted,
                   (unsigned long long)p->memory.address);
        hl_open_exports_drop(p->exports);
        hl_reservation_forget(p->memory.within);
        if (!ours)
            p->released.fn = NULL;
        end(p);
    }
}

/* The device's file is about to be closed: forget what is left, which the kernel frees then. */
static void destroy(struct hl_attachment *a, struct hl_parent *parent, bool ours)
{
    const struct hlthunk_device *d = (struct hlthunk_device *)parent;
    struct deferred_lists *lists = (struct deferred_lists *)a;

    forget(atomic_load(&lists->silent), d, ours);
    forget(atomic_load(&lists->calling), d, ours);
}

static const struct hl_attachment_ops ops = {
    .size = sizeof(struct deferred_lists),
    .destroy = destroy,
    .settle = settle,
};

static void postpone(struct hlthunk_device *d, const struct deferred *what)
{
    struct deferred_lists *lists = hl_attachment_get(&d->base, &ops);
    struct deferred *p = malloc(sizeof(*p));
    struct deferred *_Atomic *list;

    hl_log(HLTHUNK_LOG_WARNING, "%s: %llu bytes of %s at %#llx cannot be released yet: %s", d->name,
           (unsigned long long)what->memory.granted,
           what->memory.command_buffer ? "a command buffer"
           : what->memory.ours_to_free ? "device memory"
                                       : "mapped memory",
           (unsigned long long)what->memory.address,
           what->busy ? "the driver is busy with a reset of the engines"
                      : "a dma-buf of them is still open in some process");
    if (!p || !lists) {
        /* the range stays taken until the device's file is closed: lost for us, never reused */
        hl_log(HLTHUNK_LOG_ERROR, "no memory to remember it: it is released with the device");
        hl_open_exports_drop(what->exports);
        hl_reservation_forget(what->memory.within);
        free(p);
        return;
    }
    *p = *what;
    list = p->released.fn ? &lists->calling : &lists->silent;
    if (is_second(&p->memory))
        atomic_fetch_add(&lists->second, 1);
    pthread_mutex_lock(&d->base.lock);
    p->next = atomic_load(list);
    atomic_store(list, p);
    pthread_mutex_unlock(&d->base.lock);
}

bool hl_memory_release(struct hlthunk_device *d, struct hl_memory *m,
                       struct hl_open_export *exports, struct hl_released released)
{
    struct deferred p = { .memory = *m, .exports = exports, .released = released };
    bool over = release(d, &p);

    if (!over)
        postpone(d, &p);
    *m = (struct hl_memory){ .granted = m->granted };
    return over;
}

void hl_deferred_retry(struct hlthunk_device *d)
{
    struct deferred_lists *lists = hl_attachment_find(&d->base, &ops);

    if (lists)
        retry(lists, &lists->silent, d);
}

void hl_deferred_call(struct hlthunk_device *d)
{
    struct deferred_lists *lists = hl_attachment_find(&d->base, &ops);

    if (lists)
        retry(lists, &lists->calling, d);
}
