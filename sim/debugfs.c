/* SPDX-License-Identifier: MIT */
#include "sim/debugfs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool sim_debugfs_number(uint32_t attribute, const void *text, size_t n, uint64_t *value)
{
    char number[32], *end;
    int saved = errno;
    bool fits;

    memset(number, 0, sizeof(number));
    memcpy(number, text, n < sizeof(number) - 1 ? n : sizeof(number) - 1);
    errno = 0;
    *value = strtoull(number, &end, 16);
    fits = !errno && (attribute != SIM_DEBUGFS_DATA32 || *value <= UINT32_MAX);
    errno = saved;
    return end != number && (!*end || *end == '\n') && fits;
}
