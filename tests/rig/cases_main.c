/* SPDX-License-Identifier: MIT */
/* rig-cases [GROUP]...: the cases as lines, all groups without one. */
#include <stdio.h>

#include "tests/rig/cases.h"

int main(int argc, char **argv)
{
    (void)argc;
    printf("%u cases\n", cases_run(argv + 1));
    return 0;
}
