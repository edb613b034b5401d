/* SPDX-License-Identifier: MIT */
#ifndef HL_MEMORY_BUFFER_H
#define HL_MEMORY_BUFFER_H

#include <hlthunk/buffer.h>
#include <hlthunk/memory_hooks.h>

#include "lib/core/object.h"
#include "lib/memory/deferred.h"
#include "lib/memory/place.h"

struct hl_extent;
struct hl_pinned;
struct hl_pool_shard;
struct hl_reservation;
struct hlthunk_dmabuf;

struct hlthunk_buffer {
    struct hl_object object; /* first: a reference to the device is in it */
    uint64_t size;           /* as asked */
    struct hl_memory memory;
    struct hl_place place;    /* of a pool's: in its chunk's tree */
    void *host;               /* where the CPU has it; NULL: device memory */
    struct hl_pinned *pinned; /* which is the library's; NULL: the program's */
    struct hl_place host_place;
    void *user; /* hlthunk/memory_hooks.h */
    hlthunk_buffer_release_fn release;
    struct hlthunk_dmabuf *imported; /* a reference; NULL where the memory is its own */
    /* a piece of a pool (lib/pool/pool.h); constant while the buffer lives */
    struct hl_pool_shard *shard; /* NULL: not of a pool */
    struct hl_extent *extent;
    uint64_t within; /* where it starts in its mapping; 0 for all others */
    unsigned class;
    /* guarded by the device's lock */
    struct hlthunk_dmabuf *dmabufs;
    struct hl_open_export *open_exports; /* that others still hold */
};

/*
 * Maps device memory that is not mapped yet; within: the reserved addresses that the hint is in,
 * which the mapping holds, or NULL.  0 or -errno with a text.
 */
int hl_buffer_map(struct hlthunk_buffer *buffer, uint64_t hint, bool force_hint,
                  struct hl_reservation *within);

/* Of a buffer's place. */
struct hl_object *hl_buffer_get(struct hl_place *place, uint64_t address, uint64_t size);

#endif
