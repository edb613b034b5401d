/* SPDX-License-Identifier: MIT */
/*
 * Who may command a simulation, and what a client can do to it: another user nothing, and wrong
 * messages, late ones, silent connections or answers that nobody reads hold nobody up.
 */
#include "tests/sim/support.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/wire.h"

#define PATIENCE_MS 30000
#define NOBODY 65534

static const char *control_node(void)
{
    return on_kernel("6.1") ? "/dev/hl_controlD0" : "/dev/accel/accel_controlD0";
}

/* The simulation answers, and its device is well. */
static void all_is_well(void)
{
    hlthunk_device_unref(open_device());
}

/* A connection, or -errno. */
static int connect_to_it(void)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), rc;

    assert_true(fd >= 0);
    snprintf(a.sun_path, sizeof(a.sun_path), "%s", getenv(SIM_ENV_VARIABLE));
    do {
        rc = connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? -errno : 0;
    } while (rc == -EINTR || rc == -EAGAIN);
    if (!rc)
        return fd;
    close(fd);
    return rc;
}

static bool readable(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };

    return poll(&p, 1, PATIENCE_MS) == 1;
}

/* A datagram with some descriptors beside it; a connection that is over takes none. */
static void say(int fd, const void *data, size_t size, unsigned descriptors)
{
    int fds[8];

    for (unsigned i = 0; i < 8; i++)
        fds[i] = STDERR_FILENO;
    send_rights(fd, data, size, fds, descriptors);
}

/* The answer's rc; 1: the connection was closed without one. */
static int answer_of(int fd)
{
    struct sim_reply r = { .rc = 2 };
    ssize_t n;

    assert_true(readable(fd));
    n = recv(fd, &r, sizeof(r), 0);
    close(fd);
    return n > 0 ? r.rc : 1;
}

static int ask(const struct sim_request *q)
{
    int fd = connect_to_it();

    assert_true(fd >= 0);
    say(fd, q, sizeof(*q), 0);
    return answer_of(fd);
}

/* The simulation's files, as each of its processes sees them. */
static const struct sim_file *files(void)
{
    static const struct sim_state *state;
    const struct sim_request hello = { .op = SIM_REQUEST_HELLO };
    int fd, segment;

    if (state)
        return state->files;
    fd = connect_to_it();
    assert_true(fd >= 0);
    say(fd, &hello, sizeof(hello), 0);
    segment = receive_fd(fd); /* the first of two */
    close(fd);
    assert_true(segment >= 0);
    state = mmap(NULL, sizeof(*state), PROT_READ, MAP_SHARED, segment, 0);
    assert_true(state != MAP_FAILED);
    close(segment);
    return state->files;
}

static unsigned descriptors_of(pid_t pid)
{
    char folder[32];
    unsigned n = 0;
    DIR *d;

    snprintf(folder, sizeof(folder), "/proc/%d/fd", (int)pid);
    d = opendir(folder);
    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

/* What was closed is noticed in a moment. */
static void nothing_is_left(unsigned before)
{
    for (int i = 0; descriptors_of(getppid()) > before; i++) {
        if (i == PATIENCE_MS / 10)
            fail_msg("the supervisor has %u descriptors, not %u", descriptors_of(getppid()),
                     before);
        usleep(10000);
    }
}

TEST(wrong_sizes)
{
    static const size_t sizes[] = {
        1, 8, sizeof(struct sim_request) - 1, sizeof(struct sim_request) + 1, 60000,
    };
    static char bytes[60000];
    unsigned before;

    all_is_well();
    before = descriptors_of(getppid());
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            for (unsigned descriptors = 0; descriptors < 6; descriptors++) {
                int fd = connect_to_it();

                assert_true(fd >= 0);
                say(fd, bytes, sizes[i], descriptors);
                assert_int_equal(answer_of(fd), 1);
            }
        }
    }
    all_is_well();
    nothing_is_left(before);
}

/* Of the right size, with more descriptors than any request takes. */
TEST(many_descriptors)
{
    const struct sim_request q = { .op = SIM_REQUEST_SETTLE };
    unsigned before;

    all_is_well();
    before = descriptors_of(getppid());
    for (unsigned n = 0; n < 8; n++) {
        int fd = connect_to_it();

        assert_true(fd >= 0);
        say(fd, &q, sizeof(q), n);
        assert_int_equal(answer_of(fd), n > 1);
    }
    all_is_well();
    nothing_is_left(before);
}

/* Every kind of request about what there is not. */
TEST(wild_numbers)
{
    static const uint32_t wild[] = { 1,    63,         64,       65,         8191,      8192,
                                     8193, 0x7fffffff, 1u << 31, 0xfffffffe, 0xffffffff };

    for (uint32_t op = 0; op <= SIM_REQUEST_DEBUGFS_WRITE + 2; op++) {
        for (unsigned i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
            struct sim_request q = { .op = op,
                                     .client = wild[i],
                                     .pid = (int32_t)wild[i],
                                     .tid = (int32_t)wild[i],
                                     .device = wild[i],
                                     .asic = wild[i] < SIM_ASIC_COUNT ? SIM_ASIC_COUNT : wild[i],
                                     .file = wild[i],
                                     .serial =
                                         wild[i] < SIM_MAX_FILES ? files()[wild[i]].serial : 0,
                                     .flags = wild[i],
                                     .pinned = (int32_t)wild[i],
                                     .request = wild[i],
                                     .argument = wild[i] * 0x100000001ull,
                                     .length = wild[i] * 0x100000001ull,
                                     .events = wild[i],
                                     .window = wild[i] };
            int rc;

            memset(q.args, (int)wild[i], sizeof(q.args));
            rc = ask(&q);
            if (op == SIM_REQUEST_HELLO || op == SIM_REQUEST_SETTLE ? rc != 0 : rc >= 0)
                fail_msg("request %u with %#x: %d", op, wild[i], rc);
        }
    }
    all_is_well();
}

/* A killed process's last request must not reach the next one's device, whose file has the number.
 */
TEST(late_requests)
{
    struct sim_request q = { .op = SIM_REQUEST_FLAGS };
    struct hlthunk_device *d = open_device();

    while (q.file < SIM_MAX_FILES && files()[q.file].kind != SIM_FILE_PRIMARY)
        q.file++;
    assert_true(q.file < SIM_MAX_FILES);
    q.serial = files()[q.file].serial;
    q.flags = files()[q.file].flags;
    assert_int_equal(ask(&q), 0);
    hlthunk_device_unref(d);
    d = open_device();
    assert_int_equal(files()[q.file].kind, SIM_FILE_PRIMARY); /* another one */
    assert_int_equal(ask(&q), -EBADF);
    hlthunk_device_unref(d);
}

/* Bytes of no meaning, but for what would end the device. */
TEST(random_requests)
{
    unsigned seed = 1;
    unsigned before;

    all_is_well();
    before = descriptors_of(getppid());
    for (unsigned i = 0; i < 2000; i++) {
        union {
            struct sim_request q;
            unsigned char bytes[sizeof(struct sim_request)];
        } u;
        int fd = connect_to_it();

        assert_true(fd >= 0);
        for (size_t b = 0; b < sizeof(u); b++)
            u.bytes[b] = (unsigned char)(rand_r(&seed) >> 8);
        u.q.op %= SIM_REQUEST_DEBUGFS_WRITE + 1;
        u.q.control = false;
        if (u.q.op == SIM_REQUEST_ADD || u.q.op == SIM_REQUEST_RESET ||
            u.q.op == SIM_REQUEST_REMOVE)
            u.q.device = u.q.asic = 1000;
        if (i % 2)
            u.q.device = u.q.file = 0;
        u.q.serial = u.q.file < SIM_MAX_FILES ? files()[u.q.file].serial : 0;
        if (i % 2 && (u.q.op == SIM_REQUEST_RESET || u.q.op == SIM_REQUEST_REMOVE))
            u.q.op = SIM_REQUEST_IOCTL;
        say(fd, &u, sizeof(u), i % 3);
        if (i % 5)
            answer_of(fd);
        else
            close(fd); /* and does not listen */
    }
    all_is_well();
    nothing_is_left(before);
}

/* Who connects and says nothing takes room from others that say nothing. */
TEST(silence)
{
    int fds[600];

    for (unsigned i = 0; i < 600; i++) {
        fds[i] = connect_to_it();
        assert_true(fds[i] >= 0);
    }
    all_is_well();
    for (unsigned i = 0; i < 600; i++)
        close(fds[i]);
    all_is_well();
}

/* What a process of another user is answered: 1 and 2 are nothing, and no connection. */
static int as_nobody(const struct sim_request *q)
{
    int status, fd;
    pid_t pid = fork();

    if (pid == 0) {
        if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
            _exit(3);
        fd = connect_to_it();
        if (fd < 0)
            _exit(2);
        say(fd, q, sizeof(*q), 0);
        _exit(answer_of(fd) == 1 ? 1 : 4);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

TEST(another_user)
{
    static const uint32_t ops[] = { SIM_REQUEST_HELLO,  SIM_REQUEST_OPEN, SIM_REQUEST_RESET,
                                    SIM_REQUEST_REMOVE, SIM_REQUEST_ADD,  SIM_REQUEST_EVENT };
    char socket_path[108], folder[108];
    struct stat st;

    if (getuid() != 0) {
        printf("another user takes root\n");
        skip();
    }
    snprintf(socket_path, sizeof(socket_path), "%s", getenv(SIM_ENV_VARIABLE));
    assert_int_equal(socket_path[0], '/'); /* a file, not a name that all share */
    snprintf(folder, sizeof(folder), "%s", socket_path);
    dirname(folder);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        const struct sim_request q = { .op = ops[i], .events = 1 };

        assert_int_equal(as_nobody(&q), 2);
    }
    /* not the file's mode alone: who it is */
    assert_int_equal(chmod(folder, 0777), 0);
    assert_int_equal(chmod(socket_path, 0777), 0);
    for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        const struct sim_request q = { .op = ops[i], .events = 1 };

        assert_int_equal(as_nobody(&q), 1);
    }
    assert_int_equal(chmod(folder, 0700), 0);
    all_is_well();
    assert_int_equal(access(control_node(), F_OK), 0); /* neither removed */
}

/* The kernel refuses a header that is longer than the message; the simulator reads no further. */
TEST(a_header_that_lies)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } c = { .header = {
                .cmsg_len = (size_t)1 << 40, .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
    char byte = 0;
    struct iovec v = { .iov_base = &byte, .iov_len = 1 };
    struct msghdr m = {
        .msg_iov = &v, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c)
    };
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(sendmsg(pair[0], &m, 0), -1);
    assert_int_equal(errno, EINVAL);
    close(pair[0]);
    close(pair[1]);
}

/* Whoever looks at the supervisor's descriptors holds them for a moment, as lsof(8) and /proc do.
 */
TEST(its_descriptors_are_held)
{
    enum { FDS = 256 };
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *m[8];
    int supervisor, held[FDS];
    unsigned count = 0;
    bool any;

    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
    for (unsigned i = 0; i < 8 && can_export(); i++)
        ok(hlthunk_dmabuf_export(b, 4096ull * i, 4096, NULL, &m[i]));
    supervisor = (int)syscall(SYS_pidfd_open, getppid(), 0);
    assert_true(supervisor >= 0);
    for (int fd = 3; fd < FDS; fd++) {
        held[count] = (int)syscall(SYS_pidfd_getfd, supervisor, fd, 0);
        if (held[count] >= 0)
            count++;
        else if (errno == EPERM || errno == ENOSYS)
            break; /* not for this user, or on this kernel */
    }
    any = count > 0;
    close(supervisor);
    for (unsigned i = 0; i < 8 && can_export(); i++)
        hlthunk_dmabuf_unref(m[i]);
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
    for (unsigned i = 0; i < 8; i++)
        all_is_well();
    while (count)
        close(held[--count]);
    all_is_well();
    if (!any)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_sizes),
        cmocka_unit_test(many_descriptors),
        cmocka_unit_test(wild_numbers),
        cmocka_unit_test(late_requests),
        cmocka_unit_test(random_requests),
        cmocka_unit_test(silence),
        cmocka_unit_test(another_user),
        cmocka_unit_test(a_header_that_lies),
        cmocka_unit_test(its_descriptors_are_held),
    };
    struct rlimit l;

    require_simulation();
    if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < 1024) {
        l.rlim_cur = l.rlim_max < 1024 ? l.rlim_max : 1024;
        setrlimit(RLIMIT_NOFILE, &l);
    }
    return RUN_GROUP(tests, NULL, NULL);
}
