/* SPDX-License-Identifier: MIT */
#ifndef HL_PAGE_H
#define HL_PAGE_H

#include <stdbool.h>
#include <stdint.h>

/* The host's page size in bytes (4 KiB to 64 KiB), a power of two. */
uint64_t hl_page_size(void);

static inline bool hl_aligned(uint64_t x, uint64_t power_of_two)
{
    return (x & (power_of_two - 1)) == 0;
}

#endif
