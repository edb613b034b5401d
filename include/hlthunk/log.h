/* SPDX-License-Identifier: MIT */
/* What the library has to say beside return values: leaks, resets, surprises. */
#ifndef HLTHUNK_LOG_H
#define HLTHUNK_LOG_H

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

enum hlthunk_log_level {
    HLTHUNK_LOG_ERROR = 0,   /* something is lost or will stay busy */
    HLTHUNK_LOG_WARNING = 1, /* a mistake that the library could make good: a leak, a stale call */
    HLTHUNK_LOG_INFO = 2,
    HLTHUNK_LOG_DEBUG = 3,
};

/**
 * typedef hlthunk_log_fn - receives one message
 * @level: how bad it is
 * @message: one line without a newline, valid during the call only
 * @user: as given to hlthunk_log_set()
 *
 * Called from whichever thread has something to say, possibly from several at once, with no lock
 * of the library held except the log's own.  It must not call hlthunk_log_set().
 */
typedef void (*hlthunk_log_fn)(enum hlthunk_log_level level, const char *message, void *user);

/**
 * hlthunk_log_set() - choose where messages go
 * @fn: the receiver; NULL for none
 * @user: passed to @fn
 * @level: the most detailed level that is wanted
 *
 * The library prints nothing of itself.  For a person at a terminal, the environment variable
 * HLTHUNK_LOG=error|warning|info|debug sends messages to standard error while no receiver is
 * set; it is ignored in set-user-ID programs.  On return no call of the previous receiver is
 * running any more.  Any thread.
 *
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_log_set(hlthunk_log_fn fn, void *user, enum hlthunk_log_level level);

HLTHUNK_END_DECLS

#endif
