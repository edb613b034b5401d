/* SPDX-License-Identifier: MIT */
#include "lib/memory/space.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How many of the bin that starts at the wanted size are looked at before a sure one is taken. */
#define CLOSE_FITS 8

struct bin {
    unsigned power, step;
};

/* The bin that an extent of this size is kept in: below 16 granules one for each size. */
static struct bin bin_of(uint64_t size)
{
    uint64_t n = size / HL_SPACE_GRANULE;
    unsigned power;

    if (n < HL_SPACE_STEPS)
        return (struct bin){ 0, (unsigned)n };
    power = 63 - (unsigned)__builtin_clzll(n);
    return (struct bin){ power - 3, (unsigned)(n >> (power - 4)) & (HL_SPACE_STEPS - 1) };
}

/* Before the first bin all of whose extents have at least this size, or that one: for occupied().
 */
static struct bin bin_above(uint64_t size)
{
    struct bin b = bin_of(size);
    uint64_t n = size / HL_SPACE_GRANULE;

    /* one up, unless this size is the bin's smallest */
    if (b.power && (n & ((1ull << (b.power - 1)) - 1)))
        b.step++;
    return b;
}

/* The first bin at or above b (.step may be past its power's last) that has something, if any. */
static bool occupied(const struct hl_space *s, struct bin *b)
{
    uint64_t powers;
    unsigned steps;

    steps = s->steps[b->power] & (~0u << b->step);
    if (!steps) {
        powers = s->powers & (~0ull << (b->power + 1));
        if (!powers)
            return false;
        b->power = (unsigned)__builtin_ctzll(powers);
        steps = s->steps[b->power];
    }
    b->step = (unsigned)__builtin_ctz(steps);
    return true;
}

static void bin_add(struct hl_space *s, struct hl_extent *e)
{
    struct bin b = bin_of(e->size);
    struct hl_extent **head = &s->bins[b.power][b.step];

    e->free = true;
    e->bin_prev = NULL;
    e->bin_next = *head;
    if (*head)
        (*head)->bin_prev = e;
    *head = e;
    s->powers |= 1ull << b.power;
    s->steps[b.power] |= (uint16_t)(1u << b.step);
    s->free_bytes += e->size;
}

static void bin_remove(struct hl_space *s, struct hl_extent *e)
{
    struct bin b = bin_of(e->size);

    if (e->bin_next)
        e->bin_next->bin_prev = e->bin_prev;
    if (e->bin_prev) {
        e->bin_prev->bin_next = e->bin_next;
    } else {
        s->bins[b.power][b.step] = e->bin_next;
        if (!e->bin_next) {
            s->steps[b.power] &= (uint16_t) ~(1u << b.step);
            if (!s->steps[b.power])
                s->powers &= ~(1ull << b.power);
        }
    }
    e->free = false;
    s->free_bytes -= e->size;
}

static struct hl_extent *node_get(struct hl_space *s)
{
    struct hl_extent *e = s->unused;

    if (!e)
        return malloc(sizeof(*e));
    s->unused = e->bin_next;
    return e;
}

static void node_put(struct hl_space *s, struct hl_extent *e)
{
    e->bin_next = s->unused;
    s->unused = e;
}

void hl_space_init(struct hl_space *s)
{
    memset(s, 0, sizeof(*s));
}

void hl_space_fini(struct hl_space *s)
{
    while (s->unused) {
        struct hl_extent *e = s->unused;

        s->unused = e->bin_next;
        free(e);
    }
}

int hl_space_add(struct hl_space *s, struct hl_region *r, uint64_t start, uint64_t size)
{
    struct hl_extent *e = node_get(s);

    if (!e)
        return -ENOMEM;
    *e = (struct hl_extent){ .start = start, .size = size, .region = r };
    *r = (struct hl_region){ .first = e, .size = size };
    bin_add(s, e);
    return 0;
}

void hl_space_remove(struct hl_space *s, struct hl_region *r)
{
    struct hl_extent *e, *next;

    for (e = r->first; e; e = next) {
        next = e->next;
        if (e->free)
            bin_remove(s, e);
        node_put(s, e);
    }
    r->first = NULL;
}

/* Bytes before the first multiple of align. */
static uint64_t gap(const struct hl_extent *e, uint64_t align)
{
    return -e->start & (align - 1);
}

static bool fits(const struct hl_extent *e, uint64_t size, uint64_t align)
{
    uint64_t g = gap(e, align);

    return g <= e->size && size <= e->size - g;
}

/* Up to max extents of one bin. */
static struct hl_extent *search_bin(const struct hl_space *s, struct bin b, uint64_t size,
                                    uint64_t align, unsigned max)
{
    struct hl_extent *e = s->bins[b.power][b.step];

    while (e && max-- && !fits(e, size, align))
        e = e->bin_next;
    return e && fits(e, size, align) ? e : NULL;
}

static struct hl_extent *search(const struct hl_space *s, uint64_t size, uint64_t align)
{
    uint64_t more = align > HL_SPACE_GRANULE ? align - HL_SPACE_GRANULE : 0, sure;
    struct bin b = bin_of(size);
    struct hl_extent *e = search_bin(s, b, size, align, CLOSE_FITS);

    if (e)
        return e;
    if (!__builtin_add_overflow(size, more, &sure)) {
        b = bin_above(sure);
        if (occupied(s, &b))
            return s->bins[b.power][b.step];
    }
    /* nothing is sure to fit: whatever may */
    for (b = bin_of(size); occupied(s, &b); b.step++) {
        e = search_bin(s, b, size, align, ~0u);
        if (e)
            return e;
    }
    return NULL;
}

/* Cuts e in two: the second part is what node becomes, neither is in a bin. */
static void split(struct hl_extent *e, uint64_t size, struct hl_extent *node)
{
    *node = (struct hl_extent){ .start = e->start + size,
                                .size = e->size - size,
                                .prev = e,
                                .next = e->next,
                                .region = e->region };
    if (e->next)
        e->next->prev = node;
    e->next = node;
    e->size = size;
}

/* The part of a free extent that begins after so many bytes: 0 or -ENOMEM. */
static int carve(struct hl_space *s, struct hl_extent *e, uint64_t before, uint64_t size,
                 struct hl_extent **extent)
{
    struct hl_extent *front = NULL, *rest = NULL;

    if (before && !(front = node_get(s)))
        return -ENOMEM;
    if (e->size - before > size && !(rest = node_get(s))) {
        if (front)
            node_put(s, front);
        return -ENOMEM;
    }
    bin_remove(s, e);
    if (front) {
        split(e, before, front);
        bin_add(s, e);
        e = front;
    }
    if (rest) {
        split(e, size, rest);
        bin_add(s, rest);
    }
    *extent = e;
    return 0;
}

int hl_space_alloc(struct hl_space *s, uint64_t size, uint64_t align, struct hl_extent **extent)
{
    struct hl_extent *e = search(s, size, align);

    return e ? carve(s, e, gap(e, align), size, extent) : -ENOSPC;
}

int hl_space_take(struct hl_space *s, const struct hl_region *r, uint64_t start, uint64_t size,
                  struct hl_extent **extent)
{
    struct hl_extent *e = r->first;

    if (start - e->start > r->size || size > r->size - (start - e->start))
        return -EINVAL;
    while (start - e->start >= e->size)
        e = e->next;
    if (!e->free || size > e->size - (start - e->start))
        return -EBUSY;
    return carve(s, e, start - e->start, size, extent);
}

/* e and its next become e; neither is in a bin. */
static void join(struct hl_space *s, struct hl_extent *e)
{
    struct hl_extent *n = e->next;

    e->size += n->size;
    e->next = n->next;
    if (n->next)
        n->next->prev = e;
    node_put(s, n);
}

void hl_space_free(struct hl_space *s, struct hl_extent *e)
{
    if (e->next && e->next->free) {
        bin_remove(s, e->next);
        join(s, e);
    }
    if (e->prev && e->prev->free) {
        e = e->prev;
        bin_remove(s, e);
        join(s, e);
    }
    bin_add(s, e);
}

uint64_t hl_space_largest(const struct hl_space *s)
{
    uint64_t largest = 0;
    unsigned power;

    if (!s->powers)
        return 0;
    power = 63 - (unsigned)__builtin_clzll(s->powers);
    for (const struct hl_extent *e = s->bins[power][31 - __builtin_clz(s->steps[power])]; e;
         e = e->bin_next) {
        if (e->size > largest)
            largest = e->size;
    }
    return largest;
}
