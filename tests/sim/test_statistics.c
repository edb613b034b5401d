/* SPDX-License-Identifier: MIT */
/* Memory statistics, and the program's code at failure and at release. */
#include "tests/sim/support.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/device/device.h"
#include "lib/device/stale.h"

static struct hlthunk_memory_statistics of_device(struct hlthunk_device *d)
{
    struct hlthunk_memory_statistics s = { .struct_size = sizeof(s) };

    ok(hlthunk_device_get_memory_statistics(d, &s));
    return s;
}

static struct hlthunk_memory_statistics of_pool(struct hlthunk_pool *p)
{
    struct hlthunk_memory_statistics s = { .struct_size = sizeof(s) };

    ok(hlthunk_pool_get_memory_statistics(p, &s));
    return s;
}

static void is(struct hlthunk_memory_counter c, uint64_t current, uint64_t peak, uint64_t total)
{
    assert_int_equal(c.current, current);
    assert_int_equal(c.peak, peak);
    assert_int_equal(c.total, total);
    assert_int_equal(c.freed, total - current);
}

static struct hlthunk_pool *make_pool(struct hlthunk_device *d, uint64_t max)
{
    struct hlthunk_pool_options o = { .struct_size = sizeof(o),
                                      .statistics = true,
                                      .max_bytes = max };
    struct hlthunk_pool *p;

    ok(hlthunk_pool_create(d, &o, &p));
    return p;
}

static struct hlthunk_buffer *pooled(struct hlthunk_pool *p, uint64_t size)
{
    struct hlthunk_buffer *b;

    ok(hlthunk_pool_alloc(p, size, NULL, &b));
    return b;
}

TEST(of_buffers)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b[3], *name = NULL;
    uint64_t granted;

    for (unsigned i = 0; i < 3; i++)
        ok(hlthunk_buffer_alloc(d, 1000 * (i + 1), NULL, &b[i]));
    granted = hlthunk_buffer_get_granted_size(b[0]);
    is(of_device(d).buffers, 3, 3, 3);
    is(of_device(d).allocated_bytes, 6000, 6000, 6000);
    is(of_device(d).active_bytes, 3 * granted, 3 * granted, 3 * granted);
    is(of_device(d).segments, 3, 3, 3);
    is(of_device(d).reserved_bytes, 3 * granted, 3 * granted, 3 * granted);
    hlthunk_buffer_unref(b[2]);
    is(of_device(d).allocated_bytes, 3000, 6000, 6000);
    is(of_device(d).reserved_bytes, 2 * granted, 3 * granted, 3 * granted);
    ok(hlthunk_device_reset_memory_peaks(d));
    is(of_device(d).allocated_bytes, 3000, 3000, 6000);
    is(of_device(d).buffers, 2, 2, 3);
    hlthunk_buffer_unref(b[1]);
    ok(hlthunk_buffer_alloc(d, 1, NULL, &b[1]));
    is(of_device(d).allocated_bytes, 1001, 3000, 6001);
    /* what the program names is its own */
    if (!on_asic("gaudi"))
        ok(hlthunk_buffer_from_address(d, hlthunk_buffer_get_address(b[0]), 4096, NULL, &name));
    is(of_device(d).buffers, 2, 2, 4);
    hlthunk_buffer_unref(name);
    hlthunk_buffer_unref(b[0]);
    hlthunk_buffer_unref(b[1]);
    is(of_device(d).buffers, 0, 2, 4);
    is(of_device(d).segments, 0, 2, 4);
    is(of_device(d).active_bytes, 0, 2 * granted, 4 * granted);
    assert_int_equal(of_device(d).failures, 0);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* What is released then is counted, too, but not what was only another name. */
TEST(of_a_stale_device)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b, *name = NULL;
    uint64_t granted;

    ok(hlthunk_buffer_alloc(d, 1000, NULL, &b));
    granted = hlthunk_buffer_get_granted_size(b);
    if (!on_asic("gaudi")) /* where ranges are taken */
        ok(hlthunk_buffer_from_address(d, hlthunk_buffer_get_address(b), 4096, NULL, &name));
    hl_device_mark_stale(d, HLTHUNK_STALE_RESET);
    hlthunk_buffer_unref(name);
    is(of_device(d).segments, 1, 1, 1);
    is(of_device(d).reserved_bytes, granted, granted, granted);
    hlthunk_buffer_unref(b);
    is(of_device(d).segments, 0, 1, 1);
    is(of_device(d).reserved_bytes, 0, granted, granted);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(of_host_memory)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b;
    uint64_t granted;

    ok(hlthunk_buffer_alloc_host(d, 5000, NULL, &b));
    granted = hlthunk_buffer_get_granted_size(b);
    is(of_device(d).host_allocated_bytes, 5000, 5000, 5000);
    is(of_device(d).host_reserved_bytes, granted, granted, granted);
    hlthunk_buffer_unref(b);
    is(of_device(d).host_allocated_bytes, 0, 5000, 5000);
    is(of_device(d).host_reserved_bytes, granted, granted, granted);
    ok(hlthunk_device_trim_host_memory(d, 0, NULL));
    is(of_device(d).host_reserved_bytes, 0, granted, granted);
    ok(hlthunk_device_reset_memory_peaks(d));
    is(of_device(d).host_reserved_bytes, 0, 0, granted);
    is(of_device(d).host_allocated_bytes, 0, 0, 5000);
    is(of_device(d).buffers, 0, 0, 0);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(of_a_pool)
{
    struct hlthunk_memory_statistics s = { .struct_size = sizeof(s) };
    struct hlthunk_device *d = open_device();
    struct hlthunk_pool *p = make_pool(d, 0), *without;
    struct hlthunk_buffer *b[2];
    uint64_t chunk;

    b[0] = pooled(p, 100);
    b[1] = pooled(p, 3000);
    chunk = of_pool(p).reserved_bytes.current;
    assert_true(chunk >= 3100);
    is(of_pool(p).buffers, 2, 2, 2);
    is(of_pool(p).allocated_bytes, 3100, 3100, 3100);
    is(of_pool(p).active_bytes, 128 + 3072, 128 + 3072, 128 + 3072);
    is(of_pool(p).segments, 1, 1, 1);
    /* to the device it is a chunk */
    is(of_device(d).buffers, 0, 0, 0);
    is(of_device(d).segments, 1, 1, 1);
    is(of_device(d).reserved_bytes, chunk, chunk, chunk);
    hlthunk_buffer_unref(b[1]);
    is(of_pool(p).allocated_bytes, 100, 3100, 3100);
    is(of_pool(p).reserved_bytes, chunk, chunk, chunk);
    ok(hlthunk_pool_reset_memory_peaks(p));
    b[1] = pooled(p, 200);
    is(of_pool(p).allocated_bytes, 300, 300, 3300);
    hlthunk_buffer_unref(b[0]);
    hlthunk_buffer_unref(b[1]);
    ok(hlthunk_pool_trim(p, 0, NULL));
    is(of_pool(p).segments, 0, 1, 1);
    is(of_pool(p).active_bytes, 0, 128 + 256, 128 + 3072 + 256);
    hlthunk_pool_unref(p);
    ok(hlthunk_pool_create(d, NULL, &without));
    refused(hlthunk_pool_get_memory_statistics(without, &s), EOPNOTSUPP, "statistics");
    refused(hlthunk_pool_reset_memory_peaks(without), EOPNOTSUPP, "statistics");
    hlthunk_pool_unref(without);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* Released, but a dma-buf of it is open: nobody else can be given it. */
TEST(what_is_held_is_active)
{
    struct hlthunk_pool_buffer_options o = { .struct_size = sizeof(o), .exportable = true };
    struct hlthunk_device *d;
    struct hlthunk_dmabuf *m;
    struct hlthunk_buffer *b;
    struct hlthunk_pool *p;
    int fd;

    if (!can_export())
        skip();
    d = open_device();
    p = make_pool(d, 0);
    ok(hlthunk_pool_alloc(p, 4096, &o, &b));
    ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
    ok(hlthunk_dmabuf_dup_fd(m, &fd));
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(b);
    is(of_pool(p).allocated_bytes, 0, 4096, 4096);
    is(of_pool(p).active_bytes, 4096, 4096, 4096);
    close(fd);
    ok(hlthunk_pool_trim(p, 0, NULL));
    is(of_pool(p).active_bytes, 0, 4096, 4096);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
}

static void *allocate(void *pool)
{
    struct hlthunk_buffer *b[8];

    for (unsigned i = 0; i < 500; i++) {
        for (unsigned k = 0; k < 8; k++) {
            if (hlthunk_pool_alloc(pool, 64 * (k + 1), NULL, &b[k]))
                return (void *)1;
        }
        for (unsigned k = 0; k < 8; k++)
            hlthunk_buffer_unref(b[k]);
    }
    return NULL;
}

TEST(threads_add_up)
{
    const uint64_t once = 64 * 36;
    struct hlthunk_device *d = open_device();
    struct hlthunk_pool *p = make_pool(d, 0);
    struct hlthunk_memory_counter c;
    pthread_t t[4];
    void *failed;

    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&t[i], NULL, allocate, p), 0);
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(t[i], &failed);
        assert_null(failed);
    }
    c = of_pool(p).allocated_bytes;
    assert_int_equal(c.current, 0);
    assert_int_equal(c.total, 4 * 500 * once);
    assert_uint_in_range(c.peak, once, 4 * once);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* What the callback has to give, and what it was told. */
struct reserve {
    struct hlthunk_device *device;
    struct hlthunk_pool *pool;
    struct hlthunk_buffer *b[2];
    unsigned calls;
    bool right;
};

static bool give_one(const struct hlthunk_memory_failure *f, void *user)
{
    struct reserve *r = user;
    struct hlthunk_buffer *none;

    r->calls++;
    r->right = r->right && f->device == r->device && f->pool == r->pool && f->attempt == r->calls &&
               f->size_bytes == 1ull << 62 && strlen(f->reason) > 20;
    /* within it there is no second call */
    r->right = r->right && hlthunk_buffer_alloc(r->device, 1ull << 61, NULL, &none) == -ENOMEM;
    for (unsigned i = 0; i < 2; i++) {
        if (r->b[i]) {
            hlthunk_buffer_unref(r->b[i]);
            r->b[i] = NULL;
            return true;
        }
    }
    return false;
}

TEST(asked_before_it_fails)
{
    struct reserve r = { .device = open_device(), .right = true };
    struct hlthunk_pool *p = make_pool(r.device, 0);
    struct hlthunk_buffer *none = (void *)1;

    for (unsigned i = 0; i < 2; i++) {
        r.calls = 0;
        r.pool = i ? p : NULL;
        for (unsigned k = 0; k < 2; k++)
            r.b[k] = pooled(p, 100);
        ok(hlthunk_device_set_failure_callback(r.device, give_one, &r));
        refused(i ? hlthunk_pool_alloc(p, 1ull << 62, NULL, &none)
                  : hlthunk_buffer_alloc(r.device, 1ull << 62, NULL, &none),
                ENOMEM, "46116860");  /* the size, of this failure */
        assert_int_equal(r.calls, 3); /* two gave something back */
        assert_true(r.right);
        assert_int_equal(of_pool(p).buffers.current, 0);
        ok(hlthunk_device_set_failure_callback(r.device, NULL, NULL));
        refused(hlthunk_buffer_alloc(r.device, 1ull << 62, NULL, &none), ENOMEM, "46116860");
        assert_int_equal(r.calls, 3);
    }
    assert_ptr_equal(none, (void *)1);
    assert_int_equal(of_pool(p).failures, 1);
    assert_int_equal(of_pool(p).retries, 2);
    /* for each round: of the callback's own three, with the callback and without */
    assert_int_equal(of_device(r.device).failures, 2 * (3 + 1 + 1));
    assert_true(of_device(r.device).retries >= 4); /* and where an empty chunk was given back */
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(r.device), 0);
}

struct limited {
    struct hlthunk_buffer *b;
    unsigned calls;
};

static bool release_it(const struct hlthunk_memory_failure *f, void *user)
{
    struct limited *l = user;

    (void)f;
    hlthunk_buffer_unref(l->b);
    l->b = NULL;
    return ++l->calls == 1;
}

/* A full pool, one buffer of which the program can spare. */
TEST(room_is_made)
{
    struct hlthunk_device_properties props = { .struct_size = sizeof(props) };
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b;
    struct hlthunk_pool *p;
    struct limited l = { 0 };

    ok(hlthunk_device_get_properties(d, &props));
    p = make_pool(d, props.memory_page_size);
    l.b = pooled(p, props.memory_page_size);
    ok(hlthunk_device_set_failure_callback(d, release_it, &l));
    refused(hlthunk_pool_trim(NULL, 0, NULL), EINVAL, "pool is NULL");
    b = pooled(p, props.memory_page_size);
    assert_string_equal(hlthunk_last_error(), "pool is NULL"); /* no call has failed since */
    assert_int_equal(l.calls, 1);
    assert_int_equal(of_pool(p).retries, 1);
    assert_int_equal(of_pool(p).failures, 0);
    hlthunk_buffer_unref(b);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
}

static unsigned released;

static void count_release(void *user)
{
    released += *(unsigned *)user;
}

static void unmap_it(void *user)
{
    assert_int_equal(munmap(user, 8192), 0);
    released++;
}

TEST(at_release)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b[4];
    unsigned one = 1, ten = 10;
    struct hlthunk_pool *p;
    int status;
    pid_t pid;
    void *host;

    ok(hlthunk_pool_create(d, NULL, &p));
    ok(hlthunk_buffer_alloc(d, 1, NULL, &b[0]));
    b[1] = pooled(p, 100);
    ok(hlthunk_buffer_alloc_host(d, 100, NULL, &b[2]));
    host = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(host, MAP_FAILED);
    ok(hlthunk_buffer_from_host(d, host, 8192, NULL, &b[3]));
    for (unsigned i = 0; i < 3; i++) {
        assert_null(hlthunk_buffer_get_user(b[i]));
        ok(hlthunk_buffer_set_user(b[i], &ten, count_release));
        ok(hlthunk_buffer_set_user(b[i], &one, count_release));
        assert_ptr_equal(hlthunk_buffer_get_user(b[i]), &one);
    }
    ok(hlthunk_buffer_set_user(b[3], host, unmap_it));
    pid = fork();
    if (pid == 0) { /* a child's copies call nothing */
        for (unsigned i = 0; i < 4; i++)
            hlthunk_buffer_unref(b[i]);
        _exit((int)released);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    for (unsigned i = 0; i < 4; i++) {
        hlthunk_buffer_ref(b[i]);
        hlthunk_buffer_unref(b[i]);
        assert_int_equal(released, i);
        hlthunk_buffer_unref(b[i]);
        assert_int_equal(released, i + 1);
    }
    /* the next buffer of that block has nothing of it */
    b[1] = pooled(p, 100);
    assert_null(hlthunk_buffer_get_user(b[1]));
    hlthunk_buffer_unref(b[1]);
    assert_int_equal(released, 4);
    hlthunk_pool_unref(p);
    refused(hlthunk_buffer_set_user(NULL, NULL, NULL), EINVAL, "buffer is NULL");
    assert_int_equal(hlthunk_device_close(d), 0);
}

static int device_fd;

static void see_it_open(void *user)
{
    *(bool *)user = fcntl(device_fd, F_GETFD) >= 0;
}

/* Also where the buffer holds the last reference to it. */
TEST(at_release_the_device_is_open)
{
    struct hlthunk_buffer *b;
    struct hlthunk_device *d;
    struct hlthunk_pool *p;

    for (unsigned in_pool = 0; in_pool < 2; in_pool++) {
        bool open = false;

        d = open_device();
        device_fd = hlthunk_device_borrow_fd(d);
        ok(hlthunk_pool_create(d, NULL, &p));
        if (in_pool)
            b = pooled(p, 100);
        else
            ok(hlthunk_buffer_alloc(d, 100, NULL, &b));
        ok(hlthunk_buffer_set_user(b, &open, see_it_open));
        hlthunk_pool_unref(p);
        hlthunk_device_unref(d);
        hlthunk_buffer_unref(b);
        assert_true(open);
        assert_int_equal(fcntl(device_fd, F_GETFD), -1);
    }
}

static void fail_a_call(void *user)
{
    refused(hlthunk_buffer_set_user(user, NULL, NULL), EINVAL, "buffer is NULL");
}

/* Dropping a reference is no call that fails, whatever the release function does. */
TEST(at_release_the_text_stays)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b;
    struct hlthunk_pool *p;

    ok(hlthunk_pool_create(d, NULL, &p));
    for (unsigned in_pool = 0; in_pool < 2; in_pool++) {
        if (in_pool)
            b = pooled(p, 100);
        else
            ok(hlthunk_buffer_alloc(d, 100, NULL, &b));
        ok(hlthunk_buffer_set_user(b, NULL, fail_a_call));
        refused(hlthunk_pool_trim(NULL, 0, NULL), EINVAL, "pool is NULL");
        hlthunk_buffer_unref(b);
        assert_string_equal(hlthunk_last_error(), "pool is NULL");
    }
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* A buffer that a queue still uses is released when that is done. */
TEST(at_release_by_a_queue)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b;
    struct hlthunk_queue *q;
    unsigned one = 1;

    released = 0;
    ok(hlthunk_buffer_alloc(d, 4096, NULL, &b));
    ok(hlthunk_buffer_set_user(b, &one, count_release));
    ok(hlthunk_queue_create(d, NULL, &q));
    ok(hlthunk_queue_write(q, b, 0, "hello", 6));
    hlthunk_buffer_unref(b);
    assert_int_equal(released, 0); /* recorded, not done */
    ok(hlthunk_queue_finish(q, -1));
    assert_int_equal(released, 1);
    hlthunk_queue_unref(q);
    assert_int_equal(hlthunk_device_close(d), 0);
}

SUITE(statistics)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_buffers),
        cmocka_unit_test(of_a_stale_device),
        cmocka_unit_test(of_host_memory),
        cmocka_unit_test(of_a_pool),
        cmocka_unit_test(what_is_held_is_active),
        cmocka_unit_test(threads_add_up),
        cmocka_unit_test(asked_before_it_fails),
        cmocka_unit_test(room_is_made),
        cmocka_unit_test(at_release),
        cmocka_unit_test(at_release_the_device_is_open),
        cmocka_unit_test(at_release_the_text_stays),
        cmocka_unit_test(at_release_by_a_queue),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
