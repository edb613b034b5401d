/* SPDX-License-Identifier: MIT */
/*
 * Host memory that the library allocates, pins and maps, and keeps for later when it is released.
 * Guarded by the device's lock.
 */
#ifndef HL_MEMORY_PINNED_H
#define HL_MEMORY_PINNED_H

#include <stdint.h>

struct hlthunk_device;

struct hl_pinned {
    struct hl_pinned *next; /* while it is kept */
    void *host;
    uint64_t bytes;
    uint64_t address; /* on the device */
};

/* One of at least size bytes: 0 or -errno with a text. */
int hl_pinned_get(struct hlthunk_device *device, uint64_t size, struct hl_pinned **pinned);

/* Nobody uses it any more: it is kept, or goes with a device that is stale. */
void hl_pinned_put(struct hlthunk_device *device, struct hl_pinned *pinned);

/* The copy of a forked child. */
void hl_pinned_forget(struct hl_pinned *pinned);

/* Gives what is kept beyond so many bytes back to the system: how much. */
uint64_t hl_pinned_trim(struct hlthunk_device *device, uint64_t keep);

#endif
