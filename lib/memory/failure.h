/* SPDX-License-Identifier: MIT */
/* The program's code before an allocation fails: hlthunk/memory_hooks.h. */
#ifndef HL_MEMORY_FAILURE_H
#define HL_MEMORY_FAILURE_H

#include <stdbool.h>
#include <stdint.h>

struct hlthunk_device;
struct hlthunk_pool;

/* What has been tried for one allocation; { 0 } before. */
struct hl_failure {
    bool settled;
    uint64_t attempt; /* how often the program was told */
};

/*
 * An allocation has failed with -ENOMEM and a text: is it to be tried once more?  First where
 * queues let go of buffers of work that is over, then if the program says so.  Otherwise the text
 * is as it was.  Without locks.
 */
bool hl_failure_retry(struct hlthunk_device *device, struct hlthunk_pool *pool, uint64_t size,
                      struct hl_failure *failure);

#endif
