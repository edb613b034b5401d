/* SPDX-License-Identifier: MIT */
/*
 * The project's own tests that are safe on a card which nobody uses: each frees what it takes, none
 * leaves work running that does not end, or asks for a reset.  They are CMocka's; a build without
 * it has none.
 */
#ifndef TOOLS_CONFORMANCE_SUITES_H
#define TOOLS_CONFORMANCE_SUITES_H

#include <stdbool.h>

/* The name of a suite and what it tests; NULL after the last. */
const char *suite_get(unsigned i, const char **what);
/*
 * Runs its tests and prints a line for each: "NAME passed", "NAME skipped" or "NAME failed: WHY".
 * False: one could not be run.
 */
bool suite_run(unsigned i);

#endif
