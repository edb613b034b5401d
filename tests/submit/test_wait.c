/* SPDX-License-Identifier: MIT */
/* The WAIT ioctl: numbers, several at once, interrupts, timestamps. */
#include "tests/submit/bench.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const char *const asics[] = { "goya", "gaudi", "gaudi2" };

#define EACH(b)                                                                                    \
    for (unsigned a_ = 0; a_ < 3; a_++)                                                            \
        for (struct bench *b = bench_new(asics[a_], HL_GENERATION_DRM); b; bench_free(b), b = NULL)

TEST(numbers)
{
    EACH (b) {
        union hl_wait_cs_args w;
        uint8_t p[16];

        assert_int_equal(wait_seq(b, 0, 0, &w), 0);
        assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
        assert_int_equal(w.out.flags, HL_WAIT_CS_STATUS_FLAG_GONE);
        assert_int_equal(wait_seq(b, 1, 1000, &w), -EINVAL);
        assert_int_equal(w.out.status, 0); /* wiped: reads as completed */
        for (int i = 0; i < 70; i++)
            assert_int_equal(wait_seq(b, run(b, 0, p, put_nop(p, 0), 0), 5000000, &w), 0);
        assert_int_equal(wait_seq(b, 1, 0, &w), 0);
        assert_int_equal(w.out.flags,
                         b->call.p->asic->max_pending == 64 ? HL_WAIT_CS_STATUS_FLAG_GONE : 0);
        b->broken = true;
        memset(&w, 0x55, sizeof(w));
        w.in.flags = 0;
        assert_int_equal(sim_sub_wait(&b->call, &w), -EBUSY);
        assert_int_equal(((unsigned char *)&w)[0], 0x55); /* untouched */
        b->broken = false;
        sim_sub_abort_waits(&b->call);
        assert_int_equal(wait_seq(b, 70, 0, &w), -EBUSY);
        sim_sub_open(b->s, b->call.p);
        assert_int_equal(wait_seq(b, 0, 0, &w), 0);
    }
}

TEST(timestamps)
{
    EACH (b) {
        union hl_wait_cs_args w;
        int64_t t0 = b->call.env->now_ns(b), t1;
        uint8_t p[16];
        uint64_t seq = run(b, 0, p, put_nop(p, 0), HL_CS_FLAGS_TIMESTAMP);

        assert_int_equal(wait_seq(b, seq, 5000000, &w), 0);
        t1 = b->call.env->now_ns(b);
        assert_int_equal(w.out.flags, HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD);
        assert_uint_in_range(w.out.timestamp_nsec, t0, t1);
        for (int i = 0; i < 70; i++)
            assert_int_equal(wait_seq(b, run(b, 0, p, put_nop(p, 0), 0), 5000000, &w), 0);
        if (b->call.p->asic->max_pending == 64) {
            /* the fence is gone, the outcome is remembered: once */
            assert_int_equal(wait_seq(b, seq, 0, &w), 0);
            assert_int_equal(w.out.flags, HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD);
            assert_int_equal(wait_seq(b, seq, 0, &w), 0);
            assert_int_equal(w.out.flags, HL_WAIT_CS_STATUS_FLAG_GONE);
        }
    }
}

/* An outcome takes the place of one that was told already, before that of the oldest. */
TEST(outcomes_are_kept)
{
    struct bench *b = bench_new("goya", HL_GENERATION_DRM);
    union hl_wait_cs_args w;
    uint8_t p[16];

    for (uint64_t i = 1; i <= 400; i++) {
        uint64_t seq = run(b, 0, p, put_nop(p, 0), HL_CS_FLAGS_TIMESTAMP);

        assert_int_equal(wait_seq(b, seq, 5000000, &w), 0);
        if (i <= 71)
            continue;
        assert_int_equal(wait_seq(b, seq - 70, 0, &w), 0);
        assert_int_equal(w.out.flags, HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD);
    }
    assert_int_equal(wait_seq(b, 1, 0, &w), 0);
    assert_int_equal(w.out.flags, HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD);
    /* 256 that nobody asks for: the oldest is lost to the next */
    for (uint64_t i = 401; i <= 657; i++)
        assert_int_equal(
            wait_seq(b, run(b, 0, p, put_nop(p, 0), HL_CS_FLAGS_TIMESTAMP), 5000000, &w), 0);
    assert_int_equal(wait_seq(b, 401, 0, &w), 0);
    assert_int_equal(w.out.flags, HL_WAIT_CS_STATUS_FLAG_GONE);
    assert_int_equal(wait_seq(b, 402, 0, &w), 0);
    assert_int_equal(w.out.flags, HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD);
    bench_free(b);
}

/* What was refused has not run: later kernels have no time for it. */
TEST(timestamp_of_a_refused_submission)
{
    static const enum hl_generation kernels[] = { HL_GENERATION_MISC, HL_GENERATION_DRM };

    for (unsigned i = 0; i < 2; i++) {
        struct bench *b = bench_new("gaudi", kernels[i]);
        struct hl_cs_chunk bad = { .queue_index = 1000 };
        union hl_cs_args args = { 0 };
        union hl_wait_cs_args w;

        assert_int_equal(submit(b, &bad, 1, HL_CS_FLAGS_TIMESTAMP, &args), -EINVAL);
        assert_int_equal(wait_seq(b, 1, 0, &w), 0);
        assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
        assert_int_equal(w.out.flags, i ? 0 : HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD);
        bench_free(b);
    }
}

static void on_signal(int sig)
{
    (void)sig;
}

static pthread_t waiter;

static void *poke(void *arg)
{
    bool *stop = arg;

    while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
        usleep(5000);
        pthread_kill(waiter, SIGUSR1);
    }
    return NULL;
}

/* Waits for a submission that does not end, until a signal comes. */
static int interrupted_wait(enum hl_generation generation, union hl_wait_cs_args *w)
{
    struct bench *b = bench_new("gaudi", generation);
    struct sigaction sa = { .sa_handler = on_signal };
    bool stop = false;
    pthread_t t;
    uint8_t p[16];
    int rc;

    sigaction(SIGUSR1, &sa, NULL);
    waiter = pthread_self();
    *w = (union hl_wait_cs_args){ .in = { .seq = run(b, 0, p, put_fence(p, 0, 0), 0),
                                          .timeout_us = 10000000 } };
    pthread_create(&t, NULL, poke, &stop);
    rc = sim_sub_wait(&b->call, w);
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    pthread_join(t, NULL);
    bench_free(b);
    return rc;
}

TEST(signal_interrupts)
{
    union hl_wait_cs_args w;

    assert_int_equal(interrupted_wait(HL_GENERATION_DRM, &w), -EINTR);
    assert_int_equal(w.in.timeout_us, 10000000); /* the argument is as it was */
    /* 6.1 does not tell it from one whose time is over */
    assert_int_equal(interrupted_wait(HL_GENERATION_MISC, &w), 0);
    assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_BUSY);
    assert_int_equal(w.out.flags, 0);
}

static int multi(struct bench *b, const uint64_t *seq, uint8_t n, uint64_t us,
                 union hl_wait_cs_args *w)
{
    memset(w, 0, sizeof(*w));
    w->in.seq = (uintptr_t)seq;
    w->in.seq_arr_len = n;
    w->in.timeout_us = us;
    w->in.flags = HL_WAIT_CS_FLAGS_MULTI_CS;
    return sim_sub_wait(&b->call, w);
}

TEST(multi_wait)
{
    EACH (b) {
        union hl_wait_cs_args w = { .in = { .flags = HL_WAIT_CS_FLAGS_MULTI_CS } };
        uint64_t seq[33] = { 0 }, fence;
        uint8_t p[16];

        w.in.pad[6] = 1;
        assert_int_equal(sim_sub_wait(&b->call, &w), -EINVAL);
        if (a_ != 1) {
            assert_int_equal(multi(b, seq, 1, 0, &w), -EPERM);
            continue;
        }
        assert_int_equal(multi(b, seq, 33, 0, &w), -EINVAL);
        assert_int_equal(multi(b, (void *)8, 1, 0, &w), -EFAULT);
        assert_int_equal(multi(b, seq, 0, 0, &w), 0);
        assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_BUSY);
        seq[0] = run(b, 0, p, put_fence(p, 0, 0), HL_CS_FLAGS_TIMESTAMP);
        seq[1] = run(b, 1, p, put_fence(p, 0, 0), HL_CS_FLAGS_TIMESTAMP);
        seq[2] = 1000;
        assert_int_equal(multi(b, seq, 3, 0, &w), -EINVAL);
        assert_int_equal(w.in.seq_arr_len, 3); /* not wiped */
        assert_int_equal(multi(b, seq, 2, 8000, &w), 0);
        assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_BUSY);
        assert_int_equal(w.out.cs_completion_map, 0);
        fence = eng_chip(b->call.p->eng)->cfg_base + eng_fence_offset(b->call.p->eng, 1, 0);
        run(b, 4, p, put_msg(p, 0, fence, 1), 0);
        assert_int_equal(multi(b, seq, 2, 5000000, &w), 0);
        assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
        assert_int_equal(w.out.cs_completion_map, 2);
        assert_int_equal(w.out.flags, HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD);
        /* one without a timestamp among the completed: no time, and "gone" */
        seq[0] = run(b, 4, p, put_nop(p, 0), 0);
        assert_int_equal(wait_seq(b, seq[0], 5000000, &w), 0);
        assert_int_equal(multi(b, seq, 2, 0, &w), 0);
        assert_int_equal(w.out.cs_completion_map, 3);
        assert_int_equal(w.out.flags, HL_WAIT_CS_STATUS_FLAG_GONE);
    }
}

struct group {
    struct bench *b;
    uint64_t seq[2], us;
    union hl_wait_cs_args w;
    int rc;
};

static void *wait_for_group(void *arg)
{
    struct group *g = arg;

    g->rc = multi(g->b, g->seq, g->seq[1] ? 2 : 1, g->us, &g->w);
    return NULL;
}

/* Lets queue 0 go on while a thread waits for the group. */
static void release_while_waiting(struct group *g)
{
    uint64_t fence =
        eng_chip(g->b->call.p->eng)->cfg_base + eng_fence_offset(g->b->call.p->eng, 0, 0);
    pthread_t t;
    uint8_t p[16];

    pthread_create(&t, NULL, wait_for_group, g);
    while (!__atomic_load_n(&g->b->s->waiters, __ATOMIC_ACQUIRE))
        usleep(1000);
    run(g->b, 4, p, put_msg(p, 0, fence, 1), 0);
    pthread_join(t, NULL);
    assert_int_equal(g->rc, 0);
}

/* Those that wait for several are woken by the streams of submissions, which signals have not. */
TEST(multi_wait_for_a_signal)
{
    struct bench *b = bench_new("gaudi", HL_GENERATION_DRM);
    struct hl_cs_chunk k = { .queue_index = 0 };
    struct group g = { .b = b, .us = 300000 };
    union hl_cs_args sig = { 0 };
    uint8_t p[16];

    run(b, 0, p, put_fence(p, 0, 0), 0);
    assert_int_equal(submit(b, &k, 1, HL_CS_FLAGS_SIGNAL, &sig), 0);
    g.seq[0] = sig.out.seq;
    release_while_waiting(&g);
    assert_int_equal(g.w.out.status, HL_WAIT_CS_STATUS_BUSY);
    /* it has come, which a new wait sees at once */
    assert_int_equal(multi(b, g.seq, 1, 0, &g.w), 0);
    assert_int_equal(g.w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
    /* with another one of the wait's a stream is looked at, and then all of them are */
    g.seq[1] = run(b, 0, p, put_fence(p, 0, 0), 0);
    memset(&sig, 0, sizeof(sig));
    assert_int_equal(submit(b, &k, 1, HL_CS_FLAGS_SIGNAL, &sig), 0);
    g.seq[0] = sig.out.seq;
    g.us = 5000000;
    release_while_waiting(&g);
    assert_int_equal(g.w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
    assert_int_equal(g.w.out.cs_completion_map & 2, 2);
    /* with one of another stream than those that go on, nothing is */
    g.seq[1] = run(b, 5, p, put_fence(p, 0, 0), 0);
    run(b, 0, p, put_fence(p, 0, 0), 0);
    memset(&sig, 0, sizeof(sig));
    assert_int_equal(submit(b, &k, 1, HL_CS_FLAGS_SIGNAL, &sig), 0);
    g.seq[0] = sig.out.seq;
    g.us = 300000;
    release_while_waiting(&g);
    assert_int_equal(g.w.out.status, HL_WAIT_CS_STATUS_BUSY);
    bench_free(b);
}

static int irq(struct bench *b, uint32_t id, uint32_t flags, uint64_t addr, uint64_t offset,
               uint64_t target, uint64_t us, union hl_wait_cs_args *w)
{
    memset(w, 0, sizeof(*w));
    w->in.flags = HL_WAIT_CS_FLAGS_INTERRUPT | flags | id << 20;
    w->in.addr = addr;
    w->in.cq_counters_offset = offset;
    w->in.target = target;
    w->in.interrupt_timeout_us = us;
    w->in.timestamp_handle = STAMPS;
    w->in.timestamp_offset = 3;
    return sim_sub_wait(&b->call, w);
}

TEST(which_interrupts)
{
    for (unsigned k = 0; k < 2; k++) {
        struct bench *b = bench_new("gaudi2", k ? HL_GENERATION_DRM : HL_GENERATION_MISC);
        union hl_wait_cs_args w;
        uint64_t value = 5;
        unsigned good = 0;

        for (uint32_t id = 0; id < 4096; id++) {
            int rc = irq(b, id, 0, (uintptr_t)&value, 0, 5, 0, &w);
            bool first = k ? id >= 48 && id <= 111 : id >= 257 && id <= 511;

            assert_int_equal(rc, id < 10 || first || id >= 0xFFE ? 0 : -EINVAL);
            good += rc == 0;
        }
        assert_int_equal(good, 12 + (k ? 64 : 255));
        bench_free(b);
    }
    for (unsigned a = 0; a < 2; a++) {
        struct bench *b = bench_new(asics[a], HL_GENERATION_DRM);
        union hl_wait_cs_args w;

        assert_int_equal(irq(b, 0, 0, 0, 0, 0, 0, &w), -EPERM);
        bench_free(b);
    }
}

TEST(user_address)
{
    struct bench *b = bench_new("gaudi2", HL_GENERATION_DRM);
    union hl_wait_cs_args w;
    uint64_t value = 4;
    uint8_t p[64];
    uint32_t n;

    assert_int_equal(irq(b, 50, 0, 8, 0, 5, 0, &w), -EFAULT);
    assert_int_equal(w.in.target, 5); /* kept on errors */
    assert_int_equal(irq(b, 50, 0, (uintptr_t)&value, 0, 5, 0, &w), 0);
    assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_BUSY);
    assert_int_equal(w.out.flags, 0);
    assert_int_equal(irq(b, 50, 0, (uintptr_t)&value, 0, 4, 0, &w), 0);
    assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
    assert_int_equal(w.out.flags, HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD);
    /* the value alone wakes nobody: the interrupt does */
    value = 9;
    n = put_msg(p, 0, eng_chip(b->call.p->eng)->cfg_base + 0x4C02948, 51);
    memset(&w, 0, sizeof(w));
    value = 4;
    run(b, 0, p, n, 0);
    assert_int_equal(irq(b, 51, 0, (uintptr_t)&value, 0, 5, 8000, &w), 0);
    assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_BUSY);
    bench_free(b);
}

/* Rings an interrupt for which a user waits. */
static void ring(struct bench *b, uint32_t id)
{
    uint8_t p[64];

    run(b, 0, p, put_msg(p, 0, eng_chip(b->call.p->eng)->cfg_base + 0x4C02948, id), 0);
}

struct waiting {
    struct bench *b;
    uint32_t irq;
    uint64_t *value;   /* of the user's; NULL: a command buffer's */
    uint64_t at_reset; /* what it is then */
    union hl_wait_cs_args w;
    int rc;
};

static void *wait_thread(void *arg)
{
    struct waiting *x = arg;

    if (x->value)
        x->rc = irq(x->b, x->irq, 0, (uintptr_t)x->value, 0, 7, 60000000, &x->w);
    else
        x->rc = irq(x->b, x->irq, HL_WAIT_CS_FLAGS_INTERRUPT_KERNEL_CQ, HANDLE(4), 2, 7, 60000000,
                    &x->w);
    return NULL;
}

/* A wait that a reset ends. */
static void wait_until_reset(struct waiting *x)
{
    pthread_t t;

    pthread_create(&t, NULL, wait_thread, x);
    while (!__atomic_load_n(&x->b->s->waiters, __ATOMIC_ACQUIRE))
        usleep(1000);
    if (x->value)
        *x->value = x->at_reset;
    sim_sub_abort_all(&x->b->call, true);
    pthread_join(t, NULL);
}

static void kernel_cq(uint64_t doorbell)
{
    struct bench *b = bench_new("gaudi2", HL_GENERATION_DRM);
    const uint32_t cq = HL_WAIT_CS_FLAGS_INTERRUPT_KERNEL_CQ;
    struct waiting x = { .b = b, .irq = 60 };
    union hl_wait_cs_args w;
    uint64_t seven = 7;
    pthread_t t;
    uint8_t p[64];

    assert_int_equal(irq(b, 60, cq, HANDLE(100), 0, 1, 0, &w), -EINVAL);
    assert_int_equal(irq(b, 60, cq, HANDLE(4), 512, 1, 0, &w), -EINVAL);
    assert_int_equal(irq(b, 60, cq, HANDLE(4), 511, 1, 0, &w), 0);
    assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_BUSY);
    assert_int_equal(w.out.flags, HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD);
    pthread_create(&t, NULL, wait_thread, &x);
    usleep(20000);
    memcpy(b->cb[4] + 16, &seven, 8);
    run(b, 0, p, put_msg(p, 0, doorbell, 60), 0);
    pthread_join(t, NULL);
    assert_int_equal(x.rc, 0);
    assert_int_equal(x.w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
    assert_int_equal(x.w.out.flags, HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD);
    memset(b->cb[4], 0, 4096);
    wait_until_reset(&x);
    assert_int_equal(x.rc, -EIO);
    bench_free(b);
}

/* The value is looked at once more: what the engines have done is done. */
TEST(a_reset_while_waiting_for_a_value)
{
    static const enum hl_generation kernels[] = { HL_GENERATION_MISC, HL_GENERATION_DRM };

    for (unsigned i = 0; i < 2; i++) {
        struct bench *b = bench_new("gaudi2", kernels[i]);
        uint64_t value = 0;
        struct waiting x = { .b = b, .irq = i ? 60 : 300, .value = &value, .at_reset = 6 };

        wait_until_reset(&x);
        assert_int_equal(x.rc, 0);
        assert_int_equal(x.w.out.status, HL_WAIT_CS_STATUS_ABORTED);
        value = 0;
        x.at_reset = 7;
        wait_until_reset(&x);
        assert_int_equal(x.rc, 0);
        assert_int_equal(x.w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
        assert_int_equal(x.w.out.flags, 0);
        bench_free(b);
    }
}

/* 6.1 looks only whether somebody has woken it. */
TEST(a_reset_completes_it_on_6_1)
{
    struct bench *b = bench_new("gaudi2", HL_GENERATION_MISC);
    struct waiting x = { .b = b, .irq = 300 };

    wait_until_reset(&x);
    assert_int_equal(x.rc, 0);
    assert_int_equal(x.w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
    assert_int_equal(x.w.out.flags, 0);
    bench_free(b);
}

static void *wait_for_user_value(void *arg)
{
    struct waiting *x = arg;

    x->rc = irq(x->b, x->irq, 0, (uintptr_t)x->value, 0, 7, 300000, &x->w);
    return NULL;
}

/* A wait for 7 with a time limit, during which an interrupt comes that finds @value. */
static void wait_with_interrupt(struct waiting *x, uint64_t value, uint32_t rings)
{
    uint64_t now = 0;
    pthread_t t;

    x->value = &now;
    pthread_create(&t, NULL, wait_for_user_value, x);
    while (!__atomic_load_n(&x->b->s->waiters, __ATOMIC_ACQUIRE))
        usleep(1000);
    now = value;
    ring(x->b, rings);
    pthread_join(t, NULL);
    assert_int_equal(x->rc, 0);
}

/* An interrupt for nothing leaves its time, and so does the one that ends a wait for its vector. */
TEST(the_time_of_an_interrupt)
{
    static const enum hl_generation kernels[] = { HL_GENERATION_MISC, HL_GENERATION_DRM };

    for (unsigned i = 0; i < 2; i++) {
        struct bench *b = bench_new("gaudi2", kernels[i]);
        const uint32_t id = i ? 60 : 300, any = i ? 0 : HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD;
        struct waiting x = { .b = b, .irq = id };

        wait_with_interrupt(&x, 6, id);
        assert_int_equal(x.w.out.status, HL_WAIT_CS_STATUS_BUSY);
        assert_int_equal(x.w.out.flags, HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD);
        wait_with_interrupt(&x, 7, id);
        assert_int_equal(x.w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
        assert_int_equal(x.w.out.flags, HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD);
        /* later kernels note it in the vector's place only, and "any" has none */
        x.irq = 0xFFF;
        wait_with_interrupt(&x, 7, id);
        assert_int_equal(x.w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
        assert_int_equal(x.w.out.flags, any);
        bench_free(b);
    }
}

TEST(a_registered_time_of_any_interrupt)
{
    static const enum hl_generation kernels[] = { HL_GENERATION_MISC, HL_GENERATION_DRM };
    const uint32_t reg = HL_WAIT_CS_FLAGS_INTERRUPT_KERNEL_CQ | HL_WAIT_CS_FLAGS_REGISTER_INTERRUPT;

    for (unsigned i = 0; i < 2; i++) {
        struct bench *b = bench_new("gaudi2", kernels[i]);
        union hl_wait_cs_args w;
        uint64_t five = 5;

        b->stamp[3] = 99;
        assert_int_equal(irq(b, 0xFFF, reg, HANDLE(4), 0, 5, 0, &w), 0);
        assert_int_equal(b->s->stamps, 1);
        memcpy(b->cb[4], &five, 8);
        ring(b, i ? 60 : 300);
        while (__atomic_load_n(&b->s->stamps, __ATOMIC_ACQUIRE))
            usleep(1000);
        if (i)
            assert_int_equal(b->stamp[3], 0);
        else
            assert_true(b->stamp[3] > 99);
        bench_free(b);
    }
}

/* What a postponed reset ends, no interrupt completes any more. */
TEST(a_postponed_reset_ends_registrations)
{
    struct bench *b = bench_new("gaudi2", HL_GENERATION_DRM);
    const uint32_t reg = HL_WAIT_CS_FLAGS_INTERRUPT_KERNEL_CQ | HL_WAIT_CS_FLAGS_REGISTER_INTERRUPT;
    union hl_wait_cs_args w;
    uint64_t five = 5;

    assert_int_equal(irq(b, 60, reg, HANDLE(4), 0, 5, 0, &w), 0);
    sim_sub_abort_waits(&b->call);
    assert_int_equal(b->s->stamps, 0);
    memcpy(b->cb[4], &five, 8);
    ring(b, 60);
    while (sim_sub_active(b->s, b->call.p))
        usleep(1000);
    assert_int_equal(b->stamp[3], 0);
    bench_free(b);
}

/* As a user's queue rings, as the driver's own do, and as the vendor's tests do. */
TEST(kernel_completion_queue)
{
    kernel_cq(0xFFF077FFFFFF0000);
    kernel_cq(0x1000007FF8000000 + 0x4C02948);
    kernel_cq(0x1000007FFCC17000);
}

TEST(registered_timestamps)
{
    struct bench *b = bench_new("gaudi2", HL_GENERATION_DRM);
    const uint32_t reg = HL_WAIT_CS_FLAGS_INTERRUPT_KERNEL_CQ | HL_WAIT_CS_FLAGS_REGISTER_INTERRUPT;
    union hl_wait_cs_args w;
    uint64_t five = 5;
    uint8_t p[64];
    uint32_t n;

    assert_int_equal(irq(b, 60, reg, HANDLE(4), 0, 5, 0, &w), 0);
    assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
    assert_int_equal(b->s->stamps, 1);
    assert_int_equal(irq(b, 61, reg, HANDLE(4), 0, 5, 0, &w), 0); /* the same place again */
    assert_int_equal(b->s->stamps, 1);
    n = put_msg(p, 0, eng_chip(b->call.p->eng)->cfg_base + 0x4C02948, 61);
    assert_int_equal(wait_seq(b, run(b, 0, p, n, 0), 5000000, &w), 0);
    assert_int_equal(b->stamp[3], 0); /* not reached */
    memcpy(b->cb[4], &five, 8);
    n = put_msg(p, 0, eng_chip(b->call.p->eng)->cfg_base + 0x4C02948, 60);
    assert_int_equal(wait_seq(b, run(b, 0, p, n, 0), 5000000, &w), 0);
    assert_int_equal(b->stamp[3], 0); /* another interrupt */
    n = put_msg(p, 0, eng_chip(b->call.p->eng)->cfg_base + 0x4C02948, 61);
    assert_int_equal(wait_seq(b, run(b, 0, p, n, 0), 5000000, &w), 0);
    assert_true(b->stamp[3] != 0);
    assert_int_equal(b->s->stamps, 0);
    /* reached already: at once */
    b->stamp[3] = 0;
    assert_int_equal(irq(b, 61, reg, HANDLE(4), 0, 5, 0, &w), 0);
    assert_true(b->stamp[3] != 0);
    assert_int_equal(b->s->stamps, 0);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(timestamps),
        cmocka_unit_test(outcomes_are_kept),
        cmocka_unit_test(timestamp_of_a_refused_submission),
        cmocka_unit_test(signal_interrupts),
        cmocka_unit_test(multi_wait),
        cmocka_unit_test(multi_wait_for_a_signal),
        cmocka_unit_test(which_interrupts),
        cmocka_unit_test(user_address),
        cmocka_unit_test(kernel_completion_queue),
        cmocka_unit_test(a_reset_completes_it_on_6_1),
        cmocka_unit_test(a_reset_while_waiting_for_a_value),
        cmocka_unit_test(the_time_of_an_interrupt),
        cmocka_unit_test(a_registered_time_of_any_interrupt),
        cmocka_unit_test(a_postponed_reset_ends_registrations),
        cmocka_unit_test(registered_timestamps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
