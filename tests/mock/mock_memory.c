/* SPDX-License-Identifier: MIT */
/* The MEMORY operations: exact bytes in, every errno out, outputs untouched on failure. */
#include "tests/mock/mock.h"

#include <hlthunk/error.h>

#include "lib/op/op_mem.h"

#define FD 9
#define UNTOUCHED 0x5555555555555555ull

static uint64_t result;

/* One operation: how to call it, what must come, what it gives. */
struct op {
    int (*call)(void);
    union hl_mem_args in, out;
    uint64_t gives; /* in result; UNTOUCHED where it has none */
};

static int give(struct hl_mem_answer answer)
{
    if (answer.rc == 0)
        result = answer.value;
    return answer.rc;
}

static int do_alloc(void)
{
    return give(hl_mem_alloc(FD, 0x123000, 0x200000, HL_MEM_CONTIGUOUS | HL_MEM_SHARED));
}

static int do_free(void)
{
    return hl_mem_free(FD, 0x1234);
}

static int do_map_device(void)
{
    return give(hl_mem_map_device(FD, 7, 0xabc000, HL_MEM_FORCE_HINT));
}

static int do_map_host(void)
{
    return hl_mem_map_host(FD, (void *)0x7000001000, 0x5000, 0xfff0000000000000, 0, &result);
}

static int do_unmap(void)
{
    return hl_mem_unmap(FD, 0x1001001800000000);
}

static int do_map_block(void)
{
    uint32_t size;
    int rc = hl_mem_map_block(FD, 0x1000007ffc000000, &result, &size);

    if (rc == 0)
        assert_int_equal(size, 0x1000);
    return rc;
}

static int do_import(void)
{
    return hl_mem_import(FD, 33, 0x600000, &result);
}

static int do_ts_alloc(void)
{
    return hl_mem_ts_alloc(FD, 512, &result);
}

static const struct op ops[] = {
    { do_alloc,
      { .in = { .alloc = { 0x123000, 0x200000 },
                .op = HL_MEM_OP_ALLOC,
                .flags = HL_MEM_CONTIGUOUS | HL_MEM_SHARED } },
      { .out = { .handle = 42 } },
      42 },
    { do_free,
      { .in = { .free = { 0x1234 }, .op = HL_MEM_OP_FREE } },
      { .in = { .op = 0 } },
      UNTOUCHED },
    { do_map_device,
      { .in = { .map_device = { 0xabc000, 7 }, .op = HL_MEM_OP_MAP, .flags = HL_MEM_FORCE_HINT } },
      { .out = { .device_virt_addr = 0x1001001800000000 } },
      0x1001001800000000 },
    { do_map_host,
      { .in = { .map_host = { 0x7000001000, 0xfff0000000000000, 0x5000 },
                .op = HL_MEM_OP_MAP,
                .flags = HL_MEM_USERPTR } },
      { .out = { .device_virt_addr = 0xfff0000000000000 } },
      0xfff0000000000000 },
    { do_unmap,
      { .in = { .unmap = { 0x1001001800000000 }, .op = HL_MEM_OP_UNMAP } },
      { .in = { .op = 0 } },
      UNTOUCHED },
    { do_map_block,
      { .in = { .map_block = { 0x1000007ffc000000 }, .op = HL_MEM_OP_MAP_BLOCK } },
      { .out = { .block_handle = 0x2000, .block_size = 0x1000 } },
      0x2000 },
    { do_import,
      { .in = { .reg_dmabuf_fd = { 33, 0x600000 }, .op = HL_MEM_OP_REG_DMABUF_FD } },
      { .out = { .device_virt_addr = 0xfff0000000200000 } },
      0xfff0000000200000 },
    { do_ts_alloc,
      { .in = { .op = HL_MEM_OP_TS_ALLOC, .num_of_elements = 512 } },
      { .out = { .handle = 0x8000000000001000 } },
      0x8000000000001000 },
};

/* Linux 6.12 loses its free addresses by a hint that wraps around with the size. */
TEST(a_hint_that_wraps_around_is_none)
{
    const union hl_mem_args device = { .in = { .map_device = { 0, 7 }, .op = HL_MEM_OP_MAP } };
    const union hl_mem_args host = { .in = { .map_host = { 0x7000001000, 0, 0x5000 },
                                             .op = HL_MEM_OP_MAP,
                                             .flags = HL_MEM_USERPTR } };
    const union hl_mem_args out = { .out = { .device_virt_addr = 0x1001001800000000 } };
    const uint64_t hints[] = { UINT64_MAX, UINT64_MAX - 4095, UINT64_MAX - (96ull << 30) };

    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        mock_ok(HL_REQ_D_MEMORY, &device, &out, sizeof(device));
        assert_int_equal(hl_mem_map_device(FD, 7, hints[i], 0).rc, 0);
        mock_end();
        mock_ok(HL_REQ_D_MEMORY, &host, &out, sizeof(host));
        assert_int_equal(hl_mem_map_host(FD, (void *)0x7000001000, 0x5000, hints[i], 0, &result),
                         0);
        mock_end();
    }
}

TEST(bytes_and_results)
{
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        result = UNTOUCHED;
        mock_ok(HL_REQ_D_MEMORY, &ops[i].in, &ops[i].out, sizeof(union hl_mem_args));
        assert_int_equal(ops[i].call(), 0);
        assert_int_equal(result, ops[i].gives);
        mock_end();
    }
}

TEST(every_errno)
{
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        for (size_t e = 0; e < mock_errno_count; e++) {
            result = UNTOUCHED;
            mock_fail(HL_REQ_D_MEMORY, &ops[i].in, sizeof(union hl_mem_args), mock_errnos[e]);
            assert_int_equal(ops[i].call(), -mock_errnos[e]);
            assert_int_equal(result, UNTOUCHED);
            assert_true(strlen(hlthunk_last_error()) > 20);
            mock_end();
        }
    }
}

/* The kernel's own way to say EOPNOTSUPP: callers get that, and read what it was. */
TEST(enotsupp_says_so)
{
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        mock_fail(HL_REQ_D_MEMORY, &ops[i].in, sizeof(union hl_mem_args), 524);
        assert_int_equal(ops[i].call(), -EOPNOTSUPP);
        assert_non_null(strstr(hlthunk_last_error(), "524, ENOTSUPP"));
        mock_end();
    }
}

/* The address that was demanded is named only where one was. */
TEST(no_address_for_host_memory)
{
    static const struct {
        uint32_t flags;
        const char *text;
    } ways[] = {
        { 0, "or no address of the device is free for it" },
        { HL_MEM_FORCE_HINT, "the address 0x40000000, which FORCE_HINT demands" },
    };

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        mock_expect(&(struct mock_call){ .request = HL_REQ_D_MEMORY, .error = ENOMEM });
        assert_int_equal(
            hl_mem_map_host(FD, (void *)0x7000001000, 0x5000, 0x40000000, ways[i].flags, &result),
            -ENOMEM);
        assert_non_null(strstr(hlthunk_last_error(), ways[i].text));
        mock_end();
    }
}

/* Address 0 is that driver's other way to say no. */
TEST(an_import_at_address_0_failed)
{
    union hl_mem_args in = { .in = { .reg_dmabuf_fd = { 33, 0x600000 },
                                     .op = HL_MEM_OP_REG_DMABUF_FD } };
    union hl_mem_args out = { .out = { .device_virt_addr = 0 } };

    result = UNTOUCHED;
    mock_ok(HL_REQ_D_MEMORY, &in, &out, sizeof(in));
    assert_int_equal(do_import(), -EIO);
    assert_int_equal(result, UNTOUCHED);
    mock_end();
}

/* What the kernel would crash on, or answer with a bare EINVAL, does not reach it. */
TEST(refused_before_the_kernel)
{
    result = UNTOUCHED;
    assert_int_equal(hl_mem_alloc(FD, 0, 0, 0).rc, -EINVAL);
    assert_non_null(strstr(hlthunk_last_error(), "size is 0"));
    assert_int_equal(hl_mem_map_host(FD, (void *)0x1000, 0, 0, 0, &result), -EINVAL);
    assert_int_equal(hl_mem_map_host(FD, (void *)0x1000, 1ull << 44, 0, 0, &result), -EINVAL);
    assert_non_null(strstr(hlthunk_last_error(), "16 TiB"));
    assert_int_equal(hl_mem_map_host(FD, (void *)-4096, 8192, 0, 0, &result), -EINVAL);
    assert_non_null(strstr(hlthunk_last_error(), "wraps"));
    assert_int_equal(hl_mem_ts_alloc(FD, 0, &result), -EINVAL);
    assert_int_equal(hl_mem_ts_alloc(FD, (1 << 20) + 1, &result), -EINVAL);
    assert_int_equal(hl_mem_import(FD, -1, 4096, &result), -EBADF);
    assert_int_equal(hl_mem_import(FD, 5, 0, &result), -EINVAL);
    assert_int_equal(result, UNTOUCHED);
    assert_int_equal(mock_count(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_before_the_kernel),
        cmocka_unit_test(a_hint_that_wraps_around_is_none),
        cmocka_unit_test(bytes_and_results),
        cmocka_unit_test(every_errno),
        cmocka_unit_test(enotsupp_says_so),
        cmocka_unit_test(no_address_for_host_memory),
        cmocka_unit_test(an_import_at_address_0_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
