/* SPDX-License-Identifier: MIT */
#include "rig/emu/ending.h"

static volatile sig_atomic_t ended;

static void on_signal(int signo)
{
    (void)signo;
    ended = 1;
}

void ending_install(sigset_t *open)
{
    const int ends[] = { SIGTERM, SIGINT, SIGHUP };
    struct sigaction sa = { .sa_handler = on_signal };
    sigset_t blocked;

    sigemptyset(&blocked);
    for (unsigned i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        sigaction(ends[i], &sa, NULL);
        sigaddset(&blocked, ends[i]);
    }
    sigprocmask(SIG_BLOCK, &blocked, open);
    for (unsigned i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        sigdelset(open, ends[i]);
    signal(SIGPIPE, SIG_IGN);
}

bool ending(void)
{
    return ended;
}
