/* SPDX-License-Identifier: MIT */
/* Which process is this?  Answered by one load, for raw clone() too. */
#ifndef HL_FORK_H
#define HL_FORK_H

#include <stdint.h>

/*
 * A number that is never 0 and differs between a process and its forked children: an object that
 * remembers another one belongs to the parent.  Threads and vfork() children share it.
 */
uint64_t hl_process_epoch(void);

#endif
