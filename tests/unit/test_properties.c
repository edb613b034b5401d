/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include "lib/device/properties.h"
#include "uapi/habanalabs_accel.h"

TEST(gaudi2)
{
    struct hl_info_hw_ip_info ip = {
        .device_id = 0x1020,
        .module_id = 5,
        .dram_enabled = 1,
        .dram_base_address = 0x1001001800000000,
        .dram_size = 97536ull << 20,
        .dram_page_size = 768ull << 20,
        .sram_base_address = 7,
        .sram_size = 8,
        .number_of_user_interrupts = 64,
        .first_available_interrupt_id = 48,
        .revision_id = 1,
        .security_enabled = 1,
    };
    struct hlthunk_device_properties p = { 0 };

    /* firmware strings fill their fields without a NUL */
    memset(ip.card_name, 'C', sizeof(ip.card_name));
    memset(ip.cpucp_version, 'V', sizeof(ip.cpucp_version));
    hl_properties_from_uapi(&ip, &p);
    assert_int_equal(p.asic, HLTHUNK_ASIC_GAUDI2);
    assert_int_equal(p.pci_device_id, 0x1020);
    assert_int_equal(p.module_id, 5);
    assert_true(p.has_device_mmu);
    assert_true(p.secured);
    assert_int_equal(p.memory_base, 0x1001001800000000);
    assert_int_equal(p.memory_size, 97536ull << 20);
    assert_int_equal(p.memory_page_size, 768ull << 20);
    assert_int_equal(p.sram_base, 7);
    assert_int_equal(p.sram_size, 8);
    assert_int_equal(p.number_of_user_interrupts, 64);
    assert_int_equal(p.first_user_interrupt, 48);
    assert_int_equal(p.pci_revision, 1);
    assert_int_equal(strlen(p.card_name), sizeof(ip.card_name));
    assert_int_equal(strlen(p.firmware_version), sizeof(ip.cpucp_version));
}

TEST(asics)
{
    static const struct {
        unsigned id;
        enum hlthunk_asic asic;
        bool mmu;
    } table[] = {
        { 0x0001, HLTHUNK_ASIC_GOYA, true },    { 0x1000, HLTHUNK_ASIC_GAUDI, false },
        { 0x1010, HLTHUNK_ASIC_GAUDI, false },  { 0x1020, HLTHUNK_ASIC_GAUDI2, true },
        { 0x1060, HLTHUNK_ASIC_UNKNOWN, true }, { 0x9999, HLTHUNK_ASIC_UNKNOWN, true },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct hl_info_hw_ip_info ip = { .device_id = table[i].id, .dram_size = 4096 };
        struct hlthunk_device_properties p = { 0 };

        hl_properties_from_uapi(&ip, &p);
        assert_int_equal(p.asic, table[i].asic);
        assert_int_equal(p.has_device_mmu, table[i].mmu);
        assert_int_equal(p.memory_size, 0); /* disabled */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaudi2),
        cmocka_unit_test(asics),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
