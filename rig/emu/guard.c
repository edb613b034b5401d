/* SPDX-License-Identifier: MIT */
/* Copies that survive SIGBUS. */
#include "rig/emu/guard.h"
#include <setjmp.h>
#include <signal.h>
#include <string.h>

#include "engine/copy.h"

static _Thread_local sigjmp_buf *volatile escape;

static void on_sigbus(int signo)
{
    if (escape)
        siglongjmp(*escape, 1);
    signal(signo, SIG_DFL); /* not in a guarded copy: our own fault, so let it end us */
}

int guard_install(void)
{
    /* SA_NODEFER: the jump out of the handler leaves the signal unblocked without a system call */
    struct sigaction sa = { .sa_handler = on_sigbus, .sa_flags = SA_NODEFER };

    return sigaction(SIGBUS, &sa, NULL);
}

bool guard_copy(void *to, const void *from, size_t len)
{
    sigjmp_buf here;
    bool done = false;

    if (!sigsetjmp(here, 0)) {
        escape = &here;
        eng_copy(to, from, len);
        done = true;
    }
    escape = NULL;
    return done;
}

bool guard_fill(void *to, uint64_t pattern, size_t len)
{
    uint8_t *volatile p = to;
    sigjmp_buf here;
    bool done = false;

    if (!sigsetjmp(here, 0)) {
        escape = &here;
        for (size_t i = 0; i < len; i += sizeof(pattern))
            memcpy(p + i, &pattern, len - i < sizeof(pattern) ? len - i : sizeof(pattern));
        done = true;
    }
    escape = NULL;
    return done;
}
