/* SPDX-License-Identifier: MIT */
/* What the entries share with the sweep. */
#ifndef TESTS_SWEEP_SWEEP_H
#define TESTS_SWEEP_SWEEP_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#include <hlthunk/hlthunk.h>

extern struct hlthunk_device_entry one_entry; /* the only device */
extern FILE *nowhere;                         /* /dev/null */
extern int an_eventfd;
uint32_t sweep_queue(void); /* one for a NOP */
/* A callback that does nothing. */
void sweep_no_reset(struct hlthunk_device *device, enum hlthunk_stale_reason why, void *user);

#endif
