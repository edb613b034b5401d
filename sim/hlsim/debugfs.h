/* SPDX-License-Identifier: MIT */
/* Reads and writes of the driver's files in debugfs (sim/debugfs.h). */
#ifndef HLSIM_DEBUGFS_H
#define HLSIM_DEBUGFS_H

#include "sim/hlsim/call.h"

/* SIM_REQUEST_DEBUGFS_*: 0 or -errno, with the lock. */
int debugfs_serve(struct sim_state *s, struct call *c);

#endif
