/* SPDX-License-Identifier: MIT */
/*
 * The supervisor: owns the state, holds the other end of every file, serves requests, and ends
 * with the program that it started.
 */
#ifndef HLSIM_SUPERVISOR_H
#define HLSIM_SUPERVISOR_H

#include "sim/state.h"

/* What the command line asks for. */
struct supervisor_options {
    enum hl_generation generation;
    uint32_t device_count;
    enum sim_asic_id asics[SIM_MAX_DEVICES];
    uint32_t fault_count;
    struct sim_fault faults[SIM_MAX_FAULTS];
    uint64_t bar_size;
    bool quiet;
    const char *trace; /* file, or NULL */
    uint64_t seed;     /* of the order in which queues run; 0: a fixed one */
};

/* Runs argv in a simulation; returns the exit code that hlsim is to end with. */
int supervisor_run(const struct supervisor_options *options, char **argv);

#endif
