/* SPDX-License-Identifier: MIT */
/* Writes of programs to sysfs files that make the driver act: hard_reset. */
#ifndef SIM_HLSIM_SYSFS_WRITE_H
#define SIM_HLSIM_SYSFS_WRITE_H

#include "sim/state.h"

/* An fd that is readable when something was written, or -errno. */
int sysfs_write_start(void);
/* From now on for this device, too: its files have just been made. */
void sysfs_write_watch(const struct sim_state *s, const struct sim_device *d);
/* Does what was requested.  Takes the simulation's lock. */
void sysfs_write_serve(struct sim_state *s);

#endif
