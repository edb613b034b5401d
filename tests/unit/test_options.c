/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <hlthunk/error.h>

#include "lib/options.h"

struct ours {
    size_t size;
    int first, second;
};

static void none_is_all_defaults(void **state)
{
    struct ours o = { 1, 2, 3 };

    (void)state;
    assert_int_equal(HL_OPTIONS_READ(o, NULL), 0);
    assert_int_equal(o.first, 0);
    assert_int_equal(o.second, 0);
}

static void a_shorter_one_gets_defaults(void **state)
{
    struct ours theirs = { offsetof(struct ours, second), 5, 99 }, o = { 0 };

    (void)state;
    assert_int_equal(HL_OPTIONS_READ(o, &theirs), 0);
    assert_int_equal(o.first, 5);
    assert_int_equal(o.second, 0);
}

static void a_longer_one_must_be_zero_there(void **state)
{
    struct {
        struct ours known;
        char more[16];
    } theirs = { { sizeof(theirs), 5, 6 }, { 0 } };
    struct ours o = { 0 };

    (void)state;
    assert_int_equal(HL_OPTIONS_READ(o, &theirs), 0);
    assert_int_equal(o.second, 6);
    theirs.more[15] = 1;
    assert_int_equal(HL_OPTIONS_READ(o, &theirs), -EINVAL);
    assert_non_null(strstr(hlthunk_last_error(), "offset 31"));
}

static void a_size_must_be_there(void **state)
{
    struct ours theirs = { 0, 5, 6 }, o = { 0 };

    (void)state;
    assert_int_equal(HL_OPTIONS_READ(o, &theirs), -EINVAL);
    theirs.size = sizeof(size_t) - 1;
    assert_int_equal(HL_OPTIONS_READ(o, &theirs), -EINVAL);
    assert_non_null(strstr(hlthunk_last_error(), "options->size is 7"));
}

/* A struct that the library fills: as much as the caller has, zeros behind what is known. */
static void what_is_given_fits(void **state)
{
    const struct ours o = { 99, 5, 6 };
    struct {
        struct ours known;
        char more[16];
    } theirs;

    (void)state;
    memset(&theirs, 'x', sizeof(theirs));
    theirs.known.size = offsetof(struct ours, second);
    hl_struct_give(&theirs, &o, sizeof(o));
    assert_int_equal(theirs.known.size, offsetof(struct ours, second));
    assert_int_equal(theirs.known.first, 5);
    assert_int_equal(theirs.known.second, 0x78787878);
    theirs.known.size = sizeof(theirs);
    hl_struct_give(&theirs, &o, sizeof(o));
    assert_int_equal(theirs.known.size, sizeof(theirs));
    assert_int_equal(theirs.known.second, 6);
    for (size_t i = 0; i < sizeof(theirs.more); i++)
        assert_int_equal(theirs.more[i], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_is_all_defaults),
        cmocka_unit_test(a_shorter_one_gets_defaults),
        cmocka_unit_test(a_longer_one_must_be_zero_there),
        cmocka_unit_test(a_size_must_be_there),
        cmocka_unit_test(what_is_given_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
