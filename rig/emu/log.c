/* SPDX-License-Identifier: MIT */
/* What the device saw, with the seconds since the emulator began, for a person to read. */
#include "rig/emu/emu.h"
#include <stdarg.h>

void emu_log(struct emu *e, const char *fmt, ...)
{
    struct timespec t;
    va_list ap;

    clock_gettime(CLOCK_MONOTONIC, &t);
    fprintf(e->log, "[%8.3f] ",
            (double)(t.tv_sec - e->t0.tv_sec) + (double)(t.tv_nsec - e->t0.tv_nsec) / 1e9);
    va_start(ap, fmt);
    vfprintf(e->log, fmt, ap);
    va_end(ap);
    fputc('\n', e->log);
    fflush(e->log);
}
