/* SPDX-License-Identifier: MIT */
/* Queues and fences, on the simulated device and on the real driver alike. */
#include "tests/rig/guest.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <fcntl.h>
#include <semaphore.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE (10u << 20)

struct rig {
    struct hlthunk_device *d;
    struct hlthunk_queue *q;
    struct hlthunk_buffer *a, *b;
    uint8_t *in, *out;
};

static struct hlthunk_queue *queue_of(struct hlthunk_device *d, enum hlthunk_engine engine,
                                      uint32_t depth)
{
    struct hlthunk_queue_options o = { .struct_size = sizeof(o), .engine = engine, .depth = depth };
    struct hlthunk_queue *q;

    ok(hlthunk_queue_create(d, &o, &q));
    return q;
}

static struct hlthunk_fence *fence_of(struct hlthunk_queue *q)
{
    struct hlthunk_fence *f;

    ok(hlthunk_queue_create_fence(q, NULL, &f));
    return f;
}

static int set_up(void **state)
{
    struct rig *r = calloc(1, sizeof(*r));

    r->d = open_device();
    r->q = queue_of(r->d, HLTHUNK_ENGINE_ANY, 0);
    ok(hlthunk_buffer_alloc(r->d, SIZE, NULL, &r->a));
    ok(hlthunk_buffer_alloc(r->d, SIZE, NULL, &r->b));
    r->in = malloc(SIZE);
    r->out = malloc(SIZE);
    for (uint32_t i = 0; i < SIZE; i++)
        r->in[i] = (uint8_t)(i * 2654435761u >> 13);
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *r = *state;

    hlthunk_buffer_unref(r->a);
    hlthunk_buffer_unref(r->b);
    hlthunk_queue_unref(r->q);
    assert_int_equal(hlthunk_device_close(r->d), 0);
    free(r->in);
    free(r->out);
    free(r);
    return 0;
}

/* Any size from one byte on, any alignment: there, across, and back. */
static void bytes_go_and_come_back(void **state)
{
    static const uint32_t sizes[] = { 1,       2,        3,    7,           8,     9,
                                      63,      4095,     4097, 16384,       65537, 1u << 20,
                                      1048579, 3u << 20, 0,    9u << 20 | 5 };
    struct rig *r = *state;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint32_t n = sizes[i], from = i % 8, to = 3 * i % 17;

        memset(r->out, 0xee, n + 2);
        ok(hlthunk_queue_write(r->q, r->a, from, r->in + i, n));
        ok(hlthunk_queue_copy(r->q, r->b, to, r->a, from, n));
        ok(hlthunk_queue_read_sync(r->q, r->out + 1, r->b, to, n));
        assert_memory_equal(r->out + 1, r->in + i, n);
        assert_int_equal(r->out[0], 0xee);
        assert_int_equal(r->out[n + 1], 0xee);
    }
    /* neighbours stay as they are */
    ok(hlthunk_queue_fill(r->q, r->a, 0, 64, 0x11, 1));
    ok(hlthunk_queue_write(r->q, r->a, 13, r->in, 5));
    ok(hlthunk_queue_read_sync(r->q, r->out, r->a, 0, 64));
    for (unsigned k = 0; k < 64; k++)
        assert_int_equal(r->out[k], k >= 13 && k < 18 ? r->in[k - 13] : 0x11);
}

static void ranges_are_checked(void **state)
{
    struct rig *r = *state;
    struct hlthunk_copy_2d c = { .struct_size = sizeof(c),
                                 .destination = r->a,
                                 .source = r->b,
                                 .destination_pitch = 64,
                                 .source_pitch = 64,
                                 .width_bytes = 65,
                                 .rows = 2 };
    struct hlthunk_queue_options o = { .struct_size = sizeof(o), .depth = 5000 };
    struct hlthunk_queue *q = NULL;

    refused(hlthunk_queue_copy(r->q, r->a, SIZE - 1, r->b, 0, 2), EINVAL, "destination");
    refused(hlthunk_queue_copy(r->q, r->a, 0, r->b, UINT64_MAX, 2), EINVAL, "source");
    refused(hlthunk_queue_copy(r->q, NULL, 0, r->b, 0, 2), EINVAL, "destination is NULL");
    refused(hlthunk_queue_copy(NULL, r->a, 0, r->b, 0, 2), EINVAL, "queue is NULL");
    refused(hlthunk_queue_copy(r->q, r->a, 0, r->a, 7, 8), EINVAL, "overlap");
    ok(hlthunk_queue_copy(r->q, r->a, 0, r->a, 8, 8));
    refused(hlthunk_queue_write(r->q, r->a, SIZE, r->in, 1), EINVAL, "within");
    refused(hlthunk_queue_read(r->q, NULL, r->a, 0, 1), EINVAL, "host is NULL");
    refused(hlthunk_queue_fill(r->q, r->a, 0, 6, 0, 4), EINVAL, "multiple");
    refused(hlthunk_queue_fill(r->q, r->a, 0, 6, 0, 3), EINVAL, "pattern_size");
    refused(hlthunk_queue_copy_2d(r->q, &c), EINVAL, "destination_pitch");
    c.destination_pitch = 65;
    refused(hlthunk_queue_copy_2d(r->q, &c), EINVAL, "source_pitch");
    c.source_pitch = UINT64_MAX;
    c.rows = 3;
    refused(hlthunk_queue_copy_2d(r->q, &c), EINVAL, "wraps");
    c.source_pitch = SIZE;
    refused(hlthunk_queue_copy_2d(r->q, &c), EINVAL, "within");
    refused(hlthunk_queue_create(r->d, &o, &q), EINVAL, "depth");
    o.depth = 0;
    o.engine = (enum hlthunk_engine)4;
    refused(hlthunk_queue_create(r->d, &o, &q), EINVAL, "engine");
    assert_null(q);
    ok(hlthunk_queue_finish(r->q, -1));
}

static void fills_repeat_their_pattern(void **state)
{
    static const uint64_t pattern = 0x8877665544332211;
    struct rig *r = *state;

    for (unsigned size = 1; size <= 8; size *= 2) {
        for (unsigned at = 0; at < 9; at++) {
            for (unsigned n = size; n < 40; n += 3 * size) {
                ok(hlthunk_queue_fill(r->q, r->a, 0, 64, 0xcc, 1));
                ok(hlthunk_queue_fill(r->q, r->a, at, n, pattern, size));
                ok(hlthunk_queue_read_sync(r->q, r->out, r->a, 0, 64));
                for (unsigned i = 0; i < 64; i++) {
                    uint8_t want =
                        i < at || i >= at + n ? 0xcc : (uint8_t)(pattern >> 8 * ((i - at) % size));

                    if (r->out[i] != want)
                        fail_msg("size %u at %u, %u bytes: byte %u is %#x, not %#x", size, at, n, i,
                                 r->out[i], want);
                }
            }
        }
    }
    ok(hlthunk_queue_fill(r->q, r->a, 1, SIZE - 1, 0x5a, 1));
    ok(hlthunk_queue_read_sync(r->q, r->out, r->a, 0, SIZE));
    for (unsigned i = 1; i < SIZE; i++)
        assert_int_equal(r->out[i], 0x5a);
}

static void rectangles_are_copied(void **state)
{
    struct rig *r = *state;
    struct hlthunk_copy_2d c = { .struct_size = sizeof(c),
                                 .destination = r->b,
                                 .source = r->a,
                                 .destination_offset = 5,
                                 .source_offset = 9,
                                 .destination_pitch = 31,
                                 .source_pitch = 57,
                                 .width_bytes = 13,
                                 .rows = 300 };

    ok(hlthunk_queue_write(r->q, r->a, 0, r->in, 64 << 10));
    ok(hlthunk_queue_fill(r->q, r->b, 0, 64 << 10, 0xab, 1));
    ok(hlthunk_queue_copy_2d(r->q, &c));
    ok(hlthunk_queue_read_sync(r->q, r->out, r->b, 0, 64 << 10));
    for (unsigned row = 0; row < 300; row++) {
        assert_memory_equal(r->out + 5 + 31 * row, r->in + 9 + 57 * row, 13);
        assert_int_equal(r->out[5 + 31 * row + 13], 0xab);
    }
    c.source_pitch = 0; /* one row, repeated */
    ok(hlthunk_queue_copy_2d(r->q, &c));
    ok(hlthunk_queue_read_sync(r->q, r->out, r->b, 0, 64 << 10));
    for (unsigned row = 0; row < 300; row++)
        assert_memory_equal(r->out + 5 + 31 * row, r->in + 9, 13);
    c.rows = 0;
    ok(hlthunk_queue_copy_2d(r->q, &c));
}

/* Each operation sees what the one before it did, across submissions too. */
static void what_is_given_happens_in_order(void **state)
{
    struct rig *r = *state;
    struct hlthunk_queue *q = queue_of(r->d, HLTHUNK_ENGINE_ANY, 2);

    ok(hlthunk_queue_write(q, r->a, 0, r->in, 4096));
    for (unsigned i = 0; i < 3000; i++) {
        ok(hlthunk_queue_copy(q, i % 2 ? r->a : r->b, 0, i % 2 ? r->b : r->a, 0, 4096));
        ok(hlthunk_queue_fill(q, i % 2 ? r->b : r->a, 0, 4096, i, 4));
        if (i % 7 == 0)
            ok(hlthunk_queue_flush(q));
    }
    ok(hlthunk_queue_read_sync(q, r->out, r->a, 0, 4096));
    assert_memory_equal(r->out, r->in, 4096);
    hlthunk_queue_unref(q);
}

static void buffers_of_every_kind(void **state)
{
    struct rig *r = *state;
    struct hlthunk_buffer *host, *piece, *again = NULL;
    struct hlthunk_dmabuf *m = NULL;
    struct hlthunk_pool *pool;
    uint8_t *memory = NULL;

    assert_int_equal(posix_memalign((void **)&memory, 4096, 3 * 4096), 0);
    ok(hlthunk_buffer_from_host(r->d, memory + 100, 8192, NULL, &host));
    ok(hlthunk_pool_create(r->d, NULL, &pool));
    ok(hlthunk_pool_alloc(pool, 8192, NULL, &piece));
    memcpy(memory + 100, r->in, 8192);
    ok(hlthunk_queue_copy(r->q, piece, 1, host, 3, 5000));
    ok(hlthunk_queue_fill(r->q, host, 0, 8192, 0x77, 1));
    ok(hlthunk_queue_copy(r->q, host, 17, piece, 1, 5000));
    ok(hlthunk_queue_copy(r->q, host, 8000, host, 17, 100)); /* from host to host */
    ok(hlthunk_queue_read_sync(r->q, r->out, host, 0, 8192));
    assert_memory_equal(memory + 117, r->in + 3, 5000);
    assert_memory_equal(memory + 8100, r->in + 3, 100);
    assert_memory_equal(r->out, memory + 100, 8192);
    assert_int_equal(memory[116], 0x77);
    if (can_export() &&
        hlthunk_dmabuf_export(r->a, 0, hlthunk_buffer_get_size(r->a), NULL, &m) == 0) {
        ok(hlthunk_buffer_from_dmabuf(r->d, m, NULL, &again));
        ok(hlthunk_queue_write(r->q, again, 64, r->in, 100));
        ok(hlthunk_queue_read_sync(r->q, r->out, r->a, 64, 100));
        assert_memory_equal(r->out, r->in, 100);
        hlthunk_buffer_unref(again);
        hlthunk_dmabuf_unref(m);
    }
    hlthunk_buffer_unref(host);
    hlthunk_buffer_unref(piece);
    hlthunk_pool_unref(pool);
    free(memory);
}

static void every_engine_moves_bytes(void **state)
{
    struct rig *r = *state;

    for (unsigned e = 0; e < 4; e++) {
        for (unsigned turn = 0; turn < 8; turn++) {
            struct hlthunk_queue *q = queue_of(r->d, (enum hlthunk_engine)e, 0);

            ok(hlthunk_queue_write_sync(r->q, r->a, 0, r->in + turn, 1000));
            ok(hlthunk_queue_copy(q, r->b, 0, r->a, 0, 1000));
            ok(hlthunk_queue_read_sync(q, r->out, r->b, 0, 1000));
            assert_memory_equal(r->out, r->in + turn, 1000);
            if (on_asic("goya") && e > 1)
                refused(hlthunk_queue_write(q, r->a, 0, r->in, 8), EINVAL, "cannot read host");
            else
                ok(hlthunk_queue_write_sync(q, r->a, 0, r->in, 8));
            hlthunk_queue_unref(q);
        }
    }
}

/* The memory is the queue's until the copies are done, whoever lets go of it. */
static void a_buffer_stays_while_it_is_used(void **state)
{
    struct rig *r = *state;

    for (unsigned i = 0; i < 20; i++) {
        struct hlthunk_buffer *once;

        ok(hlthunk_buffer_alloc(r->d, 1 << 20, NULL, &once));
        ok(hlthunk_queue_write(r->q, once, 0, r->in + i, 1 << 20));
        ok(hlthunk_queue_copy(r->q, r->b, i << 10, once, 0, 1024));
        hlthunk_buffer_unref(once);
    }
    ok(hlthunk_queue_read_sync(r->q, r->out, r->b, 0, 20 << 10));
    for (unsigned i = 0; i < 20; i++)
        assert_memory_equal(r->out + (i << 10), r->in + i, 1024);
}

static void count_release(void *user)
{
    ++*(unsigned *)user;
}

static struct hlthunk_buffer *alloc_large(struct rig *r, struct hlthunk_pool *pool, uint64_t size)
{
    struct hlthunk_buffer *b = NULL;
    int rc = -ENOMEM;

    for (unsigned tries = 0; rc == -ENOMEM && tries < 1000; tries++) { /* until the work is over */
        rc = pool ? hlthunk_pool_alloc(pool, size, NULL, &b)
                  : hlthunk_buffer_alloc(r->d, size, NULL, &b);
        usleep(rc ? 5000 : 0);
    }
    ok(rc);
    return b;
}

/* Buffers that the program has dropped, of work that is over: nobody has looked, but for this. */
static void an_allocation_finds_what_is_over(void **state)
{
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };
    struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };
    struct rig *r = *state;
    struct hlthunk_pool *pool;
    unsigned released = 0;
    uint64_t size;

    ok(hlthunk_device_get_properties(r->d, &p));
    ok(hlthunk_device_get_memory_usage(r->d, &u));
    size = u.free_bytes / 3 / p.memory_page_size * p.memory_page_size;
    ok(hlthunk_pool_create(r->d, NULL, &pool));
    for (unsigned i = 0; i < 12; i++) {
        struct hlthunk_buffer *once = alloc_large(r, i < 6 ? NULL : pool, size);

        ok(hlthunk_buffer_set_user(once, &released, count_release));
        ok(hlthunk_queue_fill(r->q, once, 0, 4096, i, 1));
        ok(hlthunk_queue_flush(r->q));
        hlthunk_buffer_unref(once);
    }
    assert_true(released >= 9);
    ok(hlthunk_queue_finish(r->q, -1));
    assert_int_equal(released, 12);
    hlthunk_pool_unref(pool);
}

static void a_fence_is_pending_and_then_done(void **state)
{
    struct hlthunk_fence_options o = { .struct_size = sizeof(o), .timestamp = true };
    struct {
        struct hlthunk_fence_result r;
        uint64_t newer;
    } larger = { .r = { .struct_size = sizeof(larger) }, .newer = ~0ull };
    struct hlthunk_fence_result x = { .struct_size = sizeof(x) }, y = x;
    struct rig *r = *state;
    struct hlthunk_fence *f, *g, *h;

    /* of an idle queue: done at once */
    ok(hlthunk_queue_finish(r->q, -1));
    f = fence_of(r->q);
    ok(hlthunk_fence_wait(f, 0));
    hlthunk_fence_unref(f);
    ok(hlthunk_queue_create_fence(r->q, &o, &f));
    ok(hlthunk_queue_write(r->q, r->a, 0, r->in, 8u << 20));
    ok(hlthunk_queue_create_fence(r->q, &o, &g));
    ok(hlthunk_fence_wait(g, -1));
    ok(hlthunk_fence_wait(f, 0));
    ok(hlthunk_fence_get_result(f, &x));
    ok(hlthunk_fence_get_result(g, &y));
    assert_int_equal(x.status, HLTHUNK_FENCE_DONE);
    assert_int_equal(y.error, 0);
    assert_true(x.timestamp_ns > 0);
    assert_true(y.timestamp_ns > x.timestamp_ns);
    hlthunk_fence_unref(g);
    /* two that the same work is before: the one that did not ask has no time */
    ok(hlthunk_queue_write(r->q, r->a, 0, r->in, 8u << 20));
    ok(hlthunk_queue_create_fence(r->q, &o, &h));
    g = fence_of(r->q);
    ok(hlthunk_fence_wait(g, -1));
    ok(hlthunk_fence_get_result(h, &x));
    assert_true(x.timestamp_ns >= y.timestamp_ns);
    ok(hlthunk_fence_get_result(g, &y));
    assert_int_equal(y.timestamp_ns, 0);
    hlthunk_fence_unref(h);
    ok(hlthunk_fence_get_result(f, &larger.r));
    assert_int_equal(larger.newer, 0);
    assert_ptr_equal(hlthunk_fence_borrow_queue(f), r->q);
    refused(hlthunk_fence_get_result(f, NULL), EINVAL, "result");
    refused(hlthunk_fence_wait(NULL, 0), EINVAL, "fence");
    hlthunk_fence_unref(f);
    hlthunk_fence_unref(g);
    /* one that nobody waits for */
    ok(hlthunk_queue_write(r->q, r->a, 0, r->in, 100));
    f = fence_of(r->q);
    hlthunk_fence_unref(f);
    hlthunk_fence_unref(NULL);
}

/* The simulator has descriptors of its own, which come and go. */
static unsigned eventfds(void)
{
    char path[40], target[64];
    unsigned n = 0;

    for (int fd = 0; fd < 256; fd++) {
        ssize_t length;

        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        length = readlink(path, target, sizeof(target) - 1);
        target[length > 0 ? length : 0] = 0;
        n += strstr(target, "eventfd") != NULL;
    }
    return n;
}

static void fences_tell_an_event_loop(void **state)
{
    struct rig *r = *state;
    int mine = eventfd(0, EFD_CLOEXEC), not_one = dup(0);
    unsigned before = eventfds();
    struct pollfd p = { .events = POLLIN };
    struct hlthunk_fence *f;
    uint64_t n;

    for (unsigned i = 0; i < 5; i++) {
        ok(hlthunk_queue_read(r->q, r->out, r->a, 0, 100000));
        f = fence_of(r->q);
        ok(hlthunk_fence_create_eventfd(f, &p.fd));
        ok(hlthunk_fence_signal_eventfd(f, mine));
        hlthunk_fence_unref(f); /* it comes all the same */
        assert_int_equal(poll(&p, 1, 20000), 1);
        close(p.fd);
        p.fd = mine;
        assert_int_equal(poll(&p, 1, 20000), 1);
        assert_int_equal(read(mine, &n, 8), 8);
        assert_int_equal(n, 1);
    }
    f = fence_of(r->q);
    refused(hlthunk_fence_signal_eventfd(f, not_one), EINVAL, "not an eventfd");
    refused(hlthunk_fence_signal_eventfd(f, 1 << 20), EBADF, "duplicated");
    refused(hlthunk_fence_create_eventfd(f, NULL), EINVAL, "fd is NULL");
    hlthunk_fence_unref(f);
    for (unsigned i = 0; i < 1000 && eventfds() != before; i++)
        usleep(1000);
    assert_int_equal(eventfds(), before);
    close(mine);
    close(not_one);
}

/* The other descriptor of fd's eventfd: the kernel numbers them. */
static int duplicate_of(int fd)
{
    char path[48], line[64], wanted[64] = "";
    FILE *f;

    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
    f = fopen(path, "r");
    while (f && fgets(line, sizeof(line), f)) {
        if (strncmp(line, "eventfd-id:", 11) == 0)
            strcpy(wanted, line);
    }
    assert_non_null(f);
    fclose(f);
    assert_string_not_equal(wanted, "");
    for (int n = 3; n < 1024; n++) {
        bool found = false;

        snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", n);
        f = n != fd ? fopen(path, "r") : NULL;
        while (f && fgets(line, sizeof(line), f))
            found |= strcmp(line, wanted) == 0;
        if (f)
            fclose(f);
        if (found)
            return n;
    }
    fail_msg("no duplicate of fd %d", fd);
    return -1;
}

struct gate {
    int pipe[2];
    atomic_bool reached;
};

static void hold(struct hlthunk_fence *f, void *user)
{
    struct gate *g = user;
    int fd = g->pipe[0];
    char byte;

    (void)f;
    atomic_store(&g->reached, true);
    assert_int_equal(read(fd, &byte, 1), 1); /* *g may be gone */
    close(fd);
}

static void wait_flag(const atomic_bool *flag)
{
    for (unsigned i = 0; i < 60000 && !atomic_load(flag); i++)
        usleep(1000);
    assert_true(atomic_load(flag));
}

/* The queue's thread is in a callback. */
static void hold_the_thread(struct rig *r, struct gate *gate)
{
    struct hlthunk_fence *f;

    assert_int_equal(pipe(gate->pipe), 0);
    ok(hlthunk_queue_write(r->q, r->a, 0, r->in, 100));
    f = fence_of(r->q);
    ok(hlthunk_fence_set_callback(f, hold, gate));
    hlthunk_fence_unref(f);
    wait_flag(&gate->reached);
}

static void let_the_thread_go(struct gate *gate)
{
    assert_int_equal(write(gate->pipe[1], "", 1), 1);
    close(gate->pipe[1]);
}

/* The program closes a descriptor that is not its own, and its number is used again. */
static void a_fence_leaves_other_files_alone(void **state)
{
    struct rig *r = *state;
    int mine = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), other[2], number;
    struct gate gate = { .reached = false };
    struct hlthunk_fence *f;
    char bytes[16];

    assert_int_equal(pipe2(other, O_CLOEXEC | O_NONBLOCK), 0);
    hold_the_thread(r, &gate); /* nobody else finds out that the fence is over */
    ok(hlthunk_queue_write(r->q, r->a, 0, r->in, 100));
    f = fence_of(r->q);
    ok(hlthunk_fence_signal_eventfd(f, mine));
    number = duplicate_of(mine);
    assert_int_equal(dup2(other[1], number), number);
    ok(hlthunk_fence_wait(f, -1));
    hlthunk_fence_unref(f);
    assert_int_equal(read(other[0], bytes, sizeof(bytes)), -1);
    assert_int_equal(errno, EAGAIN);
    close(other[1]);
    assert_int_equal(write(number, "", 1), 1); /* still the pipe */
    close(number);
    close(other[0]);
    let_the_thread_go(&gate);
    close(mine);
}

/* The queue's thread is in a callback: who waits for a fence signals its eventfds, and what they
 * took is given back. */
static void eventfds_do_not_wait_for_callbacks(void **state)
{
    struct rig *r = *state;
    struct gate gate = { .reached = false };
    struct pollfd p = { .events = POLLIN };
    struct hlthunk_fence *f;
    unsigned before;

    hold_the_thread(r, &gate);
    before = eventfds();
    for (unsigned i = 0; i < 50; i++) {
        ok(hlthunk_queue_write(r->q, r->a, 0, r->in, 100));
        f = fence_of(r->q);
        ok(hlthunk_fence_create_eventfd(f, &p.fd));
        assert_int_equal(poll(&p, 1, 0), 0);
        ok(hlthunk_fence_wait(f, -1));
        assert_int_equal(poll(&p, 1, 0), 1);
        close(p.fd);
        ok(hlthunk_fence_create_eventfd(f, &p.fd)); /* of one that is over */
        assert_int_equal(poll(&p, 1, 0), 1);
        close(p.fd);
        hlthunk_fence_unref(f);
    }
    assert_int_equal(eventfds(), before);
    let_the_thread_go(&gate);
}

static atomic_uint calls;

static void count(struct hlthunk_fence *f, void *user)
{
    struct hlthunk_fence_result r = { .struct_size = sizeof(r) };

    ok(hlthunk_fence_get_result(f, &r));
    assert_int_equal(r.status, HLTHUNK_FENCE_DONE);
    atomic_fetch_add((atomic_uint *)user, 1);
}

/* The queue, its last reference and the device's go with the callback. */
static void count_and_let_go(struct hlthunk_fence *f, void *user)
{
    hlthunk_queue_unref(user);
    count(f, &calls);
}

static void wait_calls(unsigned n)
{
    for (unsigned i = 0; i < 20000 && atomic_load(&calls) != n; i++)
        usleep(1000);
    assert_int_equal(atomic_load(&calls), n);
}

static void callbacks_come_once(void **state)
{
    struct rig *r = *state;
    struct hlthunk_queue *q = queue_of(r->d, HLTHUNK_ENGINE_ANY, 0);
    struct hlthunk_fence *f;

    atomic_store(&calls, 0);
    for (unsigned i = 0; i < 50; i++) {
        ok(hlthunk_queue_write(r->q, r->a, 0, r->in, 1000));
        f = fence_of(r->q);
        ok(hlthunk_fence_set_callback(f, count, &calls));
        if (i % 10 == 0)
            ok(hlthunk_fence_set_callback(f, count, &calls));
        hlthunk_fence_unref(f);
    }
    wait_calls(55);
    ok(hlthunk_queue_write(q, r->a, 0, r->in, 1000));
    f = fence_of(q);
    ok(hlthunk_fence_set_callback(f, count_and_let_go, q));
    hlthunk_fence_unref(f);
    wait_calls(56);
    f = fence_of(r->q); /* over already */
    ok(hlthunk_fence_set_callback(f, count, &calls));
    wait_calls(57);
    refused(hlthunk_fence_set_callback(f, NULL, NULL), EINVAL, "fn");
    hlthunk_fence_unref(f);
}

static void *open_the_gate(void *arg)
{
    struct gate *g = arg;

    usleep(20000);
    assert_int_equal(write(g->pipe[1], "", 1), 1);
    return NULL;
}

/* Everything is dropped while a callback runs and another is to come: the device is closed with
 * them. */
TEST(who_closes_the_device_waits_for_callbacks)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_queue *q = queue_of(d, HLTHUNK_ENGINE_ANY, 0);
    struct gate gate = { .reached = false };
    struct hlthunk_fence *f;
    pthread_t other;

    assert_int_equal(pipe(gate.pipe), 0);
    f = fence_of(q);
    ok(hlthunk_fence_wait(f, -1));
    atomic_store(&calls, 0);
    ok(hlthunk_fence_set_callback(f, hold, &gate));
    ok(hlthunk_fence_set_callback(f, count, &calls));
    hlthunk_fence_unref(f);
    hlthunk_queue_unref(q);
    wait_flag(&gate.reached);
    assert_int_equal(pthread_create(&other, NULL, open_the_gate, &gate), 0);
    assert_int_equal(hlthunk_device_close(d), 0);
    assert_int_equal(atomic_load(&calls), 1);
    d = open_device(); /* nothing keeps it busy */
    assert_int_equal(hlthunk_device_close(d), 0);
    pthread_join(other, NULL);
    close(gate.pipe[1]);
}

struct last {
    struct hlthunk_device *device;
    struct hlthunk_queue *queue;
    atomic_size_t left;
    atomic_bool told;
};

static void close_here(struct hlthunk_fence *f, void *user)
{
    struct last *l = user;

    (void)f;
    hlthunk_queue_unref(l->queue);
    atomic_store(&l->left, hlthunk_device_close(l->device));
    atomic_store(&l->told, true);
}

/* A callback closes the device itself: it does not wait for its own end, nor for those after it. */
TEST(a_callback_closes_the_device)
{
    struct last last = { .device = open_device() };
    struct hlthunk_fence *f;

    last.queue = queue_of(last.device, HLTHUNK_ENGINE_ANY, 0);
    f = fence_of(last.queue);
    atomic_store(&calls, 0);
    ok(hlthunk_fence_set_callback(f, close_here, &last));
    ok(hlthunk_fence_set_callback(f, count, &calls));
    hlthunk_fence_unref(f);
    wait_flag(&last.told);
    assert_int_equal(atomic_load(&last.left), 2); /* the fence and its queue */
    wait_calls(1);
}

struct job {
    struct hlthunk_queue *queue;
    sem_t released, go;
    atomic_bool gone;
};

static void end_job(void *user)
{
    struct job *j = user;

    sem_post(&j->released);
    sem_wait(&j->go);
    hlthunk_queue_unref(j->queue);
    atomic_store(&j->gone, true);
}

/* The queue's thread lets go of a buffer, and with it of the last reference to the queue. */
static void a_buffer_takes_its_queue_along(void **state)
{
    struct rig *r = *state;
    struct job job = { .queue = queue_of(r->d, HLTHUNK_ENGINE_ANY, 0) };
    struct hlthunk_buffer *b;
    struct hlthunk_fence *f;
    int fd;

    sem_init(&job.released, 0, 0);
    sem_init(&job.go, 0, 0);
    ok(hlthunk_buffer_alloc(r->d, 4096, NULL, &b));
    ok(hlthunk_buffer_set_user(b, &job, end_job));
    ok(hlthunk_queue_fill(job.queue, b, 0, 4096, 1, 8));
    ok(hlthunk_queue_flush(job.queue));
    hlthunk_buffer_unref(b);
    ok(hlthunk_queue_fill(job.queue, r->a, 0, SIZE, 2, 8));
    f = fence_of(job.queue);
    ok(hlthunk_fence_create_eventfd(f, &fd));
    sem_wait(&job.released);
    ok(hlthunk_fence_wait(f, -1)); /* found over here: nothing else holds the queue then */
    close(fd);
    hlthunk_fence_unref(f);
    sem_post(&job.go);
    wait_flag(&job.gone);
    sem_destroy(&job.released);
    sem_destroy(&job.go);
}

struct look {
    struct hlthunk_fence *fence;
    int fd, rc, readable;
    atomic_bool over;
};

static void wait_for_the_next(struct hlthunk_fence *f, void *user)
{
    struct look *l = user;
    struct pollfd p = { .fd = l->fd, .events = POLLIN };

    (void)f;
    l->rc = hlthunk_fence_wait(l->fence, -1);
    l->readable = poll(&p, 1, 0);
    atomic_store(&l->over, true);
}

/* Who finds a fence over signals its eventfds: the queue's thread within a callback, too. */
static void a_callback_waits_for_a_fence(void **state)
{
    struct rig *r = *state;
    struct look look = { .fd = -1 };
    struct hlthunk_fence *f;

    ok(hlthunk_queue_fill(r->q, r->a, 0, 64, 1, 8));
    f = fence_of(r->q);
    ok(hlthunk_queue_fill(r->q, r->a, 0, SIZE, 2, 8));
    look.fence = fence_of(r->q);
    ok(hlthunk_fence_create_eventfd(look.fence, &look.fd));
    ok(hlthunk_fence_set_callback(f, wait_for_the_next, &look));
    hlthunk_fence_unref(f);
    wait_flag(&look.over);
    ok(look.rc);
    assert_int_equal(look.readable, 1);
    close(look.fd);
    hlthunk_fence_unref(look.fence);
}

/* Each of two queues waits for the other's fence, and nothing is submitted any more. */
TEST(queues_that_wait_for_each_other_go)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_queue *q[2];
    struct hlthunk_fence *f[2];
    struct hlthunk_buffer *b;

    ok(hlthunk_buffer_alloc(d, 256u << 20, NULL, &b));
    for (unsigned i = 0; i < 2; i++) {
        q[i] = queue_of(d, HLTHUNK_ENGINE_ANY, 0);
        ok(hlthunk_queue_fill(q[i], b, 0, 256u << 20, 7, 8)); /* takes a while */
        f[i] = fence_of(q[i]);
    }
    hlthunk_buffer_unref(b);
    for (unsigned i = 0; i < 2; i++)
        ok(hlthunk_queue_wait_fence(q[i], f[!i], NULL));
    for (unsigned i = 0; i < 2; i++) {
        hlthunk_fence_unref(f[i]);
        hlthunk_queue_unref(q[i]);
    }
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* One queue produces in pieces, another takes each when its fence is done. */
static void queues_wait_for_one_another(void **state)
{
    struct rig *r = *state;
    struct hlthunk_queue *first = queue_of(r->d, HLTHUNK_ENGINE_TO_DEVICE, 0);
    struct hlthunk_queue *second = queue_of(r->d, HLTHUNK_ENGINE_FROM_DEVICE, 0);
    enum hlthunk_wait_place place;
    unsigned places[3] = { 0 };
    struct hlthunk_fence *f;

    for (unsigned i = 0; i < 40; i++) {
        ok(hlthunk_queue_fill(first, r->a, 0, SIZE, i, 8));
        f = fence_of(first);
        ok(hlthunk_queue_wait_fence(second, f, &place));
        places[place]++;
        hlthunk_fence_unref(f);
        ok(hlthunk_queue_read(second, r->out + 8 * i, r->a, SIZE - 8, 8));
        f = fence_of(second);
        ok(hlthunk_queue_wait_fence(first, f, NULL));
        hlthunk_fence_unref(f);
    }
    ok(hlthunk_queue_finish(second, -1));
    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(*(uint64_t *)(void *)(r->out + 8 * i), i);
    assert_int_equal(places[HLTHUNK_WAIT_NONE] < 40, 1);
    if (on_asic("goya"))
        assert_int_equal(places[HLTHUNK_WAIT_DEVICE], 0);
    printf("# waited on the device %u times, on the host %u times\n", places[1], places[2]);
    f = fence_of(first);
    ok(hlthunk_queue_wait_fence(first, f, &place)); /* of its own */
    assert_int_equal(place, HLTHUNK_WAIT_NONE);
    refused(hlthunk_queue_wait_fence(first, NULL, &place), EINVAL, "fence");
    hlthunk_fence_unref(f);
    hlthunk_queue_unref(first);
    hlthunk_queue_unref(second);
}

static uint32_t hard_resets(void)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o), .control = true };
    struct hlthunk_device *d;
    uint32_t n;

    ok(hlthunk_device_open(&o, &d));
    n = count_resets(d).hard_reset_count;
    hlthunk_device_unref(d);
    return n;
}

/* A wait that no work follows is over, too, before the device is closed: that resets nothing. */
TEST(a_device_is_closed_behind_a_wait)
{
    uint32_t resets = hard_resets();

    for (unsigned i = 0; i < 8; i++) {
        struct hlthunk_device *d = open_device();
        struct hlthunk_queue *first = queue_of(d, HLTHUNK_ENGINE_ANY, 0);
        struct hlthunk_queue *second = queue_of(d, HLTHUNK_ENGINE_ANY, 0);
        struct hlthunk_buffer *a;
        struct hlthunk_fence *f;

        ok(hlthunk_buffer_alloc(d, SIZE, NULL, &a));
        ok(hlthunk_queue_fill(first, a, 0, SIZE, 1, 8));
        f = fence_of(first);
        ok(hlthunk_queue_wait_fence(second, f, NULL));
        hlthunk_queue_unref(second);
        hlthunk_fence_unref(f);
        hlthunk_queue_unref(first);
        hlthunk_buffer_unref(a);
        assert_int_equal(hlthunk_device_close(d), 0);
    }
    assert_int_equal(hard_resets(), resets);
}

/* What a queue has waited for is done when its fence is, or it has finished, though it has no work.
 */
static void a_fence_behind_a_wait(void **state)
{
    struct rig *r = *state;
    struct hlthunk_queue *first = queue_of(r->d, HLTHUNK_ENGINE_TO_DEVICE, 0);
    struct hlthunk_queue *second = queue_of(r->d, HLTHUNK_ENGINE_FROM_DEVICE, 0);
    struct hlthunk_fence *f, *g;
    struct hlthunk_buffer *h;
    uint8_t *host;

    ok(hlthunk_buffer_alloc_host(r->d, SIZE, NULL, &h));
    host = hlthunk_buffer_borrow_host(h);
    memset(host, 0, SIZE);
    for (unsigned i = 1; i < 20; i++) {
        ok(hlthunk_queue_fill(first, r->a, 0, SIZE, i, 1));
        ok(hlthunk_queue_copy(first, h, 0, r->a, 0, SIZE));
        f = fence_of(first);
        ok(hlthunk_queue_wait_fence(second, f, NULL));
        if (i % 2) {
            g = fence_of(second);
            ok(hlthunk_fence_wait(g, -1));
            hlthunk_fence_unref(g);
        } else {
            ok(hlthunk_queue_finish(second, -1));
        }
        assert_int_equal(host[0], i);
        assert_int_equal(host[SIZE - 1], i);
        hlthunk_fence_unref(f);
    }
    ok(hlthunk_queue_finish(first, -1));
    hlthunk_buffer_unref(h);
    hlthunk_queue_unref(first);
    hlthunk_queue_unref(second);
}

static void packets_of_ones_own(void **state)
{
    struct rig *r = *state;
    struct hlthunk_command_buffer_options o = { .struct_size = sizeof(o),
                                                .device_mapped = on_asic("gaudi2") };
    struct hlthunk_packets p = { .struct_size = sizeof(p), .size_bytes = 24 };
    uint64_t from = hlthunk_buffer_get_address(r->a), to = hlthunk_buffer_get_address(r->b);
    uint32_t words[2] = { 4096, 9u << 24 | 3u << 30 };
    uint8_t *packet;

    if (on_asic("goya"))
        words[1] |= 6u << 20;
    else if (on_asic("gaudi"))
        words[1] |= 8;
    refused(hlthunk_queue_submit_packets(r->q, &p), EINVAL, "command_buffer is NULL");
    ok(hlthunk_command_buffer_create(r->d, 4096, &o, &p.command_buffer));
    packet = hlthunk_command_buffer_borrow_data(p.command_buffer);
    memcpy(packet, words, 8);
    memcpy(packet + 8, &from, 8);
    memcpy(packet + 16, &to, 8);
    p.buffers = (struct hlthunk_buffer *const[]){ r->a, r->b };
    p.buffer_count = 2;
    ok(hlthunk_queue_write(r->q, r->a, 0, r->in, 4096));
    ok(hlthunk_queue_submit_packets(r->q, &p));
    ok(hlthunk_queue_read_sync(r->q, r->out, r->b, 0, 4096));
    assert_memory_equal(r->out, r->in, 4096);
    p.size_bytes = 1 << 20;
    refused(hlthunk_queue_submit_packets(r->q, &p), EINVAL, "size_bytes");
    p.size_bytes = 24;
    if (!on_asic("gaudi2")) {
        /* the driver looks at them: refused, and the queue goes on */
        uint32_t stop = 0xBu << 24;

        memcpy(packet + 4, &stop, 4);
        assert_int_equal(hlthunk_queue_submit_packets(r->q, &p), -EPERM);
        ok(hlthunk_queue_write_sync(r->q, r->a, 0, r->in + 1, 100));
        ok(hlthunk_queue_read_sync(r->q, r->out, r->a, 0, 100));
        assert_memory_equal(r->out, r->in + 1, 100);
    }
    hlthunk_command_buffer_unref(p.command_buffer);
}

struct worker {
    struct rig *r;
    struct hlthunk_queue *q;
    unsigned number;
    bool good;
};

/* Many submissions at once: more than the driver takes. */
static void *work(void *arg)
{
    struct worker *w = arg;
    uint64_t at = w->number * 65536u, got[64] = { 0 };

    w->good = true;
    for (unsigned i = 0; i < 300 && w->good; i++) {
        w->good = !hlthunk_queue_fill(w->q, w->r->a, at, 4096, i, 8) &&
                  !hlthunk_queue_read(w->q, got, w->r->a, at + 8 * (i % 64), 512) &&
                  !hlthunk_queue_flush(w->q);
        if (i % 50 == 49) {
            w->good &= !hlthunk_queue_finish(w->q, -1);
            w->good &= got[0] == i && got[63] == i;
        }
    }
    return NULL;
}

static void a_full_queue_waits_for_room(void **state)
{
    struct rig *r = *state;
    struct worker w[4];
    pthread_t t[4];

    for (unsigned i = 0; i < 4; i++) {
        w[i] = (struct worker){ .r = r, .q = queue_of(r->d, HLTHUNK_ENGINE_ANY, 128), .number = i };
        assert_int_equal(pthread_create(&t[i], NULL, work, &w[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(t[i], NULL);
        assert_true(w[i].good);
        hlthunk_queue_unref(w[i].q);
    }
    /* and all threads on one queue */
    for (unsigned i = 0; i < 4; i++) {
        w[i].q = r->q;
        assert_int_equal(pthread_create(&t[i], NULL, work, &w[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(t[i], NULL);
        assert_true(w[i].good);
    }
}

/* 0 under a sanitizer, which keeps what was freed. */
static unsigned long anonymous_kib(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 0;
#else
    FILE *status = fopen("/proc/self/status", "r");
    unsigned long kib = 0;
    char line[128];

    while (status && fgets(line, sizeof(line), status))
        sscanf(line, "RssAnon: %lu", &kib);
    if (status)
        fclose(status);
    return kib;
#endif
}

/* Nothing grows: neither descriptors nor memory. */
static void many_copies(void **state)
{
    struct rig *r = *state;
    const char *n = getenv("TEST_COPIES");
    unsigned long copies = n ? strtoul(n, NULL, 0) : 20000;
    unsigned fds = 0;
    unsigned long kib = 0;

    for (unsigned long i = 0; i < copies; i++) {
        ok(hlthunk_queue_copy(r->q, r->a, i % 1000 * 64, r->b, i % 999 * 64, 1 + i % 64));
        if (i % 64 == 63) {
            struct hlthunk_fence *f = fence_of(r->q);

            if (i % 4096 == 4095)
                ok(hlthunk_fence_wait(f, -1));
            hlthunk_fence_unref(f);
        }
        if (i == copies / 4 || i == copies - 1) {
            if (i == copies / 4) {
                kib = anonymous_kib();
                fds = count_fds();
            } else {
                assert_true(anonymous_kib() <= kib + 64);
                assert_int_equal(count_fds(), fds);
            }
        }
    }
    ok(hlthunk_queue_finish(r->q, -1));
}

static void a_child_only_forgets(void **state)
{
    struct rig *r = *state;
    struct hlthunk_fence *f;
    int status;
    pid_t child;

    ok(hlthunk_queue_write(r->q, r->a, 0, r->in, 1 << 20));
    f = fence_of(r->q);
    child = fork();
    assert_true(child >= 0);
    if (!child) {
        int bad = hlthunk_queue_flush(r->q) != -EPERM || hlthunk_fence_wait(f, 0) != -EPERM;

        hlthunk_fence_unref(f);
        hlthunk_queue_unref(r->q);
        _exit(bad);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    ok(hlthunk_fence_wait(f, -1));
    hlthunk_fence_unref(f);
    ok(hlthunk_queue_read_sync(r->q, r->out, r->a, 0, 1 << 20));
    assert_memory_equal(r->out, r->in, 1 << 20);
}

static void ctl(const char *what)
{
    char command[96];

    snprintf(command, sizeof(command), "\"$HLSIM_PROGRAM\" ctl %s", what);
    assert_int_equal(system(command), 0);
}

static void reset_device(void)
{
    if (in_rig())
        ok(rig_poke_attribute("hard_reset"));
    else
        ctl("reset 0");
}

static void count_lost(struct hlthunk_fence *f, void *user)
{
    struct hlthunk_fence_result r = { .struct_size = sizeof(r) };

    ok(hlthunk_fence_get_result(f, &r));
    if (r.status == HLTHUNK_FENCE_LOST && r.error)
        atomic_fetch_add((atomic_uint *)user, 1);
}

/*
 * On 6.1 a reset of only Goya's engines aborts what runs, and the driver remembers how 64
 * submissions have ended: of an older one it says that it is done.
 */
TEST(aborted_work_is_lost_though_the_driver_forgets_it)
{
    uint32_t resets, got = 0x55555555;
    struct hlthunk_command_buffer *hung;
    struct hlthunk_queue *q, *other;
    struct hlthunk_device *d;
    struct hlthunk_buffer *b;
    struct hlthunk_fence *f;

    if (in_rig() || on_card() || !on_asic("goya") || !on_kernel("6.1"))
        skip();
    d = open_device();
    q = queue_of(d, HLTHUNK_ENGINE_TO_DEVICE, 0);
    other = queue_of(d, HLTHUNK_ENGINE_WITHIN_DEVICE, 0);
    ok(hlthunk_buffer_alloc(d, 1 << 20, NULL, &b));
    resets = count_resets(d).soft_reset_count;
    hung = hang_engine(d);
    ok(hlthunk_queue_fill(q, b, 0, 4096, 0x77777777, 4));
    ok(hlthunk_queue_read(q, &got, b, 0, 4));
    f = fence_of(q);
    wait_for_engines(d, resets);
    for (unsigned i = 0; i < 70; i++) {
        ok(hlthunk_queue_fill(other, b, 8192, 4096, i, 8));
        ok(hlthunk_queue_finish(other, -1));
    }
    refused(hlthunk_fence_wait(f, -1), EIO, "lost");
    assert_int_equal(got, 0x55555555);
    hlthunk_fence_unref(f);
    hlthunk_queue_unref(q);
    hlthunk_queue_unref(other);
    hlthunk_buffer_unref(b);
    hlthunk_command_buffer_unref(hung);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* A queue that hangs, and a reset: everything pending is lost, once, and lets go. */
TEST(a_reset_loses_what_is_pending)
{
    struct hlthunk_fence_result x = { .struct_size = sizeof(x) };
    struct hlthunk_command_buffer_options o = { .struct_size = sizeof(o),
                                                .device_mapped = on_asic("gaudi2") };
    struct hlthunk_packets p = { .struct_size = sizeof(p), .size_bytes = 8 };
    const uint32_t wait[2] = { 1 | 1u << 16 | 3u << 30, 8u << 24 | 3u << 30 }; /* FENCE */
    struct hlthunk_device *d;
    struct hlthunk_fence *done, *f[3];
    struct hlthunk_buffer *a;
    struct hlthunk_queue *q;
    uint8_t *in;

    if (on_card())
        skip();
    in = calloc(1, 100000);
    d = open_device();
    q = queue_of(d, HLTHUNK_ENGINE_FROM_DEVICE, 0);
    ok(hlthunk_buffer_alloc(d, 1 << 20, NULL, &a));
    ok(hlthunk_queue_fill(q, a, 0, 100000, 7, 8));
    done = fence_of(q);
    ok(hlthunk_fence_wait(done, -1));
    ok(hlthunk_command_buffer_create(d, 4096, &o, &p.command_buffer));
    memcpy(hlthunk_command_buffer_borrow_data(p.command_buffer), wait, 8);
    ok(hlthunk_queue_submit_packets(q, &p));
    hlthunk_command_buffer_unref(p.command_buffer);
    atomic_store(&calls, 0);
    for (unsigned i = 0; i < 3; i++) {
        ok(hlthunk_queue_read(q, in, a, 0, 100000));
        f[i] = fence_of(q);
        ok(hlthunk_fence_set_callback(f[i], count_lost, &calls));
    }
    hlthunk_buffer_unref(a);
    assert_int_equal(hlthunk_fence_wait(f[0], 30000000), -ETIMEDOUT);
    reset_device();
    refused(hlthunk_fence_wait(f[2], -1), EIO, "lost");
    for (unsigned i = 0; i < 3; i++) {
        ok(hlthunk_fence_get_result(f[i], &x));
        assert_int_equal(x.status, HLTHUNK_FENCE_LOST);
        assert_true(x.error < 0);
    }
    wait_calls(3);
    for (unsigned i = 0; i < 3; i++)
        hlthunk_fence_unref(f[i]);
    ok(hlthunk_fence_get_result(done, &x));
    assert_int_equal(x.status, HLTHUNK_FENCE_DONE);
    hlthunk_fence_unref(done);
    assert_int_equal(hlthunk_queue_flush(q), -ENODEV);
    assert_int_equal(hlthunk_queue_finish(q, -1), -ENODEV);
    assert_int_equal(in[0], 0); /* reads that were lost wrote nothing */
    hlthunk_queue_unref(q);
    assert_int_equal(hlthunk_device_close(d), 0);
    d = open_device();
    q = queue_of(d, HLTHUNK_ENGINE_ANY, 0);
    ok(hlthunk_buffer_alloc(d, 1 << 20, NULL, &a));
    ok(hlthunk_queue_write_sync(q, a, 0, in, 100));
    hlthunk_buffer_unref(a);
    hlthunk_queue_unref(q);
    assert_int_equal(hlthunk_device_close(d), 0);
    free(in);
}

/* Gives the queue a packet that is none; its fence. */
static struct hlthunk_fence *give_no_packet(struct hlthunk_device *d, struct hlthunk_queue *q)
{
    struct hlthunk_command_buffer_options o = { .struct_size = sizeof(o), .device_mapped = true };
    struct hlthunk_packets p = { .struct_size = sizeof(p), .size_bytes = 8 };
    const uint32_t none[2] = { 0, 0x1fu << 24 };

    ok(hlthunk_command_buffer_create(d, 4096, &o, &p.command_buffer));
    memcpy(hlthunk_command_buffer_borrow_data(p.command_buffer), none, sizeof(none));
    ok(hlthunk_queue_submit_packets(q, &p));
    hlthunk_command_buffer_unref(p.command_buffer);
    return fence_of(q);
}

/* From 6.3 on Gaudi2 is reset for it: at once, or at the close of who listens to events. */
TEST(a_packet_that_is_none)
{
    if (!on_asic("gaudi2") || on_kernel("6.1") || on_card() || in_rig())
        skip(); /* others refuse it, or stand still */
    for (unsigned listens = 0; listens < 2; listens++) {
        struct hlthunk_fence_result x = { .struct_size = sizeof(x) };
        struct hlthunk_event_notifier *n = NULL;
        struct hlthunk_device *d = open_device();
        struct hlthunk_queue *q = queue_of(d, HLTHUNK_ENGINE_FROM_DEVICE, 0);
        struct hlthunk_queue *other = queue_of(d, HLTHUNK_ENGINE_TO_DEVICE, 0);
        struct hlthunk_buffer *b;
        struct hlthunk_fence *f;

        if (listens)
            ok(hlthunk_event_notifier_create(d, NULL, &n));
        ok(hlthunk_buffer_alloc(d, 1 << 20, NULL, &b));
        f = give_no_packet(d, q);
        refused(hlthunk_fence_wait(f, -1), EIO, "a submission failed or took too long");
        ok(hlthunk_fence_get_result(f, &x));
        assert_int_equal(x.status, HLTHUNK_FENCE_LOST);
        /* a wait that begins after the error is refused: then the device is known to be lost */
        assert_true(x.error == -EIO || x.error == -ENODEV);
        assert_int_equal(hlthunk_queue_finish(q, -1), listens ? x.error : -ENODEV);
        /* nor does another queue go on */
        if (hlthunk_queue_fill(other, b, 0, 4096, 7, 8) == 0)
            assert_int_equal(hlthunk_queue_finish(other, -1), -ENODEV);
        refused(hlthunk_queue_fill(other, b, 0, 4096, 7, 8), ENODEV, "reset");
        hlthunk_fence_unref(f);
        hlthunk_buffer_unref(b);
        hlthunk_queue_unref(other);
        hlthunk_queue_unref(q);
        hlthunk_event_notifier_unref(n);
        assert_int_equal(hlthunk_device_close(d), 0);
    }
}

SUITE(queues)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(bytes_go_and_come_back),
        CASE(ranges_are_checked),
        CASE(fills_repeat_their_pattern),
        CASE(rectangles_are_copied),
        CASE(what_is_given_happens_in_order),
        CASE(buffers_of_every_kind),
        CASE(every_engine_moves_bytes),
        CASE(a_buffer_stays_while_it_is_used),
        CASE(an_allocation_finds_what_is_over),
        CASE(a_fence_is_pending_and_then_done),
        CASE(fences_tell_an_event_loop),
        CASE(a_fence_leaves_other_files_alone),
        CASE(eventfds_do_not_wait_for_callbacks),
        CASE(callbacks_come_once),
        cmocka_unit_test(who_closes_the_device_waits_for_callbacks),
        cmocka_unit_test(a_callback_closes_the_device),
        CASE(a_buffer_takes_its_queue_along),
        CASE(a_callback_waits_for_a_fence),
        CASE(queues_wait_for_one_another),
        cmocka_unit_test(queues_that_wait_for_each_other_go),
        CASE(a_fence_behind_a_wait),
        cmocka_unit_test(a_device_is_closed_behind_a_wait),
        CASE(packets_of_ones_own),
        CASE(a_full_queue_waits_for_room),
        CASE(many_copies),
        CASE(a_child_only_forgets),
        cmocka_unit_test(aborted_work_is_lost_though_the_driver_forgets_it),
        cmocka_unit_test(a_reset_loses_what_is_pending),
        cmocka_unit_test(a_packet_that_is_none),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
