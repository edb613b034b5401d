/* SPDX-License-Identifier: MIT */
/* Removes the simulation's files when the supervisor ends, however that is. */
#ifndef SIM_HLSIM_GUARD_H
#define SIM_HLSIM_GUARD_H

#include "sim/state.h"

/*
 * Before the first file is made, and before there are threads: a process that waits for our end.
 * 0 or -errno.
 */
int guard_start(const struct sim_state *s);

/* Returns when the files are gone. */
void guard_end(void);

#endif
