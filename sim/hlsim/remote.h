/* SPDX-License-Identifier: MIT */
/*
 * Copies to and from a program's memory.  The kernel's copy between processes takes more than
 * twice the processor time of memcpy(), so large copies are shared by several threads: each
 * takes a piece when it gets to run, and none waits for one that does not.
 */
#ifndef HLSIM_REMOTE_H
#define HLSIM_REMOTE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct remote_place {
    pid_t pid;
    uint64_t user;
    bool on_demand; /* not pinned: a page that the process does not have is a fault */
};

struct remote;

/* NULL: no memory.  Threads are started with the first large piece. */
struct remote *remote_new(void);
void remote_end(struct remote *r);

/*
 * One caller at a time moves large pieces (1 MiB); small ones are not limited.  What is no longer
 * mapped in the process is still pinned on a real device, though nobody can see it: reads give
 * zeros, writes go nowhere.  On demand nothing is pinned: false.
 */
bool remote_read(struct remote *r, const struct remote_place *from, void *buf, uint64_t len);
bool remote_write(struct remote *r, const struct remote_place *to, const void *buf, uint64_t len);

#endif
