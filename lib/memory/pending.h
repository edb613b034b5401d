/* SPDX-License-Identifier: MIT */
/*
 * Device memory that could not be released when its last object went, because a dma-buf file of
 * it is still open somewhere.  Nothing is lost: it is tried again with later calls, and when the
 * device goes.
 */
#ifndef HL_MEMORY_PENDING_H
#define HL_MEMORY_PENDING_H

#include <stdbool.h>

#include "lib/memory/memory.h"
#include "lib/memory/open_export.h"

struct hlthunk_device;

/*
 * Unmaps and frees what is the library's.  When that must wait, it is kept with the device and a
 * warning logged.  Takes the exports over.  *memory means nothing any more.
 */
void hl_memory_release(struct hlthunk_device *device, struct hl_memory *memory,
                       struct hl_open_export *exports);

/* Tries what is pending again; called where memory is asked for. */
void hl_pending_retry(struct hlthunk_device *device);

bool hl_pending_any(struct hlthunk_device *device);

#endif
