/* SPDX-License-Identifier: MIT */
/*
 * Threads that share dma-bufs: each makes some, puts them where the others find them, takes, sends,
 * receives, imports, opens by handle and drops them, often the last reference of one while another
 * thread is about to find it again.  Whoever has one knows the bytes that are in it.
 */
#include "tests/sim/support.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define THREADS 4
#define PLACES 6
#define PAGE 4096u

/* What is known of a dma-buf: its first bytes are its tag. */
struct known {
    struct hlthunk_dmabuf *m;
    uint64_t tag, identity, size, offset, data_offset;
};

struct shared {
    struct hlthunk_device *d;
    struct hlthunk_pool *pool;
    struct hlthunk_handle_server *server;
    atomic_bool over;
    atomic_uint tags;
    struct place {
        pthread_mutex_t lock;
        struct known k; /* .m is NULL where nothing is */
    } places[PLACES];
};

struct worker {
    struct shared *s;
    uint64_t random;
    int sockets[2];
};

/* Not cmocka's assertions, which say nothing where another thread than the test's fails. */
#define must(right) must_be(right, #right, __LINE__)

static void must_be(bool right, const char *what, int line)
{
    if (right)
        return;
    fprintf(stderr, "%s:%d: not %s (%s)\n", __FILE__, line, what, hlthunk_last_error());
    _exit(1);
}

static uint32_t below(struct worker *w, uint32_t n)
{
    w->random = w->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((w->random >> 33) % n);
}

/* The tag of a dma-buf, through its descriptor, as another driver; or sets it. */
static void reach(int fd, uint64_t at, uint64_t *tag, bool write)
{
    const struct hlsim_importer *driver = test_importer();
    struct hlsim_attachment *a;

    must(driver->attach(fd, true, &a) == 0);
    must(driver->map(a) == 0);
    assert_int_equal(write ? driver->write(a, at, tag, sizeof(*tag))
                           : driver->read(a, at, tag, sizeof(*tag)),
                     sizeof(*tag));
    driver->unmap(a);
    driver->detach(a);
}

/* Is it what is known, by what object it may be? */
static void is(const struct known *k, struct hlthunk_dmabuf *m)
{
    uint64_t tag = 0;

    must(hlthunk_dmabuf_get_identity(m) == k->identity);
    must(hlthunk_dmabuf_get_size(m) == k->size);
    reach(hlthunk_dmabuf_borrow_fd(m), k->data_offset, &tag, false);
    must(tag == k->tag);
}

/* Puts *k, a reference, into a place; what was there is in *k then. */
static void swap(struct worker *w, struct known *k)
{
    struct place *p = &w->s->places[below(w, PLACES)];
    struct known there;

    pthread_mutex_lock(&p->lock);
    there = p->k;
    p->k = *k;
    pthread_mutex_unlock(&p->lock);
    *k = there;
}

/* What is in a place, or one more reference of it; false where nothing is. */
static bool take(struct worker *w, struct known *k)
{
    struct place *p = &w->s->places[below(w, PLACES)];
    bool leave = below(w, 2);

    pthread_mutex_lock(&p->lock);
    *k = p->k;
    if (!leave)
        p->k.m = NULL;
    else if (k->m)
        hlthunk_dmabuf_ref(k->m);
    pthread_mutex_unlock(&p->lock);
    return k->m != NULL;
}

/* A new one, of a buffer of its own, of part of one, or of a pool's. */
static void make(struct worker *w)
{
    struct hlthunk_dmabuf_options o = { .struct_size = sizeof(o), .whole_pages = true };
    struct known k = { .tag = 1 + atomic_fetch_add(&w->s->tags, 1) };
    bool pooled = below(w, 2);
    struct hlthunk_buffer *b;

    if (pooled) {
        must(!hlthunk_pool_alloc(w->s->pool, 8 + below(w, 3 * PAGE), NULL, &b));
        must(!hlthunk_dmabuf_export(b, 0, 0, &o, &k.m));
    } else {
        uint32_t pages = 1 + below(w, 4);

        must(!hlthunk_buffer_alloc(w->s->d, (uint64_t)pages * PAGE, NULL, &b));
        must(!hlthunk_dmabuf_export(b, (uint64_t)below(w, pages) * PAGE, 0, NULL, &k.m));
    }
    hlthunk_buffer_unref(b);
    k.identity = hlthunk_dmabuf_get_identity(k.m);
    k.size = hlthunk_dmabuf_get_size(k.m);
    k.offset = hlthunk_dmabuf_get_offset(k.m);
    k.data_offset = hlthunk_dmabuf_get_data_offset(k.m);
    reach(hlthunk_dmabuf_borrow_fd(k.m), k.data_offset, &k.tag, true);
    swap(w, &k);
    if (k.m)
        is(&k, k.m);
    hlthunk_dmabuf_unref(k.m);
}

/* Drops it; what was its memory, if nobody else has it, is wanted for something else at once. */
static void drop(struct worker *w, const struct known *k)
{
    hlthunk_dmabuf_unref(k->m);
    for (uint32_t n = below(w, 3); n > 0; n--)
        make(w);
}

/* By a descriptor, with or without a reference kept; it may be the last one of its object. */
static void import(struct worker *w, const struct known *k, bool kept)
{
    struct hlthunk_dmabuf *again;
    int fd;

    must(!hlthunk_dmabuf_dup_fd(k->m, &fd));
    if (!kept)
        drop(w, k);
    must(!hlthunk_dmabuf_import(fd, &again));
    is(k, again);
    if (kept) {
        must(again == k->m);
        hlthunk_dmabuf_unref(k->m);
    } else if (below(w, 2)) {
        struct known found = *k;

        /* for others to find: the same bytes, whichever object has them */
        found.m = again;
        swap(w, &found);
        again = found.m;
    }
    hlthunk_dmabuf_unref(again);
}

/* Two in one message, through the worker's own socket. */
static void send_pair(struct worker *w, const struct known *k, bool kept)
{
    struct hlthunk_dmabuf *pair[2] = { k->m, k->m }, *got[2];
    struct hlthunk_dmabuf_origin o = { .struct_size = sizeof(o) };
    size_t n = 0;

    must(!hlthunk_dmabuf_send(w->sockets[0], pair, 2, -1));
    if (!kept)
        drop(w, k);
    must(!hlthunk_dmabuf_receive(w->sockets[1], got, 2, &n, -1));
    must(n == 2);
    must(got[0] == got[1]);
    is(k, got[0]);
    /* imported bare meanwhile, by whoever came first, it says less */
    if (hlthunk_dmabuf_get_origin(got[0], &o) == 0) {
        must(o.offset == k->offset);
        must(o.data_offset == k->data_offset);
    }
    if (kept) {
        must(got[0] == k->m);
        hlthunk_dmabuf_unref(k->m);
    }
    hlthunk_dmabuf_unref(got[0]);
    hlthunk_dmabuf_unref(got[1]);
}

/* By a handle, which the server's thread serves. */
static void open_handle(struct worker *w, const struct known *k)
{
    struct hlthunk_dmabuf *again;
    uint8_t handle[HLTHUNK_HANDLE_SIZE];

    must(!hlthunk_handle_server_offer(w->s->server, k->m, handle));
    must(!hlthunk_dmabuf_open_handle(handle, -1, &again));
    must(again == k->m);
    is(k, again);
    must(!hlthunk_handle_server_withdraw(w->s->server, handle));
    hlthunk_dmabuf_unref(again);
    hlthunk_dmabuf_unref(k->m);
}

static void step(struct worker *w)
{
    struct known k;

    if (!below(w, 3) || !take(w, &k)) {
        make(w);
        return;
    }
    switch (below(w, 8)) {
    case 0:
        open_handle(w, &k);
        break;
    case 1:
    case 2:
        send_pair(w, &k, below(w, 2));
        break;
    default:
        import(w, &k, below(w, 2));
    }
}

static void *worker(void *arg)
{
    struct worker *w = arg;
    const char *steps = getenv("TEST_STEPS");

    for (long n = steps ? atol(steps) : 100; n > 0; n--)
        step(w);
    return NULL;
}

static void *server(void *arg)
{
    struct shared *s = arg;
    struct pollfd p = { .fd = hlthunk_handle_server_borrow_fd(s->server), .events = POLLIN };

    while (!atomic_load(&s->over))
        if (poll(&p, 1, 10) > 0)
            must(hlthunk_handle_server_serve(s->server, 0) >= 0);
    return NULL;
}

TEST(share_threads)
{
    const char *seed = getenv("TEST_SEED");
    uint64_t random = seed ? strtoull(seed, NULL, 0) : (uint64_t)getpid();
    struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };
    struct worker w[THREADS];
    pthread_t t[THREADS], serving;
    struct shared s = { .tags = 0 };
    unsigned fds;

    if (!can_export())
        skip();
    print_message("TEST_SEED=%llu\n", (unsigned long long)random);
    fds = count_fds();
    s.d = open_device();
    ok(hlthunk_pool_create(s.d, NULL, &s.pool));
    ok(hlthunk_handle_server_create(&s.server));
    for (unsigned i = 0; i < PLACES; i++)
        pthread_mutex_init(&s.places[i].lock, NULL);
    assert_int_equal(pthread_create(&serving, NULL, server, &s), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        w[i] = (struct worker){ .s = &s, .random = random + i };
        assert_int_equal(socketpair(AF_UNIX, i % 2 ? SOCK_STREAM : SOCK_SEQPACKET, 0, w[i].sockets),
                         0);
        assert_int_equal(pthread_create(&t[i], NULL, worker, &w[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(t[i], NULL);
        close(w[i].sockets[0]);
        close(w[i].sockets[1]);
    }
    atomic_store(&s.over, true);
    pthread_join(serving, NULL);
    for (unsigned i = 0; i < PLACES; i++) {
        if (s.places[i].k.m)
            is(&s.places[i].k, s.places[i].k.m);
        hlthunk_dmabuf_unref(s.places[i].k.m);
        pthread_mutex_destroy(&s.places[i].lock);
    }
    hlthunk_handle_server_unref(s.server);
    hlthunk_pool_unref(s.pool);
    /* what waits for a descriptor that was closed meanwhile is looked at now */
    assert_int_equal(hlthunk_device_close(s.d), 0);
    s.d = open_device();
    ok(hlthunk_device_get_memory_usage(s.d, &u));
    assert_int_equal(u.used_bytes, 0);
    assert_int_equal(hlthunk_device_close(s.d), 0);
    assert_int_equal(count_fds(), fds);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(share_threads) };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
