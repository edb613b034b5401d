/* SPDX-License-Identifier: MIT */
/*
 * How a process of the simulation calls its supervisor.  Any thread, any signal handler, and
 * children of fork() and vfork() may call this: nothing is locked or allocated.
 */
#ifndef SIM_CLIENT_H
#define SIM_CLIENT_H

#include "sim/state.h"
#include "sim/wire.h"

/*
 * Joins the simulation that the environment names: 0 and its state, mapped for reading; -ENOENT
 * where it names none; -errno where that simulation cannot be reached.
 */
int client_join(const struct sim_state **state);
/* This process is a fork()ed child: from here on it has its own name. */
void client_forked(void);

/*
 * A request without descriptors: 0 or what the supervisor answers; *reply (where not NULL) has the
 * rest of it.  interruptible: a signal handler ends the call with -EINTR.
 */
int client_call(struct sim_request *q, struct sim_reply *reply, bool interruptible);

/*
 * Another descriptor refers to the file, or a message carries one: who counts the descriptors by
 * looking at one after the other sees by client_moves() that one may have gone from where he had
 * not looked yet to where he had.  In all processes, of this file and some others.
 */
void client_moved(uint32_t file);
uint32_t client_moves(uint32_t file);

/*
 * A request with descriptors.  pass: one to go along, or -1.  fds: up to two that come back,
 * close-on-exec if cloexec says so, -1 where none came; the caller's to close.
 */
int client_transfer(struct sim_request *q, struct sim_reply *reply, int pass, bool cloexec,
                    int fds[2]);

#endif
