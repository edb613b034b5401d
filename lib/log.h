/* SPDX-License-Identifier: MIT */
#ifndef HL_LOG_H
#define HL_LOG_H

#include <hlthunk/log.h>

void hl_log(enum hlthunk_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), cold));

/*
 * For who holds a lock: this thread's messages are kept until the same number of calls has released
 * them, which is done without the lock.  One that there is no memory for is lost.
 */
void hl_log_hold(void);
void hl_log_release(void);

#endif
