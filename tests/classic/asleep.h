/* SPDX-License-Identifier: MIT */
/* For programs that run under hlsim, whose path is in HLSIM_PROGRAM. */
#ifndef TESTS_CLASSIC_ASLEEP_H
#define TESTS_CLASSIC_ASLEEP_H

/* Calls wait(arg) and resets the first device once that sleeps. */
void wait_and_reset(void (*wait)(void *), void *arg);

#endif
