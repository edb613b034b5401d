/* SPDX-License-Identifier: MIT */
/* Fences of a dma-buf: the driver's reservation object is empty, and says so everywhere. */
#include "tests/sim/support.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

static struct hlthunk_device *d;
static struct hlthunk_buffer *b;
static struct hlthunk_dmabuf *m;

FIXTURE(set_up)
{
    if (!can_export())
        return 0;
    d = open_device();
    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
    ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
    return 0;
}

FIXTURE(tear_down)
{
    if (!can_export())
        return 0;
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
    return 0;
}

TEST(cpu_access_waits_for_nothing)
{
    static const enum hlthunk_access all[] = { HLTHUNK_ACCESS_READ, HLTHUNK_ACCESS_WRITE,
                                               HLTHUNK_ACCESS_READ_WRITE };

    if (!can_export())
        skip();
    for (int i = 0; i < 3; i++) {
        ok(hlthunk_dmabuf_begin_cpu_access(m, all[i]));
        ok(hlthunk_dmabuf_end_cpu_access(m, all[i]));
        ok(hlthunk_dmabuf_wait(m, all[i], 0));
    }
    refused(hlthunk_dmabuf_begin_cpu_access(m, (enum hlthunk_access)0), EINVAL, "access");
    refused(hlthunk_dmabuf_wait(NULL, HLTHUNK_ACCESS_READ, 0), EINVAL, "dmabuf is NULL");
}

TEST(a_sync_file_has_signalled_already)
{
    struct pollfd p = { .events = POLLIN | POLLOUT };
    unsigned fds = count_fds();
    int fd = -7, n;

    if (!can_export())
        skip();
    ok(hlthunk_dmabuf_export_sync_file(m, HLTHUNK_ACCESS_READ_WRITE, &fd));
    assert_true(fd > 2);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    p.fd = fd;
    n = poll(&p, 1, 0);
    assert_int_equal(n, 1);
    assert_int_equal(p.revents, POLLIN);
    /* a fence that others may wait for: here one that has signalled */
    ok(hlthunk_dmabuf_import_sync_file(m, HLTHUNK_ACCESS_WRITE, fd));
    ok(hlthunk_dmabuf_wait(m, HLTHUNK_ACCESS_READ_WRITE, 0));
    close(fd);
    assert_int_equal(count_fds(), fds);
    fd = -7;
    refused(hlthunk_dmabuf_export_sync_file(m, (enum hlthunk_access)8, &fd), EINVAL, "access");
    refused(hlthunk_dmabuf_export_sync_file(m, HLTHUNK_ACCESS_READ, NULL), EINVAL, "fd is NULL");
    refused(hlthunk_dmabuf_import_sync_file(m, HLTHUNK_ACCESS_READ, -1), EBADF, "not open");
    refused(hlthunk_dmabuf_import_sync_file(m, HLTHUNK_ACCESS_READ, hlthunk_dmabuf_borrow_fd(m)),
            EINVAL, "not a sync file");
    assert_int_equal(fd, -7);
}

SUITE(sync)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cpu_access_waits_for_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_sync_file_has_signalled_already, set_up, tear_down),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
