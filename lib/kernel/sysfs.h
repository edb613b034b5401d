/* SPDX-License-Identifier: MIT */
#ifndef HL_KERNEL_SYSFS_H
#define HL_KERNEL_SYSFS_H

#include <stddef.h>

/*
 * Reads a text file of sysfs or debugfs into value, NUL-terminated and without final white space.
 * 0, -ENOSPC when it does not fit, or -errno.
 */
int hl_sysfs_read(const char *path, char *value, size_t size);

#endif
