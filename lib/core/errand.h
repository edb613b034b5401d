/* SPDX-License-Identifier: MIT */
/*
 * What threads of the library still have to do for a device that the program has no part in: call
 * it, or signal it, and release the objects that were held for that.  Who closes the device waits
 * for these, or objects would seem to be left, and the device busy, for a moment longer.
 */
#ifndef HL_CORE_ERRAND_H
#define HL_CORE_ERRAND_H

#include <pthread.h>
#include <stdint.h>

struct hl_parent;

struct hl_errand {
    struct hl_errand *next, **link;
    const struct hl_parent *parent;
    pthread_t thread; /* that will do it */
};

/* Any lock of the library's may be held. */
void hl_errand_begin(struct hl_errand *e, const struct hl_parent *parent, pthread_t thread);

/* Everything is released; the parent may be gone. */
void hl_errand_end(struct hl_errand *e);

/* Waits until other threads have no errand for the parent, or until the deadline. */
void hl_errands_wait(const struct hl_parent *parent, uint64_t deadline_ns);

#endif
