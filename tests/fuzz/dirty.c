/* SPDX-License-Identifier: MIT */
/* The request PAGEMAP_SCAN of linux/fs.h, which older headers do not have. */
#include "tests/fuzz/dirty.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/ioctl.h>

#define IS_FILE 0x04u
#define IS_PRESENT 0x08u
#define IS_SWAPPED 0x10u
#define IS_ZERO_PAGE 0x20u

struct scan {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
    uint64_t inverted, all_of, any_of, told;
};
_Static_assert(sizeof(struct scan) == 96, "layout of struct pm_scan_arg");

#define SCAN _IOWR('f', 16, struct scan)

int dirty_ranges(uint8_t **at, uint8_t *end, struct dirty_range *range, unsigned most)
{
    static int pagemap = -2;
    struct scan s = {
        .size = sizeof(s),
        .start = (uintptr_t)*at,
        .end = (uintptr_t)end,
        .vec = (uintptr_t)range,
        .vec_len = most,
        .inverted = IS_FILE | IS_ZERO_PAGE,
        .all_of = IS_FILE | IS_ZERO_PAGE,
        .any_of = IS_PRESENT | IS_SWAPPED,
        .told = IS_PRESENT,
    };
    int n;

    if (pagemap == -2)
        pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (*at == end)
        return 0;
    n = ioctl(pagemap, SCAN, &s);
    if (n >= 0)
        *at = (uint8_t *)(uintptr_t)s.walk_end;
    return n;
}
