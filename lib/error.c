/* SPDX-License-Identifier: MIT */
#include "lib/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Of fixed size: a text must be available when memory is not. */
static _Thread_local char last_error[HL_ERROR_TEXT_SIZE];
static _Thread_local struct hl_err_kept *innermost;
static _Thread_local struct {
    int rc, internal;
} note;

void hl_err_note(int rc, int internal)
{
    note.rc = rc;
    note.internal = internal;
}

static void add_note(int rc, size_t n)
{
    if (note.internal && note.rc == rc && n < sizeof(last_error))
        snprintf(last_error + n, sizeof(last_error) - n,
                 " (the driver answered %d%s, an errno of the kernel's own)", note.internal,
                 note.internal == 524 ? ", ENOTSUPP" : "");
    note.internal = 0;
}

static void save(struct hl_err_kept *kept, const char *text)
{
    if (!kept || kept->saved)
        return;
    kept->saved = true;
    memcpy(kept->text, text, sizeof(kept->text));
}

void hl_err_begin(struct hl_err_kept *kept)
{
    kept->outer = innermost;
    kept->saved = false;
    innermost = kept;
}

int hl_err_end(struct hl_err_kept *kept, int rc)
{
    innermost = kept->outer;
    if (kept->saved && rc)
        save(innermost, kept->text);
    else if (kept->saved)
        memcpy(last_error, kept->text, sizeof(last_error));
    return rc;
}

int hl_err(int rc, const char *fmt, ...)
{
    int saved = errno, n;
    va_list ap;

    save(innermost, last_error);
    va_start(ap, fmt);
    n = vsnprintf(last_error, sizeof(last_error), fmt, ap);
    va_end(ap);
    add_note(rc, n < 0 ? sizeof(last_error) : (size_t)n);
    errno = saved;
    return rc;
}

const char *hl_error_text(void)
{
    return last_error;
}
