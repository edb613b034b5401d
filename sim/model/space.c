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
        return; /* leaks address space, as a driver without memory would */
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

/* A hint that the driver takes no notice of, or with force fails on. */
static bool unaligned_hint(uint64_t hint, uint64_t page, uint64_t align)
{
    if (power_of_2(page))
        return hint & (align - 1);
    /* device memory of Gaudi2: the low 48 bits count pages of 768 MiB; get_va_block() looks at
     * hints within the device's range alone, so that one at the end of all is left */
    return hint < UINT64_MAX - page && (hint & 0xFFFFFFFFFFFF) % page;
}

uint64_t sim_space_get(struct sim_space *sp, uint64_t size, uint64_t hint, bool force,
                       uint64_t page, uint64_t align, const uint64_t reserved[2])
{
    uint64_t best_start = 0, best_size = 0;
    uint32_t best = SIM_NONE;

    if (unaligned_hint(hint, page, align)) {
        if (force)
            return 0;
        hint = 0;
    }
    for (uint32_t i = 0; i < sp->count; i++) {
        const struct sim_block *b = &sp->blocks[i];
        uint64_t start = b->start, room;

        if (power_of_2(page) && (start & (align - 1))) {
            start = (start & ~(align - 1)) + align;
            if (start > b->end)
                continue;
        }
        room = b->end - start + 1;
        if (room < size)
            continue;
        if (reserved && !hint && start <= reserved[1] && start + size - 1 >= reserved[0])
            continue;
        /* the smallest that fits; the one with the hint ends the search */
        if (best == SIM_NONE || room < best_size) {
            best = i;
            best_start = start;
            best_size = room;
        }
        /* the driver's sum wraps around for such a hint, and what it then finds is nowhere */
        if (hint >= start && hint + size < hint)
            return 0;
        if (hint && hint >= start && hint + size <= b->end) {
            best = i;
            best_start = hint;
            break;
        }
    }
    if (best == SIM_NONE || (force && best_start != hint))
        return 0;
    {
        struct sim_block b = sp->blocks[best];

        erase(sp, best);
        if (b.end > best_start + size - 1)
            insert(sp, best, best_start + size, b.end);
        if (b.start < best_start)
            insert(sp, best, b.start, best_start - 1);
    }
    return best_start;
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
