/* SPDX-License-Identifier: MIT */
/* For programs that run under hlsim, whose path HLSIM_PROGRAM has. */
#ifndef TESTS_CLASSIC_ASLEEP_H
#define TESTS_CLASSIC_ASLEEP_H

/* Calls wait(arg) and, once that sleeps, has the first device reset. */
void wait_and_reset(void (*wait)(void *), void *arg);

#endif
