/* SPDX-License-Identifier: MIT */
/* From an address back to its buffer, and exports by address. */
#include "tests/sim/support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/device/stale.h"

static struct hlthunk_buffer *own(struct hlthunk_device *d, uint64_t size)
{
    struct hlthunk_buffer *b;

    ok(hlthunk_buffer_alloc(d, size, NULL, &b));
    return b;
}

static struct hlthunk_buffer *pooled(struct hlthunk_pool *p, uint64_t size, bool exportable)
{
    struct hlthunk_pool_buffer_options o = { .struct_size = sizeof(o), .exportable = exportable };
    struct hlthunk_buffer *b;

    ok(hlthunk_pool_alloc(p, size, &o, &b));
    return b;
}

/* All of a buffer is found, from its first byte to its last, and not one more. */
static void is_found(struct hlthunk_device *d, struct hlthunk_buffer *b)
{
    uint64_t at = hlthunk_buffer_get_address(b), size = hlthunk_buffer_get_size(b), offset = 9;
    struct hlthunk_buffer *found = NULL;

    ok(hlthunk_device_find_buffer(d, at, size, &found, &offset));
    assert_ptr_equal(found, b);
    assert_int_equal(offset, 0);
    hlthunk_buffer_unref(found);
    ok(hlthunk_device_find_buffer(d, at + size - 1, 0, &found, &offset));
    assert_ptr_equal(found, b);
    assert_int_equal(offset, size - 1);
    hlthunk_buffer_unref(found);
    ok(hlthunk_device_find_buffer(d, at + size / 2, size - size / 2, &found, NULL));
    assert_ptr_equal(found, b);
    hlthunk_buffer_unref(found);
    found = (void *)1;
    assert_true(hlthunk_device_find_buffer(d, at + size - 1, 2, &found, &offset) < 0);
    assert_ptr_equal(found, (void *)1);
}

static void is_nowhere(struct hlthunk_device *d, uint64_t at)
{
    struct hlthunk_buffer *none = (void *)1;
    uint64_t offset = 9;
    int rc = hlthunk_device_find_buffer(d, at, 0, &none, &offset);

    assert_int_equal(rc, -ENOENT);
    assert_ptr_equal(none, (void *)1);
    assert_int_equal(offset, 9);
}

TEST(buffers_of_every_kind)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b[3], *small[100];
    struct hlthunk_pool *p;
    uint64_t at[100];
    char *host = NULL;

    is_nowhere(d, 0);
    is_nowhere(d, UINT64_MAX);
    b[0] = own(d, 3 * MIB);
    b[1] = own(d, 1);
    assert_int_equal(posix_memalign((void **)&host, 4096, 65536), 0);
    ok(hlthunk_buffer_from_host(d, host + 100, 40000, NULL, &b[2]));
    ok(hlthunk_pool_create(d, NULL, &p));
    for (unsigned i = 0; i < 100; i++)
        small[i] = pooled(p, 1 + i * 321 % 70000, false);
    for (unsigned i = 0; i < 3; i++)
        is_found(d, b[i]);
    for (unsigned i = 0; i < 100; i++)
        is_found(d, small[i]);
    for (unsigned i = 0; i < 100; i++)
        at[i] = hlthunk_buffer_get_address(small[i]);
    for (unsigned i = 0; i < 100; i += 2)
        hlthunk_buffer_unref(small[i]);
    for (unsigned i = 0; i < 100; i++) {
        if (i % 2)
            is_found(d, small[i]);
        else
            is_nowhere(d, at[i]); /* although the pool keeps it for the next buffer */
    }
    for (unsigned i = 1; i < 100; i += 2)
        hlthunk_buffer_unref(small[i]);
    at[0] = hlthunk_buffer_get_address(b[0]);
    for (unsigned i = 0; i < 3; i++)
        hlthunk_buffer_unref(b[i]);
    is_nowhere(d, at[0]);
    is_nowhere(d, at[1]);
    hlthunk_pool_unref(p);
    free(host);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(only_while_it_is_mapped)
{
    struct hlthunk_buffer_options o = { .struct_size = sizeof(o), .unmapped = true };
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b;
    uint64_t at;

    if (on_asic("gaudi")) { /* there is nothing to map */
        assert_int_equal(hlthunk_device_close(d), 0);
        skip();
    }
    ok(hlthunk_buffer_alloc(d, 2 * MIB, &o, &b));
    is_nowhere(d, hlthunk_buffer_get_address(b));
    for (unsigned i = 0; i < 2; i++) {
        ok(hlthunk_buffer_map(b, NULL));
        at = hlthunk_buffer_get_address(b);
        is_found(d, b);
        ok(hlthunk_buffer_unmap(b));
        is_nowhere(d, at);
    }
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* The program's name for what the library mapped: both are found, each while it lives. */
TEST(two_names)
{
    struct hlthunk_buffer *b, *name[2], *found;
    struct hlthunk_device *d;
    uint64_t at;

    if (on_asic("gaudi")) /* ranges are taken: there are no second names */
        skip();
    d = open_device();
    b = own(d, 5000);
    at = hlthunk_buffer_get_address(b);
    for (unsigned i = 0; i < 2; i++)
        ok(hlthunk_buffer_from_address(d, at, 4096 * (i + 1), NULL, &name[i]));
    ok(hlthunk_device_find_buffer(d, at, 5000, &found, NULL));
    assert_ptr_equal(found, b);
    hlthunk_buffer_unref(found);
    /* more than the first has */
    ok(hlthunk_device_find_buffer(d, at + 4096, 4096, &found, NULL));
    assert_ptr_equal(found, name[1]);
    hlthunk_buffer_unref(found);
    /* a second name is not everywhere */
    refused(hlthunk_device_find_buffer(d, at + (1u << 30), 1, &found, NULL), ENOENT,
            "not in any buffer");
    hlthunk_buffer_unref(b);
    ok(hlthunk_device_find_buffer(d, at, 4096, &found, NULL));
    assert_ptr_equal(found, name[0]); /* which was made first */
    hlthunk_buffer_unref(found);
    ok(hlthunk_buffer_from_address(d, at, 4096, NULL, &b));
    ok(hlthunk_device_find_buffer(d, at, 4096, &found, NULL));
    assert_ptr_equal(found, name[0]); /* still */
    hlthunk_buffer_unref(found);
    hlthunk_buffer_unref(b);
    refused(hlthunk_device_find_buffer(d, at, 8193, &found, NULL), ERANGE, "one buffer");
    hlthunk_buffer_unref(name[0]);
    is_found(d, name[1]);
    hlthunk_buffer_unref(name[1]);
    is_nowhere(d, at);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* What a pool has free, and what the device granted beyond what was asked for, is no buffer's. */
TEST(room_is_no_buffer)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b = own(d, 5000), *small, *none = (void *)1;
    struct hlthunk_pool *p;
    uint64_t at;

    is_nowhere(d, hlthunk_buffer_get_address(b) + 5000);
    ok(hlthunk_pool_create(d, NULL, &p));
    ok(hlthunk_pool_alloc(p, 100, NULL, &small));
    at = hlthunk_buffer_get_address(small);
    is_nowhere(d, at + 100);
    is_nowhere(d, at + MIB);
    refused(hlthunk_device_find_buffer(d, at, 101, &none, NULL), ERANGE, "has 100 bytes");
    hlthunk_buffer_unref(small);
    is_nowhere(d, at);
    hlthunk_pool_unref(p);
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(wrong_arguments)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b = own(d, 5000), *none = (void *)1;
    struct hlthunk_dmabuf *m = (void *)1;
    uint64_t at = hlthunk_buffer_get_address(b), offset = 9;
    int status;
    pid_t pid;

    refused(hlthunk_device_find_buffer(NULL, at, 1, &none, NULL), EINVAL, "device is NULL");
    refused(hlthunk_device_find_buffer(d, at, 1, NULL, NULL), EINVAL, "buffer is NULL");
    refused(hlthunk_device_find_buffer(d, at, 5001, &none, &offset), ERANGE, "one buffer");
    refused(hlthunk_device_find_buffer(d, at, UINT64_MAX, &none, &offset), ERANGE, "one buffer");
    refused(hlthunk_device_find_buffer(d, at - 1, 1, &none, &offset), ENOENT, "not in any buffer");
    refused(hlthunk_device_export_range(d, at - 1, 1, NULL, &m, &offset), ENOENT,
            "not in any buffer");
    refused(hlthunk_device_export_range(d, at, 5001, NULL, &m, &offset), ERANGE, "one buffer");
    refused(hlthunk_device_export_range(d, at, 1, NULL, NULL, &offset), EINVAL, "dmabuf is NULL");
    assert_ptr_equal(none, (void *)1);
    assert_ptr_equal(m, (void *)1);
    assert_int_equal(offset, 9);
    pid = fork();
    if (pid == 0)
        _exit(hlthunk_device_find_buffer(d, at, 1, &none, NULL) == -EPERM ? 0 : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    /* who is to release it has to find it */
    hl_device_mark_stale(d, HLTHUNK_STALE_RESET);
    is_found(d, b);
    refused(hlthunk_device_export_range(d, at, 1, NULL, &m, NULL), ENODEV, "reset");
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* What an importer sees at an offset of a dma-buf; in the rig there is no importer. */
static void shows(struct hlthunk_dmabuf *m, uint64_t offset, const char *text)
{
    const struct hlsim_importer *i = test_importer();
    struct hlsim_attachment *a;
    char seen[16] = "";

    if (!i)
        return;
    assert_int_equal(i->attach(hlthunk_dmabuf_borrow_fd(m), true, &a), 0);
    assert_int_equal(i->map(a), 0);
    assert_int_equal(i->read(a, offset, seen, strlen(text)), strlen(text));
    i->unmap(a);
    i->detach(a);
    assert_string_equal(seen, text);
}

static void write_at(struct hlthunk_queue *q, struct hlthunk_buffer *b, uint64_t offset,
                     const char *text)
{
    ok(hlthunk_queue_write_sync(q, b, offset, text, strlen(text)));
}

TEST(exports_in_the_middle)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), at, offset = 9;
    struct hlthunk_dmabuf_options whole = { .struct_size = sizeof(whole), .whole_pages = true };
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b[3];
    struct hlthunk_dmabuf *m, *same, *none = (void *)1;
    struct hlthunk_queue *q;
    struct hlthunk_pool *p;

    ok(hlthunk_queue_create(d, NULL, &q));
    ok(hlthunk_pool_create(d, NULL, &p));
    b[0] = own(d, 10 * page);
    b[1] = pooled(p, 10 * page - 7, true);
    b[2] = pooled(p, 300, false);
    for (unsigned i = 0; i < 2 && can_export(); i++) {
        at = hlthunk_buffer_get_address(b[i]);
        write_at(q, b[i], 3 * page + 77, "in the middle");
        ok(hlthunk_device_export_range(d, at + 3 * page + 77, 2 * page, NULL, &m, &offset));
        assert_int_equal(offset, 77);
        assert_int_equal(hlthunk_dmabuf_get_data_offset(m), 77);
        assert_int_equal(hlthunk_dmabuf_get_data_size(m), 2 * page);
        assert_int_equal(hlthunk_dmabuf_get_size(m), 3 * page);
        assert_ptr_equal(hlthunk_dmabuf_borrow_buffer(m), b[i]);
        shows(m, offset, "in the middle");
        ok(hlthunk_device_export_range(d, at + 3 * page + 77, 2 * page, NULL, &same, NULL));
        assert_ptr_equal(same, m);
        hlthunk_dmabuf_unref(same);
        hlthunk_dmabuf_unref(m);
        /* to its end */
        ok(hlthunk_device_export_range(d, at + page, 0, NULL, &m, &offset));
        assert_int_equal(offset, 0);
        assert_int_equal(hlthunk_dmabuf_get_size(m), 9 * page);
        hlthunk_dmabuf_unref(m);
        /* the same bytes by the buffer are the same dma-buf */
        ok(hlthunk_device_export_range(d, at + page, 2 * page, NULL, &m, NULL));
        ok(hlthunk_dmabuf_export(b[i], page, 2 * page, NULL, &same));
        assert_ptr_equal(same, m);
        hlthunk_dmabuf_unref(same);
        hlthunk_dmabuf_unref(m);
    }
    at = hlthunk_buffer_get_address(b[2]);
    refused(hlthunk_device_export_range(d, at + 1, 10, NULL, &none, NULL), EINVAL, "whole_pages");
    assert_ptr_equal(none, (void *)1);
    if (can_export()) {
        write_at(q, b[2], 1, "neighbour");
        ok(hlthunk_device_export_range(d, at + 1, 10, &whole, &m, &offset));
        assert_int_equal(offset, (at + 1) % page);
        shows(m, offset, "neighbour");
        /* the dma-buf holds the memory */
        hlthunk_buffer_unref(b[2]);
        b[2] = NULL;
        shows(m, offset, "neighbour");
        hlthunk_dmabuf_unref(m);
    }
    for (unsigned i = 0; i < 3; i++)
        hlthunk_buffer_unref(b[i]);
    hlthunk_queue_unref(q);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
}

#define THREADS 4u
#define ROUNDS 400u

static struct hlthunk_device *device;
static struct hlthunk_pool *pool;
static _Atomic uint64_t hint[THREADS]; /* an address that another thread has or had */
static atomic_uint failures;

static void must(bool right)
{
    if (!right)
        atomic_fetch_add(&failures, 1);
}

/* Finds its own buffers, and looks for those of others, which come and go. */
static void *searcher(void *arg)
{
    unsigned me = (unsigned)(uintptr_t)arg;

    for (unsigned i = 0; i < ROUNDS; i++) {
        struct hlthunk_buffer *b = NULL, *found = NULL;
        uint64_t size = 1 + (i * 7919 + me * 104729) % 9000, offset, other;

        if (i % 50 == me) {
            must(hlthunk_buffer_alloc(device, size, NULL, &b) == 0);
        } else {
            must(hlthunk_pool_alloc(pool, size, NULL, &b) == 0);
        }
        if (!b)
            continue;
        atomic_store(&hint[me], hlthunk_buffer_get_address(b));
        must(hlthunk_device_find_buffer(device, hlthunk_buffer_get_address(b) + size - 1, 1, &found,
                                        &offset) == 0);
        must(found == b && offset == size - 1);
        hlthunk_buffer_unref(found);
        other = atomic_load(&hint[(me + 1) % THREADS]);
        if (other && hlthunk_device_find_buffer(device, other, 1, &found, &offset) == 0) {
            must(hlthunk_buffer_get_address(found) + offset == other);
            must(offset < hlthunk_buffer_get_size(found));
            hlthunk_buffer_unref(found); /* possibly the last reference */
        }
        if (i % 64 == 63)
            must(hlthunk_pool_trim(pool, 0, NULL) == 0);
        hlthunk_buffer_unref(b);
    }
    return NULL;
}

TEST(from_any_thread)
{
    pthread_t t[THREADS];

    device = open_device();
    ok(hlthunk_pool_create(device, NULL, &pool));
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&t[i], NULL, searcher, (void *)i), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    assert_int_equal(failures, 0);
    for (unsigned i = 0; i < THREADS; i++)
        is_nowhere(device, hint[i]);
    hlthunk_pool_unref(pool);
    assert_int_equal(hlthunk_device_close(device), 0);
}

SUITE(address)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffers_of_every_kind),
        cmocka_unit_test(only_while_it_is_mapped),
        cmocka_unit_test(two_names),
        cmocka_unit_test(room_is_no_buffer),
        cmocka_unit_test(wrong_arguments),
        cmocka_unit_test(exports_in_the_middle),
        cmocka_unit_test(from_any_thread),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
