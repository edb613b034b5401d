/* SPDX-License-Identifier: MIT */
/*
 * Structs of the caller that grow: the first member, struct_size, is their size as the caller's
 * compiler knew it.  Options are read, results are filled.
 */
#ifndef HL_OPTIONS_H
#define HL_OPTIONS_H

#include <stddef.h>
#include <string.h>

/* A size past this was never set: there is no such struct, nor memory behind what there is. */
#define HL_STRUCT_MAX 4096u

/* The second half of hl_options_read(). */
int hl_options_copy(void *ours, size_t our_size, const void *theirs, const char *what);

/*
 * Copies the caller's options into ours, which is zeroed first: a shorter struct gets defaults
 * for what it lacks, a longer one must have zeros where we know nothing.  NULL means all defaults.
 * what: the parameter's name, for the error text.  0; -EINVAL: no size; -E2BIG: an unknown member
 * is set, or the size is past HL_STRUCT_MAX.
 */
static inline int hl_options_read(void *ours, size_t our_size, const void *theirs, const char *what)
{
    memset(ours, 0, our_size);
    return theirs ? hl_options_copy(ours, our_size, theirs, what) : 0;
}

#define HL_OPTIONS_READ(ours, theirs) hl_options_read(&(ours), sizeof(ours), theirs, "options")

/* Of what has been read: 0, or -E2BIG for a non-zero byte in a reserved member. */
int hl_options_reserved(const void *member, size_t size, const char *what);

#define HL_OPTIONS_RESERVED(ours)                                                                  \
    hl_options_reserved((ours).reserved, sizeof((ours).reserved), "options")

/* The caller's struct is there and has a size: 0, -EINVAL or -E2BIG.  what: the parameter's name.
 */
int hl_struct_check(const void *theirs, const char *what);

/*
 * Fills the caller's struct, which has been checked: as much of it as it has, its own struct_size
 * stays, what ours lacks is zeroed.
 */
void hl_struct_fill(void *theirs, const void *ours, size_t our_size);

#define HL_STRUCT_FILL(theirs, ours) hl_struct_fill(theirs, &(ours), sizeof(ours))

#endif
