/* SPDX-License-Identifier: MIT */
/*
 * The state's lock, and how others read the state without it.
 *
 * Only the supervisor's threads take the lock: nothing that happens to a program (being killed,
 * stopped, or interrupted by a signal) can hold it.  Programs map the state read-only and read
 * under the count of changes, which is odd while the lock is held:
 *
 *     for (unsigned n = 0; sim_read_begin(s, &at, n); n++) { ... if (sim_read_valid(s, at)) ... }
 */
#ifndef SIM_LOCK_H
#define SIM_LOCK_H

#include <pthread.h>

#include "sim/state.h"

#define SIM_READ_TRIES 200u

static inline void sim_lock_init(struct sim_state *s)
{
    pthread_mutex_init(&s->lock, NULL);
}

static inline void sim_change_begin(struct sim_state *s)
{
    __atomic_store_n(&s->changes, s->changes + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static inline void sim_lock(struct sim_state *s)
{
    pthread_mutex_lock(&s->lock);
    sim_change_begin(s);
}

static inline bool sim_trylock(struct sim_state *s)
{
    if (pthread_mutex_trylock(&s->lock))
        return false;
    sim_change_begin(s);
    return true;
}

static inline void sim_unlock(struct sim_state *s)
{
    __atomic_store_n(&s->changes, s->changes + 1, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&s->lock);
}

/* False after too many tries: the supervisor has to be asked. */
static inline bool sim_read_begin(const struct sim_state *s, uint32_t *at, unsigned tries)
{
    for (; tries < SIM_READ_TRIES; tries++) {
        *at = __atomic_load_n(&s->changes, __ATOMIC_ACQUIRE);
        if (!(*at & 1))
            return true;
    }
    return false;
}

static inline bool sim_read_valid(const struct sim_state *s, uint32_t at)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(&s->changes, __ATOMIC_RELAXED) == at;
}

#endif
