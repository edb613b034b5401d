/* SPDX-License-Identifier: MIT */
/* The state's lock: shared by processes, given on when its holder is killed. */
#ifndef SIM_LOCK_H
#define SIM_LOCK_H

#include <errno.h>
#include <pthread.h>

#include "sim/state.h"

static inline void sim_lock_init(struct sim_state *s)
{
    pthread_mutexattr_t a;

    pthread_mutexattr_init(&a);
    pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&s->lock, &a);
    pthread_mutexattr_destroy(&a);
}

static inline void sim_lock(struct sim_state *s)
{
    if (pthread_mutex_lock(&s->lock) == EOWNERDEAD)
        pthread_mutex_consistent(&s->lock);
}

static inline void sim_unlock(struct sim_state *s)
{
    pthread_mutex_unlock(&s->lock);
}

#endif
