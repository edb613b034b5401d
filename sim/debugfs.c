/* SPDX-License-Identifier: MIT */
#include "sim/debugfs.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define STATE_DUMPS 5u /* HL_STATE_DUMP_HIST_LEN */

/* The base of a number, and where its digits begin (_parse_integer_fixup_radix()). */
static unsigned base_of(const char **s, unsigned base)
{
    bool prefix = (*s)[0] == '0' && tolower((unsigned char)(*s)[1]) == 'x';

    if (!base)
        base = (*s)[0] != '0' ? 10 : prefix && isxdigit((unsigned char)(*s)[2]) ? 16 : 8;
    if (base == 16 && prefix)
        *s += 2;
    return base;
}

static unsigned digit(char c)
{
    if (isdigit((unsigned char)c))
        return (unsigned)(c - '0');
    return isxdigit((unsigned char)c) ? (unsigned)(tolower((unsigned char)c) - 'a' + 10) : 16;
}

/* kstrtoull() */
static int number(const char *s, unsigned base, uint64_t *value)
{
    const char *first;
    bool fits = true;
    uint64_t v = 0;

    s += *s == '+';
    base = base_of(&s, base);
    for (first = s; digit(*s) < base; s++)
        fits = !__builtin_mul_overflow(v, base, &v) && !__builtin_add_overflow(v, digit(*s), &v) &&
               fits;
    if (!fits)
        return -ERANGE;
    if (s == first)
        return -EINVAL;
    s += *s == '\n';
    *value = v;
    return *s ? -EINVAL : 0;
}

int sim_debugfs_number(uint32_t attribute, const void *text, size_t n, uint64_t *value)
{
    static const struct {
        unsigned base, bytes; /* what of the text is looked at */
        uint64_t most;
    } kinds[SIM_DEBUGFS_COUNT] = {
        [SIM_DEBUGFS_ADDR] = { 0, 23, UINT64_MAX },
        [SIM_DEBUGFS_DATA32] = { 16, 34, UINT32_MAX },
        [SIM_DEBUGFS_DATA64] = { 16, SIM_DEBUGFS_LONGEST, UINT64_MAX },
        [SIM_DEBUGFS_STATE_DUMP] = { 10, 34, UINT32_MAX },
    };
    char copy[SIM_DEBUGFS_LONGEST + 1] = "";
    int rc;

    if (attribute == SIM_DEBUGFS_CLK_GATE)
        return 0; /* anything */
    memcpy(copy, text, n < kinds[attribute].bytes ? n : kinds[attribute].bytes);
    rc = number(copy, kinds[attribute].base, value);
    if (!rc && *value > kinds[attribute].most)
        rc = -ERANGE;
    if (!rc && attribute == SIM_DEBUGFS_STATE_DUMP && (!*value || *value >= STATE_DUMPS))
        rc = -EINVAL;
    return rc;
}
