/* SPDX-License-Identifier: MIT */
#include "tools/screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "tools/command.h"

bool screen_usable(void)
{
    const char *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

void screen_begin(struct screen *s)
{
    struct winsize w;

    *s = (struct screen){ .rows = 24, .columns = 80 };
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row && w.ws_col) {
        s->rows = w.ws_row;
        s->columns = w.ws_col;
    }
}

/* Cut before the edge: erasing the rest of the line in the last column would erase a character. */
void screen_row(struct screen *s, const char *fmt, ...)
{
    char text[640], line[640];
    va_list ap;

    if (s->used == s->rows)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    printf("%s%.*s\033[K", s->used++ ? "\n" : "\033[H", (int)s->columns - 1,
           printable(text, line, sizeof(line)));
}

/* Without a newline after the last row, which would scroll. */
void screen_end(struct screen *s)
{
    if (s->used)
        printf("\033[J");
}
