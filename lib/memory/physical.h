/* SPDX-License-Identifier: MIT */
/*
 * Who has which physical memory of a device without an MMU (Gaudi), where the driver counts bytes
 * and programs choose addresses.
 */
#ifndef HL_MEMORY_PHYSICAL_H
#define HL_MEMORY_PHYSICAL_H

#include <stdint.h>

struct hlthunk_device;

struct hl_extent; /* lib/memory/space.h */

/* Some range at a multiple of align (a power of two): 0, -ENOSPC or -ENOMEM (of the host). */
int hl_physical_alloc(struct hlthunk_device *device, uint64_t size, uint64_t align,
                      struct hl_extent **range);

/* This very range: 0, -EBUSY (part of it is taken), -EINVAL (outside), -ENOMEM. */
int hl_physical_take(struct hlthunk_device *device, uint64_t address, uint64_t size,
                     struct hl_extent **range);

void hl_physical_give(struct hlthunk_device *device, struct hl_extent *range);

#endif
