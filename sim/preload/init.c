/* SPDX-License-Identifier: MIT */
#include <pthread.h>

#include "sim/preload/preload.h"

struct sim_state *sim;

static void after_fork(void)
{
    fd_own();
    mmap_after_fork();
}

static __attribute__((constructor)) void start(void)
{
    sim = client_state();
    if (!sim)
        return;
    fd_own();
    fd_scan();
    exec_note();
    pthread_atfork(NULL, NULL, after_fork);
}

/* For tests: is this program in a simulation? */
int hlsim_active(void);
HOOK int hlsim_active(void)
{
    return sim != NULL;
}
