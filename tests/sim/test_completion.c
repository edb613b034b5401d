/* SPDX-License-Identifier: MIT */
/* The end of submissions and interrupts through eventfds: results, many at once, cancelling. */
#include "tests/clock.h"
#include "tests/sim/support.h"
#include "tests/work/work.h"

#include <dirent.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 30000

static struct work w;
static struct hlthunk_device *d;

FIXTURE(set_up)
{
    work_open(&w);
    ok(hlthunk_device_from_fd(w.fd, &d));
    return 0;
}

FIXTURE(tear_down)
{
    if (d)
        hlthunk_device_unref(d);
    d = NULL;
    close(w.fd);
    return 0;
}

static unsigned count_threads(void)
{
    DIR *t = opendir("/proc/self/task");
    unsigned n = 0;

    while (t && readdir(t))
        n++;
    if (t)
        closedir(t);
    return n;
}

static int poll_one(int fd, int ms)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };

    return poll(&p, 1, ms);
}

static struct hlthunk_completion_result result_of(struct hlthunk_completion *c)
{
    struct hlthunk_completion_result r = { .struct_size = sizeof(r), .status = 99 };

    ok(hlthunk_completion_get_result(c, &r));
    return r;
}

/* A submission that is done at once; the command buffer must outlive it. */
static uint64_t nop(struct work_cb *cb, uint32_t flags)
{
    union hl_cs_args a;
    int rc;

    if (!cb->mem) {
        work_cb(&w, cb, 4096);
        work_nop(cb);
    }
    do {
        memset(&a, 0, sizeof(a));
        rc = work_try_submit(&w, w.down, cb, flags, &a);
        if (rc == -EAGAIN)
            usleep(1000);
    } while (rc == -EAGAIN);
    assert_int_equal(rc, 0);
    return a.out.seq;
}

/* One that waits for a fence that nobody sets. */
static uint64_t stuck(struct work_cb *cb, uint32_t flags, uint32_t timeout_s)
{
    union hl_cs_args a = { .in = { .timeout = timeout_s } };

    if (!cb->mem) {
        work_cb(&w, cb, 4096);
        work_fence(cb, 3);
    }
    assert_int_equal(work_try_submit(&w, w.asic == WORK_GAUDI ? 5 : w.up, cb, flags, &a), 0);
    return a.out.seq;
}

TEST(a_submission_is_told)
{
    struct work_cb cb = { 0 };
    uint64_t seq = nop(&cb, HL_CS_FLAGS_TIMESTAMP), count = 0;
    struct hlthunk_completion_result r;
    struct hlthunk_completion *c;

    ok(hlthunk_completion_create_for_submissions(d, &seq, 1, NULL, &c));
    assert_int_equal(poll_one(hlthunk_completion_borrow_fd(c), PATIENCE_MS), 1);
    r = result_of(c);
    assert_int_equal(r.status, HLTHUNK_COMPLETION_DONE);
    assert_int_equal(r.error, 0);
    assert_true(r.timestamp_ns > 0);
    assert_int_equal(r.struct_size, sizeof(r));
    ok(hlthunk_completion_wait(c, 0));
    assert_int_equal(read(hlthunk_completion_borrow_fd(c), &count, 8), 8);
    assert_int_equal(count, 1);
    /* it holds the device */
    assert_ptr_equal(hlthunk_completion_ref(c), c);
    hlthunk_completion_unref(c);
    assert_int_not_equal(hlthunk_device_close(hlthunk_device_ref(d)), 0);
    hlthunk_completion_unref(c);
    hlthunk_completion_unref(NULL);
    work_cb_free(&w, &cb);
}

TEST(several_are_told_together)
{
    struct work_cb cb = { 0 };
    struct hlthunk_completion *c;
    uint64_t seq[20];

    for (int i = 0; i < 20; i++)
        seq[i] = nop(&cb, HL_CS_FLAGS_TIMESTAMP);
    ok(hlthunk_completion_create_for_submissions(d, seq, 20, NULL, &c));
    ok(hlthunk_completion_wait(c, PATIENCE_MS * INT64_C(1000000)));
    assert_int_equal(poll_one(hlthunk_completion_borrow_fd(c), 0), 1);
    assert_int_equal(result_of(c).status, HLTHUNK_COMPLETION_DONE);
    hlthunk_completion_unref(c);
    work_cb_free(&w, &cb);
}

/* A signal that a queue gives is a submission, too. */
TEST(a_signal_is_told)
{
    struct hlthunk_signal_in in = { .queue_index = w.down };
    struct hlthunk_signal_out out = { 0 };
    struct hlthunk_completion *c;

    if (on_asic("goya"))
        skip(); /* has none */
    ok(hlthunk_signal_submission(w.fd, &in, &out));
    ok(hlthunk_completion_create_for_submissions(d, &out.seq, 1, NULL, &c));
    ok(hlthunk_completion_wait(c, PATIENCE_MS * INT64_C(1000000)));
    assert_int_equal(result_of(c).status, HLTHUNK_COMPLETION_DONE);
    hlthunk_completion_unref(c);
}

/* One eventfd of the caller's for hundreds, and a handful of threads. */
TEST(many_at_once)
{
    enum { N = 300 };
    struct hlthunk_completion_options o = { .struct_size = sizeof(o),
                                            .eventfd = eventfd(0, EFD_CLOEXEC) };
    static struct hlthunk_completion *c[N];
    unsigned threads = count_threads(), fds = count_fds();
    struct work_cb cb = { 0 };
    uint64_t count, total = 0;

    assert_true(o.eventfd > 2);
    for (int i = 0; i < N; i++) {
        uint64_t seq = nop(&cb, HL_CS_FLAGS_TIMESTAMP);

        ok(hlthunk_completion_create_for_submissions(d, &seq, 1, &o, &c[i]));
        assert_int_equal(hlthunk_completion_borrow_fd(c[i]), o.eventfd);
    }
    assert_true(count_threads() <= threads + 8); /* four, and what a sanitizer has of its own */
    /* the command buffer's, and for a moment what a thread reads of an eventfd: not one each */
    assert_true(count_fds() <= fds + 1 + 2 * 8);
    while (total < N) {
        assert_int_equal(poll_one(o.eventfd, PATIENCE_MS), 1);
        assert_int_equal(read(o.eventfd, &count, 8), 8);
        total += count;
    }
    assert_int_equal(total, N);
    for (int i = 0; i < N; i++) {
        assert_int_equal(result_of(c[i]).status, HLTHUNK_COMPLETION_DONE);
        hlthunk_completion_unref(c[i]);
    }
    close(o.eventfd);
    work_cb_free(&w, &cb);
}

static double cpu_seconds(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* Pending ones sleep, do not hold up those behind them, and are cancelled soon. */
TEST(waiting_costs_little)
{
    enum { N = 12 };
    struct hlthunk_completion *c[N], *after;
    struct work_cb cb = { 0 }, quick = { 0 };
    double cpu;
    uint64_t start, seq;

    if (in_rig())
        skip(); /* the driver resets a device whose queues stand still */
    for (int i = 0; i < N; i++) {
        seq = stuck(&cb, 0, 0);
        ok(hlthunk_completion_create_for_submissions(d, &seq, 1, NULL, &c[i]));
    }
    cpu = cpu_seconds();
    usleep(1000000);
    cpu = cpu_seconds() - cpu;
    if (cpu > 0.4)
        fail_msg("%g s of a processor in 1 s of waiting", cpu);
    assert_int_equal(result_of(c[0]).status, HLTHUNK_COMPLETION_PENDING);
    assert_int_equal(result_of(c[N - 1]).status, HLTHUNK_COMPLETION_PENDING);
    assert_int_equal(poll_one(hlthunk_completion_borrow_fd(c[0]), 0), 0);
    refused(hlthunk_completion_wait(c[0], 20000000), ETIMEDOUT, "not complete");
    /* every thread has one of these; a later submission overtakes them */
    seq = nop(&quick, 0);
    ok(hlthunk_completion_create_for_submissions(d, &seq, 1, NULL, &after));
    ok(hlthunk_completion_wait(after, PATIENCE_MS * INT64_C(1000000)));
    assert_int_equal(result_of(after).status, HLTHUNK_COMPLETION_DONE);
    hlthunk_completion_unref(after);
    start = now_ms();
    for (int i = 0; i < N; i++)
        hlthunk_completion_unref(c[i]);
    if (now_ms() - start > 10000)
        fail_msg("cancelling %d took %u ms", N, (unsigned)(now_ms() - start));
    /* the device is free at once: no thread is in it any more */
    munmap(cb.mem, cb.size);
    munmap(quick.mem, quick.size);
    assert_int_equal(hlthunk_device_close(d), 0);
    d = NULL;
}

/* The driver resets the device then: now and then that is seen first, often on a busy machine. */
static void its_own_timeout_is_told(void **state)
{
    enum hlthunk_completion_status status = HLTHUNK_COMPLETION_PENDING;

    if (in_rig())
        skip();
    for (int i = 0; i < 30 && status != HLTHUNK_COMPLETION_TIMED_OUT; i++) {
        struct work_cb cb = { 0 };
        uint64_t seq = stuck(&cb, HL_CS_FLAGS_CUSTOM_TIMEOUT, 1);
        struct hlthunk_completion_result r;
        struct hlthunk_completion *c;

        ok(hlthunk_completion_create_for_submissions(d, &seq, 1, NULL, &c));
        assert_int_equal(poll_one(hlthunk_completion_borrow_fd(c), PATIENCE_MS), 1);
        r = result_of(c);
        status = r.status;
        if (status == HLTHUNK_COMPLETION_TIMED_OUT)
            assert_int_equal(r.error, -ETIMEDOUT);
        else
            assert_int_equal(status, HLTHUNK_COMPLETION_LOST);
        hlthunk_completion_unref(c);
        munmap(cb.mem, cb.size); /* a mapped one would keep the device open */
        tear_down(state);
        set_up(state);
    }
    assert_int_equal(status, HLTHUNK_COMPLETION_TIMED_OUT);
    assert_string_equal(hlthunk_completion_status_get_name(status), "timed out");
}

TEST(a_reset_ends_all)
{
    struct hlthunk_completion *c[8];
    struct work_cb cb = { 0 };
    uint64_t seq;

    if (in_rig())
        skip(); /* tests/rig/test_hard.c */
    for (int i = 0; i < 8; i++) {
        seq = stuck(&cb, 0, 0);
        ok(hlthunk_completion_create_for_submissions(d, &seq, 1, NULL, &c[i]));
    }
    assert_int_equal(system("\"$HLSIM_PROGRAM\" ctl reset 0"), 0);
    for (int i = 0; i < 8; i++) {
        struct hlthunk_completion_result r;

        assert_int_equal(poll_one(hlthunk_completion_borrow_fd(c[i]), PATIENCE_MS), 1);
        r = result_of(c[i]);
        /* whichever thread learnt of it first */
        if (r.status == HLTHUNK_COMPLETION_ABORTED)
            assert_int_equal(r.error, -EIO);
        else
            assert_int_equal(r.status, HLTHUNK_COMPLETION_LOST);
        if (r.status == HLTHUNK_COMPLETION_LOST)
            assert_int_equal(r.error, -ENODEV);
    }
    assert_int_equal(hlthunk_device_get_stale_reason(d), HLTHUNK_STALE_RESET);
    for (int i = 0; i < 8; i++)
        hlthunk_completion_unref(c[i]);
    munmap(cb.mem, cb.size);
    refused(hlthunk_completion_create_for_submissions(d, &seq, 1, NULL, &c[0]), ENODEV,
            "reset or removed");
    assert_int_equal(hlthunk_device_close(d), 0);
    d = NULL;
}

static struct hlthunk_completion *to_release;
static atomic_uint released;

static void release_it(enum hlthunk_log_level level, const char *message, void *device)
{
    (void)level;
    if (!strstr(message, "is being reset"))
        return;
    hlthunk_completion_unref(to_release);
    if (device)
        hlthunk_device_unref(device);
    atomic_fetch_add(&released, 1);
}

/* The message comes on the thread that waits: its receiver may release what is waited for. */
TEST(a_receiver_releases_it)
{
    for (unsigned last = 0; last < 2; last++) {
        struct work_cb cb = { 0 };
        uint64_t seq = stuck(&cb, 0, 0);
        unsigned threads = count_threads();

        if (in_rig())
            skip();
        ok(hlthunk_completion_create_for_submissions(d, &seq, 1, NULL, &to_release));
        atomic_store(&released, 0);
        hlthunk_log_set(release_it, last ? d : NULL, HLTHUNK_LOG_WARNING);
        assert_int_equal(system("\"$HLSIM_PROGRAM\" ctl reset 0"), 0);
        for (int i = 0; i < PATIENCE_MS && !atomic_load(&released); i++)
            usleep(1000);
        assert_int_equal(atomic_load(&released), 1);
        hlthunk_log_set(NULL, NULL, HLTHUNK_LOG_WARNING);
        if (last)
            d = NULL; /* with the device its thread has ended */
        for (int i = 0; last && i < PATIENCE_MS && count_threads() != threads; i++)
            usleep(1000);
        if (last)
            assert_int_equal(count_threads(), threads);
        munmap(cb.mem, cb.size);
        tear_down(NULL);
        set_up(NULL);
    }
}

/* Gaudi2: a queue writes the word and the interrupt's number. */
TEST(an_interrupt_is_told)
{
    struct hlthunk_completion *c, *at_once, *never;
    struct work_cb cb;
    uint32_t interrupt = w.ip.first_available_interrupt_id + 3u;
    uint64_t *word = NULL, va, seq;
    void *p = NULL;

    assert_int_equal(posix_memalign(&p, 4096, 4096), 0);
    word = memset(p, 0, 4096);
    if (!on_asic("gaudi2")) {
        refused(hlthunk_completion_create_for_interrupt(d, interrupt, word, 5, NULL, &c),
                EOPNOTSUPP, "no interrupts");
        free(p);
        return;
    }
    va = work_map(&w, word, 4096);
    ok(hlthunk_completion_create_for_interrupt(d, interrupt, word, 0, NULL, &at_once));
    assert_int_equal(result_of(at_once).status, HLTHUNK_COMPLETION_DONE);
    ok(hlthunk_completion_create_for_interrupt(d, interrupt, word, 5, NULL, &c));
    ok(hlthunk_completion_create_for_interrupt(d, interrupt, word + 1, 1, NULL, &never));
    assert_int_equal(poll_one(hlthunk_completion_borrow_fd(c), 100), 0);
    work_cb(&w, &cb, 4096);
    work_msg(&cb, va, 5, false);
    work_msg(&cb, 0x1000007FF8000000 + 0x4C02948, interrupt, true);
    seq = work_submit(&w, w.down, &cb);
    assert_int_equal(poll_one(hlthunk_completion_borrow_fd(c), PATIENCE_MS), 1);
    assert_int_equal(result_of(c).status, HLTHUNK_COMPLETION_DONE);
    assert_int_equal(*word, 5);
    assert_int_equal(result_of(never).status, HLTHUNK_COMPLETION_PENDING);
    work_wait(&w, seq);
    hlthunk_completion_unref(never);
    hlthunk_completion_unref(at_once);
    hlthunk_completion_unref(c);
    refused(hlthunk_completion_create_for_interrupt(d, 0xffc, word, 9, NULL, &c), EINVAL,
            "interrupt");
    refused(hlthunk_completion_create_for_interrupt(d, 0x1000, word, 9, NULL, &c), EINVAL, "above");
    refused(hlthunk_completion_create_for_interrupt(d, interrupt, NULL, 9, NULL, &c), EINVAL,
            "NULL");
    refused(hlthunk_completion_create_for_interrupt(d, interrupt, (uint64_t *)((char *)p + 4), 9,
                                                    NULL, &c),
            EINVAL, "multiple of 8");
    work_cb_free(&w, &cb);
    work_unmap(&w, va);
    free(p);
}

/* One that watches so much that what /proc says of it is long. */
static int epoll_of_many(int watched)
{
    struct epoll_event e = { .events = EPOLLIN };
    int epoll = epoll_create1(EPOLL_CLOEXEC), fd[64];

    for (unsigned i = 0; i < 64; i++) {
        fd[i] = dup(watched);
        assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, fd[i], &e), 0);
    }
    for (unsigned i = 0; i < 64; i++)
        close(fd[i]); /* it is watched as long as the original is open */
    return epoll;
}

TEST(bad_input)
{
    struct hlthunk_completion_options bad = { .struct_size = sizeof(bad), .eventfd = 12345 };
    struct hlthunk_device_options control = { .struct_size = sizeof(control), .control = true };
    struct hlthunk_completion *c = NULL, *good;
    struct hlthunk_completion_result r = { .struct_size = 4 };
    struct hlthunk_device *monitor;
    struct work_cb cb = { 0 };
    uint64_t seq = nop(&cb, 0), future = seq + 1000;
    unsigned fds = count_fds();
    int ends[2];

    refused(hlthunk_completion_create_for_submissions(NULL, &seq, 1, NULL, &c), EINVAL, "device");
    refused(hlthunk_completion_create_for_submissions(d, NULL, 1, NULL, &c), EINVAL,
            "sequences is NULL");
    refused(hlthunk_completion_create_for_submissions(d, &seq, 0, NULL, &c), EINVAL, "count is 0");
    refused(hlthunk_completion_create_for_submissions(d, &seq, SIZE_MAX / 8, NULL, &c), ENOMEM,
            "memory");
    refused(hlthunk_completion_create_for_submissions(d, &seq, 1, NULL, NULL), EINVAL,
            "completion");
    refused(hlthunk_completion_create_for_submissions(d, &future, 1, NULL, &c), EINVAL,
            "never submitted");
    refused(hlthunk_completion_create_for_submissions(d, &seq, 1, &bad, &c), EBADF, "not open");
    assert_int_equal(pipe(ends), 0);
    bad.eventfd = ends[1];
    refused(hlthunk_completion_create_for_submissions(d, &seq, 1, &bad, &c), EINVAL,
            "not an eventfd");
    bad.eventfd = epoll_of_many(ends[0]);
    refused(hlthunk_completion_create_for_submissions(d, &seq, 1, &bad, &c), EINVAL,
            "not an eventfd");
    close(bad.eventfd);
    close(ends[0]);
    close(ends[1]);
    ok(hlthunk_device_open(&control, &monitor));
    refused(hlthunk_completion_create_for_submissions(monitor, &seq, 1, NULL, &c), EPERM,
            "control");
    hlthunk_device_unref(monitor);
    assert_null(c);
    assert_int_equal(count_fds(), fds);
    ok(hlthunk_completion_create_for_submissions(d, &seq, 1, NULL, &good));
    refused(hlthunk_completion_get_result(good, &r), EINVAL, "size");
    refused(hlthunk_completion_get_result(good, NULL), EINVAL, "result is NULL");
    refused(hlthunk_completion_get_result(NULL, &r), EINVAL, "completion is NULL");
    hlthunk_completion_unref(good);
    assert_string_equal(hlthunk_completion_status_get_name((enum hlthunk_completion_status)77),
                        "unknown");
    work_cb_free(&w, &cb);
}

TEST(a_child_has_none)
{
    struct work_cb cb = { 0 };
    struct hlthunk_completion *c;
    uint64_t seq;
    int status;
    pid_t pid;

    if (in_rig())
        skip();
    seq = stuck(&cb, 0, 0);
    ok(hlthunk_completion_create_for_submissions(d, &seq, 1, NULL, &c));
    pid = fork();
    if (pid == 0) {
        struct hlthunk_completion_result r = { .struct_size = sizeof(r) };
        struct hlthunk_completion *none = NULL;
        int bad = hlthunk_completion_get_result(c, &r) != -EPERM ||
                  hlthunk_completion_wait(c, 0) != -EPERM ||
                  hlthunk_completion_create_for_submissions(d, &seq, 1, NULL, &none) != -EPERM ||
                  none;

        hlthunk_completion_unref(c);
        hlthunk_device_unref(d);
        _exit(bad);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(result_of(c).status, HLTHUNK_COMPLETION_PENDING);
    hlthunk_completion_unref(c);
    munmap(cb.mem, cb.size);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

SUITE(completion)
{
    const struct CMUnitTest tests[] = {
        CASE(a_submission_is_told), CASE(several_are_told_together), CASE(a_signal_is_told),
        CASE(many_at_once),         CASE(an_interrupt_is_told),      CASE(bad_input),
        CASE(waiting_costs_little), CASE(its_own_timeout_is_told),   CASE(a_child_has_none),
        CASE(a_reset_ends_all),     CASE(a_receiver_releases_it),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
