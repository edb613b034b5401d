/* SPDX-License-Identifier: MIT */
/* Threads of the library's own. */
#ifndef HL_THREAD_H
#define HL_THREAD_H

#include <pthread.h>

/*
 * A thread that no signal of the program is delivered to.  From the first one on the library (or
 * the plug-in that it is linked into) stays in memory until the process ends, dlclose() or not.  0
 * or -errno without a text: -EAGAIN when there are too many.
 */
int hl_thread_start(pthread_t *thread, void *(*run)(void *), void *arg);

#endif
