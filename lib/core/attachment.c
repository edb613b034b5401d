/* SPDX-License-Identifier: MIT */
#include "lib/core/attachment.h"

#include <stdlib.h>

#include "lib/core/object.h"

void *hl_attachment_find(struct hl_parent *p, const struct hl_attachment_ops *ops)
{
    struct hl_attachment *a = atomic_load_explicit(&p->parts, memory_order_acquire);

    while (a && a->ops != ops)
        a = a->next;
    return a;
}

void *hl_attachment_get(struct hl_parent *p, const struct hl_attachment_ops *ops)
{
    struct hl_attachment *a = hl_attachment_find(p, ops);

    if (a)
        return a;
    pthread_mutex_lock(&p->lock);
    a = hl_attachment_find(p, ops); /* another thread may have been first */
    if (!a)
        a = calloc(1, ops->size);
    if (a && !a->ops) {
        a->ops = ops;
        a->next = atomic_load_explicit(&p->parts, memory_order_relaxed);
        if (ops->init)
            ops->init(a, p);
        atomic_store_explicit(&p->parts, a, memory_order_release);
    }
    pthread_mutex_unlock(&p->lock);
    return a;
}

size_t hl_attachments_settle(struct hl_parent *p)
{
    struct hl_attachment *a = atomic_load_explicit(&p->parts, memory_order_acquire);
    size_t left = 0;

    for (; a; a = a->next) {
        if (a->ops->settle)
            left += a->ops->settle(a, p);
    }
    return left;
}

void hl_attachments_destroy(struct hl_parent *p)
{
    bool ours = hl_object_is_ours(&p->object);
    struct hl_attachment *a;

    if (ours)
        hl_attachments_settle(p);
    while ((a = atomic_load_explicit(&p->parts, memory_order_acquire))) {
        atomic_store_explicit(&p->parts, a->next, memory_order_relaxed); /* found no more */
        if (a->ops->destroy)
            a->ops->destroy(a, p, ours);
        free(a);
    }
}
