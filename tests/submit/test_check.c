/* SPDX-License-Identifier: MIT */
/* What is refused in a command buffer: every opcode on the external queues, every address. */
#include "tests/submit/bench.h"

#include <errno.h>
#include <string.h>

static int one(const char *asic, uint32_t queue, uint32_t w0, uint32_t ctl, uint32_t len)
{
    uint8_t b[32] = { 0 };

    memcpy(b, &w0, 4);
    memcpy(b + 4, &ctl, 4);
    return sim_sub_check_cb(sim_sub_props(sim_asic_by_name(asic), HL_GENERATION_DRM), queue, b,
                            len);
}

TEST(opcodes)
{
    static const struct {
        unsigned op;
        uint32_t len;
        int goya, gaudi;
    } t[] = {
        { 0x0, 8, -EINVAL, -EINVAL },
        { 0x1, 8, -EPERM, 0 },
        { 0x2, 8, -EPERM, -EPERM },
        { 0x3, 16, 0, 0 },
        { 0x3, 8, -EINVAL, -EINVAL },
        { 0x4, 8, 0, 0 },
        { 0x5, 16, -EPERM, -EPERM },
        { 0x5, 8, -EINVAL, -EINVAL },
        { 0x6, 8, -EINVAL, 0 },
        { 0x7, 16, -EPERM, -EPERM },
        { 0x8, 8, 0, 0 },
        { 0x9, 24, 0, 0 },
        { 0x9, 16, -EINVAL, -EINVAL },
        { 0xA, 8, 0, 0 },
        { 0xA, 12, -EINVAL, -EINVAL },
        { 0xB, 8, -EPERM, -EPERM },
        { 0xC, 8, -EINVAL, 0 },
        { 0xD, 8, -EINVAL, -EINVAL },
        { 0xE, 8, -EINVAL, -EINVAL },
        { 0xF, 16, -EINVAL, 0 },
        { 0x10, 8, -EINVAL, -EINVAL },
        { 0x1F, 8, -EINVAL, -EINVAL },
    };

    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        uint32_t w0 = t[i].op == 0x9 ? 64 : 0;

        assert_int_equal(one("goya", 1, w0, t[i].op << 24, t[i].len), t[i].goya);
        assert_int_equal(one("gaudi", 1, w0, t[i].op << 24, t[i].len), t[i].gaudi);
    }
    assert_int_equal(one("gaudi", 0, 1, 0x0F000000, 16), -EPERM);
    assert_int_equal(one("gaudi", 0, 0, 0x09000000, 24), 0);      /* no bytes: allowed here */
    assert_int_equal(one("goya", 0, 0, 0x09000000, 24), -EINVAL); /* and not there */
    assert_int_equal(one("goya", 0, 5, 0x01001020, 8), 0);        /* the one register */
}

TEST(goya_reads_host_on_queue_1_only)
{
    const struct sim_sub_props *p = sim_sub_props(SIM_ASIC_GOYA, HL_GENERATION_DRM);
    uint32_t b[6] = { 64, 0x09000000, 0, 0x10000, 0, 0 };

    assert_int_equal(sim_sub_check_cb(p, 1, b, 24), 0);
    for (uint32_t q = 0; q < 5; q++)
        if (q != 1)
            assert_int_equal(sim_sub_check_cb(p, q, b, 24), -EFAULT);
}

TEST(addresses)
{
    static const struct {
        const char *asic;
        uint32_t queue;
        uint64_t addr;
        uint32_t len;
        int rc;
    } t[] = {
        { "goya", 7, 0x1234, 8, 0 },
        { "gaudi", 9, 0x7FF0000080, 64, 0 },
        { "gaudi", 9, 0x7FF0000000, 64, -EFAULT },
        { "gaudi", 9, 0x7FF13FFFC0, 64, 0 },
        { "gaudi", 9, 0x7FF13FFFC0, 65, -EFAULT },
        { "gaudi", 9, 0x20000000, 64, 0 },
        { "gaudi", 9, 0x1FFFFFFF, 64, -EFAULT },
        { "gaudi", 9, 0x1000000000000, 64, 0 },
        { "gaudi", 9, 0, 64, -EFAULT },
        { "gaudi", 9, 0x20000000, 0, -EFAULT },
        { "gaudi", 73, 0x20000000, 64, -EINVAL },
        { "gaudi2", 0, 0xFFF0000000000000, 64, 0 },
        { "gaudi2", 1, 0xFFF0800000001000, 64, 0 },
        { "gaudi2", 2, 0xFFF0000000000000, 64, -EINVAL },
        { "gaudi2", 4, 0x1001000000000000, 64, 0 },
        { "gaudi2", 5, 0x1001000000000000, 64, -EINVAL },
        { "gaudi2", 8, 0x1000FFFFFD000000, 64, 0 },
        { "gaudi2", 0, 0x1000, 64, -EFAULT },
        { "gaudi2", 156, 0xFFF0000000000000, 64, -EINVAL },
        { "gaudi2", 252, 0xFFF0000000000000, 64, 0 },
    };

    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
        assert_int_equal(
            sim_sub_check_address(sim_sub_props(sim_asic_by_name(t[i].asic), HL_GENERATION_DRM),
                                  t[i].queue, t[i].addr, t[i].len),
            t[i].rc);
    assert_int_equal(sim_asic_by_name("gaudi3"), SIM_ASIC_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opcodes),
        cmocka_unit_test(goya_reads_host_on_queue_1_only),
        cmocka_unit_test(addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
