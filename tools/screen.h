/* SPDX-License-Identifier: MIT */
/* A picture on a terminal, drawn in place: each row overwrites the old one, nothing is cleared
 * first. */
#ifndef TOOLS_SCREEN_H
#define TOOLS_SCREEN_H

#include <stdbool.h>

struct screen {
    unsigned rows, columns; /* of the terminal; set by screen_begin() */
    unsigned used;          /* rows that are printed */
};

/* Is standard output a terminal that can do this? */
bool screen_usable(void);

/* Starts at the top; asks for the terminal's size again. */
void screen_begin(struct screen *screen);
/* One row, cut at the terminal's width; none below its last row. */
void screen_row(struct screen *screen, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Erases what is left of an older picture. */
void screen_end(struct screen *screen);

#endif
