/* SPDX-License-Identifier: MIT */
/* A log to be read by people, of an accelerator or a card. */
#ifndef EMU_LOG_H
#define EMU_LOG_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#define LOG_MOST (256ull << 20) /* bytes: a guest's faults must not fill the disk */

/* One more line, after its time; none when the log has been full. */
__attribute__((format(printf, 4, 0))) static inline void
log_line(FILE *log, uint64_t *logged, double seconds, const char *fmt, va_list ap)
{
    if (*logged >= LOG_MOST)
        return;
    *logged += (uint64_t)fprintf(log, "[%8.3f] ", seconds);
    *logged += (uint64_t)vfprintf(log, fmt, ap);
    if (*logged >= LOG_MOST)
        fputs("\nthe log is full", log);
    fputc('\n', log);
    fflush(log);
}

#endif
