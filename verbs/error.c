/* SPDX-License-Identifier: MIT */
#include "verbs/error.h"

#include <stdarg.h>
#include <stdio.h>

#include <hlthunk/verbs.h>

static _Thread_local char last_error[512];

int hlv_err(int rc, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(last_error, sizeof(last_error), fmt, ap);
    va_end(ap);
    return rc;
}

const char *hlthunk_verbs_last_error(void)
{
    return last_error;
}
