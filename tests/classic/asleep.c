/* SPDX-License-Identifier: MIT */
#include "tests/classic/asleep.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/thread_state.h"
#include "tests/work/work.h"

/* Nobody sleeps as long as this on the way to a wait. */
#define LOOKS 50

/* A wait for room looks now and then: seldom enough to be found asleep nearly always. */
static void *reset_when_asleep(void *tid)
{
    char command[512];
    unsigned asleep = 0;

    while (asleep < LOOKS) {
        asleep += thread_state(*(pid_t *)tid) == 'S';
        usleep(10000);
    }
    snprintf(command, sizeof(command), "%s ctl reset 0 >/dev/null", getenv("HLSIM_PROGRAM"));
    CHECK(system(command) == 0); /* NOLINT: of the simulator's own */
    return NULL;
}

void wait_and_reset(void (*wait)(void *), void *arg)
{
    pid_t self = (pid_t)syscall(SYS_gettid);
    pthread_t t;

    CHECK(pthread_create(&t, NULL, reset_when_asleep, &self) == 0);
    wait(arg);
    CHECK(pthread_join(t, NULL) == 0);
}
