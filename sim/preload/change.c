/* SPDX-License-Identifier: MIT */
/* Functions that change or watch a path: root may change the mode and owner of a node. */
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/preload/preload.h"

DECLARE_REAL(chmod);
DECLARE_REAL(fchmodat);
DECLARE_REAL(chown);
DECLARE_REAL(lchown);
DECLARE_REAL(fchownat);
DECLARE_REAL(inotify_add_watch);

HOOK int chmod(const char *path, mode_t mode)
{
    char buffer[PATH_BUFFER];

    return REAL(chmod)(path_map(path, buffer), mode);
}

HOOK int fchmodat(int dir, const char *path, mode_t mode, int flags)
{
    char buffer[PATH_BUFFER];

    return REAL(fchmodat)(dir, path_map_at(dir, path, buffer), mode, flags);
}

HOOK int chown(const char *path, uid_t user, gid_t group)
{
    char buffer[PATH_BUFFER];

    return REAL(chown)(path_map(path, buffer), user, group);
}

HOOK int lchown(const char *path, uid_t user, gid_t group)
{
    char buffer[PATH_BUFFER];

    return REAL(lchown)(path_map_link(AT_FDCWD, path, false, buffer), user, group);
}

HOOK int fchownat(int dir, const char *path, uid_t user, gid_t group, int flags)
{
    char buffer[PATH_BUFFER];

    return REAL(fchownat)(dir, path_map_link(dir, path, !(flags & AT_SYMLINK_NOFOLLOW), buffer),
                          user, group, flags);
}

HOOK int inotify_add_watch(int fd, const char *path, uint32_t mask)
{
    char buffer[PATH_BUFFER];

    return REAL(inotify_add_watch)(
        fd, path_map_link(AT_FDCWD, path, !(mask & IN_DONT_FOLLOW), buffer), mask);
}
