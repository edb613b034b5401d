/* SPDX-License-Identifier: MIT */
/*
 * Two processes, one with buffers of a pool and copies by a queue, the other with what it is sent
 * of them, are killed wherever they are: after each round the device opens again, and in the end
 * nothing of them is left.  Says how long an opening took at most.
 *
 *     hlsim run -- sim_killed [ROUNDS]
 */
#include "tests/sim/killed.h"

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

#include "tests/clock.h"

#define PATIENCE_NS 30000000000 /* of a busy machine */

static int rounds = 60;
static uint64_t longest_ns;

static int open_patiently(struct hlthunk_device **d)
{
    const struct hlthunk_device_options o = { .struct_size = sizeof(o), .timeout_ns = PATIENCE_NS };

    return hlthunk_device_open(&o, d);
}

#define CHUNK 65536

/* A buffer of a pool, with work on it that may be under way when it is sent. */
static void send_one(int socket, struct hlthunk_pool *pool, struct hlthunk_queue *q)
{
    struct hlthunk_buffer *a, *b;
    struct hlthunk_fence *f;
    struct hlthunk_dmabuf *m;
    char byte;
    int fd;

    if (hlthunk_pool_alloc(pool, CHUNK, NULL, &a) || hlthunk_pool_alloc(pool, CHUNK, NULL, &b) ||
        hlthunk_queue_fill(q, a, 0, CHUNK, 0x5a, 1) || hlthunk_queue_copy(q, b, 0, a, 0, CHUNK) ||
        hlthunk_queue_create_fence(q, NULL, &f))
        _exit(2);
    if (can_export()) {
        bool sent;

        if (hlthunk_dmabuf_export(b, 0, 0, NULL, &m) || hlthunk_dmabuf_dup_fd(m, &fd))
            _exit(3);
        sent = send_fd(socket, fd);
        close(fd);
        hlthunk_dmabuf_unref(m);
        if (!sent || read(socket, &byte, 1) != 1)
            _exit(4);
    }
    if (hlthunk_fence_wait(f, PATIENCE_NS))
        _exit(5);
    hlthunk_fence_unref(f);
    hlthunk_buffer_unref(b);
    hlthunk_buffer_unref(a);
}

static void exchange(int socket)
{
    for (;;) {
        struct hlthunk_device *d;
        struct hlthunk_pool *pool;
        struct hlthunk_queue *q;

        if (open_patiently(&d) || hlthunk_pool_create(d, NULL, &pool) ||
            hlthunk_queue_create(d, NULL, &q))
            _exit(1);
        for (int i = 0; i < 4; i++)
            send_one(socket, pool, q);
        hlthunk_queue_unref(q);
        hlthunk_pool_unref(pool);
        hlthunk_device_unref(d);
    }
}

/* Imports each, uses it, gives it back, and says so. */
static void import(int socket)
{
    for (;;) {
        struct hlthunk_dmabuf *m;
        int fd = receive_fd(socket);

        if (fd < 0 || hlthunk_dmabuf_import(fd, &m))
            _exit(1);
        if (!use_imported(m))
            _exit(2);
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

/* The first to end has not ended by itself; the other may have, for want of the first. */
static void end(pid_t pid, bool first)
{
    int status;

    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (first && !WIFSIGNALED(status))
        fail_msg("a process ended with %d before it was killed", WEXITSTATUS(status));
}

static void one_round(void)
{
    struct timespec moment = { .tv_nsec = 1000 * (1 + random() % 30000) };
    struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };
    struct hlthunk_device *d;
    int pair[2];
    uint64_t begun;
    pid_t exporter, importer;
    bool importer_first = random() & 1;

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    exporter = start(exchange, pair[0], pair[1]);
    importer = start(import, pair[1], pair[0]);
    close(pair[0]);
    close(pair[1]);
    nanosleep(&moment, NULL);
    end(importer_first ? importer : exporter, true);
    end(importer_first ? exporter : importer, false);
    begun = now_ns();
    ok(open_patiently(&d));
    if (now_ns() - begun > longest_ns)
        longest_ns = now_ns() - begun;
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
    /* the supervisor learns of each death by itself: a moment later */
    for (int i = 0; i < 1500; i++) {
        after = descriptors();
        if (after <= before)
            break;
        usleep(20000);
    }
    assert_true(after <= before);
    printf("killed %d times; the device opened again after %llu us at most\n", rounds,
           (unsigned long long)longest_ns / 1000);
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
