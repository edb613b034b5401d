/* SPDX-License-Identifier: MIT */
/* Built without CMocka. */
#include "tools/conformance/suites.h"

#include <stddef.h>

const char *suite_get(unsigned i, const char **what)
{
    (void)i;
    (void)what;
    return NULL;
}

bool suite_run(unsigned i)
{
    (void)i;
    return false;
}
