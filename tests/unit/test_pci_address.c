/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include "lib/kernel/pci_address.h"

static void check(const char *text, uint32_t domain, unsigned bus, unsigned device, unsigned fn)
{
    struct hl_pci_address a;

    assert_true(hl_pci_parse(text, &a));
    assert_int_equal(a.domain, domain);
    assert_int_equal(a.bus, bus);
    assert_int_equal(a.device, device);
    assert_int_equal(a.function, fn);
}

TEST(accepted)
{
    check("0000:0d:00.0", 0, 0x0d, 0, 0);
    check("0000:0D:1F.7", 0, 0x0d, 0x1f, 7);
    check("10000:af:02.1", 0x10000, 0xaf, 2, 1);
    check("ffffffff:00:00.0", 0xffffffff, 0, 0, 0);
    check("3b:00.0", 0, 0x3b, 0, 0);
}

TEST(refused)
{
    static const char *const bad[] = {
        "",
        ":",
        "0000:0d:00",
        "0000:0d:00.",
        "0000:0d:00.8",
        "0000:0d:20.0",
        "0000:100:00.0",
        "0000:0d:00.0 ",
        " 0000:0d:00.0",
        "0000:0d:00.0x",
        "100000000:0d:00.0",
        "g:00.0",
        "0000:0d:00:0",
        "0000::00.0",
        "00.0",
    };
    struct hl_pci_address a;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (hl_pci_parse(bad[i], &a))
            fail_msg("\"%s\" was accepted", bad[i]);
    }
}

TEST(formatted)
{
    struct hl_pci_address a;
    char text[24];

    assert_true(hl_pci_parse("12345:AB:0C.3", &a));
    hl_pci_format(&a, text, sizeof(text));
    assert_string_equal(text, "12345:ab:0c.3");
    assert_true(hl_pci_parse("1:2.3", &a));
    hl_pci_format(&a, text, sizeof(text));
    assert_string_equal(text, "0000:01:02.3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted),
        cmocka_unit_test(refused),
        cmocka_unit_test(formatted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
