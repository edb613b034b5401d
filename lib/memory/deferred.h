/* SPDX-License-Identifier: MIT */
/*
 * Memory that could not be released when its last object went, because a dma-buf file of it is
 * still open somewhere, or because the driver was resetting the engines.  Nothing is lost: it is
 * tried again with later calls, and when the device goes.
 */
#ifndef HL_MEMORY_DEFERRED_H
#define HL_MEMORY_DEFERRED_H

#include <stdbool.h>

#include <hlthunk/memory_hooks.h>

#include "lib/memory/memory.h"
#include "lib/memory/open_export.h"

struct hlthunk_device;

/* What to call when memory has been given back; fn NULL: nothing. */
struct hl_released {
    hlthunk_buffer_release_fn fn;
    void *user;
};

/* Calls it; the thread's error text stays as it is.  Without locks. */
void hl_released_call(struct hl_released released);

/*
 * Unmaps and frees what is the library's.  If that must wait, it is kept with the device, a warning
 * is logged and false returned; released is called later then, and is the caller's to call
 * otherwise.  Takes the exports over.  Of *memory the size stays, and nothing to release.
 */
bool hl_memory_release(struct hlthunk_device *device, struct hl_memory *memory,
                       struct hl_open_export *exports, struct hl_released released);

/* Retries the releases that had to wait; called where memory is allocated or mapped. */
void hl_deferred_retry(struct hlthunk_device *device);

/* The same for those with something to call, which is done here; without locks. */
void hl_deferred_call(struct hlthunk_device *device);

#endif
