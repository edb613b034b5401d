/* SPDX-License-Identifier: MIT */
/*
 * Messages over sockets of each type, as honest and as hostile senders write them.  The descriptors
 * are of any file: what they are is checked a layer above.
 */
#include "tests/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "hlthunk/error.h"
#include "lib/share/message.h"
#include "lib/share/transport.h"
#include "tests/clock.h"
#include "tests/rights.h"

static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM };
#define EACH_TYPE(t) for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++)

static struct hl_parcel parcel;
static uint8_t message[HL_MESSAGE_MAX_BYTES + 100];
static int fds[HL_MESSAGE_MAX_ITEMS];
static int pair[2];

static unsigned count_fds(void)
{
    DIR *d = opendir("/proc/self/fd");
    unsigned n = 0;

    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

static void open_pair(size_t type, int flags)
{
    assert_int_equal(socketpair(AF_UNIX, types[type] | flags, 0, pair), 0);
}

static void close_pair(void)
{
    close(pair[0]);
    close(pair[1]);
}

static size_t encode(size_t count)
{
    struct hl_message_item items[HL_MESSAGE_MAX_ITEMS] = { { 0 } };

    for (size_t i = 0; i < count; i++) {
        items[i].identity = i + 1;
        items[i].size = 4096;
    }
    hl_message_encode(message, HL_MESSAGE_DMABUFS, items, count);
    return hl_message_bytes(count);
}

static bool same_file(int a, int b)
{
    struct stat x, y;

    return !fstat(a, &x) && !fstat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

#define refused(call, error, part)                                                                 \
    do {                                                                                           \
        int refused_rc = (call);                                                                   \
        if (refused_rc != -(error) || !strstr(hlthunk_last_error(), part))                         \
            fail_msg("%s: %d: \"%s\"", #call, refused_rc, hlthunk_last_error());                   \
    } while (0)

TEST(there_and_back)
{
    static const size_t counts[] = { 1, 2, 252, 253 };

    EACH_TYPE (t) {
        unsigned before = count_fds();

        open_pair(t, 0);
        for (size_t k = 0; k < 4; k++) {
            size_t n = encode(counts[k]);

            assert_int_equal(hl_parcel_send(pair[0], message, n, fds, counts[k], 0), 0);
            memset(&parcel, 0xff, sizeof(parcel));
            assert_int_equal(hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &parcel, 0), 0);
            assert_int_equal(parcel.bytes, n);
            assert_int_equal(parcel.fds, counts[k]);
            assert_memory_equal(parcel.data, message, n);
            for (size_t i = 0; i < counts[k]; i++) {
                assert_true(parcel.fd[i] > 2);
                assert_true(same_file(parcel.fd[i], fds[i]));
                assert_int_equal(fcntl(parcel.fd[i], F_GETFD), FD_CLOEXEC);
            }
            hl_parcel_close(&parcel);
        }
        close_pair();
        assert_int_equal(count_fds(), before);
    }
}

/* Several messages and other data on one socket: none reads into the next. */
TEST(in_step)
{
    char c;

    EACH_TYPE (t) {
        open_pair(t, 0);
        for (size_t k = 1; k < 20; k++) {
            assert_int_equal(hl_parcel_send(pair[0], message, encode(k), fds, k, 0), 0);
            assert_int_equal(send(pair[0], "x", 1, 0), 1);
        }
        for (size_t k = 1; k < 20; k++) {
            assert_int_equal(hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &parcel, 0), 0);
            assert_int_equal(parcel.fds, k);
            hl_parcel_close(&parcel);
            assert_int_equal(recv(pair[1], &c, 1, 0), 1);
            assert_int_equal(c, 'x');
        }
        close_pair();
    }
}

/* A stream cuts messages wherever it likes: byte by byte, here. */
TEST(drip)
{
    size_t n = encode(1);

    open_pair(0, 0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(send_rights(pair[0], message + i, 1, fds, i == 0), 1);
    assert_int_equal(hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &parcel, 0), 0);
    assert_memory_equal(parcel.data, message, n);
    assert_int_equal(parcel.fds, 1);
    hl_parcel_close(&parcel);
    close_pair();
}

/* Told once, and on a seqpacket socket before the message that has come. */
TEST(a_side_that_left_something_unread)
{
    for (size_t t = 0; t < 2; t++) {
        open_pair(t, 0);
        assert_int_equal(hl_parcel_send(pair[0], message, encode(2), fds, 2, 0), 0);
        assert_int_equal(write(pair[1], "x", 1), 1);
        close(pair[0]);
        assert_int_equal(hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &parcel, 0), 0);
        assert_int_equal(parcel.fds, 2);
        hl_parcel_close(&parcel);
        refused(hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &parcel, 0), EPIPE, "is closed");
        close(pair[1]);
    }
}

static void *receive_later(void *result)
{
    static struct hl_parcel p;

    usleep(20000);
    *(int *)result = hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &p, 5000000000);
    if (!*(int *)result) {
        *(int *)result = (int)p.fds;
        hl_parcel_close(&p);
    }
    return NULL;
}

/* A buffer smaller than the message: a stream is written in parts, on sockets that do not block
 * too. */
TEST(small_buffer)
{
    size_t n = encode(253);
    int bytes = 4608, got = 0;
    pthread_t thread;

    for (int flags = 0; flags < 2; flags++) {
        open_pair(0, flags ? SOCK_NONBLOCK : 0);
        assert_int_equal(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)), 0);
        assert_int_equal(pthread_create(&thread, NULL, receive_later, &got), 0);
        assert_int_equal(hl_parcel_send(pair[0], message, n, fds, 253, -1), 0);
        pthread_join(thread, NULL);
        assert_int_equal(got, 253);
        /* nobody receives */
        refused(hl_parcel_send(pair[0], message, n, fds, 253, 30000000), ETIMEDOUT,
                "close the socket");
        close_pair();
    }
    open_pair(1, 0);
    assert_int_equal(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)), 0);
    refused(hl_parcel_send(pair[0], message, n, fds, 253, 0), EMSGSIZE, "SO_SNDBUF");
    close_pair();
}

TEST(nothing_there)
{
    EACH_TYPE (t) {
        open_pair(t, 0);
        refused(hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &parcel, 10000000), ETIMEDOUT,
                "longer than 10000000 ns");
        close_pair();
        open_pair(t, SOCK_NONBLOCK);
        refused(hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &parcel, 0), EAGAIN, "not ready");
        refused(hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &parcel, 10000000), ETIMEDOUT,
                "longer than 10000000 ns");
        if (types[t] != SOCK_DGRAM) {
            close(pair[0]);
            refused(hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &parcel, 0), EPIPE, "closed");
            pair[0] = -1;
        }
        close_pair();
    }
}

TEST(full)
{
    int rc = 0;

    EACH_TYPE (t) {
        open_pair(t, SOCK_NONBLOCK);
        for (int i = 0; !rc && i < 100000; i++)
            rc = send(pair[0], "x", 1, 0) < 0 ? -errno : 0;
        assert_int_equal(rc, -EAGAIN);
        refused(hl_parcel_send(pair[0], message, encode(1), fds, 1, 0), EAGAIN, "not ready");
        refused(hl_parcel_send(pair[0], message, encode(1), fds, 1, 10000000), ETIMEDOUT, "longer");
        close(pair[1]);
        refused(hl_parcel_send(pair[0], message, encode(1), fds, 1, 10000000), EPIPE, "closed");
        pair[1] = -1;
        close_pair();
        rc = 0;
    }
}

TEST(no_socket)
{
    int inet = socket(AF_INET, SOCK_STREAM, 0), none = dup(0), piped[2];
    size_t n = encode(1);

    assert_int_equal(pipe(piped), 0);
    close(none);
    refused(hl_parcel_receive(none, HL_MESSAGE_DMABUFS, &parcel, 0), EBADF, "socket");
    refused(hl_parcel_send(none, message, n, fds, 1, 0), EBADF, "socket");
    refused(hl_parcel_receive(piped[0], HL_MESSAGE_DMABUFS, &parcel, 0), ENOTSOCK, "socket");
    refused(hl_parcel_send(piped[1], message, n, fds, 1, 0), ENOTSOCK, "socket");
    if (inet >= 0) {
        refused(hl_parcel_receive(inet, HL_MESSAGE_DMABUFS, &parcel, 0), ENOTSOCK, "UNIX");
        refused(hl_parcel_send(inet, message, n, fds, 1, 0), ENOTSOCK, "UNIX");
        close(inet);
    }
    close(piped[0]);
    close(piped[1]);
}

/* Every length that is not the whole message; descriptors too few, too many, at the wrong place. */
/* The kernel calls a stream's receiving invalid. */
TEST(not_connected)
{
    size_t bytes = encode(1);

    EACH_TYPE (t) {
        int fd = socket(AF_UNIX, types[t] | SOCK_CLOEXEC, 0);

        refused(hl_parcel_send(fd, message, bytes, &fd, 1, 0), ENOTCONN, "not connected");
        if (types[t] != SOCK_DGRAM) /* to which anybody may send */
            refused(hl_parcel_receive(fd, HL_MESSAGE_DMABUFS, &parcel, 0), ENOTCONN,
                    "not connected");
        close(fd);
    }
}

TEST(hostile)
{
    size_t n = encode(2);
    unsigned before = count_fds();

    EACH_TYPE (t) {
        bool stream = types[t] == SOCK_STREAM;

        for (size_t k = 1; k <= n + 1; k++) {
            if (k == n || (stream && k > n))
                continue;
            open_pair(t, 0);
            assert_int_equal(send_rights(pair[0], message, k, fds, 2), k);
            if (stream) {
                shutdown(pair[0], SHUT_WR);
                refused(hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &parcel, 0), EPROTO,
                        "ends after");
            } else {
                refused(hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &parcel, 0), EPROTO,
                        "bytes");
            }
            close_pair();
        }
        for (size_t k = 0; k < 6; k++) {
            if (k == 2)
                continue;
            open_pair(t, 0);
            assert_int_equal(send_rights(pair[0], message, n, fds, k), n);
            refused(hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &parcel, 0), EPROTO,
                    "descriptors");
            close_pair();
        }
        open_pair(t, 0);
        assert_int_equal(send_rights(pair[0], message, n, fds, 253), n);
        refused(hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &parcel, 0), EPROTO,
                "with 253 descriptors");
        close_pair();
    }
    /* on a stream each byte may bring some: more than any message has */
    open_pair(0, 0);
    n = encode(1);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(send_rights(pair[0], message + i, 1, fds, 5), 1);
    refused(hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &parcel, 0), EPROTO,
            "with 560 descriptors");
    close_pair();
    /* longer than any message */
    for (size_t t = 1; t < 3; t++) {
        open_pair(t, 0);
        assert_int_equal(send_rights(pair[0], message, HL_MESSAGE_MAX_BYTES + 1, fds, 2),
                         HL_MESSAGE_MAX_BYTES + 1);
        refused(hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &parcel, 0), EPROTO, "longer than");
        close_pair();
    }
    /* an empty datagram, with and without descriptors */
    for (size_t k = 0; k < 3; k += 2) {
        open_pair(2, 0);
        assert_int_equal(send_rights(pair[0], message, 0, fds, k), 0);
        refused(hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &parcel, 0), EPROTO, "0 bytes");
        close_pair();
    }
    assert_int_equal(count_fds(), before);
}

/* A sender that stops in the middle: the time that was given, and no longer. */
TEST(stops)
{
    size_t n = encode(2);
    unsigned before = count_fds();
    uint64_t start;

    open_pair(0, 0);
    assert_int_equal(send_rights(pair[0], message, n - 1, fds, 2), n - 1);
    start = now_ms();
    refused(hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &parcel, 50000000), ETIMEDOUT,
            "close the socket");
    assert_uint_in_range(now_ms() - start, 49, 2000);
    close_pair();
    open_pair(0, 0); /* without waiting: a second */
    assert_int_equal(send_rights(pair[0], message, 1, fds, 2), 1);
    start = now_ms();
    refused(hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &parcel, 0), ETIMEDOUT,
            "close the socket");
    assert_uint_in_range(now_ms() - start, 999, 5000);
    close_pair();
    assert_int_equal(count_fds(), before);
}

/* A process at its limit gets fewer than were sent: an error, and none of them. */
TEST(no_room)
{
    struct rlimit old, low;
    unsigned before = count_fds();

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    EACH_TYPE (t) {
        int highest;

        open_pair(t, 0);
        assert_int_equal(hl_parcel_send(pair[0], message, encode(20), fds, 20, 0), 0);
        assert_int_equal(hl_parcel_send(pair[0], message, encode(1), fds, 1, 0), 0);
        highest = dup(0);
        close(highest);
        low = (struct rlimit){ (rlim_t)highest + 7, old.rlim_max };
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
        refused(hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &parcel, 0), EMFILE, "only 7 of 20");
        /* and the next one is received */
        assert_int_equal(hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &parcel, 0), 0);
        hl_parcel_close(&parcel);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
        close_pair();
    }
    assert_int_equal(count_fds(), before);
}

/* A program without standard streams: what comes as 0, 1, 2 is moved. */
TEST(low_numbers)
{
    int saved[3];

    open_pair(0, 0);
    assert_int_equal(hl_parcel_send(pair[0], message, encode(3), fds, 3, 0), 0);
    for (int i = 0; i < 3; i++) {
        saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 100);
        close(i);
    }
    assert_int_equal(hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &parcel, 0), 0);
    for (int i = 0; i < 3; i++) {
        bool closed = fcntl(i, F_GETFD) < 0;

        dup2(saved[i], i);
        close(saved[i]);
        assert_true(closed);
        assert_true(parcel.fd[i] > 2);
    }
    hl_parcel_close(&parcel);
    close_pair();
}

/* A socket that is set to bring credentials and (Linux 6.5) a pidfd beside the descriptors. */
TEST(more_beside)
{
    unsigned before = count_fds();
    int on = 1;

    EACH_TYPE (t) {
        open_pair(t, 0);
        assert_int_equal(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
        setsockopt(pair[1], SOL_SOCKET, 34 /* SO_PASSSEC */, &on, sizeof(on));
        setsockopt(pair[1], SOL_SOCKET, 76 /* SO_PASSPIDFD */, &on, sizeof(on));
        assert_int_equal(hl_parcel_send(pair[0], message, encode(253), fds, 253, 0), 0);
        assert_int_equal(hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &parcel, 0), 0);
        assert_int_equal(parcel.fds, 253);
        hl_parcel_close(&parcel);
        close_pair();
    }
    assert_int_equal(count_fds(), before);
}

static void on_signal(int n)
{
    (void)n;
}

/* Signals end neither the waiting nor the timeout. */
TEST(interrupted)
{
    struct sigaction a = { .sa_handler = on_signal };
    timer_t timer;
    struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
    struct itimerspec every_ms = { { 0, 1000000 }, { 0, 1000000 } };
    pthread_t thread;
    int got = 0;
    uint64_t start;

    sigaction(SIGUSR1, &a, NULL); /* without SA_RESTART */
    assert_int_equal(timer_create(CLOCK_MONOTONIC, &e, &timer), 0);
    assert_int_equal(timer_settime(timer, 0, &every_ms, NULL), 0);
    open_pair(0, 0);
    start = now_ms();
    refused(hl_parcel_receive(pair[1], HL_MESSAGE_DMABUFS, &parcel, 40000000), ETIMEDOUT, "longer");
    assert_uint_in_range(now_ms() - start, 39, 2000);
    assert_int_equal(pthread_create(&thread, NULL, receive_later, &got), 0);
    assert_int_equal(hl_parcel_send(pair[0], message, encode(253), fds, 253, -1), 0);
    pthread_join(thread, NULL);
    assert_int_equal(got, 253);
    timer_delete(timer);
    close_pair();
}

FIXTURE(open_files)
{
    int piped[2];

    for (size_t i = 0; i < HL_MESSAGE_MAX_ITEMS; i++)
        fds[i] = -1;
    if (pipe(piped))
        return -1;
    for (size_t i = 0; i < HL_MESSAGE_MAX_ITEMS; i++)
        fds[i] = i < 2 ? piped[i] : dup(piped[i & 1]);
    return 0;
}

FIXTURE(close_files)
{
    for (size_t i = 0; i < HL_MESSAGE_MAX_ITEMS; i++)
        close(fds[i]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(in_step),
        cmocka_unit_test(drip),
        cmocka_unit_test(small_buffer),
        cmocka_unit_test(nothing_there),
        cmocka_unit_test(full),
        cmocka_unit_test(no_socket),
        cmocka_unit_test(hostile),
        cmocka_unit_test(stops),
        cmocka_unit_test(no_room),
        cmocka_unit_test(low_numbers),
        cmocka_unit_test(more_beside),
        cmocka_unit_test(interrupted),
        cmocka_unit_test(not_connected),
        cmocka_unit_test(a_side_that_left_something_unread),
    };

    return cmocka_run_group_tests(tests, open_files, close_files);
}
