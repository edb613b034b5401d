/* SPDX-License-Identifier: MIT */
/* Chunks of a pool: device memory that the pool has, and the pieces of it. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hlthunk/error.h>

#include "lib/error.h"
#include "lib/fork.h"
#include "lib/log.h"
#include "lib/device/device.h"
#include "lib/memory/alloc.h"
#include "lib/memory/deferred.h"
#include "lib/pool/pool.h"
#include "lib/page.h"

typedef unsigned long long ull;

/* Between the functions here: no errno, which the kernel might give, too. */
#define NO_ROOM 1

static struct hlthunk_buffer *next_of(const struct hlthunk_buffer *b)
{
    return (struct hlthunk_buffer *)b->object.next;
}

static void push(struct hlthunk_buffer **list, struct hlthunk_buffer *b)
{
    b->object.next = *list ? &(*list)->object : NULL;
    *list = b;
}

static struct hl_pool_chunk *chunk_of(const struct hlthunk_buffer *b)
{
    return (struct hl_pool_chunk *)b->extent->region;
}

/* Blocks without memory yet: as many of count as the host has memory for. */
static struct hlthunk_buffer *new_blocks(struct hlthunk_pool *p, struct hl_pool_shard *shard,
                                         unsigned class, unsigned count)
{
    struct hlthunk_buffer *list = NULL;

    while (count--) {
        struct hlthunk_buffer *b = hl_object_new(sizeof(*b));

        if (!b)
            break;
        b->object.ops = &hl_pool_buffer_ops;
        b->object.device = p->object.device; /* the pool's reference */
        b->object.epoch = p->object.epoch;
        b->place.get = hl_buffer_get;
        b->shard = shard;
        b->class = class;
        push(&list, b);
    }
    return list;
}

static void drop_blocks(struct hlthunk_buffer *b)
{
    while (b) {
        struct hlthunk_buffer *next = next_of(b);

        free(b);
        b = next;
    }
}

/*
 * Gives as many of the blocks memory as there is in the chunks, and moves them to *out.  0, or why
 * the first got none: NO_ROOM, or -ENOMEM with a text.  With the lock held.
 */
static int carve(struct hlthunk_pool *p, const struct hl_pool_request *r,
                 struct hlthunk_buffer **blocks, struct hlthunk_buffer **out)
{
    int rc = 0;

    while (*blocks) {
        struct hlthunk_buffer *b = *blocks;
        struct hl_pool_chunk *chunk;

        rc = hl_space_alloc(&p->space, r->bytes, r->align, &b->extent);
        if (rc)
            break;
        chunk = chunk_of(b);
        b->memory.address = b->extent->start;
        b->memory.granted = b->extent->size;
        b->memory.physical = chunk->memory.physical;
        b->within = b->extent->start - chunk->memory.address;
        b->place.span = (struct hl_span){ .start = b->extent->start, .size = b->extent->size };
        hl_spans_insert(&chunk->blocks, &b->place.span);
        *blocks = next_of(b);
        push(out, b);
    }
    if (*out)
        return 0;
    return rc == -ENOMEM ? hl_err(rc, "no memory for a pool's buffer") : rc ? NO_ROOM : 0;
}

static int carve_locked(struct hlthunk_pool *p, const struct hl_pool_request *r,
                        struct hlthunk_buffer **blocks, struct hlthunk_buffer **out)
{
    int rc;

    pthread_mutex_lock(&p->lock);
    rc = carve(p, r, blocks, out);
    pthread_mutex_unlock(&p->lock);
    return rc;
}

/* Says what there is, and why there is not more. */
static int exhausted(struct hlthunk_pool *p, const struct hl_pool_request *r, const char *why)
{
    uint64_t granted, free_bytes, largest;

    pthread_mutex_lock(&p->lock);
    granted = p->granted;
    free_bytes = p->space.free_bytes;
    largest = hl_space_largest(&p->space);
    pthread_mutex_unlock(&p->lock);
    return hl_err(-ENOMEM,
                  "pool%s%s: no %llu bytes at an alignment of %llu%s: %s; %llu bytes are granted, "
                  "%llu free, the largest piece %llu",
                  p->object.label[0] ? " " : "", p->object.label, (ull)r->bytes, (ull)r->align,
                  free_bytes >= r->bytes ? " in one piece" : "", why, (ull)granted, (ull)free_bytes,
                  (ull)largest);
}

/* The buffer of a chunk that has an address; with the device's lock held. */
static struct hl_object *get(struct hl_place *place, uint64_t address, uint64_t size)
{
    struct hl_pool_chunk *c =
        (struct hl_pool_chunk *)((char *)place - offsetof(struct hl_pool_chunk, place));
    struct hl_object *o = NULL;
    struct hl_place *block;

    pthread_mutex_lock(&c->pool->lock);
    block = (struct hl_place *)hl_spans_find(&c->blocks, address);
    if (block)
        o = block->get(block, address, size);
    pthread_mutex_unlock(&c->pool->lock);
    return o;
}

static void appear(struct hl_pool_chunk *c)
{
    struct hlthunk_device *d = c->pool->object.device;

    if (c->pool->counters) {
        hl_tally_add(&c->pool->counters->segments, 1);
        hl_tally_add(&c->pool->counters->reserved, c->memory.granted);
    }
    c->place.get = get;
    c->place.mapped = c->memory.ours_to_unmap;
    pthread_mutex_lock(&d->base.lock);
    hl_place_enter(d, HL_OF_DEVICE, &c->place, c->memory.address, c->memory.granted);
    pthread_mutex_unlock(&d->base.lock);
}

/* From here on no other thread is in it. */
static void disappear(struct hl_pool_chunk *c)
{
    struct hlthunk_device *d = c->pool->object.device;

    pthread_mutex_lock(&d->base.lock);
    hl_place_leave(d, HL_OF_DEVICE, &c->place);
    pthread_mutex_unlock(&d->base.lock);
}

/* Back to the device. */
static void drop(struct hl_pool_chunk *c)
{
    struct hl_memory_counters *counters = c->pool->counters;

    disappear(c);
    if (counters) {
        hl_tally_subtract(&counters->segments, 1);
        hl_tally_subtract(&counters->reserved, c->memory.granted);
    }
    hl_memory_release(c->pool->object.device, &c->memory, c->open_exports,
                      (struct hl_released){ 0 });
    free(c);
}

/* Another chunk, of bytes that the device has rounded already, and the request's piece of it. */
static int add_chunk(struct hlthunk_pool *p, uint64_t bytes, const struct hl_pool_request *r,
                     struct hlthunk_buffer **blocks, struct hlthunk_buffer **out)
{
    const struct hlthunk_buffer_options none = { .struct_size = sizeof(none) };
    struct hl_pool_chunk *c = calloc(1, sizeof(*c));
    int rc;

    if (!c)
        return hl_err(-ENOMEM, "no memory for a pool's chunk");
    c->pool = p;
    rc = hl_memory_alloc(p->object.device, bytes, &none, &c->memory);
    if (rc) {
        free(c);
        return rc;
    }
    appear(c);
    pthread_mutex_lock(&p->lock);
    rc = hl_space_add(&p->space, &c->region, c->memory.address, c->memory.granted);
    if (rc) {
        pthread_mutex_unlock(&p->lock);
        drop(c);
        return hl_err(-ENOMEM, "no memory for a pool's chunk");
    }
    c->next = p->chunks;
    p->chunks = c;
    p->chunk_count++;
    p->granted += c->memory.granted;
    rc = carve(p, r, blocks, out);
    pthread_mutex_unlock(&p->lock);
    return rc;
}

static bool within_limit(struct hlthunk_pool *p, uint64_t more)
{
    bool yes;

    pthread_mutex_lock(&p->lock);
    yes = !p->max_bytes || (p->granted <= p->max_bytes && more <= p->max_bytes - p->granted);
    pthread_mutex_unlock(&p->lock);
    return yes;
}

/* From a chunk of the usual size, or else one that is just large enough.  With grow_lock held. */
static int grow(struct hlthunk_pool *p, const struct hl_pool_request *r,
                struct hlthunk_buffer **blocks, struct hlthunk_buffer **out)
{
    uint64_t page = hl_page_size(), usual, enough, bytes;
    char why[160];
    int rc;

    /* chunks start at pages: what the alignment may cost beyond that */
    if (__builtin_add_overflow(r->bytes, r->align > page ? r->align - page : 0, &enough) ||
        hl_memory_round_up(p->object.device, enough, &enough) ||
        hl_memory_round_up(p->object.device, p->chunk_bytes, &usual))
        return exhausted(p, r, "no device has that much");
    bytes = usual > enough ? usual : enough;
    for (;;) {
        /* empty chunks are of more use in one piece */
        if (within_limit(p, bytes) || (hl_pool_release_chunks(p, 0) && within_limit(p, bytes))) {
            rc = add_chunk(p, bytes, r, blocks, out);
            if (rc != -ENOMEM)
                break;
            snprintf(why, sizeof(why), "no chunk: %s", hlthunk_last_error());
        } else {
            snprintf(why, sizeof(why), "a chunk of %llu would exceed .max_bytes, %llu", (ull)bytes,
                     (ull)p->max_bytes);
        }
        if (bytes == enough)
            return exhausted(p, r, why);
        bytes = enough;
    }
    return rc == NO_ROOM ? exhausted(p, r, "the new chunk is not aligned to a page") : rc;
}

#define LOOK_AT 16u /* blocks that are held */

/* With the lock held. */
static void hold(struct hlthunk_pool *p, struct hlthunk_buffer *b)
{
    push(&p->held, b);
    p->held_count++;
}

/* Looks at what is held, without the lock: that reads files. */
static void return_held(struct hlthunk_pool *p)
{
    struct hlthunk_buffer *list, *next, *back = NULL, *rest = NULL;
    uint64_t bytes = 0;

    pthread_mutex_lock(&p->lock);
    list = p->held;
    p->held = NULL;
    p->held_count = 0;
    pthread_mutex_unlock(&p->lock);
    for (; list; list = next) {
        next = next_of(list);
        list->open_exports = hl_open_exports_look(p->object.device, list->open_exports);
        if (!list->open_exports)
            bytes += list->memory.granted;
        push(list->open_exports ? &rest : &back, list);
    }
    if (p->counters)
        hl_tally_subtract(&p->counters->active, bytes);
    pthread_mutex_lock(&p->lock);
    p->held_bytes -= bytes;
    for (; rest; rest = next) {
        next = next_of(rest);
        hold(p, rest);
    }
    /* each holds a descriptor; twice as many, so that a look at all costs each but a little */
    p->look_at = p->held_count < LOOK_AT / 2 ? LOOK_AT : 2 * p->held_count;
    pthread_mutex_unlock(&p->lock);
    if (back)
        hl_pool_return(p, back);
}

static void flush(struct hlthunk_pool *p)
{
    for (unsigned i = 0; i < p->shard_count; i++) {
        struct hlthunk_buffer *blocks = hl_pool_shard_flush(&p->shards[i]);

        if (blocks)
            hl_pool_return(p, blocks);
    }
}

int hl_pool_fetch(struct hlthunk_pool *p, struct hl_pool_shard *shard,
                  const struct hl_pool_request *r, unsigned count, struct hlthunk_buffer **out)
{
    struct hlthunk_buffer *blocks = new_blocks(p, shard, r->class, count), *got = NULL;
    int rc;

    if (!blocks)
        return hl_err(-ENOMEM, "no memory for a pool's buffer");
    rc = carve_locked(p, r, &blocks, &got);
    if (rc == NO_ROOM) {
        /* one is enough */
        drop_blocks(next_of(blocks));
        blocks->object.next = NULL;
        flush(p);
        return_held(p);
        rc = carve_locked(p, r, &blocks, &got);
    }
    if (rc == NO_ROOM) {
        hl_log_hold();
        pthread_mutex_lock(&p->grow_lock);
        rc = carve_locked(p, r, &blocks, &got); /* another thread may have brought a chunk */
        if (rc == NO_ROOM)
            rc = grow(p, r, &blocks, &got);
        pthread_mutex_unlock(&p->grow_lock);
        hl_log_release();
    }
    drop_blocks(blocks);
    if (rc == 0)
        *out = got;
    return rc;
}

/* Empty chunks but keep of them, off the pool's list; with the lock held. */
static struct hl_pool_chunk *take_empty(struct hlthunk_pool *p, unsigned keep)
{
    struct hl_pool_chunk *list = NULL, **at = &p->chunks;

    while (*at) {
        struct hl_pool_chunk *c = *at;

        if (!hl_region_is_empty(&c->region) || (keep && keep--)) {
            at = &c->next;
            continue;
        }
        hl_space_remove(&p->space, &c->region);
        p->chunk_count--;
        p->granted -= c->memory.granted;
        *at = c->next;
        c->next = list;
        list = c;
    }
    return list;
}

uint64_t hl_pool_release_chunks(struct hlthunk_pool *p, unsigned keep)
{
    struct hl_pool_chunk *c, *next;
    uint64_t bytes = 0;

    pthread_mutex_lock(&p->lock);
    c = take_empty(p, keep);
    pthread_mutex_unlock(&p->lock);
    for (; c; c = next) {
        next = c->next;
        bytes += c->memory.granted;
        drop(c);
    }
    return bytes;
}

void hl_pool_return(struct hlthunk_pool *p, struct hlthunk_buffer *blocks)
{
    struct hlthunk_buffer *b, *next, *gone = NULL;
    uint64_t held = 0;
    bool closing, many;

    pthread_mutex_lock(&p->lock);
    for (b = blocks; b; b = next) {
        next = next_of(b);
        if (b->open_exports) {
            held += b->memory.granted;
            hold(p, b);
        } else {
            hl_spans_remove(&chunk_of(b)->blocks, &b->place.span);
            hl_space_free(&p->space, b->extent);
            push(&gone, b);
        }
    }
    p->held_bytes += held;
    closing = p->closing;
    many = held && p->held_count >= (p->look_at ? p->look_at : LOOK_AT);
    pthread_mutex_unlock(&p->lock);
    drop_blocks(gone);
    if (many)
        return_held(p);
    if (held)
        hl_log(HLTHUNK_LOG_INFO,
               "%s: %llu bytes of a pool are not used again yet: a dma-buf of them is still open "
               "in some process",
               p->object.device->name, (ull)held);
    if (closing)
        hl_pool_release_chunks(p, 0);
}

uint64_t hl_pool_trim(struct hlthunk_pool *p, unsigned keep)
{
    flush(p);
    return_held(p);
    return hl_pool_release_chunks(p, keep);
}

/* What is held becomes the chunk's to wait for. */
static void pass_watches(struct hlthunk_pool *p, struct hlthunk_buffer *b)
{
    struct hl_pool_chunk *c = chunk_of(b);
    struct hl_open_export **end = &b->open_exports;

    while (*end)
        end = &(*end)->next;
    *end = c->open_exports;
    c->open_exports = b->open_exports;
    hl_space_free(&p->space, b->extent);
    free(b);
}

void hl_pool_drop_chunks(struct hlthunk_pool *p)
{
    for (struct hl_pool_chunk *c = p->chunks; c; c = c->next)
        disappear(c);
    while (p->held) {
        struct hlthunk_buffer *b = p->held;

        p->held = next_of(b);
        pass_watches(p, b);
    }
    while (p->chunks) {
        struct hl_pool_chunk *c = p->chunks;

        p->chunks = c->next;
        hl_space_remove(&p->space, &c->region);
        drop(c);
    }
    hl_space_fini(&p->space);
}

void hl_pool_forget_chunks(struct hlthunk_pool *p)
{
    while (p->held) {
        struct hlthunk_buffer *b = p->held;

        p->held = next_of(b);
        hl_open_exports_drop(b->open_exports);
        free(b);
    }
    while (p->chunks) {
        struct hl_pool_chunk *c = p->chunks;

        p->chunks = c->next;
        hl_space_remove(&p->space, &c->region);
        free(c);
    }
    hl_space_fini(&p->space);
}
