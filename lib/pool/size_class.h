/* SPDX-License-Identifier: MIT */
/*
 * Size classes of a pool: 1, 2, 3, 4 granules, then four for each power of two, so that at most a
 * fifth of a block is unused.  A block is aligned to the largest power of two that divides its
 * size, up to a page.
 */
#ifndef HL_POOL_SIZE_CLASS_H
#define HL_POOL_SIZE_CLASS_H

#include <stdint.h>

#include "lib/memory/space.h"

/* Larger pieces have no class. */
#define HL_POOL_CLASS_MAX_BYTES (1u << 20)
#define HL_POOL_CLASSES 52u

/* The class for 1 to HL_POOL_CLASS_MAX_BYTES bytes. */
static inline unsigned hl_pool_class(uint64_t size)
{
    unsigned m = (unsigned)((size - 1) / HL_SPACE_GRANULE), power;

    if (m < 4)
        return m;
    power = 31 - (unsigned)__builtin_clz(m);
    return 4 * (power - 1) + (m >> (power - 2) & 3);
}

static inline uint64_t hl_pool_class_bytes(unsigned c)
{
    return c < 4 ? (c + 1) * HL_SPACE_GRANULE
                 : (uint64_t)(5 + c % 4) * HL_SPACE_GRANULE << (c / 4 - 1);
}

static inline uint64_t hl_pool_class_alignment(unsigned c, uint64_t page)
{
    uint64_t bytes = hl_pool_class_bytes(c), align = bytes & -bytes;

    return align < page ? align : page;
}

/* How many blocks are allocated at a time, and how many more than that a bin may keep. */
static inline unsigned hl_pool_class_batch(unsigned c)
{
    uint64_t n = (128u << 10) / hl_pool_class_bytes(c);

    return n > 32 ? 32 : n ? (unsigned)n : 1;
}

#endif
