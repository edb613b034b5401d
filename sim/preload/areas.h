/* SPDX-License-Identifier: MIT */
/*
 * Where this process has nodes mapped (areas.c).  Each function takes the areas' own lock, with
 * signals blocked: handlers may come here, too.
 */
#ifndef SIM_PRELOAD_AREAS_H
#define SIM_PRELOAD_AREAS_H

#include <stdbool.h>
#include <stdint.h>

/* Is there one at all?  A quick look without the lock. */
bool areas_any(void);
bool areas_room(void);
bool areas_has(uintptr_t at);

/*
 * A new mapping.  file: of the mapping itself; hold: its descriptor, which keeps the node's file
 * open, closed with the mapping's last piece.  Call with room.
 */
void areas_add(uintptr_t start, uint64_t length, uint32_t file, int hold);
/* A range is mapped no more, or by something else: true when a node's file was let go with it. */
bool areas_cut(uintptr_t start, uint64_t length);
/* A range was moved; the driver takes its old place for an munmap() (hl_mem_mgr_vm_close()). */
void areas_move(uintptr_t from, uint64_t length, uintptr_t to);
/* In the child of a fork(), which inherits none of them. */
void areas_after_fork(void);

#endif
