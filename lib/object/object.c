/* SPDX-License-Identifier: MIT */
#include "lib/object/object.h"

#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/fork.h"
#include "lib/kernel/deadline.h"
#include "lib/object/device.h"

void *hl_object_new(size_t size)
{
    void *p = malloc(size);

    __asm__("" : "+r"(p)); /* or the compiler makes one calloc() of the two */
    return p ? memset(p, 0, size) : NULL;
}

void hl_object_init(struct hl_object *o, const char *kind, struct hlthunk_device *device,
                    const char *label, const void *creator,
                    void (*describe)(const struct hl_object *, struct hlthunk_live_object *))
{
    atomic_init(&o->refs, 1);
    o->kind = kind;
    o->device = device;
    o->epoch = hl_process_epoch();
    o->created_ns = hl_coarse_now_ns();
    o->creator = creator;
    o->trace = hl_trace_take(creator);
    o->describe = describe;
    o->parts = NULL;
    hl_object_set_label(o, label);
    o->prev = o->next = NULL;
    if (device)
        hlthunk_device_ref(device);
}

void hl_object_list(struct hl_object *o)
{
    struct hlthunk_device *d = o->device;

    o->prev = d->last;
    if (d->last)
        d->last->next = o;
    else
        d->first = o;
    d->last = o;
}

void hl_object_unlist(struct hl_object *o)
{
    struct hlthunk_device *d = o->device;

    if (o->prev)
        o->prev->next = o->next;
    else
        d->first = o->next;
    if (o->next)
        o->next->prev = o->prev;
    else
        d->last = o->prev;
}

void hl_object_enlist(struct hl_object *o)
{
    pthread_mutex_lock(&o->device->lock);
    hl_object_list(o);
    pthread_mutex_unlock(&o->device->lock);
}

void hl_object_delist(struct hl_object *o)
{
    if (hl_epoch_is_ours(o->epoch)) {
        pthread_mutex_lock(&o->device->lock);
        hl_object_unlist(o);
        pthread_mutex_unlock(&o->device->lock);
    }
    hl_object_fini(o);
}

void hl_object_fini(struct hl_object *o)
{
    if (__builtin_expect(o->trace != NULL, 0))
        free(o->trace);
    o->trace = NULL;
}

bool hl_refs_try_get(atomic_uint *refs)
{
    unsigned n = atomic_load_explicit(refs, memory_order_relaxed);

    while (n) {
        if (atomic_compare_exchange_weak_explicit(refs, &n, n + 1, memory_order_acquire,
                                                  memory_order_relaxed))
            return true;
    }
    return false;
}

int hl_object_check(const struct hl_object *o, const char *name)
{
    if (!o)
        return hl_err(-EINVAL, "%s is NULL", name);
    if (!hl_epoch_is_ours(o->epoch))
        return hl_err(-EPERM,
                      "%s was made by the parent of this process: after fork() a child opens and "
                      "imports for itself",
                      name);
    if (o->device && atomic_load_explicit(&o->device->stale, memory_order_relaxed))
        return hl_err(-ENODEV,
                      "%s is stale: its device was reset or removed; release it, and open the "
                      "device again",
                      name);
    return 0;
}
