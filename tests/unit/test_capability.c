/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <stdio.h>

#include "lib/kernel/capability.h"

/* Those that this process has, as the kernel tells them. */
TEST(effective_ones)
{
    FILE *f = fopen("/proc/self/status", "re");
    unsigned long long effective = 0;
    char line[256];
    bool told = false;

    assert_non_null(f);
    while (!told && fgets(line, sizeof(line), f))
        told = sscanf(line, "CapEff: %llx", &effective) == 1;
    fclose(f);
    assert_true(told);
    for (unsigned i = 0; i < 32; i++)
        assert_int_equal(hl_capable(i), effective >> i & 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effective_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
