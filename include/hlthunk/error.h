/* SPDX-License-Identifier: MIT */
/*
 * Errors.
 *
 * Functions that return int give 0 or a negative errno.  When one fails, its outputs are
 * untouched and a sentence that names the argument and the broken rule is kept for the thread.
 */
#ifndef HLTHUNK_ERROR_H
#define HLTHUNK_ERROR_H

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

/**
 * hlthunk_last_error() - what went wrong in this thread's last failed call
 *
 * Returns a sentence in English without a final newline, or "" when no call of this thread has
 * failed.  Successful calls leave it as it is: read it right after a failure.  The text belongs
 * to the library and is valid until the thread's next failing call.  Never NULL, never blocks.
 *
 * Since: 0.9
 */
#ifndef HLTHUNK_HAS_LAST_ERROR /* <habanalabs/hlthunk.h> declares it too */
#define HLTHUNK_HAS_LAST_ERROR
HLTHUNK_API const char *hlthunk_last_error(void);
#endif

HLTHUNK_END_DECLS

#endif
