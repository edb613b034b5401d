/* SPDX-License-Identifier: MIT */
/*
 * Where this process has nodes mapped (areas.c).  What changes the address space and what changes
 * the areas is done under one lock, with signals blocked: handlers may come here, too.
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
 * A mapping is about to be made of a node's file: the hold that is to keep that file open, and
 * which mapper it is to the supervisor; or -ENOMEM.  SIM_NONE: it is none yet, and everybody else
 * waits until areas_given() or areas_unclaim().
 */
int areas_claim(uint32_t node, uint32_t *mapper);
/* What the supervisor gave for SIM_NONE; the descriptor is closed with the last mapping. */
void areas_given(int hold, uint32_t mapper, int fd);
/* There is no mapping after all: true when the node's file was let go. */
bool areas_unclaim(int hold);
/* ---- with the lock ---- */

/* The mapping, of a buffer or (SIM_NONE) of registers. */
void areas_add(uintptr_t start, uint64_t length, int hold, uint32_t buffer);
/* A range is mapped no more, or by something else: true when a node's file was let go with it. */
bool areas_cut(uintptr_t start, uint64_t length);
/* A range was moved; the driver takes its old place for an munmap() (hl_mem_mgr_vm_close()). */
void areas_move(uintptr_t from, uint64_t length, uintptr_t to);
/* ---- alone ---- */

/* In the child of a fork(), which inherits none of them. */
void areas_after_fork(void);

#endif
