/* SPDX-License-Identifier: MIT */
#include "lib/memory/physical.h"

#include <errno.h>

#include "lib/core/attachment.h"
#include "lib/device/device.h"
#include "lib/memory/space.h"

/* The device's; guarded by its lock. */
struct physical {
    struct hl_attachment part;
    struct hl_space space;
    struct hl_region all; /* .first is NULL before the first use */
};

static void init(struct hl_attachment *a, struct hl_parent *parent)
{
    (void)parent;
    hl_space_init(&((struct physical *)a)->space);
}

static void destroy(struct hl_attachment *a, struct hl_parent *parent, bool ours)
{
    struct physical *p = (struct physical *)a;

    (void)parent, (void)ours;
    hl_space_remove(&p->space, &p->all);
    hl_space_fini(&p->space);
}

static const struct hl_attachment_ops ops = {
    .size = sizeof(struct physical),
    .init = init,
    .destroy = destroy,
};

/* The device's memory as a space, with the lock: not there yet, or there was no memory for it. */
static int whole(struct hlthunk_device *d, struct physical *p)
{
    return p->all.first
               ? 0
               : hl_space_add(&p->space, &p->all, d->props.memory_base, d->props.memory_size);
}

int hl_physical_alloc(struct hlthunk_device *d, uint64_t size, uint64_t align,
                      struct hl_extent **range)
{
    struct physical *p = hl_attachment_get(&d->base, &ops);
    int rc;

    if (!p)
        return -ENOMEM;
    pthread_mutex_lock(&d->base.lock);
    rc = whole(d, p);
    rc = rc ? rc : hl_space_alloc(&p->space, size, align, range);
    pthread_mutex_unlock(&d->base.lock);
    return rc;
}

int hl_physical_take(struct hlthunk_device *d, uint64_t address, uint64_t size,
                     struct hl_extent **range)
{
    struct physical *p = hl_attachment_get(&d->base, &ops);
    int rc;

    if (!p)
        return -ENOMEM;
    pthread_mutex_lock(&d->base.lock);
    rc = whole(d, p);
    rc = rc ? rc : hl_space_take(&p->space, &p->all, address, size, range);
    pthread_mutex_unlock(&d->base.lock);
    return rc;
}

void hl_physical_give(struct hlthunk_device *d, struct hl_extent *range)
{
    struct physical *p = hl_attachment_find(&d->base, &ops);

    pthread_mutex_lock(&d->base.lock);
    hl_space_free(&p->space, range);
    pthread_mutex_unlock(&d->base.lock);
}
