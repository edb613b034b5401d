/* SPDX-License-Identifier: MIT */
#ifndef TESTS_THREAD_STATE_H
#define TESTS_THREAD_STATE_H

#include <sys/types.h>

/* A thread of this process: 'R', 'S' and what else proc(5) has; '?' where it cannot be read. */
char thread_state(pid_t tid);

#endif
