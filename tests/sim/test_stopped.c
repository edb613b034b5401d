/* SPDX-License-Identifier: MIT */
/*
 * A call on the simulated device holds nothing that others need: not when its process is stopped
 * in the middle of it, and not when a signal handler makes calls of its own there.
 */
#include "tests/sim/support.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "uapi/requests.h"

#define STOPS 30
#define PATIENCE_MS 10000

static const char *control_node(void)
{
    return on_kernel("6.1") ? "/dev/hl_controlD0" : "/dev/accel/accel_controlD0";
}

/* As a handler may: nothing but system calls. */
static int ask_control_node(void)
{
    struct hl_info_hw_ip_info ip;
    struct hl_info_args a = { .return_pointer = (__u64)(uintptr_t)&ip,
                              .return_size = sizeof(ip),
                              .op = HL_INFO_HW_IP_INFO };
    bool later = on_kernel("6.12") || on_kernel("vendor");
    int fd = open(control_node(), O_RDWR | O_CLOEXEC), rc;

    if (fd < 0)
        return -errno;
    rc = ioctl(fd, later ? HL_REQ_D_INFO : HL_REQ_H_INFO, &a) < 0 ? -errno : 0;
    close(fd);
    return rc;
}

/* Has a child ended by itself?  One that takes too long is killed. */
static bool ended(pid_t pid, int *status)
{
    const struct timespec ms = { .tv_nsec = 1000000 };

    for (int i = 0; i < PATIENCE_MS; i++) {
        if (waitpid(pid, status, WNOHANG) == pid)
            return true;
        nanosleep(&ms, NULL);
    }
    kill(pid, SIGKILL);
    waitpid(pid, status, 0);
    return false;
}

/* All that a user does, again and again. */
static void work(struct hlthunk_device *d)
{
    struct hlthunk_buffer *b;
    struct hlthunk_buffer *h;
    struct hlthunk_dmabuf *e;
    struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };
    static char host[4096] __attribute__((aligned(4096)));

    ok(hlthunk_buffer_alloc(d, 2 * MIB, NULL, &b));
    ok(hlthunk_device_get_memory_usage(d, &u));
    ok(hlthunk_buffer_from_host(d, host, sizeof(host), NULL, &h));
    if (can_export()) {
        ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &e));
        hlthunk_dmabuf_unref(e);
    }
    hlthunk_buffer_unref(h);
    hlthunk_buffer_unref(b);
}

TEST(stopped)
{
    for (int i = 0; i < STOPS; i++) {
        struct timespec moment = { .tv_nsec = 5000000 + random() % 3000000 };
        int status, ready[2];
        bool answered;
        pid_t user, other;
        char c;

        assert_int_equal(pipe(ready), 0);
        user = fork();
        if (user == 0) {
            struct hlthunk_device *d = open_device();

            if (write(ready[1], "r", 1) != 1)
                _exit(1);
            for (;;)
                work(d);
        }
        assert_int_equal(read(ready[0], &c, 1), 1);
        nanosleep(&moment, NULL);
        kill(user, SIGSTOP);
        waitpid(user, &status, WUNTRACED);
        other = fork();
        if (other == 0)
            _exit(-ask_control_node());
        answered = ended(other, &status);
        kill(user, SIGKILL);
        waitpid(user, NULL, 0);
        close(ready[0]);
        close(ready[1]);
        if (!answered)
            fail_msg("round %d: a stopped process holds up the others", i);
        assert_int_equal(status, 0);
    }
}

static int handler_rc;
static int ordinary;
static unsigned handled;
static volatile sig_atomic_t over;

/* One alarm after another: however slow a handler is, the program goes on between two of them. */
static void next_alarm(void)
{
    const struct itimerval soon = { .it_value = { .tv_usec = 300 } };

    setitimer(ITIMER_REAL, &soon, NULL);
}

static void handler(int number)
{
    int saved = errno, n;

    (void)number;
    if (over)
        return;
    handled++;
    if (!handler_rc)
        handler_rc = ask_control_node();
    if (!handler_rc && ioctl(ordinary, FIONREAD, &n) < 0)
        handler_rc = -errno;
    next_alarm();
    errno = saved;
}

TEST(in_handlers)
{
    int status;
    pid_t pid;

    pid = fork();
    if (pid == 0) {
        struct sigaction a = { .sa_handler = handler, .sa_flags = SA_RESTART };
        struct hlthunk_device *d = open_device();

        ordinary = socket(AF_UNIX, SOCK_STREAM, 0);
        sigaction(SIGALRM, &a, NULL);
        next_alarm();
        for (int i = 0; i < 300 || handled < 300; i++)
            work(d);
        /* none after this: 6.1 refuses the control node of a device that its close resets */
        over = 1;
        hlthunk_device_unref(d);
        _exit(-handler_rc);
    }
    if (!ended(pid, &status))
        fail_msg("a handler that calls the device holds up its own thread");
    assert_int_equal(status, 0);
    assert_int_equal(ask_control_node(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stopped),
        cmocka_unit_test(in_handlers),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
