/* SPDX-License-Identifier: MIT */
/* Copies that would change nothing are recognised, however many of them take turns. */
#include "tests/test.h"

#include <stdlib.h>

#include "sim/hlsim/repeat.h"

#define COPIES 64 /* eight engines, eight pieces each */
#define MIB (1ull << 20)

static struct repeat r;

/* Where the pieces of an engine are: nothing is read or written there. */
static const uint8_t *place(unsigned i, bool source)
{
    return (const uint8_t *)(uintptr_t)((source ? 1ull << 40 : 1ull << 36) +
                                        i * (2 * MIB + 0x1080) + (source ? i % 7 * 0x3000 : 0));
}

static unsigned round_of_copies(void)
{
    unsigned known = 0;

    for (unsigned i = 0; i < COPIES; i++)
        known += repeat_of(&r, place(i, false), place(i, true), 2 * MIB);
    return known;
}

TEST(copies_that_take_turns)
{
    repeat_forget(&r);
    assert_int_equal(round_of_copies(), 0);
    assert_int_equal(round_of_copies(), COPIES);
    repeat_wrote(&r, place(3, true) + MIB, 1);
    assert_int_equal(round_of_copies(), COPIES - 1);
    repeat_wrote(&r, place(7, false), 64);
    assert_int_equal(round_of_copies(), COPIES - 1);
    assert_int_equal(round_of_copies(), COPIES);
}

TEST(a_copy_onto_itself_is_never_known)
{
    repeat_forget(&r);
    for (int i = 0; i < 3; i++)
        assert_false(repeat_of(&r, place(0, false) + 64, place(0, false), 4096));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_that_take_turns),
        cmocka_unit_test(a_copy_onto_itself_is_never_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
