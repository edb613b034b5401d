/* SPDX-License-Identifier: MIT */
/*
 * The memory of a calling program.  The argument's contents came with the request; what goes
 * back goes with the reply, as far as there is room: a system that does not let us access a
 * process's memory affects only the rest.
 */
#ifndef HLSIM_MEMORY_H
#define HLSIM_MEMORY_H

#include <stddef.h>

#include "sim/hlsim/call.h"

/* 0 or -EFAULT; whether what goes with the reply can be written is seen there. */
int memory_read(struct call *c, void *to, uint64_t user, size_t n);
int memory_write(struct call *c, uint64_t user, const void *from, size_t n);
/* A line for the program's standard error. */
void memory_say(struct call *c, const char *line);

#endif
