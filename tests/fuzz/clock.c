/* SPDX-License-Identifier: MIT */
/* clock_gettime() for the code under test, by the linker's --wrap. */
#include <time.h>

#include "tests/fuzz/arena.h"

#define TICK_NS 20000u

int __real_clock_gettime(clockid_t clock, struct timespec *t);
int __wrap_clock_gettime(clockid_t clock, struct timespec *t);

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
