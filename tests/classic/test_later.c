/* SPDX-License-Identifier: MIT */
/*
 * What came after 2023: the fields that the vendor's driver fills where mainline has reserved
 * ones, and the functions of 2024 and later.
 */
#include "tests/classic/calls.h"

#include <stddef.h>

/* One answer for INFO; what was asked, and what came in where the answer goes. */
static const void *answer;
static size_t answer_size;
static struct hl_info_args asked;
static unsigned char input[64];

static int info_driver(enum door_op op, void *arg)
{
    const struct hl_info_args *a = arg;
    void *out = (void *)(uintptr_t)a->return_pointer;

    assert_int_equal(op, OP_INFO);
    asked = *a;
    memset(input, 0, sizeof(input));
    memcpy(input, out, a->return_size < sizeof(input) ? a->return_size : sizeof(input));
    memcpy(out, answer, a->return_size < answer_size ? a->return_size : answer_size);
    return 0;
}

static void answers(const void *data, size_t size)
{
    answer = data;
    answer_size = size;
    door_open(KERNEL_VENDOR, info_driver);
}

/* Every byte of the kernel's answer arrives: whichever is changed, the result changes. */
TEST(no_byte_of_the_hardware_s_description_is_dropped)
{
    struct hl_info_hw_ip_info in = { 0 };
    struct hlthunk_hw_ip_info none, out;

    answers(&in, sizeof(in));
    assert_int_equal(hlthunk_get_hw_ip_info(FD, &none), 0);
    for (size_t i = 0; i < sizeof(in); i++) {
        memset(&in, 0, sizeof(in));
        ((unsigned char *)&in)[i] = 0xa5;
        memset(&out, 0, sizeof(out));
        assert_int_equal(hlthunk_get_hw_ip_info(FD, &out), 0);
        if (!memcmp(&none, &out, sizeof(out)))
            fail_msg("byte %zu of the driver's answer is dropped", i);
    }
}

TEST(fields_that_mainline_reserves)
{
    const struct hl_info_hw_ip_info in = {
        .interposer_version = 1,
        .substrate_version = 2,
        .pdma_user_owned_ch_mask = 3,
        .nic_ports_mask = 4,
        .nic_ports_external_mask = 5,
        .mme_enabled_mask = 6,
        .odp_supported = 7,
        .sched_arc_enabled_mask = 8,
    };
    struct hlthunk_hw_ip_info out;

    answers(&in, sizeof(in));
    assert_int_equal(hlthunk_get_hw_ip_info(FD, &out), 0);
    assert_int_equal(out.interposer_version, 1);
    assert_int_equal(out.substrate_version, 2);
    assert_int_equal(out.pdma_user_owned_ch_mask, 3);
    assert_int_equal(out.nic_ports_mask, 4);
    assert_int_equal(out.nic_ports_external_mask, 5);
    assert_int_equal(out.mme_enabled_mask, 6);
    assert_int_equal(out.odp_supported, 7);
    assert_int_equal(out.sched_arc_enabled_mask, 8);
}

TEST(open_stats_tell_of_mappings)
{
    const struct hl_open_stats_info in = { .open_counter = 9, .pad = { 1 } };
    struct hlthunk_open_stats_info out;

    assert_int_equal(sizeof(out), 24);
    assert_int_equal(offsetof(struct hlthunk_open_stats_info, compute_ctx_has_mapped_resources),
                     18);
    memset(&out, 0x5a, sizeof(out));
    answers(&in, sizeof(in));
    assert_int_equal(hlthunk_get_open_stats(FD, &out), 0);
    assert_int_equal(out.open_counter, 9);
    assert_int_equal(out.compute_ctx_has_mapped_resources, 1);
}

TEST(telemetry_puts_a_reset_off)
{
    const struct hl_info_device_status in = { .status = HL_DEVICE_STATUS_NEEDS_RESET };

    answers(&in, sizeof(in));
    assert_int_equal(hlthunk_get_device_status_info_telemetry(FD, true),
                     HL_DEVICE_STATUS_NEEDS_RESET);
    assert_int_equal(asked.op, HL_INFO_DEVICE_STATUS);
    assert_int_equal(((struct hl_info_device_status *)input)->pad, 1);
    assert_int_equal(hlthunk_get_device_status_info_telemetry(FD, false),
                     HL_DEVICE_STATUS_NEEDS_RESET);
    assert_int_equal(((struct hl_info_device_status *)input)->pad, 0);
    hlthunk_get_device_status_info(FD);
    assert_int_equal(((struct hl_info_device_status *)input)->pad, 0);
}

TEST(a_die_has_clocks)
{
    const struct hl_info_time_sync_per_die in = { 9, 9, 1, 2, 3 };
    struct hlthunk_time_sync_die_info out;

    answers(&in, sizeof(in));
    assert_int_equal(hlthunk_get_time_sync_per_die_info(FD, 2, &out), 0);
    assert_int_equal(asked.op, HL_INFO_TIME_SYNC_PER_DIE);
    assert_int_equal(((struct hl_info_time_sync_per_die *)input)->die_index, 2);
    assert_int_equal(out.device_time, 1);
    assert_int_equal(out.host_time, 2);
    assert_int_equal(out.tsc_time, 3);
}

TEST(consumption_is_told)
{
    answers("", 0);
    assert_int_equal(hlthunk_set_memory_consumption(FD, 4096, 77), 0);
    assert_int_equal(asked.op, HL_INFO_MEMORY_CONSUMPTION);
    assert_int_equal(asked.return_size, sizeof(struct hl_info_memory_consumption));
    assert_int_equal(((struct hl_info_memory_consumption *)input)->used_mem, 4096);
    assert_int_equal(((struct hl_info_memory_consumption *)input)->timestamp_sec, 77);
}

TEST(addresses_of_ports)
{
    struct hl_info_hw_ip_info in = { 0 };
    struct hlthunk_mac_addr_info out;
    static const struct hlthunk_mac_addr_info none;

    memset(&out, 0x5a, sizeof(out));
    answers(&in, sizeof(in));
    assert_int_equal(hlthunk_get_mac_addr_info(FD, &out), 0);
    assert_memory_equal(&out, &none, sizeof(out));
    in.nic_ports_mask = 1;
    memset(&out, 0x5a, sizeof(out));
    assert_int_equal(hlthunk_get_mac_addr_info(FD, &out), -EOPNOTSUPP);
    assert_int_equal(out.mask[0], 0x5a5a5a5a5a5a5a5a);
}

static struct hl_debug_params_read_block block;

static int debug_driver(enum door_op op, void *arg)
{
    const struct hl_debug_args *a = arg;

    assert_int_equal(op, OP_DEBUG);
    assert_int_equal(a->op, HL_DEBUG_OP_READBLOCK);
    assert_int_equal(a->input_size, sizeof(block));
    memcpy(&block, (void *)(uintptr_t)a->input_ptr, sizeof(block));
    return 0;
}

TEST(a_block_is_read)
{
    static uint32_t words[8];

    door_open(KERNEL_VENDOR, debug_driver);
    assert_int_equal(hlthunk_device_memory_read_block_experimental(FD, words, 0x1000, 32, 5), 0);
    assert_int_equal(block.cfg_address, 0x1000);
    assert_int_equal(block.user_address, (uintptr_t)words);
    assert_int_equal(block.size, 32);
    assert_int_equal(block.flags, 5);
    assert_int_equal(door_calls, 1);
    for (uint32_t size = 0; size <= 16388; size += size == 0 ? 2 : 16386)
        assert_int_equal(hlthunk_device_memory_read_block_experimental(FD, words, 0x1000, size, 0),
                         -EINVAL);
    assert_int_equal(door_calls, 1);
}

/* The table for plug-ins has these two at its end. */
TEST(the_table_of_functions_has_grown)
{
    const struct hlthunk_functions_pointers table = {
        .fp_hlthunk_get_time_sync_per_die_info = hlthunk_get_time_sync_per_die_info,
        .fp_hlthunk_get_hw_ip_info = hlthunk_get_hw_ip_info,
    };

    assert_int_equal(offsetof(struct hlthunk_functions_pointers, fp_hlthunk_get_hw_ip_info) +
                         sizeof(void *),
                     sizeof(table));
    assert_int_equal(
        offsetof(struct hlthunk_functions_pointers, fp_hlthunk_get_time_sync_per_die_info),
        offsetof(struct hlthunk_functions_pointers,
                 fp_hlthunk_device_mapped_memory_export_dmabuf_fd) +
            sizeof(void *));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_byte_of_the_hardware_s_description_is_dropped),
        cmocka_unit_test(fields_that_mainline_reserves),
        cmocka_unit_test(open_stats_tell_of_mappings),
        cmocka_unit_test(telemetry_puts_a_reset_off),
        cmocka_unit_test(a_die_has_clocks),
        cmocka_unit_test(consumption_is_told),
        cmocka_unit_test(addresses_of_ports),
        cmocka_unit_test(a_block_is_read),
        cmocka_unit_test(the_table_of_functions_has_grown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
