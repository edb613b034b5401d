/* SPDX-License-Identifier: MIT */
/* Texts of programs, such as labels, that are shown on one line: no control characters. */
#ifndef HL_TEXT_H
#define HL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/*
 * UTF-8 is accepted.  Terminal control characters are not, nor are those of U+0080 to U+009F,
 * which some terminals take for the beginning of a sequence as well, alone or in UTF-8.
 */
static inline bool hl_text_is_printable(const char *text, size_t i)
{
    unsigned char c = (unsigned char)text[i], before = i ? (unsigned char)text[i - 1] : 0;

    if (c >= 0x80 && c < 0xa0)
        return before >= 0x80 && before != 0xc2;
    return c >= 0x20 && c != 0x7f;
}

/* What fits of it, with '?' for control characters. */
static inline void hl_text_copy(char *to, const char *text, size_t size)
{
    size_t n = strnlen(text, size - 1);

    for (size_t i = 0; i < n; i++)
        to[i] = hl_text_is_printable(text, i) ? text[i] : '?';
    to[n] = '\0';
}

#endif
