/* SPDX-License-Identifier: MIT */
#include "sim/debugfs.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int sim_debugfs_number(uint32_t attribute, const void *text, size_t n, uint64_t *value)
{
    char number[32], *end;
    int saved = errno;
    bool fits;

    memset(number, 0, sizeof(number));
    memcpy(number, text, n < sizeof(number) - 1 ? n : sizeof(number) - 1);
    if (!isxdigit((unsigned char)*number) && *number != '+') /* strtoull() takes more */
        return -EINVAL;
    errno = 0;
    *value = strtoull(number, &end, attribute == SIM_DEBUGFS_ADDR ? 0 : 16);
    fits = !errno && (attribute != SIM_DEBUGFS_DATA32 || *value <= UINT32_MAX);
    errno = saved;
    if (end == number)
        return -EINVAL;
    if (!fits)
        return -ERANGE;
    return !*end || !strcmp(end, "\n") ? 0 : -EINVAL;
}
