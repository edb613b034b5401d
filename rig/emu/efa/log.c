/* SPDX-License-Identifier: MIT */
/* A log to be read by people: what the card saw, with the seconds since the emulator started. */
#include "rig/emu/efa/card.h"
#include <stdarg.h>

#define MOST (256ull << 20) /* as the accelerators': a guest's faults must not fill the disk */

void efa_log(struct efa_card *c, const char *fmt, ...)
{
    static uint64_t began;
    uint64_t now = c->net->now();
    va_list ap;

    if (!c->log || c->logged >= MOST)
        return;
    if (!began)
        began = now;
    c->logged += (uint64_t)fprintf(c->log, "[%8.3f] ", (double)(now - began) / 1e9);
    va_start(ap, fmt);
    c->logged += (uint64_t)vfprintf(c->log, fmt, ap);
    va_end(ap);
    if (c->logged >= MOST)
        fputs("\nthe log is full", c->log);
    fputc('\n', c->log);
    fflush(c->log);
}
