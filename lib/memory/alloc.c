/* SPDX-License-Identifier: MIT */
#include "lib/memory/alloc.h"

#include "lib/error.h"
#include "lib/hot.h"
#include "lib/device/device.h"
#include "lib/op/op_mem.h"
#include "lib/page.h"

typedef unsigned long long ull;

/* The page need not be a power of two (768 MiB). */
HL_HOT int hl_memory_round_up(const struct hlthunk_device *d, uint64_t size, uint64_t *granted)
{
    uint64_t page = d->props.memory_page_size ? d->props.memory_page_size : hl_page_size();

    if (__builtin_mul_overflow(size / page + (size % page != 0), page, granted))
        return hl_err(-ENOMEM, "size_bytes %llu is more than any device has", (ull)size);
    return 0;
}

/* Gaudi: the driver counts bytes, the address is ours to choose. */
static int alloc_physical(struct hlthunk_device *d, const struct hlthunk_buffer_options *o,
                          struct hl_memory *m)
{
    uint64_t handle, address = o->hint;
    uint64_t align = d->props.memory_page_size;
    int rc;

    if (d->guest)
        return hl_err(
            -EOPNOTSUPP,
            "device %s was opened by another process, which hands out its memory: have it "
            "allocate, and name the range here (hlthunk_buffer_from_address)",
            d->props.pci_address);
    if (!align || (align & (align - 1)))
        align = hl_page_size();
    pthread_mutex_lock(&d->lock);
    rc = o->hint && hl_aligned(o->hint, hl_page_size())
             ? hl_ranges_take(&d->ranges, o->hint, m->granted)
             : -EBUSY;
    if (rc && !o->force_hint)
        rc = hl_ranges_alloc(&d->ranges, m->granted, align, &address);
    pthread_mutex_unlock(&d->lock);
    if (rc && o->force_hint)
        return hl_err(-ENOMEM, "options->hint %#llx, which .force_hint demands, is not free",
                      (ull)o->hint);
    if (rc)
        return hl_err(-ENOMEM, "no contiguous %llu bytes of device memory are free",
                      (ull)m->granted);
    rc = hl_mem_alloc(d->fd, m->granted, 0, 0, &handle);
    if (rc) {
        pthread_mutex_lock(&d->lock);
        hl_ranges_free(&d->ranges, address);
        pthread_mutex_unlock(&d->lock);
        return hl_device_failed(d, rc);
    }
    m->address = address;
    m->physical = true;
    m->ours_to_free = true;
    return 0;
}

HL_HOT static int alloc_virtual(struct hlthunk_device *d, uint64_t size,
                                const struct hlthunk_buffer_options *o, struct hl_memory *m)
{
    uint32_t flags = (o->contiguous ? HL_MEM_CONTIGUOUS : 0u) | (o->shared ? HL_MEM_SHARED : 0u);
    int rc = hl_mem_alloc(d->fd, size, 0, flags, &m->handle);

    if (rc)
        return hl_device_failed(d, rc);
    m->ours_to_free = true;
    if (o->unmapped)
        return 0;
    rc = hl_memory_map(d, m, o->hint, o->force_hint);
    if (rc)
        hl_memory_release(d, m, NULL);
    return rc;
}

HL_HOT int hl_memory_alloc(struct hlthunk_device *d, uint64_t size,
                           const struct hlthunk_buffer_options *o, struct hl_memory *m)
{
    int rc = hl_memory_round_up(d, size, &m->granted);

    if (rc)
        return rc;
    hl_pending_retry(d);
    return d->props.has_device_mmu ? alloc_virtual(d, size, o, m) : alloc_physical(d, o, m);
}

HL_HOT int hl_memory_map(struct hlthunk_device *d, struct hl_memory *m, uint64_t hint,
                         bool force_hint)
{
    int rc = hl_mem_map_device(d->fd, m->handle, hint, hl_hint_flags(force_hint), &m->address);

    if (rc)
        return hl_device_failed(d, rc);
    m->ours_to_unmap = true;
    return 0;
}
