/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/preload/preload.h"

const struct sim_state *sim;

static void after_fork(void)
{
    client_forked();
    fd_own();
    mmap_after_fork();
    list_after_fork();
    walk_after_fork();
}

/* A program that cannot reach its simulation would see this machine's devices, or none. */
static void say_alone(int rc)
{
    char line[300];
    int n;

    if (rc == -ENOENT)
        return;
    n = snprintf(line, sizeof(line), "hlsim: pid %d (%s) cannot reach its simulation: %s%s\n",
                 (int)getpid(), program_invocation_short_name, strerror(-rc),
                 rc == -ENODEV ? " (it has ended, or is in a /tmp or /dev/shm that this "
                                 "program does not see: start hlsim with another TMPDIR)"
                               : "");
    syscall(SYS_write, STDERR_FILENO, line, (size_t)n);
}

static __attribute__((constructor)) void start(void)
{
    int rc = client_join(&sim);

    if (rc)
        say_alone(rc);
    if (!sim)
        return;
    fd_own();
    fd_scan();
    exec_note();
    pthread_atfork(NULL, NULL, after_fork);
}
