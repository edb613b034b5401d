/* SPDX-License-Identifier: MIT */
/* Device address spaces: the driver's allocator (get_va_block, add_va_block of memory.c). */
#include <string.h>

#include "sim/model/model.h"

void sim_space_init(struct sim_space *sp, uint64_t first, uint64_t last)
{
    sp->count = last > first;
    sp->blocks[0] = (struct sim_block){ first, last };
}

static void insert(struct sim_space *sp, uint32_t at, uint64_t start, uint64_t end)
{
    if (sp->count == SIM_MAX_BLOCKS)
        return; /* leaks address space, as a driver that runs out of memory would */
    memmove(&sp->blocks[at + 1], &sp->blocks[at], (sp->count - at) * sizeof(sp->blocks[0]));
    sp->blocks[at] = (struct sim_block){ start, end };
    sp->count++;
}

static void erase(struct sim_space *sp, uint32_t at)
{
    sp->count--;
    memmove(&sp->blocks[at], &sp->blocks[at + 1], (sp->count - at) * sizeof(sp->blocks[0]));
}

static bool power_of_2(uint64_t x)
{
    return x && !(x & (x - 1));
}

/* A hint that the driver ignores, or that fails when it is forced. */
static bool unaligned_hint(uint64_t hint, uint64_t page, uint64_t align)
{
    if (power_of_2(page))
        return hint & (align - 1);
    /* device memory of Gaudi2: the low 48 bits count pages of 768 MiB; get_va_block() looks at
     * hints only within the device's range, so that one at the end of all is left */
    return hint < UINT64_MAX - page && (hint & 0xFFFFFFFFFFFF) % page;
}

/* A request to an address space, and the best block so far. */
struct search {
    uint64_t size, hint, align;
    bool aligned; /* starts are */
    const uint64_t *reserved;
    uint32_t best;
    uint64_t start, room;
};

enum verdict { GO_ON, FOUND, NOWHERE };

/* The place in a block with room for it: false when there is none. */
static bool room_in(const struct search *q, const struct sim_block *b, uint64_t *start)
{
    *start = b->start;
    if (q->aligned && (*start & (q->align - 1))) {
        *start = (*start & ~(q->align - 1)) + q->align;
        if (*start > b->end)
            return false;
    }
    if (b->end - *start + 1 < q->size)
        return false;
    return !q->reserved || q->hint || *start > q->reserved[1] ||
           *start + q->size - 1 < q->reserved[0];
}

/* The smallest that fits; the one with the hint ends the search. */
static enum verdict look_at(struct search *q, const struct sim_block *b, uint32_t i)
{
    uint64_t start, room;

    if (!room_in(q, b, &start))
        return GO_ON;
    room = b->end - start + 1;
    if (q->best == SIM_NONE || room < q->room) {
        q->best = i;
        q->start = start;
        q->room = room;
    }
    /* the driver's sum wraps around for such a hint, and what it then finds is nowhere */
    if (q->hint >= start && q->hint + q->size < q->hint)
        return NOWHERE;
    if (!q->hint || q->hint < start || q->hint + q->size > b->end)
        return GO_ON;
    q->best = i;
    q->start = q->hint;
    return FOUND;
}

static void take(struct sim_space *sp, uint32_t i, uint64_t start, uint64_t size)
{
    struct sim_block b = sp->blocks[i];

    erase(sp, i);
    if (b.end > start + size - 1)
        insert(sp, i, start + size, b.end);
    if (b.start < start)
        insert(sp, i, b.start, start - 1);
}

uint64_t sim_space_get(struct sim_space *sp, uint64_t size, uint64_t hint, bool force,
                       uint64_t page, uint64_t align, const uint64_t reserved[2])
{
    struct search q = { .size = size,
                        .hint = hint,
                        .align = align,
                        .aligned = power_of_2(page),
                        .reserved = reserved,
                        .best = SIM_NONE };
    enum verdict v = GO_ON;

    if (unaligned_hint(hint, page, align)) {
        if (force)
            return 0;
        q.hint = 0;
    }
    for (uint32_t i = 0; v == GO_ON && i < sp->count; i++)
        v = look_at(&q, &sp->blocks[i], i);
    if (v == NOWHERE || q.best == SIM_NONE || (force && q.start != q.hint))
        return 0;
    take(sp, q.best, q.start, size);
    return q.start;
}

uint64_t sim_space_first(struct sim_space *sp, uint64_t size)
{
    for (uint32_t i = 0; i < sp->count; i++) {
        uint64_t start = sp->blocks[i].start;

        if (sp->blocks[i].end - start < size - 1)
            continue;
        take(sp, i, start, size);
        return start;
    }
    return 0;
}

void sim_space_put(struct sim_space *sp, uint64_t start, uint64_t size)
{
    uint64_t end = start + size - 1;
    uint32_t i = 0;

    while (i < sp->count && sp->blocks[i].start < start)
        i++;
    if (i < sp->count && sp->blocks[i].start == end + 1) {
        end = sp->blocks[i].end;
        erase(sp, i);
    }
    if (i && sp->blocks[i - 1].end + 1 == start)
        sp->blocks[i - 1].end = end;
    else
        insert(sp, i, start, end);
}
