/* SPDX-License-Identifier: MIT */
/*
 * Threads that share queues: each has bytes of its own, which it fills, writes, copies and reads on
 * one queue after another, and knows.  A change of queues goes by a fence.  With TEST_RESET the
 * device is reset in the midst of it: all of them notice, and everything can be let go.
 */
#include "tests/sim/support.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define THREADS 4
#define QUEUES 3
#define AREA 65536u

struct shared {
    struct hlthunk_device *d;
    struct hlthunk_queue *q[QUEUES];
    atomic_uint told;
    int event; /* an eventfd */
};

struct worker {
    struct shared *s;
    uint64_t random;
    struct hlthunk_queue *q;     /* the one that has its work; a reference */
    struct hlthunk_buffer *b[2]; /* replaced now and then */
    uint8_t known[2][AREA];
    uint8_t out[AREA];
    unsigned asked;   /* callbacks */
    unsigned signals; /* of the eventfd */
    bool lost;        /* with the device, which is reset in the midst of it */
};

/* A call's result: with TEST_RESET the work may end there. */
static bool went(struct worker *w, int rc)
{
    static const int ends[] = { -ENODEV, -EIO, -EBUSY, -ETIMEDOUT };

    for (unsigned i = 0; rc && getenv("TEST_RESET") && i < sizeof(ends) / sizeof(ends[0]); i++)
        w->lost |= rc == ends[i];
    if (rc && !w->lost)
        fail_msg("%d: %s", rc, hlthunk_last_error());
    return rc == 0;
}

static uint32_t below(struct worker *w, uint32_t n)
{
    w->random = w->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((w->random >> 33) % n);
}

static void range(struct worker *w, uint32_t *at, uint32_t *n)
{
    *at = below(w, AREA);
    *n = 1 + below(w, below(w, 4) ? 300 : AREA);
    if (*n > AREA - *at)
        *n = AREA - *at;
}

static void fill(struct worker *w, unsigned i)
{
    uint8_t byte = (uint8_t)below(w, 256);
    uint32_t at, n;

    range(w, &at, &n);
    if (went(w, hlthunk_queue_fill(w->q, w->b[i], at, n, byte, 1)))
        memset(w->known[i] + at, byte, n);
}

static void write_some(struct worker *w, unsigned i)
{
    uint32_t at, n;

    range(w, &at, &n);
    for (uint32_t k = 0; k < n; k++)
        w->known[i][at + k] = (uint8_t)(w->random >> k % 50);
    went(w, hlthunk_queue_write(w->q, w->b[i], at, w->known[i] + at, n));
}

static void copy(struct worker *w, unsigned i)
{
    uint32_t at, n, from;

    range(w, &at, &n);
    from = below(w, AREA - n + 1);
    if (went(w, hlthunk_queue_copy(w->q, w->b[i], at, w->b[!i], from, n)))
        memcpy(w->known[i] + at, w->known[!i] + from, n);
}

static void told(struct hlthunk_fence *f, void *user)
{
    (void)f;
    atomic_fetch_add((atomic_uint *)user, 1);
}

/* Nobody of ours waits for it. */
static bool is_told_done(struct worker *w, struct hlthunk_fence *f)
{
    struct hlthunk_fence_result r = { .struct_size = sizeof(r) };
    struct pollfd p = { .events = POLLIN };

    ok(hlthunk_fence_create_eventfd(f, &p.fd));
    assert_int_equal(poll(&p, 1, 60000), 1);
    close(p.fd);
    ok(hlthunk_fence_get_result(f, &r));
    assert_int_not_equal(r.status, HLTHUNK_FENCE_PENDING);
    return went(w, r.error);
}

static void read_back(struct worker *w, unsigned i)
{
    struct hlthunk_fence *f;
    uint32_t at, n;

    range(w, &at, &n);
    if (!went(w, hlthunk_queue_read(w->q, w->out, w->b[i], at, n)) ||
        !went(w, hlthunk_queue_create_fence(w->q, NULL, &f)))
        return;
    if (!below(w, 4)) {
        ok(hlthunk_fence_set_callback(f, told, &w->s->told));
        w->asked++;
    }
    if (!below(w, 4)) {
        ok(hlthunk_fence_signal_eventfd(f, w->s->event));
        w->signals++;
    }
    if (below(w, 2) ? went(w, hlthunk_fence_wait(f, -1)) : is_told_done(w, f))
        assert_memory_equal(w->out, w->known[i] + at, n);
    hlthunk_fence_unref(f);
}

/* The same bytes from another queue, which may be nobody else's, on. */
static void change_queue(struct worker *w)
{
    struct hlthunk_queue_options o = { .struct_size = sizeof(o), .depth = 1 + below(w, 3) };
    struct hlthunk_queue *next;
    struct hlthunk_fence *f;

    if (!went(w, hlthunk_queue_create_fence(w->q, NULL, &f)))
        return;
    if (below(w, 4))
        next = hlthunk_queue_ref(w->s->q[below(w, QUEUES)]);
    else if (!went(w, hlthunk_queue_create(w->s->d, &o, &next)))
        next = hlthunk_queue_ref(w->q);
    went(w, hlthunk_queue_wait_fence(next, f, NULL));
    hlthunk_fence_unref(f);
    hlthunk_queue_unref(w->q);
    w->q = next;
}

/* Another buffer, while the first may be in use. */
static void change_buffer(struct worker *w, unsigned i)
{
    struct hlthunk_buffer *b;

    if (!went(w, hlthunk_buffer_alloc(w->s->d, AREA, NULL, &b)))
        return;
    went(w, hlthunk_queue_copy(w->q, b, 0, w->b[i], 0, AREA));
    hlthunk_buffer_unref(w->b[i]);
    w->b[i] = b;
}

static void step(struct worker *w)
{
    unsigned i = below(w, 2);

    switch (below(w, 16)) {
    case 0:
    case 1:
        change_queue(w);
        break;
    case 2:
        change_buffer(w, i);
        break;
    case 3:
    case 4:
        read_back(w, i);
        break;
    case 5:
        went(w, hlthunk_queue_flush(w->q));
        break;
    case 6:
    case 7:
    case 8:
        fill(w, i);
        break;
    case 9:
    case 10:
    case 11:
        write_some(w, i);
        break;
    default:
        copy(w, i);
    }
}

static void *work(void *arg)
{
    struct worker *w = arg;
    const char *steps = getenv("TEST_STEPS");

    w->q = hlthunk_queue_ref(w->s->q[0]);
    for (unsigned i = 0; i < 2; i++) {
        if (went(w, hlthunk_buffer_alloc(w->s->d, AREA, NULL, &w->b[i])))
            went(w, hlthunk_queue_fill(w->q, w->b[i], 0, AREA, 0, 1));
    }
    for (unsigned n = steps ? (unsigned)strtoul(steps, NULL, 0) : 500; n && !w->lost; n--)
        step(w);
    for (unsigned i = 0; i < 2; i++) {
        if (!w->lost && went(w, hlthunk_queue_read_sync(w->q, w->out, w->b[i], 0, AREA)))
            assert_memory_equal(w->out, w->known[i], AREA);
        hlthunk_buffer_unref(w->b[i]);
    }
    hlthunk_queue_unref(w->q);
    return NULL;
}

TEST(queues_are_shared)
{
    const char *seed = getenv("TEST_SEED");
    struct worker *w = calloc(THREADS, sizeof(*w));
    struct shared s = { .d = open_device(), .event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
    unsigned asked = 0, signals = 0, lost = 0;
    pthread_t t[THREADS];
    uint64_t came = 0;

    for (unsigned i = 0; i < QUEUES; i++)
        ok(hlthunk_queue_create(s.d, NULL, &s.q[i]));
    for (unsigned i = 0; i < THREADS; i++) {
        w[i].s = &s;
        w[i].random = (seed ? strtoul(seed, NULL, 0) : 1) * 1000 + i;
        assert_int_equal(pthread_create(&t[i], NULL, work, &w[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(t[i], NULL);
        asked += w[i].asked;
        signals += w[i].signals;
        lost += w[i].lost;
    }
    for (unsigned i = 0; i < QUEUES; i++)
        hlthunk_queue_unref(s.q[i]);
    assert_int_equal(hlthunk_device_close(s.d), 0);
    assert_int_equal(atomic_load(&s.told), asked);
    assert_int_equal(read(s.event, &came, sizeof(came)), signals ? (int)sizeof(came) : -1);
    assert_int_equal(came, signals);
    close(s.event);
    assert_int_equal(lost, getenv("TEST_RESET") ? THREADS : 0);
    s.d = open_device();
    assert_int_equal(hlthunk_device_close(s.d), 0);
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(queues_are_shared) };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
