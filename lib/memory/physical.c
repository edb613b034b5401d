/* SPDX-License-Identifier: MIT */
#include "lib/memory/physical.h"

#include <errno.h>

#include "lib/core/attachment.h"
#include "lib/device/device.h"
#include "lib/memory/ranges.h"

/* The device's; guarded by its lock. */
struct physical {
    struct hl_attachment part;
    struct hl_ranges ranges;
};

static void init(struct hl_attachment *a, struct hl_parent *parent)
{
    const struct hlthunk_device *d = (struct hlthunk_device *)parent;

    hl_ranges_init(&((struct physical *)a)->ranges, d->props.memory_base, d->props.memory_size);
}

static void destroy(struct hl_attachment *a, struct hl_parent *parent, bool ours)
{
    (void)parent, (void)ours;
    hl_ranges_fini(&((struct physical *)a)->ranges);
}

static const struct hl_attachment_ops ops = {
    .size = sizeof(struct physical),
    .init = init,
    .destroy = destroy,
};

int hl_physical_alloc(struct hlthunk_device *d, uint64_t size, uint64_t align, uint64_t *address)
{
    struct physical *p = hl_attachment_get(&d->base, &ops);
    int rc;

    if (!p)
        return -ENOMEM;
    pthread_mutex_lock(&d->base.lock);
    rc = hl_ranges_alloc(&p->ranges, size, align, address);
    pthread_mutex_unlock(&d->base.lock);
    return rc;
}

int hl_physical_take(struct hlthunk_device *d, uint64_t address, uint64_t size)
{
    struct physical *p = hl_attachment_get(&d->base, &ops);
    int rc;

    if (!p)
        return -ENOMEM;
    pthread_mutex_lock(&d->base.lock);
    rc = hl_ranges_take(&p->ranges, address, size);
    pthread_mutex_unlock(&d->base.lock);
    return rc;
}

void hl_physical_give(struct hlthunk_device *d, uint64_t address)
{
    struct physical *p = hl_attachment_find(&d->base, &ops);

    pthread_mutex_lock(&d->base.lock);
    hl_ranges_free(&p->ranges, address);
    pthread_mutex_unlock(&d->base.lock);
}
