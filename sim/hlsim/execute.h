/* SPDX-License-Identifier: MIT */
/* The devices' executors, in the supervisor: memory as the engines see it, errors they hit. */
#ifndef HLSIM_EXECUTE_H
#define HLSIM_EXECUTE_H

#include <stdint.h>

#include "sim/state.h"

/* Files for a device's submissions and registers: into submit_fd and regs_fd; 0 or -errno. */
int execute_prepare(struct sim_state *s, struct sim_device *d);
/* The device gets a user: its thread runs from here on.  0, or -ENOMEM, which is said once. */
int execute_start(struct sim_state *s, struct sim_device *d, uint64_t seed);
/* A device that was pulled comes back: its memory is empty. */
void execute_clear(struct sim_state *s, struct sim_device *d);
void execute_stop_all(struct sim_state *s);

/* debugfs, with the lock: memory or a register, as the engines see it: 0, -EINVAL for nothing. */
int execute_access(struct sim_device *d, uint64_t addr, void *value, unsigned n, bool write);

/* A dma-buf of this machine's kernel, for a device that imported it: 0 or -errno (of its mmap()).
 */
int execute_import(uint32_t import, int fd, uint64_t size);
/* No engine reaches it any more; also for those of simulated devices. */
void execute_forget(struct sim_state *s, uint32_t import);

/* Written to (8 bytes) when the state's attention flag was set by an executor; -1: nowhere. */
extern int execute_wake_fd;

#endif
