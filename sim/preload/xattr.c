/* SPDX-License-Identifier: MIT */
/* Extended attributes: "ls -l" asks for access control lists. */
#include <fcntl.h>
#include <sys/types.h>
#include <sys/xattr.h>

#include "sim/preload/preload.h"

DECLARE_REAL(getxattr);
DECLARE_REAL(lgetxattr);
DECLARE_REAL(listxattr);
DECLARE_REAL(llistxattr);

HOOK ssize_t getxattr(const char *path, const char *name, void *value, size_t size)
{
    char buffer[PATH_BUFFER];

    return REAL(getxattr)(path_map(path, buffer), name, value, size);
}

HOOK ssize_t lgetxattr(const char *path, const char *name, void *value, size_t size)
{
    char buffer[PATH_BUFFER];

    return REAL(lgetxattr)(path_map_link(AT_FDCWD, path, false, buffer), name, value, size);
}

HOOK ssize_t listxattr(const char *path, char *list, size_t size)
{
    char buffer[PATH_BUFFER];

    return REAL(listxattr)(path_map(path, buffer), list, size);
}

HOOK ssize_t llistxattr(const char *path, char *list, size_t size)
{
    char buffer[PATH_BUFFER];

    return REAL(llistxattr)(path_map_link(AT_FDCWD, path, false, buffer), list, size);
}
