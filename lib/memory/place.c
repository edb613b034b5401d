/* SPDX-License-Identifier: MIT */
#include "lib/memory/place.h"

#include "lib/core/attachment.h"
#include "lib/device/device.h"
#include "lib/error.h"

/* Of one address space. */
struct places {
    struct hl_spans spans;
    struct hl_place *second; /* by next, the first that was made first */
};

/* The device's. */
struct spaces {
    struct hl_attachment part;
    struct places of[2]; /* by enum hl_space_of */
};

static const struct hl_attachment_ops ops = { .size = sizeof(struct spaces) };

/* NULL: nothing has been there yet. */
static struct places *places(struct hlthunk_device *d, enum hl_space_of space)
{
    struct spaces *s = hl_attachment_find(&d->base, &ops);

    return s ? &s->of[space] : NULL;
}

int hl_places_prepare(struct hlthunk_device *d)
{
    return hl_attachment_get(&d->base, &ops)
               ? 0
               : hl_err(-ENOMEM, "no memory for a device's addresses");
}

void hl_place_enter(struct hlthunk_device *d, enum hl_space_of space, struct hl_place *p,
                    uint64_t start, uint64_t size)
{
    struct places *all = places(d, space);

    p->span = (struct hl_span){ .start = start, .size = size };
    p->in = true;
    p->second = !hl_spans_insert(&all->spans, &p->span);
    if (p->second) {
        struct hl_place **at = &all->second;

        while (*at)
            at = &(*at)->next;
        p->next = NULL;
        *at = p;
    }
}

static bool overlap(const struct hl_span *a, const struct hl_span *b)
{
    return a->start - b->start < b->size || b->start - a->start < a->size;
}

/* Second names of what has gone are so no more: later ones must not come before them. */
static void move_up(struct places *all, const struct hl_span *gone)
{
    struct hl_place **at = &all->second;

    while (*at) {
        struct hl_place *p = *at;

        if (overlap(&p->span, gone) && hl_spans_insert(&all->spans, &p->span)) {
            p->second = false;
            *at = p->next;
        } else {
            at = &p->next;
        }
    }
}

void hl_place_leave(struct hlthunk_device *d, enum hl_space_of space, struct hl_place *p)
{
    struct places *all = places(d, space);

    if (!p->in)
        return;
    p->in = false;
    if (p->second) {
        struct hl_place **at = &all->second;

        while (*at != p)
            at = &(*at)->next;
        *at = p->next;
    } else {
        hl_spans_remove(&all->spans, &p->span);
        move_up(all, &p->span);
    }
}

static bool has(const struct hl_place *p, uint64_t address)
{
    return address - p->span.start < p->span.size;
}

static struct hl_object *find(const struct places *all, uint64_t address, uint64_t size)
{
    struct hl_place *p = (struct hl_place *)hl_spans_find(&all->spans, address);
    struct hl_object *o = p ? p->get(p, address, size) : NULL;

    for (p = all->second; p && !o; p = p->next) {
        if (has(p, address))
            o = p->get(p, address, size);
    }
    return o;
}

struct hl_object *hl_place_find(struct hlthunk_device *d, enum hl_space_of space, uint64_t address,
                                uint64_t size)
{
    const struct places *all = places(d, space);
    struct hl_object *o = NULL;

    if (!all)
        return NULL;
    pthread_mutex_lock(&d->base.lock);
    o = find(all, address, size);
    if (!o && size > 1)
        o = find(all, address, 1);
    pthread_mutex_unlock(&d->base.lock);
    return o;
}

bool hl_place_find_mapping(struct hlthunk_device *d, uint64_t address, struct hl_span *mapping)
{
    const struct places *all = places(d, HL_OF_DEVICE);
    const struct hl_place *p;

    if (!all)
        return false;
    pthread_mutex_lock(&d->base.lock);
    p = (struct hl_place *)hl_spans_find(&all->spans, address);
    if (!p || !p->mapped) {
        for (p = all->second; p && !(p->mapped && has(p, address)); p = p->next)
            ;
    }
    if (p)
        *mapping = p->span;
    pthread_mutex_unlock(&d->base.lock);
    return p != NULL;
}
