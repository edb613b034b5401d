/* SPDX-License-Identifier: MIT */
/*
 * The files that a kernel would show: a folder with dev/ and sys/ laid out as the chosen kernel
 * does out.  The preloaded library sends paths there.
 */
#ifndef HLSIM_TREE_H
#define HLSIM_TREE_H

#include "sim/state.h"

/* Makes the folder (its path goes to state->tree) and all devices' files: 0 or -errno. */
int tree_create(struct sim_state *s);
/* Writes the files of a new device: 0 or -errno of the first that could not be written. */
int tree_add(struct sim_state *s, struct sim_device *d);
/* Temperatures and power, as they are now. */
void tree_health(const struct sim_state *s);
/* Writes what changes: the status attributes; a removed device's files go. */
void tree_update(struct sim_state *s);
/* The folder of the driver's own attributes; dir: PATH_MAX bytes. */
void tree_device_folder(const struct sim_state *s, const struct sim_device *d, char *dir);
void tree_remove(const struct sim_state *s);

#endif
