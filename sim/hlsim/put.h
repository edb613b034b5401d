/* SPDX-License-Identifier: MIT */
/*
 * Writes files, folders and links of the tree.  The first failure is remembered until
 * put_failed() returns it: a caller writes many files and checks once.
 */
#ifndef HLSIM_PUT_H
#define HLSIM_PUT_H

#include <stddef.h>
#include <sys/types.h>

#include "sim/state.h"

/* A file with this content, mode 0444.  One that exists is replaced as a whole or not at all. */
__attribute__((format(printf, 3, 4))) void put(const char *dir, const char *name, const char *fmt,
                                               ...);
void put_bytes(const char *dir, const char *name, const void *bytes, size_t size);
/* Makes a folder and those above it: 0 or -errno. */
__attribute__((format(printf, 1, 2))) int make_dirs(const char *fmt, ...);
/* A link in the tree, by its path there. */
__attribute__((format(printf, 3, 4))) void link_to(const struct sim_state *s, const char *target,
                                                   const char *fmt, ...);
/*
 * Writable files; what is written is kept, and has no effect except for hard_reset.
 */
void writable(const char *dir, const char *name, mode_t mode);
/* -errno of the first failure since the last call; 0: none. */
int put_failed(void);

#endif
