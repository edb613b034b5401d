/* SPDX-License-Identifier: MIT */
/*
 * Device memory that could not be released when its last object went, because a dma-buf file of
 * it is still open somewhere.  Nothing is lost: it is tried again with later calls.
 */
#ifndef HL_MEMORY_PENDING_H
#define HL_MEMORY_PENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/memory/alloc.h"

struct hlthunk_device;
struct hlthunk_dmabuf;

struct hl_pending {
    struct hl_pending *next;
    struct hl_memory memory;
    struct hlthunk_dmabuf *watches;
};

/* Has the dma-buf's file holders beside fd: in this process, another, or an importing driver? */
bool hl_dmabuf_is_shared(int fd);

/*
 * Watches are dma-bufs that nobody refers to any more, linked by .next, whose files had other
 * holders when they went.  For memory of which the kernel does not tell that it is still exported
 * (physical, or a piece of a mapping), the file's count does.
 *
 * Lets go of those that nobody else holds any more; gives back the rest.
 */
struct hlthunk_dmabuf *hl_watches_look(struct hlthunk_dmabuf *watches);

/* Frees them, and closes the descriptors that still are these files; in a forked child, too. */
void hl_watches_drop(struct hlthunk_dmabuf *watches);

/*
 * Unmaps and frees what is the library's.  When that must wait, it is kept in device->pending and
 * a warning logged.  Takes the watches over.  *memory means nothing any more.
 */
void hl_memory_release(struct hlthunk_device *device, struct hl_memory *memory,
                       struct hlthunk_dmabuf *watches);

/* Tries what is pending again; called where memory is asked for, and when the device goes. */
void hl_pending_retry(struct hlthunk_device *device);

/* In a forked child: frees the copies of all that, and closes the descriptors that still are ours.
 */
void hl_pending_forget(struct hlthunk_device *device);

/* The device's file is about to be closed: forget what is left (the kernel frees it then). */
void hl_pending_drop(struct hlthunk_device *device);

#endif
