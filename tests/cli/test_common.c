/* SPDX-License-Identifier: MIT */
/* What the commands print of sizes, times and texts of others. */
#include "tools/command.h" /* before CMocka's fail() */

#include "tests/test.h"

#include <stdlib.h>

#define S 1000000000ull

TEST(sizes_and_ages)
{
    static const struct {
        uint64_t value;
        const char *text;
    } sizes[] = { { 0, "0 B" },
                  { 1023, "1023 B" },
                  { 1024, "1 KiB" },
                  { 1025, "1025 B" },
                  { 3 << 20, "3 MiB" },
                  { 96ull << 30, "96 GiB" },
                  { 1ull << 40, "1 TiB" },
                  { 1ull << 50, "1024 TiB" } },
      ages[] = { { 0, "-" },
                 { 1, "0.0 s" },
                 { 119 * S + S * 9 / 10, "119.9 s" },
                 { 120 * S, "2 min" },
                 { 7199 * S, "119 min" },
                 { 7200 * S, "2 h" },
                 { 172799 * S, "47 h" },
                 { 172800 * S, "2 days" } };
    char text[32];

    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        assert_string_equal(format_size(sizes[i].value, text, sizeof(text)), sizes[i].text);
    for (unsigned i = 0; i < sizeof(ages) / sizeof(ages[0]); i++)
        assert_string_equal(format_age(ages[i].value, text, sizeof(text)), ages[i].text);
}

TEST(nothing_of_others_controls_a_terminal)
{
    char text[8];

    assert_string_equal(printable("a~ \x7f\x1b\xff", text, sizeof(text)), "a~ ???");
    assert_string_equal(printable("123456789", text, sizeof(text)), "1234567");
    assert_string_equal(printable("", text, sizeof(text)), "");
}

/* Each byte that is no character's becomes U+FFFD; overlong forms and surrogates are none. */
TEST(json_is_utf8)
{
    static const struct {
        const char *text, *valid;
    } cases[] = {
        { "", "" },
        { "a\tb", "a\tb" },
        { "\xc3\xa9", "\xc3\xa9" },
        { "\xe2\x82\xac", "\xe2\x82\xac" },
        { "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
        { "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },
        { "\x80", "\xef\xbf\xbd" },
        { "\xf8", "\xef\xbf\xbd" },
        { "\xc3", "\xef\xbf\xbd" },
        { "\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd" },
        { "\xc3z", "\xef\xbf\xbdz" },
        { "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd" },
        { "\xe0\x80\xaf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
        { "\xed\x9f\xbf", "\xed\x9f\xbf" },
        { "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
        { "\xee\x80\x80", "\xee\x80\x80" },
        { "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cJSON *o = cJSON_CreateObject();

        add_text(o, "text", cases[i].text);
        assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(o, "text")), cases[i].valid);
        cJSON_Delete(o);
    }
}

static void *no_memory(size_t size)
{
    (void)size;
    return NULL;
}

TEST(without_memory_nothing_is_printed)
{
    cJSON_Hooks none = { no_memory, free };
    cJSON *o = cJSON_CreateObject();
    int rc;

    add_hex(o, "value", 0xffffffffffffffff);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(o, "value")),
                        "0xffffffffffffffff");
    cJSON_InitHooks(&none);
    rc = print_object(o);
    cJSON_InitHooks(NULL);
    assert_int_equal(rc, EXIT_FAILED);
}

TEST(a_device_has_an_index_an_asic_or_an_address)
{
    static const struct {
        const char *text;
        bool ok;
        enum hlthunk_device_select select;
    } cases[] = {
        { NULL, true, HLTHUNK_SELECT_ANY },
        { "gaudi", true, HLTHUNK_SELECT_ASIC },
        { "0000:10:00.0", true, HLTHUNK_SELECT_PCI_ADDRESS },
        { "10:00.0", true, HLTHUNK_SELECT_PCI_ADDRESS },
        { "ffffffff:FF:1f.7", true, HLTHUNK_SELECT_PCI_ADDRESS },
        { "0:0:0.0", true, HLTHUNK_SELECT_PCI_ADDRESS },
        { "100000000:10:00.0", false, HLTHUNK_SELECT_PCI_ADDRESS },
        { "100:00.0", false, HLTHUNK_SELECT_PCI_ADDRESS },
        { "10:20.0", false, HLTHUNK_SELECT_PCI_ADDRESS },
        { "10:00.8", false, HLTHUNK_SELECT_PCI_ADDRESS },
        { "10:00", false, HLTHUNK_SELECT_PCI_ADDRESS },
        { "10:00.0 ", false, HLTHUNK_SELECT_PCI_ADDRESS },
        { "10:00.0:", false, HLTHUNK_SELECT_PCI_ADDRESS },
        { "10: 0.0", false, HLTHUNK_SELECT_PCI_ADDRESS },
        { "0x10:00.0", false, HLTHUNK_SELECT_PCI_ADDRESS },
        { "0:0:10:00.0", false, HLTHUNK_SELECT_PCI_ADDRESS },
        { "zz:zz", false, HLTHUNK_SELECT_PCI_ADDRESS },
        { ":", false, HLTHUNK_SELECT_PCI_ADDRESS },
        { "4294967295", true, HLTHUNK_SELECT_INDEX },
        { "4294967296", false, HLTHUNK_SELECT_INDEX },
        { "99999999999999999999999", false, HLTHUNK_SELECT_INDEX },
        { "1 ", false, HLTHUNK_SELECT_INDEX },
        { "", false, HLTHUNK_SELECT_INDEX },
        { "gaudi3", false, HLTHUNK_SELECT_INDEX },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hlthunk_device_options o = { 0 };

        assert_int_equal(parse_device(cases[i].text, &o), cases[i].ok);
        assert_int_equal(o.select, cases[i].select);
        assert_true(o.control);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_and_ages),
        cmocka_unit_test(nothing_of_others_controls_a_terminal),
        cmocka_unit_test(json_is_utf8),
        cmocka_unit_test(without_memory_nothing_is_printed),
        cmocka_unit_test(a_device_has_an_index_an_asic_or_an_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
