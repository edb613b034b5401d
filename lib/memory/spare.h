/* SPDX-License-Identifier: MIT */
/*
 * A descriptor that is kept so that one is free when dma-bufs have to be looked at, for which the
 * kernel wants one.  Otherwise a process that has none left could get back none of those that it
 * releases.
 */
#ifndef HL_MEMORY_SPARE_H
#define HL_MEMORY_SPARE_H

#include <stdbool.h>

struct hlthunk_device;

/* From now on, until the device is closed; where there is none, the next call tries again. */
void hl_spare_keep(struct hlthunk_device *device);

/* Closes it: a descriptor is free for a moment.  False: there is none. */
bool hl_spare_let_go(struct hlthunk_device *device);

#endif
