/* SPDX-License-Identifier: MIT */
#ifndef HLSIM_START_H
#define HLSIM_START_H

#include "sim/state.h"

/*
 * Each file of a program takes a descriptor of ours, and a file is as large as a device's memory:
 * as much of these and of addresses as this user may have, for hlsim, and signals as it needs them.
 * The program has the limits and signals that hlsim was started with.
 */
void start_prepare(void);

/* Starts argv with the preloaded library and the location of the state: its process ID, or -1. */
pid_t start_program(const struct sim_state *s, char **argv);

#endif
