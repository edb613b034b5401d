/* SPDX-License-Identifier: MIT */
/* A picture on a terminal, drawn in place: each row over the one before, nothing cleared first. */
#ifndef TOOLS_SCREEN_H
#define TOOLS_SCREEN_H

#include <stdbool.h>

struct screen {
    unsigned rows, columns; /* of the terminal; set by screen_begin() */
    unsigned used;          /* rows that are printed */
};

/* Is standard output a terminal that can do this? */
bool screen_usable(void);

/* From the top; the terminal's size is asked anew. */
void screen_begin(struct screen *screen);
/* One row, cut where the terminal ends; nothing below its last. */
void screen_row(struct screen *screen, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What is left of an older picture goes. */
void screen_end(struct screen *screen);

#endif
