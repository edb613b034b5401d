/* SPDX-License-Identifier: MIT */
/* This library's own thread-local error text: that of libhlthunk is not ours to write. */
#ifndef HL_VERBS_ERROR_H
#define HL_VERBS_ERROR_H

#include <errno.h>

/* As hl_err(): keeps the text, returns rc. */
int hlv_err(int rc, const char *fmt, ...) __attribute__((format(printf, 2, 3), cold));

#endif
