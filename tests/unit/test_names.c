/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <hlthunk/device.h>

TEST(known_and_unknown)
{
    assert_string_equal(hlthunk_asic_get_name(HLTHUNK_ASIC_GAUDI2), "gaudi2");
    assert_string_equal(hlthunk_asic_get_name(HLTHUNK_ASIC_UNKNOWN), "unknown");
    assert_string_equal(hlthunk_asic_get_name((enum hlthunk_asic)77), "unknown");
    assert_string_equal(hlthunk_status_get_name(HLTHUNK_STATUS_OPERATIONAL), "operational");
    assert_string_equal(hlthunk_status_get_name((enum hlthunk_status) - 1), "unknown");
    assert_string_equal(hlthunk_generation_get_name(HLTHUNK_GENERATION_MISC), "misc");
    assert_string_equal(hlthunk_generation_get_name((enum hlthunk_generation)0), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(known_and_unknown) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
