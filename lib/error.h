/* SPDX-License-Identifier: MIT */
/* The thread's error text: which argument, which rule.  Public side: hlthunk/error.h. */
#ifndef HL_ERROR_H
#define HL_ERROR_H

#include <errno.h>
#include <stdbool.h>

/* Room for any text. */
#define HL_ERROR_TEXT_SIZE 320

/*
 * Keeps the text for hlthunk_last_error() and returns rc, so that a failing function ends in
 * one line: return hl_err(-EINVAL, "offset %llu is …", …).  errno is left alone.
 */
int hl_err(int rc, const char *fmt, ...) __attribute__((format(printf, 2, 3), cold));

/*
 * What the next text adds, if it is of this error: internal is the kernel's own errno that became
 * rc (lib/kernel/errno.h).  0: nothing.
 */
void hl_err_note(int rc, int internal);

/* The thread's text as it was, from hl_err_begin() to hl_err_end(), which may be nested. */
struct hl_err_kept {
    struct hl_err_kept *outer;
    bool saved; /* when the first other text came */
    char text[HL_ERROR_TEXT_SIZE];
};

void hl_err_begin(struct hl_err_kept *kept);

/* rc 0: what failed in between was made up for, and the text is as it was.  Returns rc. */
int hl_err_end(struct hl_err_kept *kept, int rc);

/* The thread's text. */
const char *hl_error_text(void);

#endif
