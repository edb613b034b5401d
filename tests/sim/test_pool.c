/* SPDX-License-Identifier: MIT */
/* Pools: pieces of chunks as ordinary buffers. */
#include "tests/sim/support.h"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/device/device.h"
#include "lib/device/stale.h"
#include "lib/memory/buffer.h"
#include "tests/clock.h"

/* The last lines of the log. */
static char lines[32][512];
static unsigned line_count;

static void keep_line(enum hlthunk_log_level level, const char *message, void *user)
{
    (void)level;
    (void)user;
    snprintf(lines[line_count++ % 32], sizeof(lines[0]), "%s", message);
}

static bool logged(const char *part)
{
    for (unsigned i = 0; i < line_count && i < 32; i++) {
        if (strstr(lines[i], part))
            return true;
    }
    return false;
}

static uint64_t device_page(struct hlthunk_device *d)
{
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };

    ok(hlthunk_device_get_properties(d, &p));
    return p.memory_page_size;
}

static uint64_t used_on(struct hlthunk_device *d)
{
    struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };

    ok(hlthunk_device_get_memory_usage(d, &u));
    return u.used_bytes;
}

/* With the sum that must be right whenever nothing else runs. */
static struct hlthunk_pool_statistics statistics(struct hlthunk_pool *p)
{
    struct hlthunk_pool_statistics s = { .struct_size = sizeof(s) };

    ok(hlthunk_pool_get_statistics(p, &s));
    assert_int_equal(s.granted_bytes, s.taken_bytes + s.cached_bytes + s.held_bytes + s.free_bytes);
    assert_true(s.used_bytes <= s.taken_bytes);
    assert_true(s.largest_free_bytes <= s.free_bytes);
    assert_true(s.empty_chunks <= s.chunks);
    return s;
}

static struct hlthunk_pool *make_pool(struct hlthunk_device *d, uint64_t chunk, uint64_t max)
{
    struct hlthunk_pool_options o = {
        .struct_size = sizeof(o), .chunk_bytes = chunk, .max_bytes = max, .label = "weights"
    };
    struct hlthunk_pool *p;

    ok(hlthunk_pool_create(d, &o, &p));
    return p;
}

static struct hlthunk_buffer *alloc(struct hlthunk_pool *p, uint64_t size, uint64_t alignment,
                                    bool exportable)
{
    struct hlthunk_pool_buffer_options o = { .struct_size = sizeof(o),
                                             .alignment = alignment,
                                             .exportable = exportable };
    struct hlthunk_buffer *b;

    ok(hlthunk_pool_alloc(p, size, &o, &b));
    return b;
}

TEST(many_in_one_chunk)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_pool *p = make_pool(d, 0, 0);
    struct hlthunk_buffer *b[1000];
    struct hlthunk_pool_statistics s;
    uint64_t first = UINT64_MAX, last = 0, size_sum = 0;

    assert_int_equal(used_on(d), 0);
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t size = 1 + i * 37 % 5000, address;

        b[i] = alloc(p, size, 0, false);
        address = hlthunk_buffer_get_address(b[i]);
        assert_int_equal(hlthunk_buffer_get_size(b[i]), size);
        assert_true(hlthunk_buffer_get_granted_size(b[i]) >= size);
        assert_true(hlthunk_buffer_get_granted_size(b[i]) <= size * 5 / 4 + 64);
        assert_int_equal(address % 64, 0);
        assert_false(hlthunk_buffer_is_host(b[i]));
        assert_ptr_equal(hlthunk_buffer_borrow_device(b[i]), d);
        for (unsigned k = 0; k < i; k++)
            assert_true(hlthunk_buffer_get_address(b[k]) + hlthunk_buffer_get_granted_size(b[k]) <=
                            address ||
                        address + size <= hlthunk_buffer_get_address(b[k]));
        first = address < first ? address : first;
        last = address > last ? address : last;
        size_sum += size;
    }
    s = statistics(p);
    assert_int_equal(s.chunks, 1);
    assert_int_equal(s.live_buffers, 1000);
    assert_int_equal(s.allocations, 1000);
    assert_int_equal(s.used_bytes, size_sum);
    assert_int_equal(s.granted_bytes, used_on(d));
    assert_true(last - first < s.granted_bytes);
    for (unsigned i = 0; i < 1000; i++)
        hlthunk_buffer_unref(b[i]);
    s = statistics(p);
    assert_int_equal(s.live_buffers, 0);
    assert_int_equal(s.taken_bytes, 0);
    hlthunk_pool_unref(p);
    assert_int_equal(used_on(d), 0);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(any_alignment)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_pool *p = make_pool(d, 0, 0);
    struct hlthunk_buffer *b[2][32];
    unsigned n = 0;

    for (uint64_t align = 1; align <= 16 * MIB; align *= 2, n++) {
        /* something that is in the way, too */
        b[0][n] = alloc(p, 100, 0, false);
        b[1][n] = alloc(p, 300, align, false);
        assert_int_equal(hlthunk_buffer_get_address(b[1][n]) & (align - 1), 0);
    }
    while (n--) {
        hlthunk_buffer_unref(b[0][n]);
        hlthunk_buffer_unref(b[1][n]);
    }
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(bad_arguments)
{
    struct hlthunk_device_options control = { .struct_size = sizeof(control), .control = true };
    struct hlthunk_pool_options o = { .struct_size = sizeof(o) };
    struct hlthunk_pool_buffer_options bo = { .struct_size = sizeof(bo) };
    struct hlthunk_device *d = open_device(), *c;
    struct hlthunk_pool *p, *none = (void *)1;
    struct hlthunk_buffer *b, *nothing = (void *)1;
    struct hlthunk_pool_statistics s = { 0 };
    struct {
        struct hlthunk_pool_statistics s;
        char more[16];
    } longer = { .s = { .struct_size = sizeof(longer) }, .more = "xxxxxxxxxxxxxxx" };

    refused(hlthunk_pool_create(NULL, NULL, &none), EINVAL, "device is NULL");
    refused(hlthunk_pool_create(d, NULL, NULL), EINVAL, "pool is NULL");
    o.struct_size = 3;
    refused(hlthunk_pool_create(d, &o, &none), EINVAL, "options->struct_size is 3");
    o = (struct hlthunk_pool_options){ .struct_size = sizeof(o), .chunk_bytes = 1ull << 60 };
    refused(hlthunk_pool_create(d, &o, &none), EINVAL, "chunk_bytes 1152921504606846976");
    o = (struct hlthunk_pool_options){ .struct_size = sizeof(o), .max_bytes = device_page(d) - 1 };
    refused(hlthunk_pool_create(d, &o, &none), EINVAL, "less than the smallest allocation");
    ok(hlthunk_device_open(&control, &c));
    refused(hlthunk_pool_create(c, NULL, &none), EPERM, "control node");
    hlthunk_device_unref(c);
    assert_ptr_equal(none, (void *)1);

    ok(hlthunk_pool_create(d, NULL, &p));
    refused(hlthunk_pool_alloc(NULL, 1, NULL, &nothing), EINVAL, "pool is NULL");
    refused(hlthunk_pool_alloc(p, 1, NULL, NULL), EINVAL, "buffer is NULL");
    refused(hlthunk_pool_alloc(p, 0, NULL, &nothing), EINVAL, "size_bytes is 0");
    refused(hlthunk_pool_alloc(p, UINT64_MAX, NULL, &nothing), ENOMEM, "more than any device");
    refused(hlthunk_pool_alloc(p, UINT64_MAX / 2, NULL, &nothing), ENOMEM, "no chunk");
    bo.alignment = 96;
    refused(hlthunk_pool_alloc(p, 1, &bo, &nothing), EINVAL, "alignment 96 is not a power of two");
    bo.alignment = 2 * HLTHUNK_POOL_MAX_ALIGNMENT;
    refused(hlthunk_pool_alloc(p, 1, &bo, &nothing), EINVAL, "up to 1073741824");
    assert_ptr_equal(nothing, (void *)1);
    refused(hlthunk_pool_get_statistics(p, &s), EINVAL, "statistics->struct_size is 0");
    refused(hlthunk_pool_get_statistics(p, NULL), EINVAL, "statistics is NULL");
    refused(hlthunk_pool_get_statistics(NULL, &s), EINVAL, "pool is NULL");
    refused(hlthunk_pool_trim(NULL, 0, NULL), EINVAL, "pool is NULL");
    ok(hlthunk_pool_get_statistics(p, &longer.s));
    assert_int_equal(longer.more[0], 0);
    hlthunk_pool_unref(NULL);

    b = alloc(p, 1, 0, false);
    refused(hlthunk_buffer_unmap(b), EINVAL, "part of a pool");
    hlthunk_buffer_unref(b);
    assert_int_equal(statistics(p).live_buffers, 0);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(larger_than_a_chunk)
{
    struct hlthunk_device *d = open_device();
    uint64_t page = device_page(d);
    struct hlthunk_pool *p = make_pool(d, page, 0);
    struct hlthunk_buffer *b = alloc(p, 3 * page, 0, false), *c;

    assert_int_equal(hlthunk_buffer_get_granted_size(b), 3 * page);
    assert_int_equal(used_on(d), 3 * page);
    c = alloc(p, page, 0, false);
    assert_int_equal(used_on(d), 4 * page);
    hlthunk_buffer_unref(b);
    /* it serves others now */
    b = alloc(p, 2 * page, 0, false);
    assert_int_equal(used_on(d), 4 * page);
    hlthunk_buffer_unref(b);
    hlthunk_buffer_unref(c);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* A chunk of its own is as large as the worst start of a chunk demands, and not larger. */
TEST(an_alignment_costs_less_than_itself)
{
    struct hlthunk_device *d = open_device();
    uint64_t page = device_page(d), host_page = (uint64_t)sysconf(_SC_PAGESIZE);
    struct hlthunk_pool *p = make_pool(d, page, 0);
    struct hlthunk_buffer *b;

    if (page > 16 * host_page) {
        b = alloc(p, 2 * page - 15 * host_page, 16 * host_page, false);
        assert_int_equal(hlthunk_buffer_get_address(b) % (16 * host_page), 0);
        assert_int_equal(used_on(d), 2 * page);
        hlthunk_buffer_unref(b);
    }
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
}

static void *alloc_one(void *pool)
{
    return alloc(pool, 100, 0, false);
}

/* Whichever thread it is that has them. */
TEST(statistics_of_all_threads)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_pool *p = make_pool(d, 0, 0);
    struct hlthunk_buffer *b[64];
    pthread_t t[64];
    void *out;

    for (unsigned i = 0; i < 64; i++) {
        assert_int_equal(pthread_create(&t[i], NULL, alloc_one, p), 0);
        assert_int_equal(pthread_join(t[i], &out), 0);
        b[i] = out;
        assert_int_equal(statistics(p).live_buffers, i + 1);
    }
    assert_int_equal(statistics(p).used_bytes, 6400);
    for (unsigned i = 0; i < 64; i++)
        hlthunk_buffer_unref(b[i]);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(its_own_limit)
{
    struct hlthunk_device *d = open_device();
    uint64_t page = device_page(d);
    /* two chunks do not fit, one and one that is just large enough do */
    struct hlthunk_pool *p = make_pool(d, 2 * page, 3 * page);
    struct hlthunk_buffer *a, *b, *c, *none = (void *)1;
    char text[100];

    a = alloc(p, 2 * page, 0, false);
    b = alloc(p, page / 2, 0, false);
    c = alloc(p, page / 4, 0, false);
    assert_int_equal(used_on(d), 3 * page);
    refused(hlthunk_pool_alloc(p, page / 2, NULL, &none), ENOMEM, "would exceed .max_bytes");
    refused(hlthunk_pool_alloc(p, page / 2, NULL, &none), ENOMEM, "pool weights");
    assert_ptr_equal(none, (void *)1);
    /* enough is free, but not in one piece */
    hlthunk_buffer_unref(b);
    refused(hlthunk_pool_alloc(p, page * 3 / 4, NULL, &none), ENOMEM, "in one piece");
    assert_int_equal(statistics(p).free_bytes, page * 3 / 4);
    snprintf(text, sizeof(text), "%llu free, the largest piece %llu",
             (unsigned long long)page * 3 / 4, (unsigned long long)page / 2);
    refused(hlthunk_pool_alloc(p, page * 3 / 4, NULL, &none), ENOMEM, text);
    hlthunk_buffer_unref(c);
    b = alloc(p, page, 0, false);
    hlthunk_buffer_unref(b);
    hlthunk_buffer_unref(a);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(the_limit_of_the_device)
{
    struct hlthunk_device_properties props = { .struct_size = sizeof(props) };
    struct hlthunk_device *d = open_device();
    uint64_t page = device_page(d);
    struct hlthunk_pool *p = make_pool(d, 2 * page, 0);
    struct hlthunk_buffer *rest, *b, *none = (void *)1;

    ok(hlthunk_device_get_properties(d, &props));
    /* room for a small chunk, not for a usual one */
    ok(hlthunk_buffer_alloc(d, (props.memory_size / page - 1) * page, NULL, &rest));
    b = alloc(p, page / 2, 0, false);
    refused(hlthunk_pool_alloc(p, page, NULL, &none), ENOMEM, "of device memory are free");
    assert_ptr_equal(none, (void *)1);
    hlthunk_buffer_unref(rest);
    hlthunk_buffer_unref(b);
    b = alloc(p, 2 * page, 0, false);
    hlthunk_buffer_unref(b);
    hlthunk_pool_unref(p);
    assert_int_equal(used_on(d), 0);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* Who asks the device itself is told which pool keeps most of what is free. */
TEST(the_pool_that_keeps_most_is_named)
{
    struct hlthunk_device_properties props = { .struct_size = sizeof(props) };
    struct hlthunk_device *d = open_device();
    uint64_t page = device_page(d);
    struct hlthunk_buffer *rest, *b[2], *none = (void *)1;
    struct hlthunk_pool *p[2];

    ok(hlthunk_device_get_properties(d, &props));
    for (unsigned large = 0; large < 2; large++) {
        for (unsigned i = 0; i < 2; i++) {
            struct hlthunk_pool_options o = { .struct_size = sizeof(o),
                                              .chunk_bytes = i == large ? 4 * page : page,
                                              .label = i == large ? "large" : "small" };

            ok(hlthunk_pool_create(d, &o, &p[i]));
            b[i] = alloc(p[i], 100, 0, false);
        }
        ok(hlthunk_buffer_alloc(d, (props.memory_size / page - 5) * page, NULL, &rest));
        refused(hlthunk_buffer_alloc(d, page, NULL, &none), ENOMEM, "most in pool large");
        hlthunk_buffer_unref(rest);
        for (unsigned i = 0; i < 2; i++) {
            hlthunk_buffer_unref(b[i]);
            hlthunk_pool_unref(p[i]);
        }
    }
    assert_ptr_equal(none, (void *)1);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* However many pools there are, what each of them keeps is given back before an allocation fails.
 */
TEST(any_of_many_pools_gives_back)
{
    struct hlthunk_device_properties props = { .struct_size = sizeof(props) };
    struct hlthunk_device *d = open_device();
    uint64_t page = device_page(d);
    struct hlthunk_buffer *rest, *b;
    struct hlthunk_pool *p[100];

    ok(hlthunk_device_get_properties(d, &props));
    for (unsigned i = 0; i < 100; i++)
        p[i] = make_pool(d, page, 0);
    for (unsigned i = 0; i < 100; i += 33) {
        hlthunk_buffer_unref(alloc(p[i], 100, 0, false)); /* which keeps a chunk */
        ok(hlthunk_buffer_alloc(d, (props.memory_size / page - 1) * page, NULL, &rest));
        ok(hlthunk_buffer_alloc(d, page, NULL, &b));
        hlthunk_buffer_unref(b);
        hlthunk_buffer_unref(rest);
    }
    for (unsigned i = 0; i < 100; i++)
        hlthunk_pool_unref(p[i]);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* What lies idle in the shards is used before the device is asked for more. */
TEST(what_is_cached_counts)
{
    struct hlthunk_device *d = open_device();
    uint64_t page = device_page(d);
    struct hlthunk_pool *p = make_pool(d, page, page);
    struct hlthunk_buffer *b[64], *all;

    for (unsigned i = 0; i < 64; i++)
        b[i] = alloc(p, 1000 + i * 64, 0, false);
    for (unsigned i = 0; i < 64; i++)
        hlthunk_buffer_unref(b[i]);
    assert_true(statistics(p).cached_bytes > 0);
    all = alloc(p, page, 0, false);
    assert_int_equal(statistics(p).cached_bytes, 0);
    hlthunk_buffer_unref(all);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* What is empty is given back before anybody is told that there is no memory. */
TEST(empty_chunks_are_given_back)
{
    struct hlthunk_pool_options of_one = { .struct_size = sizeof(of_one), .label = "idle" };
    struct hlthunk_device *d = open_device();
    struct hlthunk_pool *p, *other;
    struct hlthunk_buffer *b, *all, *piece, *none = NULL;
    struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };
    uint64_t page = device_page(d), most;

    ok(hlthunk_device_get_memory_usage(d, &u));
    if (u.free_bytes / page < 2) /* another test's */
        fail_msg("%llu bytes are free", (unsigned long long)u.free_bytes);
    of_one.chunk_bytes = page;
    most = u.free_bytes / page * page;
    ok(hlthunk_pool_create(d, &of_one, &p));
    ok(hlthunk_pool_create(d, NULL, &other));
    /* nearly all of the device: in one empty chunk */
    ok(hlthunk_pool_alloc(p, most - page, NULL, &b));
    hlthunk_buffer_unref(b);
    assert_int_equal(statistics(p).empty_chunks, 1);
    assert_true(used_on(d) >= most - page);
    /* for a buffer of the device, another pool, and one that is larger, of the pool itself */
    ok(hlthunk_buffer_alloc(d, most, NULL, &all));
    assert_int_equal(statistics(p).chunks, 0);
    hlthunk_buffer_unref(all);
    ok(hlthunk_pool_alloc(p, most - page, NULL, &b));
    hlthunk_buffer_unref(b);
    ok(hlthunk_pool_alloc(other, most, NULL, &all));
    assert_int_equal(statistics(p).chunks, 0);
    hlthunk_buffer_unref(all);
    ok(hlthunk_pool_alloc(p, most, NULL, &b));
    assert_int_equal(statistics(other).chunks, 0);
    hlthunk_buffer_unref(b);
    /* what is in use stays, and the text says what is free in it */
    ok(hlthunk_pool_alloc(p, 64, NULL, &piece));
    refused(hlthunk_buffer_alloc(d, most, NULL, &none), ENOMEM, "pool idle");
    assert_int_equal(statistics(p).chunks, 1);
    assert_null(none);
    hlthunk_buffer_unref(piece);
    hlthunk_pool_unref(other);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* The same within a pool's own limit. */
TEST(empty_chunks_make_room_below_the_limit)
{
    struct hlthunk_device *d = open_device();
    uint64_t page = device_page(d);
    struct hlthunk_pool_options o = { .struct_size = sizeof(o),
                                      .chunk_bytes = page,
                                      .max_bytes = 2 * page };
    struct hlthunk_buffer *a, *b;
    struct hlthunk_pool *p;

    ok(hlthunk_pool_create(d, &o, &p));
    ok(hlthunk_pool_alloc(p, page, NULL, &a));
    ok(hlthunk_pool_alloc(p, page, NULL, &b));
    hlthunk_buffer_unref(a);
    hlthunk_buffer_unref(b);
    assert_int_equal(statistics(p).empty_chunks, 2);
    ok(hlthunk_pool_alloc(p, 2 * page, NULL, &a));
    assert_int_equal(statistics(p).chunks, 1);
    hlthunk_buffer_unref(a);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* An address that is known to be within a mapping: the driver exports by the start of one. */
TEST(an_address_within_a_mapping)
{
    struct hlthunk_buffer *b, *piece, *same, *none = NULL;
    struct hlthunk_device *d;
    struct hlthunk_pool *p;
    uint64_t at;

    if (on_asic("gaudi")) /* without a device MMU ranges are taken, and this is -EBUSY */
        skip();
    d = open_device();
    ok(hlthunk_buffer_alloc(d, 2 * MIB, NULL, &b));
    at = hlthunk_buffer_get_address(b);
    refused(hlthunk_buffer_from_address(d, at + 4096, 4096, NULL, &none), EINVAL, "mapping");
    refused(hlthunk_buffer_from_address(d, at, 1ull << 40, NULL, &none), EINVAL, "mapping");
    ok(hlthunk_buffer_from_address(d, at, 4096, NULL, &same));
    hlthunk_buffer_unref(same);
    ok(hlthunk_pool_create(d, NULL, &p));
    ok(hlthunk_pool_alloc(p, 4096, NULL, &same));
    ok(hlthunk_pool_alloc(p, 4096, NULL, &piece));
    at = hlthunk_buffer_get_address(piece);
    if (at % 4096 == 0 && at > hlthunk_buffer_get_address(same))
        refused(hlthunk_buffer_from_address(d, at, 4096, NULL, &none), EINVAL, "mapping");
    hlthunk_buffer_unref(same);
    hlthunk_buffer_unref(piece);
    hlthunk_pool_unref(p);
    hlthunk_buffer_unref(b);
    assert_null(none);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(trimming)
{
    struct hlthunk_device *d = open_device();
    uint64_t page = device_page(d), released = 99;
    struct hlthunk_pool *p = make_pool(d, page, 0);
    struct hlthunk_buffer *b[4];

    for (unsigned i = 0; i < 4; i++)
        b[i] = alloc(p, page, 0, false);
    assert_int_equal(used_on(d), 4 * page);
    ok(hlthunk_pool_trim(p, 0, &released));
    assert_int_equal(released, 0);
    for (unsigned i = 0; i < 3; i++)
        hlthunk_buffer_unref(b[i]);
    b[0] = alloc(p, 10, 0, false);
    hlthunk_buffer_unref(b[0]);
    assert_int_equal(used_on(d), 4 * page);
    assert_int_equal(statistics(p).chunks, 4);
    ok(hlthunk_pool_trim(p, 1, &released));
    assert_int_equal(released, 2 * page);
    assert_int_equal(used_on(d), 2 * page);
    assert_int_equal(statistics(p).empty_chunks, 1);
    ok(hlthunk_pool_trim(p, 0, NULL));
    assert_int_equal(used_on(d), page);
    b[0] = alloc(p, page, 0, false);
    hlthunk_buffer_unref(b[0]);
    hlthunk_buffer_unref(b[3]);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* The start of the only chunk, which a buffer that fills it is at. */
static uint64_t chunk_start(struct hlthunk_pool *p, uint64_t bytes)
{
    struct hlthunk_buffer *all = alloc(p, bytes, 0, false);
    uint64_t start = hlthunk_buffer_get_address(all);

    hlthunk_buffer_unref(all);
    return start;
}

/* The device's memory at an address, by another way than the pool's: NULL in the rig. */
static struct hlsim_attachment *reach(int fd)
{
    struct hlsim_attachment *a;

    if (!test_importer())
        return NULL;
    assert_int_equal(test_importer()->attach(fd, true, &a), 0);
    assert_int_equal(test_importer()->map(a), 0);
    return a;
}

static void unreach(struct hlsim_attachment *a)
{
    if (a) {
        test_importer()->unmap(a);
        test_importer()->detach(a);
    }
}

static int export_by_hand(struct hlthunk_device *d, uint64_t start, uint64_t offset, uint64_t size)
{
    int fd = hlthunk_device_borrow_fd(d);

    return on_asic("gaudi")
               ? hlthunk_device_memory_export_dmabuf_fd(fd, start + offset, size, O_RDWR)
               : hlthunk_device_mapped_memory_export_dmabuf_fd(fd, start, size, offset,
                                                               O_RDWR | O_CLOEXEC);
}

TEST(pages_of_its_own)
{
    struct hlthunk_device *d = open_device();
    uint64_t chunk = device_page(d), start, address, page = (uint64_t)sysconf(_SC_PAGESIZE);
    struct hlthunk_pool *p = make_pool(d, chunk, chunk);
    struct hlthunk_buffer *b[3];
    struct hlthunk_dmabuf *m, *same, *part, *none = (void *)1;
    struct hlsim_attachment *a, *other;
    char text[8] = "";
    int fd;

    start = chunk_start(p, chunk);
    for (unsigned i = 0; i < 3; i++) {
        b[i] = alloc(p, 2 * page + 5, 0, true);
        assert_int_equal(hlthunk_buffer_get_address(b[i]) & (page - 1), 0);
        assert_true(hlthunk_buffer_get_granted_size(b[i]) >= 3 * page);
        assert_int_equal(hlthunk_buffer_get_granted_size(b[i]) & (page - 1), 0);
    }
    if (!can_export()) {
        refused(hlthunk_dmabuf_export(b[1], 0, 0, NULL, &none), EOPNOTSUPP, "cannot export");
        goto end;
    }
    ok(hlthunk_dmabuf_export(b[1], 0, 0, NULL, &m));
    assert_int_equal(hlthunk_dmabuf_get_size(m), 3 * page);
    assert_int_equal(hlthunk_dmabuf_get_offset(m), 0);
    assert_int_equal(hlthunk_dmabuf_get_data_offset(m), 0);
    ok(hlthunk_dmabuf_export(b[1], 0, 0, NULL, &same));
    assert_ptr_equal(m, same);
    hlthunk_dmabuf_unref(same);
    ok(hlthunk_dmabuf_export(b[1], page, page, NULL, &part));
    assert_int_equal(hlthunk_dmabuf_get_offset(part), page);
    refused(hlthunk_dmabuf_export(b[1], 1, page, NULL, &none), EINVAL,
            "offset 1 is not a multiple");
    refused(hlthunk_dmabuf_export(b[1], 0, chunk, NULL, &none), EINVAL, "more than the buffer's");
    assert_ptr_equal(none, (void *)1);

    /* the right bytes of the chunk: seen from its start by descriptors alone */
    address = hlthunk_buffer_get_address(b[1]);
    fd = export_by_hand(d, start, address - start, 3 * page);
    assert_true(fd >= 0);
    other = reach(fd);
    a = reach(hlthunk_dmabuf_borrow_fd(part));
    if (a) {
        const struct hlsim_importer *driver = test_importer();

        assert_int_equal(driver->write(a, 10, "pieces", 6), 6);
        assert_int_equal(driver->read(other, page + 10, text, 6), 6);
        assert_string_equal(text, "pieces");
        assert_int_equal(driver->write(a, page, "x", 1), -EINVAL);
    }
    unreach(a);
    unreach(other);
    close(fd);
    hlthunk_dmabuf_unref(part);
    hlthunk_dmabuf_unref(m);
end:
    for (unsigned i = 0; i < 3; i++)
        hlthunk_buffer_unref(b[i]);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(neighbours_only_on_request)
{
    struct hlthunk_dmabuf_options o = { .struct_size = sizeof(o), .whole_pages = true };
    struct hlthunk_device *d = open_device();
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), address;
    struct hlthunk_pool *p = make_pool(d, 0, 0);
    struct hlthunk_buffer *b[3];
    struct hlthunk_dmabuf *m[2], *same, *none = (void *)1;
    struct hlsim_attachment *a[2];
    char text[8] = "";

    for (unsigned i = 0; i < 3; i++)
        b[i] = alloc(p, 300, 0, false);
    refused(hlthunk_dmabuf_export(b[1], 0, 0, NULL, &none), EINVAL, "shares pages with others");
    refused(hlthunk_dmabuf_export(b[1], 300, 0, &o, &none), EINVAL, "past the end");
    refused(hlthunk_dmabuf_export(b[1], 0, 5000, &o, &none), EINVAL, "more than the buffer's");
    assert_ptr_equal(none, (void *)1);
    if (!can_export())
        goto end;
    for (unsigned i = 0; i < 2; i++) {
        address = hlthunk_buffer_get_address(b[i + 1]) + 7;
        ok(hlthunk_dmabuf_export(b[i + 1], 7, 0, &o, &m[i]));
        assert_int_equal(hlthunk_dmabuf_get_offset(m[i]), 7);
        assert_int_equal(hlthunk_dmabuf_get_data_offset(m[i]), address & (page - 1));
        assert_int_equal(hlthunk_dmabuf_get_size(m[i]),
                         (hlthunk_dmabuf_get_data_offset(m[i]) + 293 + page - 1) & ~(page - 1));
        ok(hlthunk_dmabuf_export(b[i + 1], 7, 0, &o, &same));
        assert_ptr_equal(same, m[i]);
        hlthunk_dmabuf_unref(same);
        a[i] = reach(hlthunk_dmabuf_borrow_fd(m[i]));
    }
    /* the neighbour is there, as was asked for */
    if (a[0]) {
        uint64_t first = hlthunk_buffer_get_address(b[1]) & ~(page - 1);
        uint64_t second = hlthunk_buffer_get_address(b[2]) + 7;

        assert_int_equal(
            test_importer()->write(a[1], hlthunk_dmabuf_get_data_offset(m[1]), "beside", 6), 6);
        if (second - first + 6 <= hlthunk_dmabuf_get_size(m[0])) {
            assert_int_equal(test_importer()->read(a[0], second - first, text, 6), 6);
            assert_string_equal(text, "beside");
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        unreach(a[i]);
        hlthunk_dmabuf_unref(m[i]);
    }
end:
    for (unsigned i = 0; i < 3; i++)
        hlthunk_buffer_unref(b[i]);
    hlthunk_pool_unref(p);

    /* any range of an ordinary buffer, too */
    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b[0]));
    if (can_export()) {
        ok(hlthunk_dmabuf_export(b[0], page + 100, page, &o, &m[0]));
        assert_int_equal(hlthunk_dmabuf_get_data_offset(m[0]), 100);
        assert_int_equal(hlthunk_dmabuf_get_size(m[0]), 2 * page);
        hlthunk_dmabuf_unref(m[0]);
    }
    hlthunk_buffer_unref(b[0]);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* What the receiver is told leads to the buffer's bytes. */
static int receiving_child(int socket)
{
    const struct hlsim_importer *driver = test_importer();
    struct hlthunk_dmabuf *m;
    struct hlsim_attachment *a;
    char text[8] = "";
    size_t n;

    if (hlthunk_dmabuf_receive(socket, &m, 1, &n, HLTHUNK_WAIT_INDEFINITELY) ||
        hlthunk_dmabuf_get_offset(m) != 7)
        return 1;
    if (driver) {
        if (driver->attach(hlthunk_dmabuf_borrow_fd(m), true, &a) || driver->map(a))
            return 2;
        if (driver->read(a, hlthunk_dmabuf_get_data_offset(m), text, 6) != 6 ||
            strcmp(text, "inside"))
            return 3;
        unreach(a);
    }
    hlthunk_dmabuf_unref(m);
    return 0;
}

TEST(the_offset_goes_along)
{
    struct hlthunk_dmabuf_options o = { .struct_size = sizeof(o), .whole_pages = true };
    struct hlthunk_buffer *first, *b;
    struct hlsim_attachment *a;
    struct hlthunk_device *d;
    struct hlthunk_dmabuf *m;
    struct hlthunk_pool *p;
    int pair[2], status;
    pid_t pid;

    if (!can_export())
        skip();
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    pid = fork();
    if (pid == 0)
        _exit(receiving_child(pair[1]));
    d = open_device();
    p = make_pool(d, 0, 0);
    first = alloc(p, 300, 0, false);
    b = alloc(p, 300, 0, false);
    ok(hlthunk_dmabuf_export(b, 7, 0, &o, &m));
    a = reach(hlthunk_dmabuf_borrow_fd(m));
    if (a) {
        assert_int_equal(test_importer()->write(a, hlthunk_dmabuf_get_data_offset(m), "inside", 6),
                         6);
        unreach(a);
    }
    ok(hlthunk_dmabuf_send(pair[0], &m, 1, HLTHUNK_WAIT_INDEFINITELY));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    close(pair[0]);
    close(pair[1]);
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(b);
    hlthunk_buffer_unref(first);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* Device, pool, buffer and dma-buf, given back in each of the 24 orders. */
TEST(every_order)
{
    unsigned fds = count_fds();

    for (unsigned order = 0; order < 24; order++) {
        struct hlthunk_device *d = open_device();
        struct hlthunk_pool *p = make_pool(d, 0, 0);
        struct hlthunk_buffer *b = alloc(p, 5000, 0, true);
        struct hlthunk_dmabuf *m = NULL;
        char left[] = "dpbm";

        assert_true(used_on(d) > 0);
        if (can_export())
            ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
        for (unsigned n = 4, rest = order; n; rest /= n--) {
            char *at = &left[rest % n];

            if (*at == 'd')
                hlthunk_device_unref(d);
            else if (*at == 'p')
                hlthunk_pool_unref(p);
            else if (*at == 'b')
                hlthunk_buffer_unref(b);
            else
                hlthunk_dmabuf_unref(m);
            memmove(at, at + 1, strlen(at));
        }
        assert_int_equal(count_fds(), fds);
        d = open_device();
        assert_int_equal(used_on(d), 0);
        assert_int_equal(hlthunk_device_close(d), 0);
    }
}

/* A pool that nobody refers to gives each chunk back with its last buffer. */
TEST(chunks_go_with_their_buffers)
{
    struct hlthunk_device *d = open_device();
    uint64_t page = device_page(d);
    struct hlthunk_pool *p = make_pool(d, page, 0);
    struct hlthunk_buffer *a = alloc(p, page, 0, false), *b = alloc(p, 10, 0, false);

    assert_ptr_equal(hlthunk_pool_ref(p), p);
    hlthunk_pool_unref(p);
    hlthunk_pool_unref(p);
    assert_int_equal(used_on(d), 2 * page);
    hlthunk_buffer_unref(a);
    assert_int_equal(used_on(d), page);
    assert_ptr_equal(hlthunk_buffer_borrow_device(b), d);
    hlthunk_buffer_unref(b);
    assert_int_equal(used_on(d), 0);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* Memory that another holder of a dma-buf can still see is not reused until it is closed. */
TEST(memory_waits_for_the_last_descriptor)
{
    struct hlthunk_device *d;
    uint64_t page, address;
    struct hlthunk_pool *p;
    struct hlthunk_buffer *b, *others[200];
    struct hlthunk_dmabuf *m;
    int fd;

    if (!can_export())
        skip();
    d = open_device();
    page = device_page(d);
    p = make_pool(d, page, page);
    b = alloc(p, 4096, 0, true);
    address = hlthunk_buffer_get_address(b);
    ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
    ok(hlthunk_dmabuf_dup_fd(m, &fd));
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(b);
    assert_int_equal(statistics(p).live_buffers, 0);
    assert_int_equal(statistics(p).held_bytes, 4096);
    for (unsigned i = 0; i < 200; i++) {
        others[i] = alloc(p, 4096, 0, true);
        assert_int_not_equal(hlthunk_buffer_get_address(others[i]), address);
    }
    for (unsigned i = 0; i < 200; i++)
        hlthunk_buffer_unref(others[i]);
    ok(hlthunk_pool_trim(p, 0, NULL));
    assert_int_equal(used_on(d), page);
    refused(hlthunk_pool_alloc(p, page, NULL, &b), ENOMEM, "max_bytes");
    close(fd);
    b = alloc(p, page, 0, false);
    assert_int_equal(statistics(p).held_bytes, 0);
    hlthunk_buffer_unref(b);

    /* the same while the pool goes: then the device waits for it */
    b = alloc(p, 4096, 0, true);
    ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
    ok(hlthunk_dmabuf_dup_fd(m, &fd));
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(b);
    line_count = 0;
    hlthunk_log_set(keep_line, NULL, HLTHUNK_LOG_WARNING);
    hlthunk_pool_unref(p);
    hlthunk_log_set(NULL, NULL, HLTHUNK_LOG_WARNING);
    assert_true(logged("cannot be released yet"));
    assert_int_equal(used_on(d), page);
    close(fd);
    assert_int_equal(hlthunk_device_close(d), 0);
    d = open_device();
    assert_int_equal(used_on(d), 0);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* A message that nobody has received holds it, too, and so does whoever receives it. */
TEST(memory_waits_for_a_message)
{
    struct hlthunk_device *d;
    uint64_t page;
    struct hlthunk_pool *p;
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *m;
    int pair[2], fd;

    if (!can_export())
        skip();
    d = open_device();
    page = device_page(d);
    p = make_pool(d, page, page);
    for (unsigned discarded = 0; discarded < 2; discarded++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        b = alloc(p, 4096, 0, true);
        ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
        assert_true(send_fd(pair[0], hlthunk_dmabuf_borrow_fd(m)));
        hlthunk_dmabuf_unref(m);
        hlthunk_buffer_unref(b);
        assert_int_equal(statistics(p).held_bytes, 4096);
        refused(hlthunk_pool_alloc(p, page, NULL, &b), ENOMEM, "max_bytes");
        if (!discarded) {
            fd = receive_fd(pair[1]);
            assert_true(fd >= 0);
            refused(hlthunk_pool_alloc(p, page, NULL, &b), ENOMEM, "max_bytes");
            close(fd);
        }
        close(pair[0]);
        close(pair[1]);
        b = alloc(p, page, 0, false);
        hlthunk_buffer_unref(b);
    }
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
}

struct seen {
    unsigned entries, pools;
    uint64_t buffers, bytes;
    unsigned stop_at;
    uint64_t begun_ns; /* before which nothing was made */
};

static int look(const struct hlthunk_live_object *o, void *user)
{
    struct seen *s = user;

    s->entries++;
    /* the coarse clock is some milliseconds behind */
    assert_true(hlthunk_live_object_get_age_ns(o) <= now_ns() - s->begun_ns + 1000000000);
    if (!strcmp(hlthunk_live_object_get_kind(o), "pool")) {
        s->pools++;
        assert_int_equal(hlthunk_live_object_get_count(o), 1);
        assert_string_equal(hlthunk_live_object_get_label(o), "weights");
    } else if (!strcmp(hlthunk_live_object_get_kind(o), "pool buffer")) {
        s->buffers += hlthunk_live_object_get_count(o);
        s->bytes += hlthunk_live_object_get_size(o);
        assert_int_not_equal(hlthunk_live_object_get_address(o), 0);
    }
    return s->entries == s->stop_at ? 7 : 0;
}

TEST(a_leak_of_thousands_is_a_few_lines)
{
    struct hlthunk_device *d = open_device(), *again;
    struct hlthunk_pool *p = make_pool(d, 0, 0);
    struct hlthunk_pool_buffer_options o = { .struct_size = sizeof(o) };
    struct hlthunk_buffer *b[3000];
    struct seen s = { .begun_ns = now_ns() };
    uint64_t begun = s.begun_ns;
    char label[32];

    for (unsigned i = 0; i < 3000; i++) {
        o.label = i % 3 ? "gradients" : NULL;
        ok(hlthunk_pool_alloc(p, 100, &o, &b[i]));
    }
    ok(hlthunk_device_list_live_objects(d, look, &s));
    assert_int_equal(s.entries, 3);
    assert_int_equal(s.pools, 1);
    assert_int_equal(s.buffers, 3000);
    assert_int_equal(s.bytes, statistics(p).taken_bytes);
    s = (struct seen){ .stop_at = 2, .begun_ns = begun };
    assert_int_equal(hlthunk_device_list_live_objects(d, look, &s), 7);
    assert_int_equal(s.entries, 2);

    line_count = 0;
    hlthunk_log_set(keep_line, NULL, HLTHUNK_LOG_WARNING);
    assert_int_not_equal(hlthunk_device_close(hlthunk_device_ref(d)), 0);
    hlthunk_log_set(NULL, NULL, HLTHUNK_LOG_WARNING);
    assert_int_equal(line_count, 3);
    assert_true(logged("2000 pool buffers of 256000 bytes together are alive"));
    assert_true(logged("label gradients"));
    assert_true(logged("1000 pool buffers"));
    assert_true(logged("a pool of "));
    assert_true(logged(program_invocation_short_name)); /* where they were made */

    /* more places than are reported one by one */
    for (unsigned i = 0; i < 3000; i++)
        hlthunk_buffer_unref(b[i]);
    for (unsigned i = 0; i < 100; i++) {
        snprintf(label, sizeof(label), "layer %u", i);
        o.label = label;
        ok(hlthunk_pool_alloc(p, 100, &o, &b[i]));
    }
    s = (struct seen){ .begun_ns = begun };
    ok(hlthunk_device_list_live_objects(d, look, &s));
    assert_int_equal(s.entries, 18);
    assert_int_equal(s.buffers, 100);
    for (unsigned i = 0; i < 100; i++)
        hlthunk_buffer_unref(b[i]);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
    again = open_device();
    assert_int_equal(hlthunk_device_close(again), 0);
}

/* In a child every call says so, and giving back closes nothing of the parent's. */
TEST(after_fork)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_pool *p = make_pool(d, 0, 0);
    struct hlthunk_buffer *b = alloc(p, 5000, 0, true), *idle = alloc(p, 300, 0, false);
    struct hlthunk_dmabuf *m = NULL, *held = NULL;
    struct hlthunk_pool_statistics before, after;
    int status, fd = -1;
    uint64_t used;
    pid_t pid;

    hlthunk_buffer_unref(idle);
    if (can_export()) {
        ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
        idle = alloc(p, 5000, 0, true);
        ok(hlthunk_dmabuf_export(idle, 0, 0, NULL, &held));
        ok(hlthunk_dmabuf_dup_fd(held, &fd));
        hlthunk_dmabuf_unref(held);
        hlthunk_buffer_unref(idle);
    }
    before = statistics(p);
    used = used_on(d);
    pid = fork();
    if (pid == 0) {
        struct hlthunk_pool_statistics s = { .struct_size = sizeof(s) };
        struct hlthunk_device *mine;
        struct hlthunk_buffer *none;
        int bad = hlthunk_pool_alloc(p, 10, NULL, &none) != -EPERM ||
                  !strstr(hlthunk_last_error(), "parent") ||
                  hlthunk_pool_trim(p, 0, NULL) != -EPERM ||
                  hlthunk_pool_get_statistics(p, &s) != -EPERM ||
                  hlthunk_dmabuf_export(b, 0, 0, NULL, &held) != -EPERM ||
                  hlthunk_pool_create(d, NULL, &p) != -EPERM;

        if (fd >= 0)
            close(fd);
        hlthunk_dmabuf_unref(m);
        hlthunk_pool_unref(p);
        hlthunk_buffer_unref(b);
        hlthunk_device_close(d);
        bad |= hlthunk_device_open(NULL, &mine) != -EBUSY;
        _exit(bad);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    after = statistics(p);
    assert_memory_equal(&before, &after, sizeof(before));
    assert_int_equal(used_on(d), used);
    if (fd >= 0)
        close(fd);
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(b);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
    d = open_device();
    assert_int_equal(hlthunk_device_close(d), 0);
}

#define HELD 20

/* What a child has let go of is not in its memory any more. */
TEST(a_child_frees_its_copies)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b[200];
    struct hlthunk_pool *p = NULL;
    int fd[HELD], status;
    size_t before = 0;
    pid_t pid;

    for (unsigned round = 0; round < 2; round++) { /* the first makes what stays */
        hlthunk_pool_unref(p);
        before = mallinfo2().uordblks;
        p = make_pool(d, 0, 0);
        for (unsigned i = 0; i < HELD && can_export() && round; i++) { /* held for a descriptor */
            struct hlthunk_dmabuf *m;

            b[i] = alloc(p, 4096, 0, true);
            ok(hlthunk_dmabuf_export(b[i], 0, 0, NULL, &m));
            ok(hlthunk_dmabuf_dup_fd(m, &fd[i]));
            hlthunk_dmabuf_unref(m);
            hlthunk_buffer_unref(b[i]);
        }
        for (unsigned i = 0; i < 200; i++)
            b[i] = alloc(p, 100, 0, false);
        for (unsigned i = 0; i < 200 && !round; i++)
            hlthunk_buffer_unref(b[i]);
    }
    assert_true(!can_export() || statistics(p).held_bytes);
    pid = fork();
    if (pid == 0) {
        hlthunk_pool_unref(p);
        for (unsigned i = 0; i < 200; i++)
            hlthunk_buffer_unref(b[i]);
        /* the C library keeps some of what was freed */
        _exit(mallinfo2().uordblks <= before + HELD * sizeof(struct hlthunk_buffer) ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    for (unsigned i = 0; i < 200; i++)
        hlthunk_buffer_unref(b[i]);
    for (unsigned i = 0; i < HELD && can_export(); i++)
        close(fd[i]);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* A buffer that lives, and of which a dma-buf that nobody here refers to any more is still open. */
TEST(a_child_closes_what_a_buffer_waits_for)
{
    unsigned fds = count_fds();
    struct hlthunk_device *d;
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *m;
    struct hlthunk_pool *p;
    int fd, status;
    pid_t pid;

    if (!can_export())
        skip();
    d = open_device();
    p = make_pool(d, 0, 0);
    b = alloc(p, 4096, 0, true);
    ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
    ok(hlthunk_dmabuf_dup_fd(m, &fd));
    hlthunk_dmabuf_unref(m);
    pid = fork();
    if (pid == 0) {
        close(fd);
        hlthunk_buffer_unref(b);
        hlthunk_pool_unref(p);
        hlthunk_device_unref(d);
        _exit(count_fds() == fds ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    close(fd);
    hlthunk_buffer_unref(b);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
    assert_int_equal(count_fds(), fds);
}

/* What was exported when it forked is open in a child, also if no descriptor was ever handed out.
 */
TEST(memory_waits_for_a_child)
{
    struct hlthunk_device *d;
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *m;
    struct hlthunk_pool *p;
    uint64_t address;
    int wake[2], status;
    char byte;
    pid_t pid;

    if (!can_export())
        skip();
    d = open_device();
    p = make_pool(d, 0, 0);
    b = alloc(p, 4096, 0, true);
    address = hlthunk_buffer_get_address(b);
    ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
    assert_int_equal(pipe(wake), 0);
    pid = fork();
    if (pid == 0) {
        close(wake[1]);
        _exit(read(wake[0], &byte, 1) != 0);
    }
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(b);
    assert_int_equal(statistics(p).held_bytes, 4096);
    b = alloc(p, 4096, 0, true);
    assert_int_not_equal(hlthunk_buffer_get_address(b), address);
    close(wake[0]);
    close(wake[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    ok(hlthunk_pool_trim(p, 0, NULL));
    assert_int_equal(statistics(p).held_bytes, 0);
    hlthunk_buffer_unref(b);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* The device was reset: calls say so, giving back is right and asks it nothing. */
TEST(stale_device)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_pool *p = make_pool(d, 0, 0);
    struct hlthunk_buffer *b = alloc(p, 5000, 0, true), *none = (void *)1;
    struct hlthunk_dmabuf *m = NULL;

    if (can_export())
        ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
    hl_device_mark_stale(d, HLTHUNK_STALE_RESET);
    refused(hlthunk_pool_alloc(p, 10, NULL, &none), ENODEV, "stale");
    refused(hlthunk_pool_trim(p, 0, NULL), ENODEV, "stale");
    assert_ptr_equal(none, (void *)1);
    assert_int_equal(statistics(p).live_buffers, 1);
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(b);
    assert_int_equal(statistics(p).live_buffers, 0);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
    d = open_device();
    assert_int_equal(used_on(d), 0);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* Lent to others for a moment, released, and by the others, too. */
static void lend(struct hlthunk_buffer *b)
{
    struct hlthunk_dmabuf *m;
    int fd;

    ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
    ok(hlthunk_dmabuf_dup_fd(m, &fd));
    hlthunk_dmabuf_unref(m);
    close(fd);
}

/* Whose file nobody else has any more keeps no descriptor for long. */
TEST(what_was_lent_takes_no_descriptors)
{
    struct hlthunk_pool_options o = { .struct_size = sizeof(o), .exportable = true };
    struct hlthunk_buffer *b, *mine;
    struct hlthunk_device *d;
    struct hlthunk_pool *p;
    unsigned fds;

    if (!can_export())
        skip();
    d = open_device();
    ok(hlthunk_pool_create(d, &o, &p));
    ok(hlthunk_pool_alloc(p, 4096, NULL, &mine));
    lend(mine);
    fds = count_fds();
    for (unsigned i = 0; i < 40; i++)
        lend(mine);
    assert_true(count_fds() <= fds + 1);
    for (unsigned i = 0; i < 100; i++) {
        ok(hlthunk_pool_alloc(p, 4096, NULL, &b));
        lend(b);
        hlthunk_buffer_unref(b);
    }
    assert_true(count_fds() <= fds + 17);
    hlthunk_buffer_unref(mine);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
}

static unsigned fill_up(int *fds)
{
    unsigned n = 0;

    while ((fds[n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        n++;
    assert_int_equal(errno, EMFILE);
    return n;
}

/* A dma-buf that was lent is looked at when it goes, for which a descriptor must be free. */
TEST(what_is_released_comes_back_without_descriptors)
{
    enum { DMABUFS = 8 };
    struct hlthunk_pool_options o = { .struct_size = sizeof(o), .exportable = true };
    struct hlthunk_buffer *b[DMABUFS];
    struct hlthunk_dmabuf *m[DMABUFS];
    struct rlimit before, few;
    struct hlthunk_device *d;
    struct hlthunk_pool *p;
    int fds[1024];
    unsigned n, left;

    if (!can_export())
        skip();
    d = open_device();
    ok(hlthunk_pool_create(d, &o, &p));
    for (unsigned i = 0; i < DMABUFS; i++) {
        ok(hlthunk_pool_alloc(p, 4096, NULL, &b[i]));
        ok(hlthunk_dmabuf_export(b[i], 0, 0, NULL, &m[i]));
        assert_true(hlthunk_dmabuf_borrow_fd(m[i]) > 2);
    }
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = 512;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    n = fill_up(fds);
    for (unsigned i = 0; i < DMABUFS; i++) {
        hlthunk_dmabuf_unref(m[i]);
        hlthunk_buffer_unref(b[i]);
    }
    assert_int_equal(statistics(p).held_bytes, 0);
    left = fill_up(fds + n);
    assert_int_equal(left, DMABUFS);
    for (n += left; n; n--)
        close(fds[n - 1]);
    setrlimit(RLIMIT_NOFILE, &before);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
}

SUITE(pool)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_in_one_chunk),
        cmocka_unit_test(any_alignment),
        cmocka_unit_test(bad_arguments),
        cmocka_unit_test(larger_than_a_chunk),
        cmocka_unit_test(an_alignment_costs_less_than_itself),
        cmocka_unit_test(statistics_of_all_threads),
        cmocka_unit_test(its_own_limit),
        cmocka_unit_test(the_limit_of_the_device),
        cmocka_unit_test(the_pool_that_keeps_most_is_named),
        cmocka_unit_test(any_of_many_pools_gives_back),
        cmocka_unit_test(what_is_cached_counts),
        cmocka_unit_test(empty_chunks_are_given_back),
        cmocka_unit_test(empty_chunks_make_room_below_the_limit),
        cmocka_unit_test(an_address_within_a_mapping),
        cmocka_unit_test(trimming),
        cmocka_unit_test(pages_of_its_own),
        cmocka_unit_test(neighbours_only_on_request),
        cmocka_unit_test(the_offset_goes_along),
        cmocka_unit_test(every_order),
        cmocka_unit_test(chunks_go_with_their_buffers),
        cmocka_unit_test(memory_waits_for_the_last_descriptor),
        cmocka_unit_test(memory_waits_for_a_message),
        cmocka_unit_test(a_leak_of_thousands_is_a_few_lines),
        cmocka_unit_test(after_fork),
        cmocka_unit_test(a_child_frees_its_copies),
        cmocka_unit_test(a_child_closes_what_a_buffer_waits_for),
        cmocka_unit_test(memory_waits_for_a_child),
        cmocka_unit_test(what_was_lent_takes_no_descriptors),
        cmocka_unit_test(what_is_released_comes_back_without_descriptors),
        cmocka_unit_test(stale_device),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
