/* SPDX-License-Identifier: MIT */
/* A log to be read by people: what the card saw, with the seconds since the emulator started. */
#include "rig/emu/efa/card.h"
#include "rig/emu/log.h"

void efa_log(struct efa_card *c, const char *fmt, ...)
{
    static uint64_t began;
    uint64_t now = c->net->now();
    va_list ap;

    if (!c->log)
        return;
    if (!began)
        began = now;
    va_start(ap, fmt);
    log_line(c->log, &c->logged, (double)(now - began) / 1e9, fmt, ap);
    va_end(ap);
}
