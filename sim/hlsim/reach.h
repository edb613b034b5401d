/* SPDX-License-Identifier: MIT */
/* Programs that a preloaded library does not reach. */
#ifndef HLSIM_REACH_H
#define HLSIM_REACH_H

/*
 * Looks at the program that execvp() would start; of a script, at its interpreter.  One that runs
 * but sees this machine's devices (static, of another architecture or word size, Go) gets a warning
 * on standard error.  0, or -ENOEXEC with a message for one that cannot even start: it is for
 * another C library.
 */
int reach_check(const char *program);

#endif
