/* SPDX-License-Identifier: MIT */
/*
 * Where this process has nodes mapped (areas.c).  Changes of the address space and of
 * the areas are made under one lock, with signals blocked: signal handlers may call these, too.
 */
#ifndef SIM_PRELOAD_AREAS_H
#define SIM_PRELOAD_AREAS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

void areas_lock(sigset_t *before);
void areas_unlock(const sigset_t *before);

/* Is there one at all?  A quick look without the lock. */
bool areas_any(void);
bool areas_has(uintptr_t at);

/*
 * A node's file is about to be mapped: what will keep that file open, and
 * the supervisor's number for it; or -ENOMEM.  SIM_NONE: it has none yet, and everybody else
 * waits until areas_given() or areas_unclaim().
 */
int areas_claim(uint32_t node, uint32_t *mapper);
/* What the supervisor gave for SIM_NONE; the descriptor is closed with the last mapping. */
void areas_given(int hold, uint32_t mapper, int fd);
/* The mapping failed: true when the node's file was released. */
bool areas_unclaim(int hold);

/*
 * A program does not know the descriptors of claims: to it their numbers are free, and what it does
 * to a range of numbers does not reach them.  Without the lock.
 */
bool areas_keep(int fd);
/* The lowest that is not below first, or UINT_MAX. */
unsigned areas_first_kept(unsigned first);
/* The program wants this number for a file of its own: true, the claim has another one now. */
bool areas_leave(int fd);

/* ---- with the lock ---- */

/* Records the mapping of a buffer or (SIM_NONE) of registers. */
void areas_add(uintptr_t start, uint64_t length, int hold, uint32_t buffer);
/* A range was unmapped or replaced: true when a node's file was released with it. */
bool areas_cut(uintptr_t start, uint64_t length);
/* A range was moved; to the driver its old place was unmapped (hl_mem_mgr_vm_close()). */
void areas_move(uintptr_t from, uint64_t length, uintptr_t to);
/* ---- without the lock ---- */

/* In the child of a fork(), which inherits none of them. */
void areas_after_fork(void);

#endif
