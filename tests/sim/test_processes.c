/* SPDX-License-Identifier: MIT */
/* Several processes: handing over, killed ones, leaked descriptors, overlapping exports. */
#include "tests/sim/support.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that imports what it is sent, checks one byte and writes another. */
static int importing_child(int socket)
{
    const struct hlsim_importer *driver = test_importer();
    struct hlsim_attachment *a;
    struct hlthunk_dmabuf *m;
    char byte = 0;
    int fd = receive_fd(socket);

    if (fd < 0 || hlthunk_dmabuf_import(fd, &m) || hlthunk_dmabuf_get_size(m) != 2 * MIB)
        return 1;
    if (driver->attach(hlthunk_dmabuf_borrow_fd(m), false, &a) || driver->map(a) != -EPERM)
        return 2;
    driver->detach(a);
    if (driver->attach(hlthunk_dmabuf_borrow_fd(m), true, &a) || driver->map(a))
        return 3;
    /* its byte 0 is the buffer's byte 1 MiB */
    if (driver->read(a, 7, &byte, 1) != 1 || byte != 'p')
        return 4;
    if (driver->write(a, 8, "c", 1) != 1 || driver->write(a, 2 * MIB, "x", 1) != -EINVAL)
        return 5;
    driver->unmap(a);
    driver->detach(a);
    hlthunk_dmabuf_unref(m);
    return 0;
}

TEST(hand_over)
{
    const struct hlsim_importer *driver = test_importer();
    struct hlsim_attachment *a;
    struct hlthunk_device *d;
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *whole, *part;
    int pair[2], fd, status;
    char byte = 0;
    pid_t pid;

    if (!can_export() || !driver) /* the rig has no importer */
        skip();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    pid = fork();
    if (pid == 0)
        _exit(importing_child(pair[1]));
    d = open_device();
    ok(hlthunk_buffer_alloc(d, 4 * MIB, NULL, &b));
    ok(hlthunk_dmabuf_export(b, 0, 4 * MIB, NULL, &whole));
    ok(hlthunk_dmabuf_export(b, MIB, 2 * MIB, NULL, &part));
    assert_int_equal(driver->attach(hlthunk_dmabuf_borrow_fd(whole), true, &a), 0);
    assert_int_equal(driver->map(a), 0);
    assert_int_equal(driver->write(a, MIB + 7, "p", 1), 1);
    ok(hlthunk_dmabuf_dup_fd(part, &fd));
    assert_true(send_fd(pair[0], fd));
    close(fd);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(driver->read(a, MIB + 8, &byte, 1), 1);
    assert_int_equal(byte, 'c');
    driver->detach(a);
    hlthunk_dmabuf_unref(whole);
    hlthunk_dmabuf_unref(part);
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
    close(pair[0]);
    close(pair[1]);
}

/* Of a killed process nothing stays once it has been waited for. */
TEST(killed)
{
    struct hlthunk_device *d;
    struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };
    int ready[2];
    pid_t pid;
    char c;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        struct hlthunk_buffer *b;
        struct hlthunk_dmabuf *m;

        d = open_device();
        ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
        if (can_export())
            ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
        if (write(ready[1], "r", 1) == 1)
            pause();
        _exit(1);
    }
    close(ready[1]); /* a child that fails is an end of file */
    assert_int_equal(read(ready[0], &c, 1), 1);
    refused(hlthunk_device_open(NULL, &d), EBUSY, "busy");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    ok(hlthunk_device_open(NULL, &d));
    ok(hlthunk_device_get_memory_usage(d, &u));
    assert_int_equal(u.used_bytes, 0);
    assert_int_equal(hlthunk_device_close(d), 0);
    close(ready[0]);
}

/* A dma-buf in another process, or on its way there, keeps the device. */
TEST(leaked_elsewhere)
{
    struct hlthunk_device_options wait = { .struct_size = sizeof(wait), .timeout_ns = 50000000 };
    int busy = on_kernel("6.1") ? -EAGAIN : -EBUSY, pair[2], fd;
    struct hlthunk_device *d;
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *m;
    const char *waited;

    if (!can_export())
        skip();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    d = open_device();
    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
    ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
    ok(hlthunk_dmabuf_dup_fd(m, &fd));
    assert_true(send_fd(pair[0], fd)); /* and never received */
    close(fd);
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(b);
    hlthunk_device_unref(d);
    assert_int_equal(hlthunk_device_open(&wait, &d), busy);
    waited = strstr(hlthunk_last_error(), "waited for ");
    assert_non_null(waited);
    assert_true(atoi(waited + strlen("waited for ")) >= 50); /* ms; more on a busy machine */
    fd = receive_fd(pair[1]);
    assert_true(fd > 2);
    assert_int_equal(hlthunk_device_open(NULL, &d), busy);
    close(fd);
    ok(hlthunk_device_open(NULL, &d));
    assert_int_equal(hlthunk_device_close(d), 0);
    close(pair[0]);
    close(pair[1]);
}

/* An open that waits gets the device when its user goes. */
TEST(waiting_for_the_device)
{
    struct hlthunk_device_options wait = { .struct_size = sizeof(wait), .timeout_ns = 60000000000 };
    struct hlthunk_device *d;
    int ready[2], go[2];
    pid_t pid;
    char c;

    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(go), 0);
    pid = fork();
    if (pid == 0) {
        d = open_device();
        if (write(ready[1], "r", 1) == 1 && read(go[0], &c, 1) == 1)
            usleep(30000);
        _exit(0);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_int_equal(hlthunk_device_open(NULL, &d), -EBUSY);
    assert_int_equal(write(go[1], "g", 1), 1);
    ok(hlthunk_device_open(&wait, &d));
    assert_int_equal(hlthunk_device_close(d), 0);
    waitpid(pid, NULL, 0);
    close(ready[0]);
    close(go[0]);
    close(go[1]);
}

SUITE(processes)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hand_over),
        cmocka_unit_test(killed),
        cmocka_unit_test(leaked_elsewhere),
        cmocka_unit_test(waiting_for_the_device),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
