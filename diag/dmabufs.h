/* SPDX-License-Identifier: MIT */
/*
 * Counts dma-bufs of which hlthunk_holders_list() tells each descriptor: each once, and those
 * without an identity as they come.
 */
#ifndef HL_DIAG_DMABUFS_H
#define HL_DIAG_DMABUFS_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <hlthunk-diag/holders.h>

struct hl_dmabufs {
    struct hl_counted_dmabuf {
        uint64_t identity, size_bytes;
    } * list;
    size_t count, room; /* of descriptors */
};

/* 0 or -ENOMEM. */
static inline int hl_dmabufs_add(struct hl_dmabufs *d, const struct hlthunk_holder *h)
{
    if (d->count == d->room) {
        size_t room = d->room ? 2 * d->room : 64;
        struct hl_counted_dmabuf *list = reallocarray(d->list, room, sizeof(*list));

        if (!list)
            return -ENOMEM;
        d->list = list;
        d->room = room;
    }
    d->list[d->count++] = (struct hl_counted_dmabuf){ h->identity, h->size_bytes };
    return 0;
}

static inline int hl_dmabufs_order(const void *a, const void *b)
{
    const struct hl_counted_dmabuf *x = a, *y = b;

    return x->identity < y->identity ? -1 : x->identity > y->identity;
}

/* How many there are; *bytes: their size together, may be NULL. */
static inline unsigned hl_dmabufs_count(struct hl_dmabufs *d, uint64_t *bytes)
{
    uint64_t sum = 0;
    unsigned n = 0;

    if (d->count)
        qsort(d->list, d->count, sizeof(*d->list), hl_dmabufs_order);
    for (size_t i = 0; i < d->count; i++) {
        if (i && d->list[i].identity && d->list[i].identity == d->list[i - 1].identity)
            continue;
        sum += d->list[i].size_bytes;
        n++;
    }
    if (bytes)
        *bytes = sum;
    return n;
}

static inline void hl_dmabufs_free(struct hl_dmabufs *d)
{
    free(d->list);
    *d = (struct hl_dmabufs){ 0 };
}

#endif
