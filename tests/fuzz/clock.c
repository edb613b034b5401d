/* SPDX-License-Identifier: MIT */
/* clock_gettime() and poll() for the code under test, by the linker's --wrap. */
#include <poll.h>
#include <time.h>

#include "tests/fuzz/arena.h"

#define TICK_NS 20000u

int __real_clock_gettime(clockid_t clock, struct timespec *t);
int __wrap_clock_gettime(clockid_t clock, struct timespec *t);
int __real_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms);

static uint64_t now_ns; /* 0: the real one */

void fuzz_clock_start(void)
{
    now_ns = 1000000000;
}

void fuzz_clock_stop(void)
{
    now_ns = 0;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *t)
{
    if (!now_ns)
        return __real_clock_gettime(clock, t);
    now_ns += TICK_NS;
    t->tv_sec = (time_t)(now_ns / 1000000000);
    t->tv_nsec = (long)(now_ns % 1000000000);
    return 0;
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
    bool counted = now_ns && timeout_ms > 0;
    int rc = __real_poll(fds, n, counted ? 0 : timeout_ms);

    if (rc == 0 && counted)
        now_ns += (uint64_t)timeout_ms * 1000000;
    return rc;
}
