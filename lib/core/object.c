/* SPDX-License-Identifier: MIT */
#include "lib/core/object.h"

#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/fork.h"
#include "lib/hot.h"
#include "lib/kernel/deadline.h"
#include "lib/device/device.h"

HL_HOT void *hl_object_new(size_t size)
{
    void *p = malloc(size);

    __asm__("" : "+r"(p)); /* or the compiler makes one calloc() of the two */
    return p ? memset(p, 0, size) : NULL;
}

HL_HOT void hl_object_init(struct hl_object *o, const char *kind, struct hlthunk_device *device,
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
    hl_object_set_label(o, label);
    if (device)
        hl_refs_get(&device->refs);
}

HL_HOT void hl_object_enlist(struct hl_object *o)
{
    bool locked = hl_lock(&o->device->lock);

    hl_object_list(o);
    hl_unlock(&o->device->lock, locked);
}

HL_HOT void hl_object_delist(struct hl_object *o)
{
    if (hl_epoch_is_ours(o->epoch)) {
        bool locked = hl_lock(&o->device->lock);

        hl_object_unlist(o);
        hl_unlock(&o->device->lock, locked);
    }
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

HL_HOT int hl_object_check(const struct hl_object *o, const char *name)
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
