/* SPDX-License-Identifier: MIT */
/* What the importing one of the two processes does that are killed (test_killed.c). */
#ifndef TESTS_SIM_KILLED_H
#define TESTS_SIM_KILLED_H

#include "tests/sim/support.h"

/* Once, as a driver or a card does; false: it failed. */
bool use_imported(struct hlthunk_dmabuf *m);

#endif
