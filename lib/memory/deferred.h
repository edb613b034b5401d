/* SPDX-License-Identifier: MIT */
/*
 * Device memory that could not be released when its last object went, because a dma-buf file of
 * it is still open somewhere.  Nothing is lost: it is tried again with later calls, and when the
 * device goes.
 */
#ifndef HL_MEMORY_DEFERRED_H
#define HL_MEMORY_DEFERRED_H

#include "lib/memory/memory.h"
#include "lib/memory/open_export.h"

struct hlthunk_device;

/*
 * Unmaps and frees what is the library's.  If that must wait, it is kept with the device and a
 * warning is logged.  Takes the exports over.  Of *memory the size stays, and nothing to release.
 */
void hl_memory_release(struct hlthunk_device *device, struct hl_memory *memory,
                       struct hl_open_export *exports);

/* Retries the releases that had to wait; called where memory is allocated. */
void hl_deferred_retry(struct hlthunk_device *device);

#endif
