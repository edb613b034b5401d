/* SPDX-License-Identifier: MIT */
/* The driver's debugfs files: registers and memory of the device, for root. */
#ifndef HL_KERNEL_DEBUGFS_H
#define HL_KERNEL_DEBUGFS_H

#include <stddef.h>
#include <stdint.h>

#include <hlthunk/device.h>

/*
 * Opens a file of the device's directory, wherever this kernel has it: O_CLOEXEC, above 2.  The
 * descriptor, or -errno with a text.
 */
int hl_debugfs_open(const struct hlthunk_device_entry *entry, const char *name, int flags);

/*
 * One 32-bit word at an address of the device, through its files "addr" and "data32".  The driver
 * keeps one address per device, so the two steps exclude those of other threads.  0 or -errno with
 * a text; -EBUSY in a reset.
 */
int hl_debugfs_peek(int addr_fd, int data_fd, uint64_t address, uint32_t *value);
int hl_debugfs_poke(int addr_fd, int data_fd, uint64_t address, uint32_t value);

#endif
