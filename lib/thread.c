/* SPDX-License-Identifier: MIT */
#include "lib/thread.h"

#include <dlfcn.h>
#include <signal.h>

static pthread_once_t pinned = PTHREAD_ONCE_INIT;

/*
 * From now on dlclose() leaves this code mapped.  A thread that the program cannot wait for (a
 * reset callback may release its own watch) returns into it at some time, and a counted reference
 * could only be dropped from the code that it keeps loaded.
 */
static void pin(void)
{
    Dl_info info;

    if (dladdr((const void *)&pinned, &info) && info.dli_fname)
        dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

/*
 * All but those of a fault, which is the thread's own: callbacks are the program's code, and a
 * fault whose signal is blocked ends the process without asking its handler.
 */
static void fill_with_others(sigset_t *signals)
{
    static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS };

    sigfillset(signals);
    for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        sigdelset(signals, faults[i]);
}

int hl_thread_start(pthread_t *thread, void *(*run)(void *), void *arg)
{
    sigset_t others, before;
    int rc;

    pthread_once(&pinned, pin);
    /* inherited by the new thread, and put back here */
    fill_with_others(&others);
    pthread_sigmask(SIG_SETMASK, &others, &before);
    rc = pthread_create(thread, NULL, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -rc;
}
