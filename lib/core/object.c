/* SPDX-License-Identifier: MIT */
#include "lib/core/object.h"

#include "lib/error.h"
#include "lib/kernel/deadline.h"
#include "lib/text.h"

void *hl_object_new(size_t size)
{
    return calloc(1, size);
}

void hl_object_init(struct hl_object *o, const struct hl_object_ops *ops, struct hl_parent *parent,
                    const char *label, const void *creator)
{
    atomic_init(&o->refs, 1);
    o->ops = ops;
    o->parent = parent;
    o->holds_parent = parent != NULL;
    o->epoch = hl_process_epoch();
    o->created_ns = hl_coarse_now_ns();
    o->creator = creator;
    o->backtrace = hl_backtrace_take(creator);
    hl_object_set_label(o, label);
    if (parent)
        hl_object_get(&parent->object);
}

void hl_object_copy_label(struct hl_object *o, const char *label)
{
    hl_text_copy(o->label, label, sizeof(o->label));
}

int hl_parent_init(struct hl_parent *p, const struct hl_object_ops *ops)
{
    int rc = pthread_mutex_init(&p->lock, NULL);

    if (rc == 0)
        hl_object_init(&p->object, ops, NULL, NULL, NULL);
    return -rc;
}

void hl_object_list(struct hl_object *o)
{
    struct hl_parent *p = o->parent;

    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    o->prev = p->last;
    if (p->last)
        p->last->next = o;
    else
        p->first = o;
    p->last = o;
    o->listed = true;
    if (o->ops->listed)
        o->ops->listed(o);
    pthread_mutex_unlock(&p->lock);
}

/* Not in a forked child: its copy of a parent's list may be half changed, and nobody walks it. */
static void unlist(struct hl_object *o)
{
    struct hl_parent *p = o->parent;

    if (!o->listed || !hl_object_is_ours(o))
        return;
    pthread_mutex_lock(&p->lock);
    if (o->ops->unlisted)
        o->ops->unlisted(o);
    if (o->prev)
        o->prev->next = o->next;
    else
        p->first = o->next;
    if (o->next)
        o->next->prev = o->prev;
    else
        p->last = o->prev;
    pthread_mutex_unlock(&p->lock);
}

void hl_object_fini(struct hl_object *o)
{
    free(o->backtrace);
    o->backtrace = NULL;
}

void hl_object_free(struct hl_object *o)
{
    hl_object_fini(o);
    free(o);
}

bool hl_object_try_get(struct hl_object *o)
{
    unsigned n = atomic_load_explicit(&o->refs, memory_order_relaxed);

    while (n) {
        if (atomic_compare_exchange_weak_explicit(&o->refs, &n, n + 1, memory_order_acquire,
                                                  memory_order_relaxed))
            return true;
    }
    return false;
}

void hl_object_put(struct hl_object *o)
{
    if (!o || atomic_fetch_sub_explicit(&o->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (!o->ops->linger || !o->ops->linger(o))
        hl_object_end(o);
}

void hl_object_end(struct hl_object *o)
{
    struct hl_parent *parent = o->holds_parent ? o->parent : NULL;

    unlist(o);
    o->ops->destroy(o);
    if (parent)
        hl_object_put(&parent->object);
}

int hl_object_check(const struct hl_object *o, const char *name)
{
    if (!o)
        return hl_err(-EINVAL, "%s is NULL", name);
    if (!hl_object_is_ours(o))
        return hl_err(-EPERM,
                      "%s was made by the parent of this process: after fork() a child opens and "
                      "imports for itself",
                      name);
    if (o->parent && atomic_load_explicit(&o->parent->stale, memory_order_relaxed))
        return hl_err(-ENODEV,
                      "%s is stale: its device was reset or removed; release it, and open the "
                      "device again",
                      name);
    return 0;
}

/* The first child behind one (NULL: of all) that may return something; one more reference. */
static struct hl_object *next_to_reclaim(struct hl_parent *p, const struct hl_object *behind)
{
    struct hl_object *o;

    pthread_mutex_lock(&p->lock);
    o = behind ? behind->next : p->first;
    while (o && !(o->ops->reclaim && hl_object_try_get(o)))
        o = o->next;
    pthread_mutex_unlock(&p->lock);
    return o;
}

uint64_t hl_parent_reclaim(struct hl_parent *p)
{
    struct hl_object *o, *next;
    uint64_t bytes = 0;

    for (o = next_to_reclaim(p, NULL); o; o = next) {
        bytes += o->ops->reclaim(o);
        next = next_to_reclaim(p, o); /* it is in the list while it is held */
        hl_object_put(o);
    }
    return bytes;
}

/* The child of this number among those that may settle; the lock is held. */
static struct hl_object *next_to_settle(const struct hl_parent *p, unsigned number)
{
    struct hl_object *o = p->first;

    while (o && !(o->ops->settle && number-- == 0))
        o = o->next;
    return o;
}

bool hl_parent_settle(struct hl_parent *p)
{
    bool any = false;

    for (unsigned i = 0;; i++) {
        struct hl_object *o;

        pthread_mutex_lock(&p->lock);
        o = next_to_settle(p, i);
        if (!o)
            break;
        any = o->ops->settle(o) || any;
    }
    pthread_mutex_unlock(&p->lock);
    return any;
}
