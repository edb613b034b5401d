/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sim/preload/preload.h"

const struct sim_state *sim_joined;
static pid_t joining; /* a thread */
static int started;

static void after_fork(void)
{
    fd_own();
    client_forked();
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

static void join(void)
{
    int rc = client_join(&sim_joined);

    if (rc)
        say_alone(rc);
    if (sim_joined) {
        fd_scan();
        exec_note();
        pthread_atfork(NULL, NULL, after_fork);
    }
    fd_own();
    __atomic_store_n(&started, 1, __ATOMIC_RELEASE);
}

/* What another thread has begun; not for ever: its process may be our parent. */
static void wait_for_start(pid_t self)
{
    const struct timespec moment = { .tv_nsec = 1000000 };

    if (__atomic_load_n(&joining, __ATOMIC_ACQUIRE) == self)
        return; /* we are within join() */
    for (unsigned i = 0; i < 1000 && !__atomic_load_n(&started, __ATOMIC_ACQUIRE); i++)
        syscall(SYS_nanosleep, &moment, NULL);
}

/* A child of _Fork() or clone(). */
static void forked_unseen(void)
{
    if (sim_joined)
        after_fork();
    else
        fd_own();
}

/* Before the C library has its environment, in .preinit_array, nobody can. */
const struct sim_state *sim_join(void)
{
    pid_t self = (pid_t)syscall(SYS_gettid), nobody = 0;
    int saved = errno;

    if (__atomic_load_n(&started, __ATOMIC_ACQUIRE))
        forked_unseen();
    else if (!environ)
        return NULL;
    else if (__atomic_compare_exchange_n(&joining, &nobody, self, false, __ATOMIC_ACQ_REL,
                                         __ATOMIC_ACQUIRE))
        join();
    else
        wait_for_start(self);
    errno = saved;
    return sim_joined;
}

static __attribute__((constructor)) void start(void)
{
    (void)sim;
}
