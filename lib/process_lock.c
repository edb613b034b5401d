/* SPDX-License-Identifier: MIT */
#include "lib/process_lock.h"

#include <sched.h>

#include "lib/fork.h"

void hl_process_once(struct hl_process_once *once, void (*act)(void *), void *arg)
{
    uint64_t now = hl_process_epoch(), was = atomic_load(&once->claimed);

    if (atomic_load(&once->epoch) == now)
        return;
    if (was != now && atomic_compare_exchange_strong(&once->claimed, &was, now)) {
        act(arg);
        atomic_store(&once->epoch, now);
    }
    while (atomic_load(&once->epoch) != now) /* another thread was first */
        sched_yield();
}

static void make_fresh(void *arg)
{
    struct hl_process_lock *l = arg;

    pthread_mutex_init(&l->mutex, NULL);
    if (l->forget)
        l->forget();
}

void hl_process_lock(struct hl_process_lock *l)
{
    hl_process_once(&l->fresh, make_fresh, l);
    pthread_mutex_lock(&l->mutex);
}

void hl_process_unlock(struct hl_process_lock *l)
{
    pthread_mutex_unlock(&l->mutex);
}
