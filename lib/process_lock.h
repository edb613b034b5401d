/* SPDX-License-Identifier: MIT */
/*
 * A lock of a whole process.  A forked child has its own: what the parent's guards is forgotten
 * there first, and the parent's lock, which one of its other threads may have held.
 */
#ifndef HL_PROCESS_LOCK_H
#define HL_PROCESS_LOCK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

/* What each process does once, before anything else. */
struct hl_process_once {
    /* of the process that has done it; of the one whose first thread does it */
    _Atomic uint64_t epoch, claimed;
};

/* Does it, or waits for the thread that does. */
void hl_process_once(struct hl_process_once *once, void (*act)(void *), void *arg);

struct hl_process_lock {
    pthread_mutex_t mutex;
    void (*forget)(void); /* the parent's entries, in a child; NULL: there are none */
    struct hl_process_once fresh;
};

#define HL_PROCESS_LOCK(forgets)                                                                   \
    {                                                                                              \
        .mutex = PTHREAD_MUTEX_INITIALIZER, .forget = (forgets)                                    \
    }

void hl_process_lock(struct hl_process_lock *l);
void hl_process_unlock(struct hl_process_lock *l);

#endif
