/* SPDX-License-Identifier: MIT */
/*
 * A set of address ranges (regions) from which pieces (extents) of any size and alignment are
 * taken and returned: for pools, and for device memory without an MMU.  Pure bookkeeping, no device
 * and no locks.
 *
 * Free extents are kept in bins by size, 16 for each power of two, so that taking and returning
 * cost the same however many there are.  Only when no bin is sure to hold a fit are the others
 * searched: what would fit anywhere is found.
 */
#ifndef HL_MEMORY_SPACE_H
#define HL_MEMORY_SPACE_H

#include <stdbool.h>
#include <stdint.h>

/* Starts and sizes are multiples of it. */
#define HL_SPACE_GRANULE 64u

#define HL_SPACE_STEPS 16u  /* bins of one power of two */
#define HL_SPACE_POWERS 55u /* sizes up to 2^64 */

struct hl_region;

struct hl_extent {
    uint64_t start, size;
    struct hl_extent *prev, *next;         /* neighbours in the region, by address */
    struct hl_extent *bin_prev, *bin_next; /* free: in its bin; unused: bin_next is the next */
    struct hl_region *region;
    bool free;
};

/* Part of the caller's description of what the addresses are. */
struct hl_region {
    struct hl_extent *first;
    uint64_t size;
};

struct hl_space {
    struct hl_extent *bins[HL_SPACE_POWERS][HL_SPACE_STEPS];
    uint64_t powers;                 /* bit p: a bin of this power has something */
    uint16_t steps[HL_SPACE_POWERS]; /* which */
    struct hl_extent *unused;        /* nodes to be used again */
    uint64_t free_bytes;
};

void hl_space_init(struct hl_space *space);
/* Every region must have been removed. */
void hl_space_fini(struct hl_space *space);

/* Start and size are multiples of the granule.  0 or -ENOMEM (of the host). */
int hl_space_add(struct hl_space *space, struct hl_region *region, uint64_t start, uint64_t size);

/* Is nothing of it in use? */
static inline bool hl_region_is_empty(const struct hl_region *region)
{
    return region->first->free && !region->first->next;
}

/* Extents of it that are in use are no longer valid. */
void hl_space_remove(struct hl_space *space, struct hl_region *region);

/*
 * A piece of size bytes (not 0, a multiple of the granule) at a multiple of align (a power of two).
 * 0; -ENOSPC: there is none; -ENOMEM: none of the host's for the bookkeeping.
 */
int hl_space_alloc(struct hl_space *space, uint64_t size, uint64_t align,
                   struct hl_extent **extent);

/*
 * This very piece of a region (multiples of the granule, size not 0), in a time that grows with the
 * region's pieces.  0; -EINVAL: it is outside; -EBUSY: part of it is in use; -ENOMEM as above.
 */
int hl_space_take(struct hl_space *space, const struct hl_region *region, uint64_t start,
                  uint64_t size, struct hl_extent **extent);

/* Cannot fail. */
void hl_space_free(struct hl_space *space, struct hl_extent *extent);

/* The largest free piece, 0 without any. */
uint64_t hl_space_largest(const struct hl_space *space);

#endif
