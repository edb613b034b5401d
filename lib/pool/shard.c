/* SPDX-License-Identifier: MIT */
/* Shards of a pool: blocks for the threads that share one, and the list of buffers that live. */
#include <stdlib.h>
#include <string.h>

#include "lib/device/device.h"
#include "lib/kernel/deadline.h"
#include "lib/pool/pool.h"

struct hl_pool_shard *hl_pool_shard_of_thread(struct hlthunk_pool *p)
{
    static atomic_uint threads;
    static _Thread_local unsigned mine; /* from 1 on */

    if (!mine)
        mine = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) + 1;
    return &p->shards[mine % p->shard_count];
}

/* With the shard's lock held.  What is the same for every use of a block is in it already. */
static void start(struct hl_pool_shard *s, const struct hl_pool_request *r,
                  struct hlthunk_buffer *b)
{
    struct hl_memory_counters *c = s->pool->counters;
    struct hl_object *o = &b->object;

    o->created_ns = hl_coarse_now_ns();
    o->creator = r->creator;
    o->backtrace = r->backtrace;
    hl_object_set_label(o, r->label);
    __atomic_store_n(&b->size, r->size, __ATOMIC_RELAXED); /* hl_buffer_get() may read it */
    o->prev = NULL;
    o->next = s->live;
    if (s->live)
        s->live->prev = o;
    s->live = o;
    s->live_count++;
    s->busy++;
    s->allocations++;
    s->used_bytes += b->size;
    s->taken_bytes += b->memory.granted;
    b->user = NULL;
    b->release = NULL;
    if (c) {
        hl_tally_add(&c->buffers, 1);
        hl_tally_add(&c->allocated, b->size);
        hl_tally_add(&c->active, b->memory.granted);
    }
    /* whole: who looks for its address can have it from here on */
    atomic_store_explicit(&o->refs, 1, memory_order_release);
}

static void stop(struct hl_pool_shard *s, struct hlthunk_buffer *b)
{
    struct hl_memory_counters *c = s->pool->counters;
    struct hl_object *o = &b->object;

    if (o->prev)
        o->prev->next = o->next;
    else
        s->live = o->next;
    if (o->next)
        o->next->prev = o->prev;
    hl_object_fini(o);
    s->live_count--;
    s->used_bytes -= b->size;
    s->taken_bytes -= b->memory.granted;
    if (!c)
        return;
    hl_tally_subtract(&c->buffers, 1);
    hl_tally_subtract(&c->allocated, b->size);
    if (!b->open_exports) /* else it is held first */
        hl_tally_subtract(&c->active, b->memory.granted);
}

static void keep(struct hl_pool_shard *s, struct hlthunk_buffer *b)
{
    b->object.next = s->bins[b->class].first ? &s->bins[b->class].first->object : NULL;
    s->bins[b->class].first = b;
    s->bins[b->class].count++;
    s->cached_bytes += b->memory.granted;
}

static struct hlthunk_buffer *take(struct hl_pool_shard *s, unsigned class)
{
    struct hlthunk_buffer *b = s->bins[class].first;

    if (b) {
        s->bins[class].first = (struct hlthunk_buffer *)b->object.next;
        s->bins[class].count--;
        s->cached_bytes -= b->memory.granted;
    }
    return b;
}

struct hlthunk_buffer *hl_pool_shard_take(struct hl_pool_shard *s, const struct hl_pool_request *r)
{
    struct hlthunk_buffer *b;

    pthread_mutex_lock(&s->lock);
    b = take(s, r->class);
    if (b)
        start(s, r, b);
    pthread_mutex_unlock(&s->lock);
    return b;
}

void hl_pool_shard_start(struct hl_pool_shard *s, const struct hl_pool_request *r,
                         struct hlthunk_buffer *b)
{
    struct hl_object *more = b->object.next, *next;

    pthread_mutex_lock(&s->lock);
    start(s, r, b);
    for (; more; more = next) {
        next = more->next;
        keep(s, (struct hlthunk_buffer *)more);
    }
    pthread_mutex_unlock(&s->lock);
}

/* What a bin has too much, by object.next. */
static struct hlthunk_buffer *surplus_of(struct hl_pool_shard *s, unsigned class)
{
    unsigned batch = hl_pool_class_batch(class);
    struct hlthunk_buffer *list = NULL;

    if (s->bins[class].count <= 2 * batch)
        return NULL;
    for (unsigned i = 0; i < batch; i++) {
        struct hlthunk_buffer *b = take(s, class);

        b->object.next = list ? &list->object : NULL;
        list = b;
    }
    return list;
}

static void take_back(struct hlthunk_buffer *b)
{
    struct hlthunk_buffer *surplus = b;
    struct hl_pool_shard *s = b->shard;
    struct hlthunk_pool *p = s->pool;
    bool last;

    pthread_mutex_lock(&s->lock);
    stop(s, b);
    b->object.next = NULL;
    if (b->class != HL_POOL_NO_CLASS && !b->open_exports && !s->closing) {
        keep(s, b);
        surplus = surplus_of(s, b->class);
    }
    if (!surplus) {
        s->busy--;
        pthread_mutex_unlock(&s->lock);
        return;
    }
    pthread_mutex_unlock(&s->lock);
    /* the pool cannot go before this is done: the shard is busy */
    hl_pool_return(p, surplus);
    pthread_mutex_lock(&s->lock);
    last = --s->busy == 0 && s->closing;
    pthread_mutex_unlock(&s->lock);
    if (last)
        hl_pool_put(p);
}

static bool linger(struct hl_object *o)
{
    struct hlthunk_buffer *b = (struct hlthunk_buffer *)o;
    struct hl_released released = { .fn = b->release, .user = b->user };
    struct hl_object *device = &o->device->base.object;

    if (!hl_object_is_ours(o))
        return false; /* a child's copy, which may have forgotten its pool already */
    if (!released.fn) {
        take_back(b);
        return true;
    }
    hl_object_get(device); /* the pool's reference may go with this buffer */
    take_back(b);
    hl_released_call(released);
    hl_object_put(device);
    return true;
}

/* Of a child's copy alone. */
static void destroy(struct hl_object *o)
{
    hl_open_exports_drop(((struct hlthunk_buffer *)o)->open_exports);
    hl_object_free(o);
}

const struct hl_object_ops hl_pool_buffer_ops = {
    .kind = "pool buffer",
    .linger = linger,
    .destroy = destroy,
};

struct hlthunk_buffer *hl_pool_shard_flush(struct hl_pool_shard *s)
{
    struct hlthunk_buffer *all = NULL, *b;

    pthread_mutex_lock(&s->lock);
    for (unsigned c = 0; c < HL_POOL_CLASSES; c++) {
        while ((b = take(s, c))) {
            b->object.next = all ? &all->object : NULL;
            all = b;
        }
    }
    pthread_mutex_unlock(&s->lock);
    return all;
}
