/* SPDX-License-Identifier: MIT */
/*
 * Files of /sys, /proc, /dev and /boot: of this machine, or of a recorded one below a folder. Links
 * of sysfs are relative, so that they stay within a recorded tree.
 */
#ifndef HL_KERNEL_TREE_H
#define HL_KERNEL_TREE_H

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* The longest path that is put together here. */
#define HL_TREE_PATH 512
/* What hl_tree_read_all() reads at most: other users' maps and recorded files have any length. */
#define HL_TREE_LONGEST (64u << 20)

/* root: "" for this machine, otherwise the folder, without a slash at its end. */

/* As hl_sysfs_read(): 0, -ENOSPC or -errno. */
int hl_tree_read(const char *root, char *value, size_t size, const char *path, ...)
    __attribute__((format(printf, 4, 5)));

/* A whole file: NUL-terminated, malloc'ed; NULL and errno on failure, EFBIG past the longest. */
char *hl_tree_read_all(const char *root, size_t *size, const char *path, ...)
    __attribute__((format(printf, 3, 4)));

/* Where a link leads, as it is written: 0 or -errno. */
int hl_tree_link(const char *root, char *target, size_t size, const char *path, ...)
    __attribute__((format(printf, 4, 5)));

/* The last component of where a link leads ("mlx5_core" of a driver link): 0 or -errno. */
int hl_tree_link_name(const char *root, char *name, size_t size, const char *path, ...)
    __attribute__((format(printf, 4, 5)));

/* The last component of a path: 0 or -ENOSPC. */
static inline int hl_tree_last_name(const char *target, char *name, size_t size)
{
    const char *last = strrchr(target, '/');

    last = last ? last + 1 : target;
    if (strlen(last) >= size)
        return -ENOSPC;
    strcpy(name, last);
    return 0;
}

/* 1, 0, or -errno when it could not be looked for. */
int hl_tree_exists(const char *root, const char *path, ...) __attribute__((format(printf, 2, 3)));

/*
 * Calls visit for each entry of a folder but "." and "..", until it returns non-zero: that, 0, or
 * -errno when the folder cannot be opened or read.
 */
int hl_tree_each(const char *root, int (*visit)(const char *name, void *user), void *user,
                 const char *path, ...) __attribute__((format(printf, 4, 5)));

#endif
