/* SPDX-License-Identifier: MIT */
/* Option structs that grow: the first member is their size as the caller's compiler knew it. */
#ifndef HL_OPTIONS_H
#define HL_OPTIONS_H

#include <stddef.h>
#include <string.h>

/* The second half of hl_options_read(). */
int hl_options_copy(void *ours, size_t our_size, const void *theirs, const char *what);

/*
 * Copies the caller's options into ours, which is zeroed first: a shorter struct gets defaults
 * for what it lacks, a longer one must have zeros where we know nothing.  NULL means all defaults.
 * what: the parameter's name, for the error text.  0 or -EINVAL.
 */
static inline int hl_options_read(void *ours, size_t our_size, const void *theirs, const char *what)
{
    memset(ours, 0, our_size);
    return theirs ? hl_options_copy(ours, our_size, theirs, what) : 0;
}

/*
 * The other way: fills the caller's struct, as much of it as it has by its .size, which stays; what
 * ours lacks is zeroed.  .size has been checked.
 */
void hl_struct_give(void *theirs, const void *ours, size_t our_size);

#define HL_OPTIONS_READ(ours, theirs) hl_options_read(&(ours), sizeof(ours), theirs, "options")

#endif
