/* SPDX-License-Identifier: MIT */
/* The program's code before an allocation fails: hlthunk/memory_hooks.h. */
#ifndef HL_MEMORY_FAILURE_H
#define HL_MEMORY_FAILURE_H

#include <stdbool.h>
#include <stdint.h>

struct hlthunk_device;
struct hlthunk_pool;

/*
 * An allocation has failed with -ENOMEM and a text, for the attempt-th time: is it to be tried once
 * more?  Otherwise the text is as it was.  Without locks.
 */
bool hl_failure_retry(struct hlthunk_device *device, struct hlthunk_pool *pool, uint64_t size,
                      uint64_t attempt);

#endif
