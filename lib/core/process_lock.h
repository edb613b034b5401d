/* SPDX-License-Identifier: MIT */
/*
 * A lock of a whole process.  A forked child has its own: what the parent's guards is forgotten
 * there first, and the parent's lock, which one of its other threads may have held.
 */
#ifndef HL_CORE_PROCESS_LOCK_H
#define HL_CORE_PROCESS_LOCK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

struct hl_process_lock {
    pthread_mutex_t mutex;
    void (*forget)(void); /* the parent's entries, in a child */
    /* of the process whose entries these are; of the one whose first thread forgets them */
    _Atomic uint64_t epoch, claimed;
};

#define HL_PROCESS_LOCK(forgets)                                                                   \
    {                                                                                              \
        .mutex = PTHREAD_MUTEX_INITIALIZER, .forget = (forgets)                                    \
    }

void hl_process_lock(struct hl_process_lock *l);
void hl_process_unlock(struct hl_process_lock *l);

#endif
