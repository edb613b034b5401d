/* SPDX-License-Identifier: MIT */
/* Copies that survive SIGBUS. */
#include "rig/emu/guard.h"
#include <setjmp.h>
#include <signal.h>
#include <string.h>

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

/*
 * A word that lies on its own boundary is stored once.  memmove() stores 4 and 8 bytes twice: a
 * driver that has seen the first store may have given the memory back before the second.
 */
static void copy(void *to, const void *from, size_t len)
{
    uint64_t word64;
    uint32_t word32;

    if (len == sizeof(word64) && (uintptr_t)to % sizeof(word64) == 0) {
        memcpy(&word64, from, sizeof(word64));
        __atomic_store_n((uint64_t *)to, word64, __ATOMIC_RELEASE);
    } else if (len == sizeof(word32) && (uintptr_t)to % sizeof(word32) == 0) {
        memcpy(&word32, from, sizeof(word32));
        __atomic_store_n((uint32_t *)to, word32, __ATOMIC_RELEASE);
    } else {
        memmove(to, from, len);
    }
}

bool guard_copy(void *to, const void *from, size_t len)
{
    sigjmp_buf here;
    bool done = false;

    if (!sigsetjmp(here, 0)) {
        escape = &here;
        copy(to, from, len);
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
