/* SPDX-License-Identifier: MIT */
/* A signal every millisecond, whose handler does not have calls restarted: no wait ends early with
 * it. */
#include "tests/sim/support.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define WAIT_NS 100000000 /* a hundred signals */

static volatile sig_atomic_t signals;
static struct hlthunk_device *d;
static int sockets[2];

static void count(int number)
{
    (void)number;
    signals++;
}

static void every_us(unsigned us)
{
    const struct timeval t = { .tv_usec = us };
    const struct itimerval i = { .it_interval = t, .it_value = t };

    assert_int_equal(setitimer(ITIMER_REAL, &i, NULL), 0);
}

FIXTURE(storm)
{
    struct sigaction a = { .sa_handler = count };

    d = open_device();
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), 0);
    assert_int_equal(sigaction(SIGALRM, &a, NULL), 0);
    signals = 0;
    every_us(1000);
    return 0;
}

FIXTURE(calm)
{
    every_us(0);
    close(sockets[0]);
    close(sockets[1]);
    assert_true(signals > 0);
    assert_int_equal(hlthunk_device_close(d), 0);
    return 0;
}

TEST(nothing_comes)
{
    struct hlthunk_event e = { .struct_size = sizeof(e) };
    struct hlthunk_event_notifier *n;
    struct hlthunk_device *other;
    struct hlthunk_dmabuf *m;
    size_t received;

    assert_int_equal(hlthunk_dmabuf_receive(sockets[0], &m, 1, &received, WAIT_NS), -ETIMEDOUT);
    assert_int_equal(hlthunk_device_receive(sockets[0], &other, WAIT_NS), -ETIMEDOUT);
    if (hlthunk_event_notifier_create(d, NULL, &n) == 0) {
        /* so documented: a program may wait for signals, too */
        assert_int_equal(hlthunk_event_notifier_wait(n, -1, &e), -EINTR);
        hlthunk_event_notifier_unref(n);
    } else {
        assert_true(on_kernel("6.1"));
    }
}

TEST(a_device_stays_busy)
{
    const struct hlthunk_device_options o = { .struct_size = sizeof(o), .timeout_ns = WAIT_NS };
    struct hlthunk_device *other;
    const char *said;
    unsigned ms = 0;

    assert_int_equal(hlthunk_device_open(&o, &other), -EBUSY);
    said = strstr(hlthunk_last_error(), "waited for ");
    assert_non_null(said);
    assert_int_equal(sscanf(said, "waited for %u", &ms), 1);
    assert_true(ms >= WAIT_NS / 1000000);
}

TEST(work_is_waited_for)
{
    static char in[MIB], out[MIB];
    struct hlthunk_buffer *b;
    struct hlthunk_fence *f;
    struct hlthunk_queue *q;

    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
    ok(hlthunk_queue_create(d, NULL, &q));
    for (unsigned i = 0; i < 20; i++) {
        memset(in, (int)i, sizeof(in));
        ok(hlthunk_queue_write(q, b, 0, in, sizeof(in)));
        ok(hlthunk_queue_create_fence(q, NULL, &f));
        ok(hlthunk_fence_wait(f, -1));
        ok(hlthunk_queue_read_sync(q, out, b, 0, sizeof(out)));
        assert_memory_equal(in, out, sizeof(in));
        hlthunk_fence_unref(f);
    }
    hlthunk_queue_unref(q);
    hlthunk_buffer_unref(b);
}

TEST(memory_and_messages)
{
    for (unsigned i = 0; i < 50; i++) {
        struct hlthunk_buffer *b, *h;
        struct hlthunk_dmabuf *m, *copy;
        size_t received;

        ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
        ok(hlthunk_buffer_alloc_host(d, MIB, NULL, &h));
        if (can_export()) {
            ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
            ok(hlthunk_dmabuf_send(sockets[1], &m, 1, -1));
            ok(hlthunk_dmabuf_receive(sockets[0], &copy, 1, &received, -1));
            ok(hlthunk_dmabuf_wait(copy, HLTHUNK_ACCESS_READ, WAIT_NS));
            hlthunk_dmabuf_unref(copy);
            hlthunk_dmabuf_unref(m);
        }
        hlthunk_buffer_unref(h);
        hlthunk_buffer_unref(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_comes, storm, calm),
        cmocka_unit_test_setup_teardown(a_device_stays_busy, storm, calm),
        cmocka_unit_test_setup_teardown(work_is_waited_for, storm, calm),
        cmocka_unit_test_setup_teardown(memory_and_messages, storm, calm),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
