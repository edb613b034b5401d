/* SPDX-License-Identifier: MIT */
#ifndef HL_KERNEL_SYSFS_H
#define HL_KERNEL_SYSFS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/* Opens a file to be read, whatever it is: a descriptor or -errno. */
int hl_sysfs_open(const char *path);

/*
 * Reads a text file of sysfs, procfs or debugfs into value, NUL-terminated and without final white
 * space.  0, -ENOSPC when it does not fit, or -errno; value is "" after a failure.
 */
int hl_sysfs_read(const char *path, char *value, size_t size);

/* Does this errno mean that the thing does not exist?  Every other errno means "could not look".
 */
static inline bool hl_is_absent(int rc)
{
    return rc == -ENOENT || rc == -ENOTDIR;
}

/* Out of descriptors or memory: says nothing about what was looked for; the caller must report it.
 */
static inline bool hl_is_exhausted(int rc)
{
    return rc == -EMFILE || rc == -ENFILE || rc == -ENOMEM;
}

#endif
