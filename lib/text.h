/* SPDX-License-Identifier: MIT */
/* Texts of programs, such as labels, that are shown on one line: no control characters. */
#ifndef HL_TEXT_H
#define HL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* UTF-8 is accepted; terminal control characters are not. */
static inline bool hl_text_is_printable(char c)
{
    return (unsigned char)c >= 0x20 && c != 0x7f;
}

/* What fits of it, with '?' for control characters. */
static inline void hl_text_copy(char *to, const char *text, size_t size)
{
    size_t n = strnlen(text, size - 1);

    for (size_t i = 0; i < n; i++)
        to[i] = hl_text_is_printable(text[i]) ? text[i] : '?';
    to[n] = '\0';
}

#endif
