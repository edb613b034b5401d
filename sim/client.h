/* SPDX-License-Identifier: MIT */
/* The way from a process of the simulation to its state and its supervisor. */
#ifndef SIM_CLIENT_H
#define SIM_CLIENT_H

#include "sim/state.h"
#include "sim/wire.h"

/* The simulation that this process is in; NULL for none.  The mapping is kept. */
struct sim_state *client_state(void);

/*
 * Asks the supervisor: its answer, or -ENODEV when it is gone, or -errno.  pass: a descriptor to
 * go along, or -1.  *fd (where not NULL): one that comes back, close-on-exec if cloexec says so.
 */
int client_request(const struct sim_state *s, const struct sim_request *q, int pass, bool cloexec,
                   int *fd);

/* A descriptor of one of the supervisor's own files (device memory): the fd or -errno. */
int client_open_shared(const struct sim_state *s, int supervisor_fd);

#endif
