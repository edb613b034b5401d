/* SPDX-License-Identifier: MIT */
/*
 * Errors.
 *
 * Functions that return int return 0 or a negative errno.  When one fails, its outputs are
 * untouched, and a sentence that names the argument and the broken rule is kept for the thread.
 */
#ifndef HLTHUNK_ERROR_H
#define HLTHUNK_ERROR_H

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

#ifndef HLTHUNK_HAS_LAST_ERROR /* <habanalabs/hlthunk.h> declares it too */
#define HLTHUNK_HAS_LAST_ERROR
/**
 * hlthunk_last_error() - get what went wrong in this thread's last failed call
 *
 * Successful calls leave the text as it is: read it right after a failure.
 *
 * Return: an English sentence without a final newline, or "" if no call of this thread has failed.
 * It belongs to the library and is valid until the thread's next failing call.  Never NULL.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API const char *hlthunk_last_error(void);
#endif

HLTHUNK_END_DECLS

#endif
