/* SPDX-License-Identifier: MIT */
/* Which process is this? */
#ifndef VERBS_PROCESS_H
#define VERBS_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/* A child may have its parent's number, as process 1 of a namespace of its own: forks count, too.
 */
struct hlv_process {
    pid_t pid;
    unsigned forks;
};

struct hlv_process hlv_process(void);
bool hlv_process_is(const struct hlv_process *process);

#endif
