/* SPDX-License-Identifier: MIT */
/* Fences and CPU access of a dma-buf: bytes, rules, every errno. */
#include "tests/mock/mock.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <hlthunk/error.h>

#include "lib/op/op_dmabuf.h"
#include "uapi/dma_buf.h"

#define FD 9
#define READ DMA_BUF_SYNC_READ
#define WRITE DMA_BUF_SYNC_WRITE

TEST(access_is_checked_first)
{
    static const uint32_t bad[] = { 0, 4, 7, 8, 0x80000001 };
    int fd = -7;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(hl_dmabuf_cpu_access(FD, bad[i], false), -EINVAL);
        assert_int_equal(hl_dmabuf_cpu_access(FD, bad[i], true), -EINVAL);
        assert_int_equal(hl_dmabuf_export_sync_file(FD, bad[i], &fd), -EINVAL);
        assert_int_equal(hl_dmabuf_import_sync_file(FD, bad[i], 0), -EINVAL);
        assert_int_equal(hl_dmabuf_wait(FD, bad[i], 0), -EINVAL);
        assert_non_null(strstr(hlthunk_last_error(), "not an enum hlthunk_access"));
    }
    assert_int_equal(hl_dmabuf_import_sync_file(FD, READ, 12345), -EBADF);
    assert_int_equal(fd, -7);
    assert_int_equal(mock_count(), 0);
}

TEST(cpu_access_bytes)
{
    static const struct {
        uint32_t access;
        bool end;
        uint64_t flags;
    } calls[] = {
        { READ, false, 1 }, { WRITE, false, 2 }, { READ | WRITE, false, 3 },
        { READ, true, 5 },  { WRITE, true, 6 },  { READ | WRITE, true, 7 },
    };

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        struct dma_buf_sync in = { .flags = calls[i].flags };

        mock_ok(DMA_BUF_IOCTL_SYNC, &in, &in, sizeof(in));
        assert_int_equal(hl_dmabuf_cpu_access(FD, calls[i].access, calls[i].end), 0);
        mock_end();
        for (size_t e = 0; e < mock_errno_count; e++) {
            mock_fail(DMA_BUF_IOCTL_SYNC, &in, sizeof(in), mock_errnos[e]);
            assert_int_equal(hl_dmabuf_cpu_access(FD, calls[i].access, calls[i].end),
                             -mock_errnos[e]);
            assert_non_null(strstr(hlthunk_last_error(), calls[i].end ? "end" : "begin"));
            mock_end();
        }
    }
}

/* A descriptor below 3, or without O_CLOEXEC, is not handed out as it is. */
TEST(export_bytes_and_fd)
{
    struct dma_buf_export_sync_file in = { .flags = READ | WRITE, .fd = -1 }, out = in;
    int saved, fd = -7;

    out.fd = eventfd(0, 0);
    assert_true(out.fd > 2);
    mock_ok(DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &in, &out, sizeof(in));
    assert_int_equal(hl_dmabuf_export_sync_file(FD, READ | WRITE, &fd), 0);
    assert_int_equal(fd, out.fd);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    close(fd);
    mock_end();
    saved = dup(0);
    close(0);
    out.fd = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(out.fd, 0);
    mock_ok(DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &in, &out, sizeof(in));
    assert_int_equal(hl_dmabuf_export_sync_file(FD, READ | WRITE, &fd), 0);
    assert_true(fd > 2);
    assert_int_equal(fcntl(0, F_GETFD), -1);
    close(fd);
    dup2(saved, 0);
    close(saved);
    mock_end();
}

TEST(export_every_errno)
{
    struct dma_buf_export_sync_file in = { .flags = READ, .fd = -1 };
    int fd = -7;

    for (size_t e = 0; e < mock_errno_count; e++) {
        mock_fail(DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &in, sizeof(in), mock_errnos[e]);
        assert_int_equal(hl_dmabuf_export_sync_file(FD, READ, &fd), -mock_errnos[e]);
        mock_end();
    }
    /* before Linux 6.0 */
    mock_fail(DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &in, sizeof(in), ENOTTY);
    assert_int_equal(hl_dmabuf_export_sync_file(FD, READ, &fd), -EOPNOTSUPP);
    assert_non_null(strstr(hlthunk_last_error(), "6.0"));
    assert_int_equal(fd, -7);
    mock_end();
}

TEST(import_bytes_and_every_errno)
{
    int sync = eventfd(0, EFD_CLOEXEC);
    struct dma_buf_import_sync_file in = { .flags = WRITE, .fd = sync };

    mock_ok(DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &in, &in, sizeof(in));
    assert_int_equal(hl_dmabuf_import_sync_file(FD, WRITE, sync), 0);
    mock_end();
    for (size_t e = 0; e < mock_errno_count; e++) {
        mock_fail(DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &in, sizeof(in), mock_errnos[e]);
        assert_int_equal(hl_dmabuf_import_sync_file(FD, WRITE, sync), -mock_errnos[e]);
        if (mock_errnos[e] == EINVAL)
            assert_non_null(strstr(hlthunk_last_error(), "is not a sync file"));
        mock_end();
    }
    mock_fail(DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &in, sizeof(in), ENOTTY);
    assert_int_equal(hl_dmabuf_import_sync_file(FD, WRITE, sync), -EOPNOTSUPP);
    mock_end();
    assert_true(fcntl(sync, F_GETFD) >= 0); /* it stays the caller's */
    close(sync);
}

/* poll() for what was asked: a pipe's ends are ready for one thing each. */
TEST(waits_for_what_is_meant)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(hl_dmabuf_wait(ends[1], WRITE, 0), 0);
    assert_int_equal(hl_dmabuf_wait(ends[1], READ | WRITE, 0), 0);
    assert_int_equal(hl_dmabuf_wait(ends[0], READ, 0), -ETIMEDOUT);
    assert_int_equal(hl_dmabuf_wait(ends[0], READ, 1500000), -ETIMEDOUT);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(hl_dmabuf_wait(ends[0], READ, -1), 0);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(hl_dmabuf_wait(ends[0], READ, -1), -EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(access_is_checked_first),      cmocka_unit_test(cpu_access_bytes),
        cmocka_unit_test(export_bytes_and_fd),          cmocka_unit_test(export_every_errno),
        cmocka_unit_test(import_bytes_and_every_errno), cmocka_unit_test(waits_for_what_is_meant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
