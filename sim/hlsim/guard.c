/* SPDX-License-Identifier: MIT */
#include "sim/hlsim/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/hlsim/tree.h"

#define DESCRIPTORS 1024 /* that a program is started with, at most */

static int lifeline = -1; /* the guard reads its end when we end */
static pid_t guard = -1;

/*
 * No signal ends it, and it has none of our descriptors, so that who waits for the end of our
 * output does not wait for it.
 */
__attribute__((noreturn)) static void watch_over(const struct sim_state *s, int end)
{
    char c;

    setsid();
    dup2(end, 0);
    for (int fd = 1; fd < DESCRIPTORS; fd++)
        close(fd);
    while (read(0, &c, 1) < 0 && errno == EINTR)
        ;
    tree_remove(s); /* shared memory: what became of the name after the fork is in it */
    _exit(0);
}

int guard_start(const struct sim_state *s)
{
    sigset_t all, before;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before); /* the guard's from its first moment */
    guard = fork();
    if (guard == 0) {
        close(ends[1]);
        watch_over(s, ends[0]);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(ends[0]);
    lifeline = ends[1];
    return guard < 0 ? -errno : 0;
}

void guard_end(void)
{
    close(lifeline);
    while (guard > 0 && waitpid(guard, NULL, 0) < 0 && errno == EINTR)
        ;
}
