/* SPDX-License-Identifier: MIT */
/* The log: what the library reports besides return values: leaks, resets, surprises. */
#ifndef HLTHUNK_LOG_H
#define HLTHUNK_LOG_H

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

/**
 * enum hlthunk_log_level - how severe a message is
 * @HLTHUNK_LOG_ERROR: something is lost or will stay busy
 * @HLTHUNK_LOG_WARNING: a mistake that the library could make up for: a leak, a stale call
 * @HLTHUNK_LOG_INFO: for information
 * @HLTHUNK_LOG_DEBUG: for debugging
 *
 * Since: 0.9
 */
enum hlthunk_log_level {
    HLTHUNK_LOG_ERROR = 0,
    HLTHUNK_LOG_WARNING = 1,
    HLTHUNK_LOG_INFO = 2,
    HLTHUNK_LOG_DEBUG = 3,
};

/**
 * typedef hlthunk_log_fn - receives one message
 * @level: how severe it is
 * @message: one line without a newline, valid during the call
 * @user: as passed to hlthunk_log_set()
 *
 * Called from any thread that has something to report, possibly from several at once, with no lock
 * of the library held except the log's own.  It must not call hlthunk_log_set().
 *
 * Since: 0.9
 */
typedef void (*hlthunk_log_fn)(enum hlthunk_log_level level, const char *message, void *user);

/**
 * hlthunk_log_set() - choose where messages go
 * @fn: the receiver; NULL for none
 * @user: passed to @fn
 * @level: the most detailed level to receive
 *
 * The library prints nothing by itself.  For a person at a terminal the environment variable
 * HLTHUNK_LOG=error|warning|info|debug sends messages to standard error while no receiver is set;
 * it is ignored in set-user-ID programs.
 *
 * When it returns, the previous receiver is not running and will not be called again.
 *
 * Context: any thread; waits for the previous receiver if it is running.
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_log_set(hlthunk_log_fn fn, void *user, enum hlthunk_log_level level);

HLTHUNK_END_DECLS

#endif
