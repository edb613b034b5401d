/* SPDX-License-Identifier: MIT */
/* What the entries share with the sweep. */
#ifndef TESTS_SWEEP_SWEEP_H
#define TESTS_SWEEP_SWEEP_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#include <hlthunk/hlthunk.h>

#include "tests/sweep/table.h"

extern struct hlthunk_device_entry one_entry; /* the only device */
extern FILE *nowhere;                         /* /dev/null */
extern int an_eventfd;
uint32_t sweep_queue(void); /* one for a NOP */
/* A callback that does nothing. */
void sweep_no_reset(struct hlthunk_device *device, enum hlthunk_stale_reason why, void *user);

/* What the library holds, and a check that this has not grown after n repetitions. */
struct leftovers {
    size_t memory, descriptors;
};
struct leftovers sweep_leftovers(void);
void sweep_same_as(struct leftovers before, const char *what, unsigned n);
/* Creates all that an entry needs; false: this kernel or ASIC does not have it. */
struct context *sweep_fresh(void);
bool sweep_make(struct context *c, unsigned needs);
void sweep_unmake(struct context *c);
/* One call without a fault, with all that it needs made and released around it; false as above. */
bool sweep_plain(const struct entry *e, long *rc, struct leftovers *left);
bool sweep_failed(const struct entry *e, long rc);
/* A failure sets a new error text: mark, call, check. */
void sweep_mark_text(void);
bool sweep_text_is_new(const char *marker);
__attribute__((format(printf, 1, 2))) void sweep_finding(const char *format, ...);
extern unsigned sweep_findings;
/* states.c: what calls an entry once in that state, and returns the number of calls; NULL: no such.
 */
typedef unsigned sweep_state_fn(const struct entry *e);
sweep_state_fn *sweep_state(const char *name);
/* forks.c: one of these. */
unsigned sweep_forks(const struct entry *e);

#endif
