/* SPDX-License-Identifier: MIT */
/* What the device saw, with the seconds since the emulator started. */
#include "rig/emu/log.h"
#include "rig/emu/emu.h"

void emu_log(struct emu *e, const char *fmt, ...)
{
    struct timespec t;
    va_list ap;

    clock_gettime(CLOCK_MONOTONIC, &t);
    va_start(ap, fmt);
    log_line(e->log, &e->logged,
             (double)(t.tv_sec - e->t0.tv_sec) + (double)(t.tv_nsec - e->t0.tv_nsec) / 1e9, fmt,
             ap);
    va_end(ap);
}
