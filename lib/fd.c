/* SPDX-License-Identifier: MIT */
#include "lib/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int hl_file_id(int fd, struct hl_file_id *id)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    id->dev = st.st_dev;
    id->ino = st.st_ino;
    id->rdev = st.st_rdev;
    return 0;
}

bool hl_file_id_equal(const struct hl_file_id *a, const struct hl_file_id *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->rdev == b->rdev;
}

bool hl_fd_is(int fd, const struct hl_file_id *id)
{
    struct hl_file_id now = { 0 };

    return hl_file_id(fd, &now) == 0 && hl_file_id_equal(&now, id);
}

void hl_fd_close(int fd, const struct hl_file_id *id)
{
    if (hl_fd_is(fd, id))
        close(fd);
}

int hl_fd_dup(int fd)
{
    int n = fcntl(fd, F_DUPFD_CLOEXEC, 3);

    if (n < 0)
        return errno == EINVAL ? -EMFILE : -errno; /* a RLIMIT_NOFILE of 3 or less */
    return n;
}

int hl_fd_sanitize(int fd)
{
    int n;

    if (fd > 2) {
        int flags = fcntl(fd, F_GETFD);

        if (flags >= 0 && ((flags & FD_CLOEXEC) || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) == 0))
            return fd;
        n = -errno;
    } else {
        n = hl_fd_dup(fd);
    }
    close(fd);
    return n;
}
