/* SPDX-License-Identifier: MIT */
/*
 * The threads that answer requests.  A waiting request keeps its thread, as a system call does;
 * there is always another one for the next.
 */
#ifndef HLSIM_WORKERS_H
#define HLSIM_WORKERS_H

#include "sim/mailbox.h"
#include "sim/state.h"

/* 0 or -errno. */
int workers_start(struct sim_state *s, struct sim_mailbox *mailbox);
/* A request that came over a socket, from this process: both descriptors are taken over. */
void workers_take(int connection, const struct sim_request *q, pid_t pid, int pass);
/* A process is gone: its slots are free again, its waits end. */
void workers_forget(uint32_t client);

#endif
