/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <errno.h>
#include <stdlib.h>

#include <hlthunk/error.h>

#include "lib/op/choice.h"

TEST(lists)
{
    struct hl_choice c;

    assert_int_equal(hl_choice_parse("5,4,7,6", "X", true, &c), 0);
    assert_int_equal(c.count, 4);
    assert_int_equal(c.id[0], 5);
    assert_int_equal(c.id[3], 6);
    assert_true(c.modules);
    assert_string_equal(c.from, "X");
    assert_int_equal(hl_choice_parse(" 0 , 4294967295 ", "X", false, &c), 0);
    assert_int_equal(c.count, 2);
    assert_int_equal(c.id[1], UINT32_MAX);
    assert_false(c.modules);
}

TEST(any_device)
{
    const char *any[] = { NULL, "", "all" };
    struct hl_choice c;

    for (size_t i = 0; i < 3; i++) {
        memset(&c, 1, sizeof(c));
        assert_int_equal(hl_choice_parse(any[i], "X", false, &c), 0);
        assert_null(c.from);
    }
}

TEST(malformed)
{
    const char *bad[] = {
        ",",   "1,",         ",1",  "1,,2", "x",   "1x",  "-1",
        "+1",  "4294967296", "0x1", " ",    "1;2", "1 2", "99999999999999999999999999",
        "ALL", "all,1"
    };
    char many[65 * 2 + 1];
    struct hl_choice c;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(hl_choice_parse(bad[i], "THE_NAME", false, &c), -EINVAL);
        assert_non_null(strstr(hlthunk_last_error(), "THE_NAME"));
        assert_non_null(strstr(hlthunk_last_error(), bad[i]));
    }
    for (unsigned i = 0; i < 65; i++)
        memcpy(many + 2 * i, "1,", 3);
    many[64 * 2 - 1] = '\0';
    assert_int_equal(hl_choice_parse(many, "X", false, &c), 0);
    assert_int_equal(c.count, 64);
    many[64 * 2 - 1] = ',';
    many[65 * 2 - 1] = '\0';
    assert_int_equal(hl_choice_parse(many, "X", false, &c), -EINVAL);
}

TEST(who_chooses)
{
    const uint32_t ids[] = { 3, 1 };
    struct hlthunk_device_options o = { .select = HLTHUNK_SELECT_ANY };
    struct hl_choice c;

    unsetenv("HABANA_VISIBLE_MODULES");
    setenv("HABANA_VISIBLE_DEVICES", "2", 1);
    assert_int_equal(hl_choice_read(&o, &c), 0);
    assert_string_equal(c.from, "HABANA_VISIBLE_DEVICES");
    assert_false(c.modules);
    setenv("HABANA_VISIBLE_MODULES", "7,8", 1);
    assert_int_equal(hl_choice_read(&o, &c), 0);
    assert_string_equal(c.from, "HABANA_VISIBLE_MODULES");
    assert_true(c.modules);
    assert_int_equal(c.count, 2);
    setenv("HABANA_VISIBLE_MODULES", "seven", 1);
    assert_int_equal(hl_choice_read(&o, &c), -EINVAL);
    /* who asks for a device gets it */
    for (o.select = HLTHUNK_SELECT_PCI_ADDRESS; o.select <= HLTHUNK_SELECT_ASIC; o.select++) {
        assert_int_equal(hl_choice_read(&o, &c), 0);
        assert_null(c.from);
    }
    o.select = HLTHUNK_SELECT_MODULE_ID_LIST;
    assert_int_equal(hl_choice_read(&o, &c), -EINVAL);
    o.list = ids;
    o.list_count = 65;
    assert_int_equal(hl_choice_read(&o, &c), -EINVAL);
    o.list_count = 2;
    assert_int_equal(hl_choice_read(&o, &c), 0);
    assert_true(c.modules);
    assert_int_equal(c.id[0], 3);
    o.select = HLTHUNK_SELECT_INDEX_LIST;
    assert_int_equal(hl_choice_read(&o, &c), 0);
    assert_false(c.modules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists),
        cmocka_unit_test(any_device),
        cmocka_unit_test(malformed),
        cmocka_unit_test(who_chooses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
