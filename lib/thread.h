/* SPDX-License-Identifier: MIT */
/* Threads of the library's own, and what a process without a second one saves. */
#ifndef HL_THREAD_H
#define HL_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

/*
 * A thread that no signal of the program is delivered to.  From the first one on the library (or
 * the plug-in that it is linked into) stays in memory until the process ends, dlclose() or not.  0
 * or -errno without a text: -EAGAIN when there are too many.
 */
int hl_thread_start(pthread_t *thread, void *(*run)(void *), void *arg);

/*
 * True: this thread is the only one, and stays it until it starts another.  False, too, where the C
 * library does not tell (before glibc 2.32).
 */
static inline bool hl_single_threaded(void)
{
#if __has_include(<sys/single_threaded.h>)
    return __libc_single_threaded;
#else
    return false;
#endif
}

/*
 * For the few lines that every buffer goes through: no lock where nobody else could hold it.
 * hl_unlock() is told what hl_lock() said; no thread is started and no program called in between.
 */
static inline bool hl_lock(pthread_mutex_t *mutex)
{
    if (hl_single_threaded())
        return false;
    pthread_mutex_lock(mutex);
    return true;
}

static inline void hl_unlock(pthread_mutex_t *mutex, bool locked)
{
    if (locked)
        pthread_mutex_unlock(mutex);
}

#endif
