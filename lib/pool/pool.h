/* SPDX-License-Identifier: MIT */
/*
 * Pools, from the outside in: shards (shard.c) serve threads from blocks that came back and
 * know which buffers live; behind them the pool takes pieces of chunks (chunk.c), which are
 * device memory as any buffer's.
 *
 * Locks, in this order: grow_lock, device->base.lock; and then, never one within the other, a
 * shard's lock or the pool's.
 */
#ifndef HL_POOL_H
#define HL_POOL_H

#include <pthread.h>

#include <hlthunk/pool.h>

#include "lib/core/tally.h"
#include "lib/memory/buffer.h"
#include "lib/memory/alloc.h"
#include "lib/pool/size_class.h"
#include "lib/memory/space.h"

#define HL_POOL_MAX_SHARDS 32u
#define HL_POOL_NO_CLASS HL_POOL_CLASSES

/* A buffer that is wanted. */
struct hl_pool_request {
    uint64_t size;         /* as asked for */
    uint64_t bytes, align; /* of the piece */
    unsigned class;        /* HL_POOL_NO_CLASS: too large, or aligned to more than a page */
    const char *label;
    const void *creator;
    struct hl_backtrace *backtrace; /* the buffer's, once it has one */
};

/* What the threads that have the same one share: no other thread takes its lock often. */
struct hl_pool_shard {
    struct hlthunk_pool *pool; /* constant */
    pthread_mutex_t lock;      /* guards all below, and the list links of its live buffers */
    bool closing;              /* the pool has lost its last reference */
    struct hl_object *live;    /* newest first */
    uint64_t busy;             /* live buffers, and those that are on their way back */
    uint64_t live_count, used_bytes, taken_bytes, cached_bytes, allocations;
    struct {
        struct hlthunk_buffer *first; /* blocks to be used again, by object.next */
        unsigned count;
    } bins[HL_POOL_CLASSES];
} __attribute__((aligned(64)));

struct hl_pool_chunk {
    struct hl_region region;   /* first */
    struct hlthunk_pool *pool; /* constant */
    struct hl_place place;     /* in the device's address space */
    struct hl_spans blocks;    /* places of the blocks in it, alive or not; the pool's lock */
    struct hl_memory memory;
    struct hl_pool_chunk *next;
    struct hl_open_export *open_exports; /* of what is held in it, when the pool goes */
};

struct hlthunk_pool {
    struct hl_object object; /* first: a reference to the device is in it */
    uint64_t chunk_bytes, max_bytes;
    bool exportable;
    struct hl_memory_counters *counters; /* NULL: no statistics */
    unsigned shard_count;
    struct hl_pool_shard *shards;
    /* its references, as one; while it closes each busy shard: the last destroys it */
    atomic_uint users;
    pthread_mutex_t grow_lock; /* held by who asks the device for a chunk */

    pthread_mutex_t lock; /* guards all below */
    struct hl_space space;
    struct hl_pool_chunk *chunks;
    unsigned chunk_count;
    uint64_t granted, held_bytes;
    bool closing;                 /* the last reference is gone */
    struct hlthunk_buffer *held;  /* nobody's, but others have dma-bufs of them; by object.next */
    unsigned held_count, look_at; /* how many; with how many they are looked at again */
};

/* shard.c */

struct hl_pool_shard *hl_pool_shard_of_thread(struct hlthunk_pool *pool);

/* A block of the shard, alive; NULL when it has none of this class. */
struct hlthunk_buffer *hl_pool_shard_take(struct hl_pool_shard *shard,
                                          const struct hl_pool_request *request);

/* Brings a fresh block to life, and keeps the others that came with it (by object.next). */
void hl_pool_shard_start(struct hl_pool_shard *shard, const struct hl_pool_request *request,
                         struct hlthunk_buffer *block);

/* Of a pool's buffers: the last reference takes one back into its shard. */
extern const struct hl_object_ops hl_pool_buffer_ops;

/* All that it keeps, by object.next. */
struct hlthunk_buffer *hl_pool_shard_flush(struct hl_pool_shard *shard);

/* chunk.c */

/*
 * Up to count blocks for the request, by object.next: from free pieces, else from those that other
 * shards keep, else from a new chunk.  At least one, or -errno with a text.
 */
int hl_pool_fetch(struct hlthunk_pool *pool, struct hl_pool_shard *shard,
                  const struct hl_pool_request *request, unsigned count,
                  struct hlthunk_buffer **blocks);

/* Back into the chunks. */
void hl_pool_return(struct hlthunk_pool *pool, struct hlthunk_buffer *blocks);

/* Gives empty chunks back to the device, all but so many: their bytes. */
uint64_t hl_pool_release_chunks(struct hlthunk_pool *pool, unsigned keep);

/* The same after what shards keep, and what is held no more, was returned. */
uint64_t hl_pool_trim(struct hlthunk_pool *pool, unsigned keep);

/* The end: no buffer lives.  What others have dma-bufs of waits with the device (deferred.h). */
void hl_pool_drop_chunks(struct hlthunk_pool *pool);

/* The same in a forked child: its copies of the bookkeeping, nothing of the memory. */
void hl_pool_forget_chunks(struct hlthunk_pool *pool);

/* report.c */

/* What a leak report says of a pool: its live buffers, one entry for each place and label. */
int hl_pool_parts(const struct hl_object *object, hlthunk_live_object_fn visit, void *user);

/* pool.c */

/* One of the users is gone. */
void hl_pool_put(struct hlthunk_pool *pool);

#endif
