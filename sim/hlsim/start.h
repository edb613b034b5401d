/* SPDX-License-Identifier: MIT */
#ifndef HLSIM_START_H
#define HLSIM_START_H

#include "sim/state.h"

/* Starts argv with the preloaded library and the location of the state: its process ID, or -1. */
pid_t start_program(const struct sim_state *s, char **argv);

#endif
