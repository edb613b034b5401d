/* SPDX-License-Identifier: MIT */
/* Many threads on one pool: nothing is handed out twice, whoever gives it back. */
#include "tests/sim/support.h"

#include <pthread.h>
#include <stdatomic.h>

#define THREADS 8
#define KEPT 40

static struct hlthunk_device *device;
static struct hlthunk_pool *pool;
static uint64_t start, granules;
static atomic_uchar *taken; /* one for each 64 bytes of the only chunk */
static _Atomic(struct hlthunk_buffer *) mailbox[16];
static atomic_uint failures, allocated, refused_for_room;
static unsigned rounds;

/* Not cmocka's assertions: those are for the thread that runs the test. */
static void must(bool right)
{
    if (!right)
        atomic_fetch_add(&failures, 1);
}

static unsigned roll(unsigned *seed, unsigned n)
{
    *seed = *seed * 1103515245 + 12345;
    return (*seed >> 16) % n;
}

/* Turns all of a buffer's granules from one state to the other, and sees that they were in it. */
static void mark(const struct hlthunk_buffer *b, unsigned char from)
{
    uint64_t at = (hlthunk_buffer_get_address(b) - start) / 64,
             n = hlthunk_buffer_get_granted_size(b) / 64;
    bool right = at + n <= granules;

    for (uint64_t i = at; right && i < at + n; i++)
        right = atomic_exchange(&taken[i], !from) == from;
    must(right);
}

static void give_back(struct hlthunk_buffer *b)
{
    if (!b)
        return;
    if (taken)
        mark(b, 1);
    hlthunk_buffer_unref(b);
}

static struct hlthunk_buffer *get(unsigned *seed)
{
    struct hlthunk_pool_buffer_options o = { .struct_size = sizeof(o),
                                             .exportable = !roll(seed, 8),
                                             .alignment = 1u << roll(seed, 15) };
    uint64_t size = roll(seed, 20) ? 1 + roll(seed, 3000) : 1 + roll(seed, 200000);
    struct hlthunk_buffer *b = NULL;
    int rc = hlthunk_pool_alloc(pool, size, &o, &b);

    must(rc == 0 || rc == -ENOMEM);
    if (rc) {
        atomic_fetch_add(&refused_for_room, 1);
        return NULL;
    }
    must(!(hlthunk_buffer_get_address(b) & (o.alignment - 1)));
    if (taken)
        mark(b, 0);
    atomic_fetch_add(&allocated, 1);
    if (o.exportable && can_export()) {
        struct hlthunk_dmabuf *m;

        rc = hlthunk_dmabuf_export(b, 0, 0, NULL, &m);
        must(rc == 0);
        if (rc == 0)
            hlthunk_dmabuf_unref(m);
    }
    return b;
}

static void *worker(void *argument)
{
    unsigned seed = (unsigned)(uintptr_t)argument;
    struct hlthunk_buffer *kept[KEPT] = { NULL };

    for (unsigned i = 0; i < rounds; i++) {
        unsigned k = roll(&seed, KEPT);

        give_back(kept[k]);
        kept[k] = get(&seed);
        /* some are given back by another thread than asked for them */
        if (!roll(&seed, 4))
            kept[k] = atomic_exchange(&mailbox[roll(&seed, 16)], kept[k]);
        if (!roll(&seed, 500)) {
            struct hlthunk_pool_statistics s = { .struct_size = sizeof(s) };

            must(hlthunk_pool_trim(pool, roll(&seed, 3), NULL) == 0);
            must(hlthunk_pool_get_statistics(pool, &s) == 0);
        }
    }
    for (unsigned k = 0; k < KEPT; k++)
        give_back(kept[k]);
    return NULL;
}

static void run_all(void)
{
    pthread_t t[THREADS];

    rounds = getenv("TEST_ROUNDS") ? (unsigned)atoi(getenv("TEST_ROUNDS")) : 2000;
    failures = allocated = refused_for_room = 0;
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&t[i], NULL, worker, (void *)(i + 1)), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    for (unsigned i = 0; i < 16; i++)
        give_back(atomic_exchange(&mailbox[i], NULL));
    assert_int_equal(failures, 0);
    assert_true(allocated > rounds);
}

static uint64_t device_page(void)
{
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };

    ok(hlthunk_device_get_properties(device, &p));
    return p.memory_page_size;
}

/* Nothing is left of what all did. */
static void check_nothing_is_taken(unsigned live)
{
    struct hlthunk_pool_statistics s = { .struct_size = sizeof(s) };

    ok(hlthunk_pool_trim(pool, 0, NULL));
    ok(hlthunk_pool_get_statistics(pool, &s));
    assert_int_equal(s.live_buffers, live);
    assert_int_equal(s.cached_bytes + s.held_bytes, 0);
    assert_int_equal(s.granted_bytes, s.taken_bytes + s.free_bytes);
}

/* One chunk, which is too small for all on some devices: no granule belongs to two. */
TEST(nothing_twice)
{
    struct hlthunk_pool_options o = { .struct_size = sizeof(o) };
    struct hlthunk_buffer *b;

    device = open_device();
    o.chunk_bytes = o.max_bytes = device_page();
    ok(hlthunk_pool_create(device, &o, &pool));
    ok(hlthunk_pool_alloc(pool, o.chunk_bytes, NULL, &b));
    start = hlthunk_buffer_get_address(b);
    granules = o.chunk_bytes / 64;
    hlthunk_buffer_unref(b);
    ok(hlthunk_pool_alloc(pool, 1, NULL, &b)); /* keeps the chunk where it is */
    taken = calloc(granules, 1);
    assert_non_null(taken);
    mark(b, 0);
    run_all();
    check_nothing_is_taken(1);
    give_back(b);
    for (uint64_t i = 0; i < granules; i++)
        assert_int_equal(taken[i], 0);
    free((void *)taken);
    taken = NULL;
    hlthunk_pool_unref(pool);
    assert_int_equal(hlthunk_device_close(device), 0);
}

/* Chunks come and go. */
TEST(several_chunks)
{
    struct hlthunk_pool_options o = { .struct_size = sizeof(o) };

    device = open_device();
    o.chunk_bytes = device_page();
    ok(hlthunk_pool_create(device, &o, &pool));
    run_all();
    assert_int_equal(refused_for_room, 0);
    check_nothing_is_taken(0);
    hlthunk_pool_unref(pool);
    assert_int_equal(hlthunk_device_close(device), 0);
}

static struct hlthunk_buffer *last_ones[THREADS][KEPT];

static void *give_all(void *argument)
{
    uintptr_t i = (uintptr_t)argument;

    for (unsigned k = 0; k < KEPT; k++)
        hlthunk_buffer_unref(last_ones[i][k]);
    return NULL;
}

/* The pool's last reference goes while threads give its buffers back: whoever is last ends it. */
TEST(closing_among_threads)
{
    struct hlthunk_pool_options o = { .struct_size = sizeof(o) };
    struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };
    pthread_t t[THREADS];

    device = open_device();
    o.chunk_bytes = device_page();
    for (unsigned round = 0; round < 30; round++) {
        ok(hlthunk_pool_create(device, &o, &pool));
        for (unsigned i = 0; i < THREADS; i++) {
            for (unsigned k = 0; k < KEPT; k++)
                ok(hlthunk_pool_alloc(pool, 1 + 700 * k, NULL, &last_ones[i][k]));
        }
        for (uintptr_t i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&t[i], NULL, give_all, (void *)i), 0);
        hlthunk_pool_unref(pool);
        for (unsigned i = 0; i < THREADS; i++)
            pthread_join(t[i], NULL);
        ok(hlthunk_device_get_memory_usage(device, &u));
        assert_int_equal(u.used_bytes, 0);
    }
    assert_int_equal(hlthunk_device_close(device), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_twice),
        cmocka_unit_test(several_chunks),
        cmocka_unit_test(closing_among_threads),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
