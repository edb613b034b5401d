/* SPDX-License-Identifier: MIT */
#include "lib/pool/pool.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/device/device.h"
#include "lib/memory/failure.h"
#include "lib/options.h"
#include "lib/page.h"

typedef unsigned long long ull;

#define DEFAULT_CHUNK_BYTES (64ull << 20)

static void describe(const struct hl_object *o, struct hlthunk_live_object *live)
{
    struct hlthunk_pool *p = (struct hlthunk_pool *)o;

    pthread_mutex_lock(&p->lock);
    live->size_bytes = p->granted;
    pthread_mutex_unlock(&p->lock);
}

/* Two for each processor, so that threads seldom share one. */
static unsigned shard_count(void)
{
    long n = 2 * sysconf(_SC_NPROCESSORS_ONLN);

    return n < 2 ? 2 : n > (long)HL_POOL_MAX_SHARDS ? HL_POOL_MAX_SHARDS : (unsigned)n;
}

static struct hl_pool_shard *new_shards(struct hlthunk_pool *p, unsigned count)
{
    struct hl_pool_shard *s = aligned_alloc(_Alignof(struct hl_pool_shard), count * sizeof(*s));

    if (!s)
        return NULL;
    memset(s, 0, count * sizeof(*s));
    for (unsigned i = 0; i < count; i++) {
        s[i].pool = p;
        pthread_mutex_init(&s[i].lock, NULL); /* without attributes: it cannot fail here */
    }
    return s;
}

static int check_options(const struct hlthunk_device *d, struct hlthunk_pool_options *o)
{
    uint64_t least;
    int rc = hl_memory_round_up(d, 1, &least);

    if (rc)
        return rc;
    if (d->props.control)
        return hl_err(-EPERM, "device is a control node, which has no memory: open the primary "
                              "node");
    if (o->chunk_bytes > d->props.memory_size)
        return hl_err(-EINVAL, "options->chunk_bytes %llu is more than the device's memory, %llu",
                      (ull)o->chunk_bytes, (ull)d->props.memory_size);
    if (o->max_bytes && o->max_bytes < least)
        return hl_err(-EINVAL,
                      "options->max_bytes %llu is less than the smallest allocation of the device, "
                      "%llu",
                      (ull)o->max_bytes, (ull)least);
    return 0;
}

void hl_pool_put(struct hlthunk_pool *p)
{
    if (atomic_fetch_sub(&p->users, 1) == 1)
        hl_object_end(&p->object);
}

/* No more allocations; from here on each buffer that is released releases its chunk, if it can. */
static void begin_closing(struct hlthunk_pool *p)
{
    pthread_mutex_lock(&p->lock);
    p->closing = true;
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->shard_count; i++) {
        struct hl_pool_shard *s = &p->shards[i];

        pthread_mutex_lock(&s->lock);
        s->closing = true;
        if (s->busy)
            atomic_fetch_add(&p->users, 1);
        pthread_mutex_unlock(&s->lock);
    }
    hl_pool_trim(p, 0);
}

/* Was a lock free when the process forked?  Otherwise what it guards may stay half changed. */
static bool was_free(pthread_mutex_t *lock)
{
    if (pthread_mutex_trylock(lock))
        return false;
    pthread_mutex_unlock(lock);
    return true;
}

/* The child's copy of the bookkeeping; its copies of live buffers are freed one by one. */
static void forget(struct hlthunk_pool *p)
{
    bool whole = was_free(&p->lock);

    for (unsigned i = 0; i < p->shard_count; i++)
        whole = whole && was_free(&p->shards[i].lock);
    for (unsigned i = 0; whole && i < p->shard_count; i++) {
        struct hl_object *o = (struct hl_object *)hl_pool_shard_flush(&p->shards[i]), *next;

        for (; o; o = next) {
            next = o->next;
            free(o);
        }
    }
    if (whole)
        hl_pool_forget_chunks(p);
}

/* Buffers of it may live on: it is destroyed with the last of them. */
static bool linger(struct hl_object *o)
{
    struct hlthunk_pool *p = (struct hlthunk_pool *)o;

    if (!hl_object_is_ours(o))
        return false;
    begin_closing(p);
    hl_pool_put(p);
    return true;
}

static void destroy(struct hl_object *o)
{
    struct hlthunk_pool *p = (struct hlthunk_pool *)o;

    if (hl_object_is_ours(o)) {
        hl_pool_drop_chunks(p);
        for (unsigned i = 0; i < p->shard_count; i++)
            pthread_mutex_destroy(&p->shards[i].lock);
        pthread_mutex_destroy(&p->lock);
        pthread_mutex_destroy(&p->grow_lock);
    } else {
        forget(p);
    }
    free(p->shards);
    free(p->counters);
    hl_object_free(o);
}

static uint64_t reclaim(struct hl_object *o)
{
    return hl_pool_trim((struct hlthunk_pool *)o, 0);
}

static uint64_t kept(const struct hl_object *o)
{
    struct hlthunk_pool *p = (struct hlthunk_pool *)o;
    uint64_t bytes;

    pthread_mutex_lock(&p->lock);
    bytes = p->space.free_bytes;
    pthread_mutex_unlock(&p->lock);
    return bytes;
}

static const struct hl_object_ops ops = {
    .kind = "pool",
    .linger = linger,
    .destroy = destroy,
    .describe = describe,
    .parts = hl_pool_parts,
    .reclaim = reclaim,
    .kept = kept,
};

int hlthunk_pool_create(struct hlthunk_device *d, const struct hlthunk_pool_options *options,
                        struct hlthunk_pool **out)
{
    struct hlthunk_pool_options o;
    struct hlthunk_pool *p;
    int rc = hl_device_check(d);

    if (rc)
        return rc;
    if (!out)
        return hl_err(-EINVAL, "pool is NULL");
    rc = HL_OPTIONS_READ(o, options);
    rc = rc ? rc : HL_OPTIONS_RESERVED(o);
    rc = rc ? rc : check_options(d, &o);
    if (rc)
        return rc;
    rc = hl_places_prepare(d);
    if (rc)
        return rc;
    p = hl_object_new(sizeof(*p));
    if (!p)
        return hl_err(-ENOMEM, "no memory for a pool");
    p->shard_count = shard_count();
    p->shards = new_shards(p, p->shard_count);
    if (o.statistics)
        p->counters = calloc(1, sizeof(*p->counters));
    if (!p->shards || (o.statistics && !p->counters)) {
        free(p->shards);
        free(p->counters);
        free(p);
        return hl_err(-ENOMEM, "no memory for a pool");
    }
    p->chunk_bytes = o.chunk_bytes ? o.chunk_bytes : DEFAULT_CHUNK_BYTES;
    p->max_bytes = o.max_bytes;
    p->exportable = o.exportable;
    atomic_init(&p->users, 1);
    pthread_mutex_init(&p->grow_lock, NULL);
    pthread_mutex_init(&p->lock, NULL);
    hl_space_init(&p->space);
    hl_object_init(&p->object, &ops, &d->base, o.label, __builtin_return_address(0));
    hl_object_list(&p->object);
    *out = p;
    return 0;
}

struct hlthunk_pool *hlthunk_pool_ref(struct hlthunk_pool *p)
{
    hl_object_get(&p->object);
    return p;
}

void hlthunk_pool_unref(struct hlthunk_pool *p)
{
    if (p)
        hl_object_put(&p->object);
}

/* What to allocate for a request. */
static int plan(const struct hlthunk_pool *p, uint64_t size,
                const struct hlthunk_pool_buffer_options *o, struct hl_pool_request *r)
{
    uint64_t page = hl_page_size(), align = o->alignment ? o->alignment : HL_SPACE_GRANULE;

    if (!size)
        return hl_err(-EINVAL, "size_bytes is 0");
    if ((align & (align - 1)) || align > HLTHUNK_POOL_MAX_ALIGNMENT)
        return hl_err(-EINVAL, "options->alignment %llu is not a power of two up to %llu",
                      (ull)align, HLTHUNK_POOL_MAX_ALIGNMENT);
    if (align < HL_SPACE_GRANULE)
        align = HL_SPACE_GRANULE;
    if ((o->exportable || p->exportable) && align < page)
        align = page;
    r->align = align;
    /* whole multiples of the alignment, but of no more than a page */
    align = align < page ? align : page;
    if (__builtin_add_overflow(size, align - 1, &r->bytes))
        return hl_err(-ENOMEM, "size_bytes %llu is more than any device has", (ull)size);
    r->bytes &= ~(align - 1);
    r->size = size;
    r->label = o->label;
    r->class = HL_POOL_NO_CLASS;
    if (r->align <= page && r->bytes <= HL_POOL_CLASS_MAX_BYTES) {
        r->class = hl_pool_class(r->bytes);
        r->bytes = hl_pool_class_bytes(r->class);
        r->align = hl_pool_class_alignment(r->class, page);
    }
    return 0;
}

/* What its thread's shard keeps.  The backtrace is the request's otherwise. */
static bool take(struct hlthunk_pool *p, struct hl_pool_request *r, struct hlthunk_buffer **out)
{
    struct hlthunk_buffer *b = NULL;

    r->backtrace = hl_backtrace_take(r->creator);
    if (r->class != HL_POOL_NO_CLASS)
        b = hl_pool_shard_take(hl_pool_shard_of_thread(p), r);
    if (b)
        *out = b;
    return b;
}

static int fetch(struct hlthunk_pool *p, struct hl_pool_request *r, struct hlthunk_buffer **out)
{
    struct hl_pool_shard *shard = hl_pool_shard_of_thread(p);
    unsigned count = r->class == HL_POOL_NO_CLASS ? 1 : hl_pool_class_batch(r->class);
    struct hlthunk_buffer *b = NULL;
    int rc = hl_pool_fetch(p, shard, r, count, &b);

    if (rc) {
        free(r->backtrace);
        return rc;
    }
    hl_pool_shard_start(shard, r, b);
    *out = b;
    return 0;
}

/* Room may have been made; both count what comes of it. */
static bool retry(struct hlthunk_pool *p, uint64_t size, struct hl_failure *failure)
{
    bool again = hl_failure_retry(p->object.device, p, size, failure);

    if (p->counters)
        atomic_fetch_add(again ? &p->counters->retries : &p->counters->failures, 1);
    return again;
}

/* When the shard has none. */
static int fetch_or_retry(struct hlthunk_pool *p, struct hl_pool_request *r,
                          struct hlthunk_buffer **out)
{
    struct hl_failure failure = { 0 };
    struct hl_err_kept kept;
    int rc;

    hl_err_begin(&kept);
    rc = fetch(p, r, out);
    while (rc == -ENOMEM && retry(p, r->size, &failure))
        rc = take(p, r, out) ? 0 : fetch(p, r, out);
    return hl_err_end(&kept, rc);
}

int hlthunk_pool_alloc(struct hlthunk_pool *p, uint64_t size_bytes,
                       const struct hlthunk_pool_buffer_options *options,
                       struct hlthunk_buffer **out)
{
    struct hlthunk_pool_buffer_options o;
    struct hl_pool_request r;
    int rc = hl_object_check(p ? &p->object : NULL, "pool");

    if (rc)
        return rc;
    if (!out)
        return hl_err(-EINVAL, "buffer is NULL");
    rc = HL_OPTIONS_READ(o, options);
    rc = rc ? rc : HL_OPTIONS_RESERVED(o);
    if (rc == 0)
        rc = plan(p, size_bytes, &o, &r);
    if (rc)
        return rc;
    r.creator = __builtin_return_address(0);
    return take(p, &r, out) ? 0 : fetch_or_retry(p, &r, out);
}

int hlthunk_pool_trim(struct hlthunk_pool *p, uint32_t keep_chunks, uint64_t *released_bytes)
{
    int rc = hl_object_check(p ? &p->object : NULL, "pool");
    uint64_t bytes;

    if (rc)
        return rc;
    bytes = hl_pool_trim(p, keep_chunks);
    if (released_bytes)
        *released_bytes = bytes;
    return 0;
}

static void add_shard(struct hl_pool_shard *s, struct hlthunk_pool_statistics *all)
{
    pthread_mutex_lock(&s->lock);
    all->live_buffers += s->live_count;
    all->used_bytes += s->used_bytes;
    all->taken_bytes += s->taken_bytes;
    all->cached_bytes += s->cached_bytes;
    all->allocations += s->allocations;
    pthread_mutex_unlock(&s->lock);
}

static void add_chunks(struct hlthunk_pool *p, struct hlthunk_pool_statistics *all)
{
    pthread_mutex_lock(&p->lock);
    all->chunks = p->chunk_count;
    for (const struct hl_pool_chunk *c = p->chunks; c; c = c->next)
        all->empty_chunks += hl_region_is_empty(&c->region);
    all->granted_bytes = p->granted;
    all->held_bytes = p->held_bytes;
    all->free_bytes = p->space.free_bytes;
    all->largest_free_bytes = hl_space_largest(&p->space);
    pthread_mutex_unlock(&p->lock);
}

int hlthunk_pool_get_statistics(struct hlthunk_pool *p, struct hlthunk_pool_statistics *statistics)
{
    struct hlthunk_pool_statistics all = { 0 };
    int rc;

    if (!p)
        return hl_err(-EINVAL, "pool is NULL");
    if (!hl_object_is_ours(&p->object))
        return hl_object_check(&p->object, "pool");
    rc = hl_struct_check(statistics, "statistics");
    if (rc)
        return rc;
    for (unsigned i = 0; i < p->shard_count; i++)
        add_shard(&p->shards[i], &all);
    add_chunks(p, &all);
    HL_STRUCT_FILL(statistics, all);
    return 0;
}
