/* SPDX-License-Identifier: MIT */
#include "lib/core/process_lock.h"

#include <sched.h>

#include "lib/fork.h"

void hl_process_lock(struct hl_process_lock *l)
{
    uint64_t now = hl_process_epoch(), was = atomic_load(&l->claimed);

    if (atomic_load(&l->epoch) != now) {
        if (was != now && atomic_compare_exchange_strong(&l->claimed, &was, now)) {
            pthread_mutex_init(&l->mutex, NULL);
            l->forget();
            atomic_store(&l->epoch, now);
        }
        while (atomic_load(&l->epoch) != now) /* another thread was first */
            sched_yield();
    }
    pthread_mutex_lock(&l->mutex);
}

void hl_process_unlock(struct hl_process_lock *l)
{
    pthread_mutex_unlock(&l->mutex);
}
