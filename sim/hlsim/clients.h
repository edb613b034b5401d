/* SPDX-License-Identifier: MIT */
/*
 * The processes of the simulation, by the names that HELLO gives them: the kernel says who calls
 * over the socket, and when a process is gone.  Any thread.
 */
#ifndef HLSIM_CLIENTS_H
#define HLSIM_CLIENTS_H

#include <stdint.h>
#include <sys/types.h>

#include "sim/state.h"

/* An epoll descriptor that is readable when a process has gone, or -errno. */
int clients_create(void);
/* A name for a process: the one that it has, or a new one.  SIM_NO_CLIENT: there are too many. */
uint32_t clients_new(pid_t pid);
/* Whose name is this?  0: nobody's. */
pid_t clients_pid(uint32_t client);
/* Calls gone() with the name of each process that has gone since the last call. */
void clients_reap(void (*gone)(uint32_t client));
/* A process of the simulation that still runs, or 0.  Reads /proc for those that have not said
 * HELLO yet. */
pid_t clients_survivor(const struct sim_state *s);

#endif
