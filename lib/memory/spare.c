/* SPDX-License-Identifier: MIT */
#include "lib/memory/spare.h"

#include "lib/core/attachment.h"
#include "lib/device/device.h"
#include "lib/kernel/eventfd.h"

struct spare {
    struct hl_attachment part;
    atomic_bool kept;     /* .fd is open */
    struct hl_eventfd fd; /* of no use but its number; changed with the device's lock held */
};

static void init(struct hl_attachment *a, struct hl_parent *parent)
{
    (void)parent;
    ((struct spare *)a)->fd = HL_EVENTFD_NONE;
}

static void destroy(struct hl_attachment *a, struct hl_parent *parent, bool ours)
{
    (void)parent, (void)ours; /* a child's copy, too */
    hl_eventfd_close(&((struct spare *)a)->fd);
}

static const struct hl_attachment_ops ops = {
    .size = sizeof(struct spare),
    .init = init,
    .destroy = destroy,
};

void hl_spare_keep(struct hlthunk_device *d)
{
    struct spare *s = hl_attachment_get(&d->base, &ops);

    if (!s || atomic_load(&s->kept))
        return;
    pthread_mutex_lock(&d->base.lock);
    if (!atomic_load(&s->kept))
        atomic_store(&s->kept, hl_eventfd_open(&s->fd) == 0);
    pthread_mutex_unlock(&d->base.lock);
}

bool hl_spare_let_go(struct hlthunk_device *d)
{
    struct spare *s = hl_attachment_find(&d->base, &ops);
    bool had;

    if (!s)
        return false;
    pthread_mutex_lock(&d->base.lock);
    had = atomic_exchange(&s->kept, false);
    if (had)
        hl_eventfd_close(&s->fd);
    pthread_mutex_unlock(&d->base.lock);
    return had;
}
