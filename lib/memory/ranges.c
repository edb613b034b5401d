/* SPDX-License-Identifier: MIT */
#include "lib/memory/ranges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void hl_ranges_init(struct hl_ranges *r, uint64_t start, uint64_t size)
{
    memset(r, 0, sizeof(*r));
    r->start = start;
    r->end = start + size;
}

void hl_ranges_fini(struct hl_ranges *r)
{
    free(r->used);
    r->used = NULL;
    r->count = r->room = 0;
}

static int insert(struct hl_ranges *r, unsigned at, uint64_t start, uint64_t size)
{
    if (r->count == r->room) {
        unsigned room = r->room ? 2 * r->room : 16;
        void *p = reallocarray(r->used, room, sizeof(*r->used));

        if (!p)
            return -ENOMEM;
        r->used = p;
        r->room = room;
    }
    memmove(&r->used[at + 1], &r->used[at], (r->count - at) * sizeof(*r->used));
    r->used[at] = (struct hl_range){ start, size };
    r->count++;
    return 0;
}

/* The first used range that starts at or after start. */
static unsigned lower_bound(const struct hl_ranges *r, uint64_t start)
{
    unsigned lo = 0, hi = r->count;

    while (lo < hi) {
        unsigned mid = lo + (hi - lo) / 2;

        if (r->used[mid].start < start)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

int hl_ranges_alloc(struct hl_ranges *r, uint64_t size, uint64_t align, uint64_t *start)
{
    uint64_t gap = r->start;

    for (unsigned i = 0; i <= r->count; i++) {
        uint64_t end = i < r->count ? r->used[i].start : r->end;
        uint64_t at = (gap + align - 1) & ~(align - 1);

        if (at >= gap && at <= end && size <= end - at) {
            int rc = insert(r, i, at, size);

            if (rc == 0)
                *start = at;
            return rc;
        }
        if (i < r->count)
            gap = r->used[i].start + r->used[i].size;
    }
    return -ENOMEM;
}

int hl_ranges_take(struct hl_ranges *r, uint64_t start, uint64_t size)
{
    unsigned i;

    if (start < r->start || start > r->end || size > r->end - start)
        return -EINVAL;
    i = lower_bound(r, start);
    if (i < r->count && r->used[i].start - start < size)
        return -EBUSY;
    if (i && r->used[i - 1].start + r->used[i - 1].size > start)
        return -EBUSY;
    return insert(r, i, start, size);
}

void hl_ranges_free(struct hl_ranges *r, uint64_t start)
{
    unsigned i = lower_bound(r, start);

    if (i == r->count || r->used[i].start != start)
        return;
    r->count--;
    memmove(&r->used[i], &r->used[i + 1], (r->count - i) * sizeof(*r->used));
}
