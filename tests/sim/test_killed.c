/* SPDX-License-Identifier: MIT */
/*
 * Two processes that hand exports over are killed wherever they are: after each round the device
 * opens again within a second, and in the end nothing of them is left.
 *
 *     hlsim run -- sim_killed [ROUNDS]
 */
#include "tests/sim/support.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int rounds = 60;

static void exchange(int socket)
{
    for (;;) {
        struct hlthunk_device_options wait = { .struct_size = sizeof(wait),
                                               .timeout_ns = 1000000000 };
        struct hlthunk_device *d;
        struct hlthunk_buffer *b;
        struct hlthunk_dmabuf *m;
        bool sent;
        char byte;
        int fd;

        if (hlthunk_device_open(&wait, &d) || hlthunk_buffer_alloc(d, 4 * MIB, NULL, &b))
            _exit(1);
        for (int i = 0; i < 4; i++) {
            if (!can_export())
                break;
            if (hlthunk_dmabuf_export(b, 0, 0, NULL, &m) || hlthunk_dmabuf_dup_fd(m, &fd))
                _exit(2);
            sent = send_fd(socket, fd);
            close(fd);
            hlthunk_dmabuf_unref(m);
            if (!sent || read(socket, &byte, 1) != 1)
                _exit(3);
        }
        hlthunk_buffer_unref(b);
        hlthunk_device_unref(d);
    }
}

/* Imports each, attaches, reads, gives back, and says so. */
static void import(int socket)
{
    const struct hlsim_importer *driver = hlsim_importer();

    for (;;) {
        struct hlsim_attachment *a = NULL;
        struct hlthunk_dmabuf *m;
        int fd = receive_fd(socket);
        char byte;

        if (fd < 0 || hlthunk_dmabuf_import(fd, &m))
            _exit(1);
        if (driver && !driver->attach(hlthunk_dmabuf_borrow_fd(m), true, &a) && !driver->map(a)) {
            if (driver->read(a, 0, &byte, 1) != 1)
                _exit(2);
            driver->unmap(a);
        }
        if (a)
            driver->detach(a);
        hlthunk_dmabuf_unref(m);
        if (write(socket, "d", 1) != 1)
            _exit(3);
    }
}

static pid_t start(void (*run)(int), int mine, int other)
{
    pid_t pid = fork();

    if (pid == 0) {
        close(other);
        run(mine);
    }
    assert_true(pid > 0);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void one_round(void)
{
    struct hlthunk_device_options wait = { .struct_size = sizeof(wait), .timeout_ns = 1000000000 };
    struct timespec moment = { .tv_nsec = 1000 * (1 + random() % 20000) };
    struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };
    struct hlthunk_device *d;
    int pair[2];
    pid_t exporter, importer;
    bool importer_first = random() & 1;

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    exporter = start(exchange, pair[0], pair[1]);
    importer = start(import, pair[1], pair[0]);
    close(pair[0]);
    close(pair[1]);
    nanosleep(&moment, NULL);
    end(importer_first ? importer : exporter);
    end(importer_first ? exporter : importer);
    ok(hlthunk_device_open(&wait, &d));
    ok(hlthunk_device_get_memory_usage(d, &u));
    assert_int_equal(u.used_bytes, 0);
    hlthunk_device_unref(d);
}

/* Descriptors of the supervisor, which is our parent; -1: they cannot be seen. */
static int descriptors(void)
{
    char path[32];
    DIR *dir;
    int n = 0;

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)getppid());
    dir = opendir(path);
    if (!dir)
        return -1;
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

TEST(killed_anywhere)
{
    int before, after = 0;

    srandom(20);
    one_round(); /* what the device gets with its first user stays */
    before = descriptors();
    for (int i = 0; i < rounds; i++)
        one_round();
    /* the supervisor learns of each death by itself: a moment later at most */
    for (int i = 0; i < 100; i++) {
        after = descriptors();
        if (after <= before)
            break;
        usleep(20000);
    }
    assert_true(after <= before);
}

/* A child that has the device and is dead, but not waited for. */
static pid_t dead_user(void)
{
    int ready[2];
    siginfo_t info;
    char byte;
    pid_t child;

    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        struct hlthunk_device *d;

        if (hlthunk_device_open(NULL, &d) || write(ready[1], "", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    return child;
}

/*
 * The driver releases a killed user's device within its exit: others see EAGAIN for a moment (how
 * long is not ours to say: it may be over when we look), who waits for the process does not.
 */
TEST(a_killed_user_is_released)
{
    unsigned again = 0;

    for (int i = 0; i < 500 && !again; i++) {
        struct hlthunk_device *d = NULL;
        pid_t child = dead_user();
        int rc = hlthunk_device_open(NULL, &d);

        assert_true(rc == 0 || rc == -EAGAIN);
        again += rc == -EAGAIN;
        if (rc == 0)
            hlthunk_device_unref(d);
        assert_int_equal(waitpid(child, NULL, 0), child);
        ok(hlthunk_device_open(NULL, &d));
        hlthunk_device_unref(d);
    }
    assert_int_equal(again, 1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_user_is_released),
        cmocka_unit_test(killed_anywhere),
    };

    if (argc > 1)
        rounds = atoi(argv[1]);
    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
