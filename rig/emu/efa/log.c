/* SPDX-License-Identifier: MIT */
/* A log to be read by people: what the card saw, with the seconds since the emulator started. */
#include "rig/emu/efa/card.h"
#include <stdarg.h>

void efa_log(struct efa_card *c, const char *fmt, ...)
{
    static uint64_t began;
    uint64_t now = c->net->now();
    va_list ap;

    if (!c->log)
        return;
    if (!began)
        began = now;
    fprintf(c->log, "[%8.3f] ", (double)(now - began) / 1e9);
    va_start(ap, fmt);
    vfprintf(c->log, fmt, ap);
    va_end(ap);
    fputc('\n', c->log);
    fflush(c->log);
}
