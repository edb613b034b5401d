/* SPDX-License-Identifier: MIT */
/* EXPORT_DMABUF_FD: rules, flags, descriptors above 2, offsets on kernels that ignore them. */
#include "tests/mock/mock.h"

#include <fcntl.h>
#include <unistd.h>

#include <hlthunk/error.h>

#include "lib/op/op_mem.h"

#define FD 9
#define PAGES 0x10000u /* whole ones, whatever the machine's are */

static union hl_mem_args request(uint64_t addr, uint64_t size, uint64_t offset, uint32_t flags)
{
    union hl_mem_args a = { .in = { .export_dmabuf_fd = { addr, size, offset },
                                    .op = HL_MEM_OP_EXPORT_DMABUF_FD,
                                    .flags = flags } };

    return a;
}

static void expect_fd(uint64_t addr, uint64_t size, uint64_t offset, uint32_t flags, int fd)
{
    union hl_mem_args in = request(addr, size, offset, flags), out = { .out = { .fd = fd } };

    mock_ok(HL_REQ_D_MEMORY, &in, &out, sizeof(in));
}

TEST(rules)
{
    static const struct {
        uint64_t address, size, offset;
        const char *text;
    } bad[] = {
        { PAGES, 0, 0, "size is 0" },
        { PAGES + 1, PAGES, 0, "address 0x10001 is not a multiple" },
        { PAGES, PAGES, 2796202, "offset 2796202 is not a multiple of the page size" },
        { PAGES, PAGES, -(uint64_t)PAGES, "wraps" },
        { -(uint64_t)PAGES, 2 * PAGES, 0, "wraps" },
    };
    int fd = -7;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(hl_mem_export(FD, bad[i].address, bad[i].size, bad[i].offset, 0, &fd),
                         -EINVAL);
        if (!strstr(hlthunk_last_error(), bad[i].text))
            fail_msg("\"%s\" does not say \"%s\"", hlthunk_last_error(), bad[i].text);
    }
    assert_int_equal(fd, -7);
    assert_int_equal(mock_count(), 0);
}

TEST(bytes_and_fd)
{
    int fd = -7;

    expect_fd(0x1001001800000000, 0x200000, 0, O_RDWR | O_CLOEXEC, 33);
    assert_int_equal(hl_mem_export(FD, 0x1001001800000000, 0x200000, 0, O_RDWR | O_CLOEXEC, &fd),
                     0);
    assert_int_equal(fd, 33);
    mock_end();
    /* a kernel that takes type 'd' takes offsets: no question is asked about that */
    expect_fd(0x1001001800000000, 0x200000, 3 * PAGES, O_CLOEXEC, 34);
    assert_int_equal(hl_mem_export(FD, 0x1001001800000000, 0x200000, 3 * PAGES, O_CLOEXEC, &fd), 0);
    assert_int_equal(fd, 34);
    mock_end();
}

TEST(every_errno)
{
    union hl_mem_args in = request(0x20000000, PAGES, 0, O_CLOEXEC);
    int fd = -7;

    for (size_t e = 0; e < mock_errno_count; e++) {
        mock_fail(HL_REQ_D_MEMORY, &in, sizeof(in), mock_errnos[e]);
        assert_int_equal(hl_mem_export(FD, 0x20000000, PAGES, 0, O_CLOEXEC, &fd), -mock_errnos[e]);
        assert_int_equal(fd, -7);
        assert_true(strlen(hlthunk_last_error()) > 20);
        mock_end();
    }
}

/* A program without standard streams gets numbers from 0: never as a dma-buf. */
TEST(descriptors_above_2)
{
    int saved = dup(0), fd = -7;

    for (int cloexec = 0; cloexec < 2; cloexec++) {
        int low = open("/dev/null", O_RDWR);

        if (low) {
            assert_int_equal(dup2(low, 0), 0);
            close(low);
        }
        expect_fd(0x20000000, PAGES, 0, cloexec ? O_CLOEXEC : 0, 0);
        assert_int_equal(hl_mem_export(FD, 0x20000000, PAGES, 0, cloexec ? O_CLOEXEC : 0, &fd), 0);
        assert_true(fd > 2);
        assert_int_equal(fcntl(fd, F_GETFD), cloexec ? FD_CLOEXEC : 0);
        assert_int_equal(fcntl(0, F_GETFD), -1); /* the low one is not left behind */
        close(fd);
        mock_end();
    }
    dup2(saved, 0);
    close(saved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules),
        cmocka_unit_test(bytes_and_fd),
        cmocka_unit_test(every_errno),
        cmocka_unit_test(descriptors_above_2),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
