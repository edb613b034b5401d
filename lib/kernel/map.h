/* SPDX-License-Identifier: MIT */
/* The system call layer's mmap(): what the driver lets this process see. */
#ifndef HL_KERNEL_MAP_H
#define HL_KERNEL_MAP_H

#include <stddef.h>
#include <stdint.h>

/*
 * Maps what handle stands for (a command buffer, timestamps, a hardware block), writable.
 * 0 or -errno with a text.
 */
int hl_map_node(int fd, uint64_t handle, size_t size, void **address);
void hl_unmap(void *address, size_t size);

#endif
