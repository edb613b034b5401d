/* SPDX-License-Identifier: MIT */
#include "lib/error.h"

#include <stdarg.h>
#include <stdio.h>

#include <hlthunk/error.h>

/* Of fixed size: a text must be available when memory is not. */
static _Thread_local char last_error[320];

int hl_err(int rc, const char *fmt, ...)
{
    int saved = errno;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(last_error, sizeof(last_error), fmt, ap);
    va_end(ap);
    errno = saved;
    return rc;
}

const char *hlthunk_last_error(void)
{
    return last_error;
}
