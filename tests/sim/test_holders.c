/* SPDX-License-Identifier: MIT */
/* Who holds a device: processes of a simulation, and of the rig. */
#include "tests/sim/support.h"

#include <grp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hlthunk-diag/holders.h>

/* What was found, by kind and process. */
static struct hlthunk_holder found[32];
static unsigned found_count;
static struct hlthunk_holders_seen seen;

static int keep(const struct hlthunk_holder *h, void *user)
{
    (void)user;
    if (found_count < 32)
        found[found_count++] = *h;
    return 0;
}

static void look(void)
{
    memset(&seen, 0, sizeof(seen));
    seen.struct_size = sizeof(seen);
    found_count = 0;
    ok(hlthunk_holders_list(NULL, keep, NULL, &seen));
    assert_true(seen.processes > 0);
}

static const struct hlthunk_holder *find(enum hlthunk_holder_kind kind, pid_t pid)
{
    for (unsigned i = 0; i < found_count; i++) {
        if (found[i].kind == kind && found[i].pid == pid)
            return &found[i];
    }
    return NULL;
}

static int ready_fd; /* in the child */
static pid_t children[4];

/* A child that does its part, says so, and stays until it is killed. */
static pid_t start(void (*part)(void))
{
    int ready[2];
    pid_t pid;
    char c;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* not to outlive a test that fails */
        ready_fd = ready[1];
        part();
        if (write(ready[1], "r", 1) == 1)
            pause();
        _exit(1);
    }
    for (unsigned i = 0; i < 4; i++) {
        if (!children[i]) {
            children[i] = pid;
            break;
        }
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &c, 1), 1);
    close(ready[0]);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    for (unsigned i = 0; i < 4; i++) {
        if (children[i] == pid)
            children[i] = 0;
    }
}

/* A case that has failed leaves nothing that keeps the device busy in the next ones. */
FIXTURE(clear)
{
    for (unsigned i = 0; i < 4; i++) {
        if (children[i])
            end(children[i]);
    }
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    return 0;
}

static void open_and_keep(void)
{
    open_device();
}

TEST(nodes)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o), .control = true };
    struct hlthunk_device *control;
    const struct hlthunk_holder *h;
    pid_t pid;

    look();
    assert_int_equal(found_count, 0);
    pid = start(open_and_keep);
    ok(hlthunk_device_open(&o, &control));
    look();
    assert_int_equal(found_count, 2);
    h = find(HLTHUNK_HOLDER_NODE, pid);
    assert_non_null(h);
    assert_int_equal(h->index, 0);
    assert_true(h->fd > 2);
    h = find(HLTHUNK_HOLDER_CONTROL_NODE, getpid());
    assert_non_null(h);
    assert_int_equal(h->fd, hlthunk_device_borrow_fd(control));
    end(pid);
    look();
    assert_null(find(HLTHUNK_HOLDER_NODE, pid));
    hlthunk_device_unref(control);
}

static int inherited;
static void close_all_but_inherited(void)
{
    for (int fd = 3; fd < 64; fd++) {
        if (fd != inherited && fd != ready_fd)
            close(fd);
    }
}

/* The device is closed, and busy: a child has a dma-buf, and nobody anything else. */
TEST(a_leaked_dmabuf)
{
    struct hlthunk_device *d;
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *m;
    const struct hlthunk_holder *h;
    uint64_t identity;
    pid_t pid;

    if (!can_export())
        skip();
    d = open_device();
    ok(hlthunk_buffer_alloc(d, 2 * MIB, NULL, &b));
    ok(hlthunk_dmabuf_export(b, 0, 2 * MIB, NULL, &m));
    ok(hlthunk_dmabuf_set_name(m, "weights"));
    ok(hlthunk_dmabuf_dup_fd(m, &inherited));
    identity = hlthunk_dmabuf_get_identity(m);
    usleep(30000);
    pid = start(close_all_but_inherited);
    close(inherited);
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(b);
    hlthunk_device_unref(d);
    assert_int_equal(hlthunk_device_open(NULL, &d), on_kernel("6.1") ? -EAGAIN : -EBUSY);
    look();
    assert_int_equal(found_count, 1);
    h = find(HLTHUNK_HOLDER_DMABUF, pid);
    assert_non_null(h);
    assert_int_equal(h->fd, inherited);
    assert_int_equal(h->identity, identity);
    assert_int_equal(h->size_bytes, 2 * MIB);
    assert_int_equal(h->index, 0);
    assert_true(h->references >= 1);
    assert_true(h->age_ns >= 30000000u && h->age_ns < 60000000000u);
    end(pid);
    look();
    assert_int_equal(found_count, 0);
    d = open_device();
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* A dma-buf in flight is nobody's: root learns of it from the kernel's list. */
TEST(a_dmabuf_in_flight)
{
    struct hlthunk_device *d;
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *m;
    uint64_t identity;
    int pair[2], fd;

    if (!can_export())
        skip();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    d = open_device();
    ok(hlthunk_buffer_alloc(d, 2 * MIB, NULL, &b));
    ok(hlthunk_dmabuf_export(b, 0, 2 * MIB, NULL, &m));
    identity = hlthunk_dmabuf_get_identity(m);
    ok(hlthunk_dmabuf_dup_fd(m, &fd));
    assert_true(send_fd(pair[0], fd));
    close(fd);
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(b);
    hlthunk_device_unref(d);
    look();
    assert_int_equal(found_count, in_rig());
    if (in_rig()) {
        const struct hlthunk_holder *h = find(HLTHUNK_HOLDER_KERNEL, 0);

        assert_true(seen.kernel_list);
        assert_non_null(h);
        assert_int_equal(h->identity, identity);
        assert_int_equal(h->size_bytes, 2 * MIB);
    }
    close(pair[0]);
    close(pair[1]);
    look();
    assert_int_equal(found_count, 0);
    d = open_device();
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* A command buffer that stays mapped when the descriptor of the node is closed. */
static void map_and_close(void)
{
    int fd = hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, NULL);
    void *at = NULL;
    uint64_t handle;

    assert_true(fd >= 0);
    assert_int_equal(hlthunk_request_command_buffer(fd, 8192, &handle), 0);
    at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)handle);
    assert_true(at != MAP_FAILED);
    hlthunk_close(fd);
}

TEST(a_mapping_alone)
{
    const struct hlthunk_holder *h;
    struct hlthunk_device *d;
    pid_t pid = start(map_and_close);

    assert_true(hlthunk_device_open(NULL, &d) < 0);
    look();
    h = find(HLTHUNK_HOLDER_MAPPING, pid);
    assert_non_null(h);
    assert_int_equal(h->size_bytes, 8192);
    assert_true(h->address != 0);
    assert_null(find(HLTHUNK_HOLDER_NODE, pid));
    assert_int_equal(found_count, 1);
    end(pid);
    look();
    assert_int_equal(found_count, 0);
}

/* Somebody else sees less, and is told so. */
TEST(nobody_sees_less)
{
    pid_t pid, other;
    int status;

    if (getuid() != 0)
        skip();
    other = start(open_and_keep);
    pid = fork();
    if (pid == 0) {
        if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
            _exit(2);
        prctl(PR_SET_DUMPABLE, 1);
        look();
        _exit(seen.hidden_processes == 0 ? 3 : seen.kernel_list ? 4 : found_count != 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    look();
    assert_non_null(find(HLTHUNK_HOLDER_NODE, other));
    end(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(nodes, clear),
        cmocka_unit_test_teardown(a_leaked_dmabuf, clear),
        cmocka_unit_test_teardown(a_dmabuf_in_flight, clear),
        cmocka_unit_test_teardown(a_mapping_alone, clear),
        cmocka_unit_test_teardown(nobody_sees_less, clear),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
