/* SPDX-License-Identifier: MIT */
/* The error text of libhlthunk-diag. */
#ifndef HLTHUNK_DIAG_ERROR_H
#define HLTHUNK_DIAG_ERROR_H

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

/**
 * hlthunk_diag_last_error() - get what went wrong in this thread's last failed call
 *
 * Like hlthunk_last_error(), for the functions of this library.
 *
 * Return: an English sentence, or "" if no call of this thread has failed.  Never NULL.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API const char *hlthunk_diag_last_error(void);

HLTHUNK_END_DECLS

#endif
