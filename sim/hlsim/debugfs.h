/* SPDX-License-Identifier: MIT */
/* Reads and writes of the driver's files in debugfs (sim/debugfs.h). */
#ifndef HLSIM_DEBUGFS_H
#define HLSIM_DEBUGFS_H

#include "sim/hlsim/call.h"

/* SIM_REQUEST_DEBUGFS_*: 0 or -errno, with the lock. */
int debugfs_serve(struct sim_state *s, struct call *c);
/* A write that came with no request: its errors reach nobody. */
void debugfs_written(struct sim_state *s, uint32_t file, const void *text, size_t n);

#endif
