/* SPDX-License-Identifier: MIT */
#include "lib/memory/reservation.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/core/attachment.h"
#include "lib/device/device.h"
#include "lib/error.h"
#include "lib/memory/space.h"

typedef unsigned long long ull;

/*
 * What the driver of Gaudi2 gives only to who asks for it by a hint, in all its versions: first and
 * last address (gaudi2.h: RESERVED_VA_RANGE_FOR_ARC_ON_HBM; get_va_block() passes over them).
 * Pages are multiples of their size in the low 48 bits (dram_hints_align_mask).
 */
#define FIRST 0x1001500000000000ull
#define LAST 0x10016FFFFFFFFFFFull
#define PAGE_BITS 0xFFFFFFFFFFFFull

/* The device's; guarded by its lock.  An extent's granule stands for a page. */
struct reservations {
    struct hl_attachment part;
    struct hl_space space;
    struct hl_region all; /* .first is NULL when there was no memory for it */
    uint64_t page, start;
    pthread_mutex_t mapping;
};

static void init(struct hl_attachment *a, struct hl_parent *parent)
{
    const struct hlthunk_device *d = (struct hlthunk_device *)parent;
    struct reservations *s = (struct reservations *)a;

    s->page = d->props.memory_page_size;
    s->start = FIRST + (s->page - (FIRST & PAGE_BITS) % s->page) % s->page;
    pthread_mutex_init(&s->mapping, NULL); /* without attributes: it cannot fail here */
    hl_space_init(&s->space);
    /* the driver takes no hint that ends with the last address; without memory .first stays NULL */
    (void)hl_space_add(&s->space, &s->all, 0, (LAST - s->start) / s->page * HL_SPACE_GRANULE);
}

static void destroy(struct hl_attachment *a, struct hl_parent *parent, bool ours)
{
    struct reservations *s = (struct reservations *)a;

    (void)parent;
    if (ours)
        pthread_mutex_destroy(&s->mapping);
    hl_space_remove(&s->space, &s->all);
    hl_space_fini(&s->space);
}

static const struct hl_attachment_ops ops = {
    .size = sizeof(struct reservations),
    .init = init,
    .destroy = destroy,
};

/* Has the device such addresses? */
static bool has_some(const struct hlthunk_device *d)
{
    return d->props.asic == HLTHUNK_ASIC_GAUDI2 && d->props.memory_page_size;
}

static int check(const struct hlthunk_device *d)
{
    if (d->received)
        return hl_err(-EOPNOTSUPP,
                      "device %s was opened by another process, which may have reserved the same "
                      "addresses",
                      d->name);
    if (!d->props.has_device_mmu)
        return hl_err(-EOPNOTSUPP,
                      "device %s has no MMU for its memory, whose addresses are physical: there "
                      "are none to reserve",
                      d->name);
    if (d->props.asic == HLTHUNK_ASIC_UNKNOWN)
        return hl_err(-EOPNOTSUPP,
                      "which chip device %s is cannot be read, and so not whether its driver "
                      "leaves addresses to hints",
                      d->name);
    if (!has_some(d))
        return hl_err(-EOPNOTSUPP,
                      "the driver of a %s (%s) leaves no addresses to hints: it may give any to "
                      "the next mapping",
                      hlthunk_asic_get_name(d->props.asic), d->name);
    return 0;
}

int hl_reservation_make(struct hlthunk_device *d, uint64_t size, struct hl_reservation **out)
{
    struct hl_reservation *r;
    struct reservations *s;
    uint64_t pages;
    int rc = check(d);

    if (rc)
        return rc;
    s = hl_attachment_get(&d->base, &ops);
    r = malloc(sizeof(*r));
    if (!r || !s || !s->all.first) {
        free(r);
        return hl_err(-ENOMEM, "no memory to reserve addresses");
    }
    pages = size / s->page + (size % s->page != 0);
    pthread_mutex_lock(&d->base.lock);
    rc = hl_space_alloc(&s->space, pages * HL_SPACE_GRANULE, HL_SPACE_GRANULE, &r->extent);
    pthread_mutex_unlock(&d->base.lock);
    if (rc) {
        free(r);
        return hl_err(-ENOMEM, "no %llu bytes of device addresses are free in one piece",
                      (ull)size);
    }
    atomic_init(&r->refs, 1);
    r->address = s->start + r->extent->start / HL_SPACE_GRANULE * s->page;
    r->size = pages * s->page;
    *out = r;
    return 0;
}

bool hl_reservation_may_have(const struct hlthunk_device *d, uint64_t address, uint64_t size)
{
    return has_some(d) && address <= LAST && (address >= FIRST || size > FIRST - address);
}

bool hl_reservation_any(struct hlthunk_device *d)
{
    return hl_attachment_find(&d->base, &ops);
}

void hl_reservation_lock(struct hlthunk_device *d)
{
    pthread_mutex_lock(&((struct reservations *)hl_attachment_find(&d->base, &ops))->mapping);
}

void hl_reservation_unlock(struct hlthunk_device *d)
{
    pthread_mutex_unlock(&((struct reservations *)hl_attachment_find(&d->base, &ops))->mapping);
}

void hl_reservation_put(struct hlthunk_device *d, struct hl_reservation **held)
{
    struct hl_reservation *r = *held;
    struct reservations *s;

    *held = NULL;
    if (!r || atomic_fetch_sub(&r->refs, 1) != 1)
        return;
    s = hl_attachment_find(&d->base, &ops);
    pthread_mutex_lock(&d->base.lock);
    hl_space_free(&s->space, r->extent);
    pthread_mutex_unlock(&d->base.lock);
    free(r);
}

void hl_reservation_forget(struct hl_reservation *r)
{
    if (r && atomic_fetch_sub(&r->refs, 1) == 1)
        free(r);
}
