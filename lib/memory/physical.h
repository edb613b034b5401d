/* SPDX-License-Identifier: MIT */
/*
 * Who has which physical memory of a device without an MMU (Gaudi), where the driver counts bytes
 * and programs choose addresses.
 */
#ifndef HL_MEMORY_PHYSICAL_H
#define HL_MEMORY_PHYSICAL_H

#include <stdint.h>

struct hlthunk_device;

/* The lowest free range at a multiple of align (a power of two): 0 or -ENOMEM. */
int hl_physical_alloc(struct hlthunk_device *device, uint64_t size, uint64_t align,
                      uint64_t *address);

/* This very range: 0, -EBUSY (part of it is taken), -EINVAL (outside), -ENOMEM. */
int hl_physical_take(struct hlthunk_device *device, uint64_t address, uint64_t size);

/* Returns the range that starts there. */
void hl_physical_give(struct hlthunk_device *device, uint64_t address);

#endif
