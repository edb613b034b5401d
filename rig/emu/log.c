/* SPDX-License-Identifier: MIT */
/* A log to be read by people: what the device saw, with the seconds since the emulator started. */
#include "rig/emu/emu.h"
#include <stdarg.h>

#define MOST (256 * MiB) /* a guest's faults must not fill the disk */

void emu_log(struct emu *e, const char *fmt, ...)
{
    struct timespec t;
    va_list ap;

    if (e->logged >= MOST)
        return;
    clock_gettime(CLOCK_MONOTONIC, &t);
    e->logged += (uint64_t)fprintf(e->log, "[%8.3f] ",
                                   (double)(t.tv_sec - e->t0.tv_sec) +
                                       (double)(t.tv_nsec - e->t0.tv_nsec) / 1e9);
    va_start(ap, fmt);
    e->logged += (uint64_t)vfprintf(e->log, fmt, ap);
    va_end(ap);
    if (e->logged >= MOST)
        fputs("\nthe log is full", e->log);
    fputc('\n', e->log);
    fflush(e->log);
}
