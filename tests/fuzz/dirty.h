/* SPDX-License-Identifier: MIT */
/* Which pages of a private mapping differ, or may, from what is mapped there. */
#ifndef TESTS_FUZZ_DIRTY_H
#define TESTS_FUZZ_DIRTY_H

#include <stdint.h>

struct dirty_range {
    uint64_t start, end, categories;
};

/*
 * Fills range from *at on, and moves *at to where the next call goes on; how many, 0 at the end.
 * Negative: this kernel cannot say (before Linux 6.7).
 */
int dirty_ranges(uint8_t **at, uint8_t *end, struct dirty_range *range, unsigned most);

#endif
