/* SPDX-License-Identifier: MIT */
#include "sim/number.h"

#include <errno.h>
#include <stdlib.h>

bool sim_number(const char *text, int base, uint64_t most, uint64_t *value)
{
    int saved = errno;
    char *end;
    uint64_t n;
    bool fits;

    errno = 0;
    n = strtoull(text, &end, base);
    fits = !errno;
    errno = saved;
    /* strtoull() takes white space and signs as well */
    if (*text < '0' || *text > '9' || *end || !fits || n > most)
        return false;
    *value = n;
    return true;
}
