/* SPDX-License-Identifier: MIT */
#include "verbs/process.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static atomic_uint forks; /* from the first process that asked to this one */
static pthread_once_t counting = PTHREAD_ONCE_INIT;

static void count_fork(void)
{
    atomic_fetch_add(&forks, 1);
}

static void begin_counting(void)
{
    pthread_atfork(NULL, NULL, count_fork);
}

struct hlv_process hlv_process(void)
{
    pthread_once(&counting, begin_counting);
    return (struct hlv_process){ .pid = getpid(), .forks = atomic_load(&forks) };
}

bool hlv_process_is(const struct hlv_process *p)
{
    return p->pid == getpid() && p->forks == atomic_load(&forks);
}
