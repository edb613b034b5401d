/* SPDX-License-Identifier: MIT */
/* Hardware blocks that programs may map (Gaudi2), and registers in general. */
#ifndef SIM_MODEL_BLOCK_H
#define SIM_MODEL_BLOCK_H

#include "sim/model/model.h"

/* MAP_BLOCK: the handle for mmap() and the size; 0, -EPERM or -EINVAL. */
int sim_block_find(const struct sim_device *d, uint64_t address, uint64_t *handle, uint32_t *size);
/* mmap() with such a handle: the place in the registers' file; 0, -EPERM or -EINVAL. */
int sim_block_mmap(const struct sim_device *d, uint64_t offset, uint64_t length, uint64_t *at);

/* Some registers, mapped into this process; NULL without a supervisor. */
void *block_registers(const struct sim_state *s, const struct sim_device *d, uint64_t offset,
                      uint64_t size);
void block_unmap(void *registers, uint64_t size);

#endif
