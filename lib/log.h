/* SPDX-License-Identifier: MIT */
#ifndef HL_LOG_H
#define HL_LOG_H

#include <hlthunk/log.h>

void hl_log(enum hlthunk_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), cold));

#endif
