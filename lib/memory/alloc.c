/* SPDX-License-Identifier: MIT */
#include "lib/memory/alloc.h"

#include <stdio.h>
#include <string.h>

#include <hlthunk/error.h>

#include "lib/error.h"
#include "lib/device/device.h"
#include "lib/device/stale.h"
#include "lib/memory/deferred.h"
#include "lib/memory/physical.h"
#include "lib/memory/reservation.h"
#include "lib/memory/space.h"
#include "lib/op/op_mem.h"
#include "lib/page.h"

typedef unsigned long long ull;

/* The page need not be a power of two (768 MiB). */
int hl_memory_round_up(const struct hlthunk_device *d, uint64_t size, uint64_t *granted)
{
    uint64_t page = d->props.memory_page_size ? d->props.memory_page_size : hl_page_size();

    if (__builtin_mul_overflow(size / page + (size % page != 0), page, granted))
        return hl_err(-ENOMEM, "size_bytes %llu is more than any device has", (ull)size);
    return 0;
}

/* The driver gave it. */
static void is_ours(struct hlthunk_device *d, struct hl_memory *m)
{
    m->ours_to_free = true;
    hl_tally_add(&d->memory.segments, 1);
    hl_tally_add(&d->memory.reserved, m->granted);
}

/* Gaudi: the driver counts bytes, the address is ours to choose. */
static int alloc_physical(struct hlthunk_device *d, const struct hlthunk_buffer_options *o,
                          struct hl_memory *m)
{
    uint64_t align = d->props.memory_page_size;
    struct hl_extent *range;
    int rc;

    if (d->received)
        return hl_err(
            -EOPNOTSUPP,
            "device %s was opened by another process, which hands out its memory: have it "
            "allocate, and name the range here (hlthunk_buffer_from_address)",
            d->name);
    if (!align || (align & (align - 1)))
        align = hl_page_size();
    rc = o->hint && hl_aligned(o->hint, hl_page_size())
             ? hl_physical_take(d, o->hint, m->granted, &range)
             : -EBUSY;
    if (rc && !o->force_hint)
        rc = hl_physical_alloc(d, m->granted, align, &range);
    if (rc && o->force_hint)
        return hl_err(-ENOMEM, "options->hint %#llx, which .force_hint demands, is not free",
                      (ull)o->hint);
    if (rc)
        return hl_err(-ENOMEM, "no contiguous %llu bytes of device memory are free",
                      (ull)m->granted);
    rc = hl_mem_alloc(d->fd, m->granted, 0, 0).rc;
    if (rc) {
        hl_physical_give(d, range);
        return hl_device_failed(d, rc);
    }
    m->address = range->start;
    m->range = range;
    m->physical = true;
    is_ours(d, m);
    return 0;
}

static int alloc_virtual(struct hlthunk_device *d, uint64_t size,
                         const struct hlthunk_buffer_options *o, struct hl_memory *m)
{
    uint32_t flags = (o->contiguous ? HL_MEM_CONTIGUOUS : 0u) | (o->shared ? HL_MEM_SHARED : 0u);
    struct hl_mem_answer handle = hl_mem_alloc(d->fd, size, 0, flags);
    int rc;

    if (handle.rc)
        return hl_device_failed(d, handle.rc);
    m->handle = handle.value;
    is_ours(d, m);
    if (o->unmapped)
        return 0;
    rc = hl_memory_map(d, m, o->hint, o->force_hint);
    if (rc)
        hl_memory_release(d, m, NULL, (struct hl_released){ 0 });
    return rc;
}

static int once(struct hlthunk_device *d, uint64_t size, const struct hlthunk_buffer_options *o,
                struct hl_memory *m)
{
    return d->props.has_device_mmu ? alloc_virtual(d, size, o, m) : alloc_physical(d, o, m);
}

/* What is free in this process but not for the device: parts of chunks that pools use. */
static int tell_what_is_kept(struct hlthunk_device *d, int rc)
{
    char text[200];
    const char *most = NULL;
    char label[HL_LABEL_SIZE] = "";
    uint64_t all = 0, largest = 0;

    pthread_mutex_lock(&d->base.lock);
    for (const struct hl_object *o = d->base.first; o; o = o->next) {
        uint64_t bytes = o->ops->kept ? o->ops->kept(o) : 0;

        all += bytes;
        if (bytes > largest) {
            largest = bytes;
            most = o->ops->kind;
            memcpy(label, o->label, sizeof(label));
        }
    }
    pthread_mutex_unlock(&d->base.lock);
    if (!all)
        return rc;
    snprintf(text, sizeof(text), "%s", hlthunk_last_error());
    return hl_err(rc, "%s; %llu bytes are free in chunks that pools have in use, most in %s %s",
                  text, (ull)all, most, label[0] ? label : "(no label)");
}

int hl_memory_alloc(struct hlthunk_device *d, uint64_t size, const struct hlthunk_buffer_options *o,
                    struct hl_memory *m)
{
    int rc = hl_memory_round_up(d, size, &m->granted);

    if (rc)
        return rc;
    hl_deferred_retry(d);
    rc = once(d, size, o, m);
    if (rc == -ENOMEM && hl_parent_reclaim(&d->base)) {
        atomic_fetch_add_explicit(&d->memory.retries, 1, memory_order_relaxed);
        rc = once(d, size, o, m);
    }
    return rc == -ENOMEM ? tell_what_is_kept(d, rc) : rc;
}

int hl_memory_map(struct hlthunk_device *d, struct hl_memory *m, uint64_t hint, bool force_hint)
{
    struct hl_mem_answer address;
    bool apart;

    if (!force_hint && hl_reservation_may_have(d, hint, m->granted))
        hint = 0; /* what is reserved there now or later is for ranges */
    /* where a plain hint is not free, the driver looks in addresses that are reserved, too */
    apart = hint && !force_hint && hl_reservation_any(d);
    address = hl_mem_map_device(d->fd, m->handle, hint, hl_hint_flags(force_hint || apart));
    if (address.rc == -ENOMEM && apart)
        address = hl_mem_map_device(d->fd, m->handle, 0, 0);
    if (address.rc)
        return hl_device_failed(d, address.rc);
    m->address = address.value;
    m->ours_to_unmap = true;
    return 0;
}
