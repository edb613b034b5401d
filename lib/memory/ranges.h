/* SPDX-License-Identifier: MIT */
/*
 * A set of disjoint address ranges in use, with first-fit allocation of the gaps: for device
 * memory without an MMU (Gaudi), where the driver accounts bytes and programs choose addresses.
 */
#ifndef HL_MEMORY_RANGES_H
#define HL_MEMORY_RANGES_H

#include <stdint.h>

struct hl_range {
    uint64_t start, size;
};

struct hl_ranges {
    uint64_t start, end;   /* the space */
    struct hl_range *used; /* sorted, disjoint */
    unsigned count, room;
};

void hl_ranges_init(struct hl_ranges *r, uint64_t start, uint64_t size);
void hl_ranges_fini(struct hl_ranges *r);

/* The lowest gap of size bytes at a multiple of align (a power of two): 0 or -ENOMEM. */
int hl_ranges_alloc(struct hl_ranges *r, uint64_t size, uint64_t align, uint64_t *start);

/* This very range: 0, -EBUSY when part of it is taken, -EINVAL outside the space, -ENOMEM. */
int hl_ranges_take(struct hl_ranges *r, uint64_t start, uint64_t size);

/* Returns the range that starts there; does nothing if there is none. */
void hl_ranges_free(struct hl_ranges *r, uint64_t start);

#endif
