/* SPDX-License-Identifier: MIT */
/* Allocation of device memory; see deferred.h for its release. */
#ifndef HL_MEMORY_ALLOC_H
#define HL_MEMORY_ALLOC_H

#include <stdbool.h>
#include <stdint.h>

#include <hlthunk/buffer.h>

#include "lib/memory/memory.h"
#include "uapi/habanalabs_accel.h"

/* A size as the device rounds it up to its page.  0, or -ENOMEM: it does not fit 64 bits. */
int hl_memory_round_up(const struct hlthunk_device *device, uint64_t size, uint64_t *granted);

/*
 * Allocates, and maps unless options->unmapped.  memory: all zero, or as left by a failure. 0 or
 * -errno with a text; after a failure the kernel holds nothing.  hl_memory_release() undoes it.
 */
int hl_memory_alloc(struct hlthunk_device *device, uint64_t size,
                    const struct hlthunk_buffer_options *options, struct hl_memory *memory);

/* Maps what is not mapped yet. */
int hl_memory_map(struct hlthunk_device *device, struct hl_memory *memory, uint64_t hint,
                  bool force_hint);

static inline uint32_t hl_hint_flags(bool force_hint)
{
    return force_hint ? HL_MEM_FORCE_HINT : 0;
}

#endif
