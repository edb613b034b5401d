/* SPDX-License-Identifier: MIT */
/* Texts of others, such as names of processes, must not control a terminal: ASCII, the rest is '?'.
 */
#ifndef TOOLS_PRINTABLE_H
#define TOOLS_PRINTABLE_H

#include <stddef.h>

static inline char printable_character(char c)
{
    return c >= ' ' && c <= '~' ? c : '?';
}

/* As much of the text as fits: out. */
static inline const char *printable(const char *text, char *out, size_t size)
{
    size_t n = 0;

    for (; text[n] && n + 1 < size; n++)
        out[n] = printable_character(text[n]);
    out[n] = '\0';
    return out;
}

#endif
