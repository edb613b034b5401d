/* SPDX-License-Identifier: MIT */
/* Threads on one device: buffers of their own, and references of one dma-buf that all share. */
#include "tests/sim/support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define THREADS 8
#define ROUNDS 60

static struct hlthunk_device *device;
static struct hlthunk_buffer *shared;
static atomic_uint failures;

/* Not cmocka's assertions: those are for the thread that runs the test. */
static void must(int rc)
{
    if (rc)
        atomic_fetch_add(&failures, 1);
}

static void *worker(void *argument)
{
    unsigned seed = (unsigned)(uintptr_t)argument;

    for (unsigned i = 0; i < ROUNDS; i++) {
        struct hlthunk_buffer *b = NULL;
        struct hlthunk_dmabuf *m = NULL, *again = NULL;
        struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };
        int fd = -1;

        must(hlthunk_buffer_alloc(device, 4096 * (1 + seed % 5), NULL, &b));
        must(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
        must(hlthunk_dmabuf_dup_fd(m, &fd));
        must(hlthunk_dmabuf_import(fd, &again));
        must(again != m);
        must(hlthunk_device_get_memory_usage(device, &u));
        hlthunk_dmabuf_unref(again);
        hlthunk_buffer_unref(b);
        hlthunk_dmabuf_unref(m);
        /* one range, exported by whoever comes first, given back by whoever is last */
        must(hlthunk_dmabuf_export(shared, 0, 4096, NULL, &m));
        if ((seed = seed * 1103515245 + 12345) >> 16 & 1)
            usleep(10);
        hlthunk_dmabuf_unref(m);
    }
    return NULL;
}

TEST(many_threads)
{
    struct hlthunk_dmabuf *m;
    pthread_t t[THREADS];
    unsigned fds;

    if (!can_export())
        skip();
    device = open_device();
    ok(hlthunk_buffer_alloc(device, MIB, NULL, &shared));
    ok(hlthunk_dmabuf_export(shared, 0, 4096, NULL, &m)); /* Gaudi's first takes one to look with */
    hlthunk_dmabuf_unref(m);
    fds = count_fds();
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&t[i], NULL, worker, (void *)(i + 1)), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    assert_int_equal(failures, 0);
    assert_int_equal(count_fds(), fds);
    hlthunk_buffer_unref(shared);
    assert_int_equal(hlthunk_device_close(device), 0);
}

SUITE(threads)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(many_threads) };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
