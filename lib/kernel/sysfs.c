/* SPDX-License-Identifier: MIT */
#include "lib/kernel/sysfs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/kernel/errno.h"

/* A recorded machine may have a FIFO or a terminal in the place of a file: neither is waited for.
 */
int hl_sysfs_open(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    return fd < 0 ? -errno : fd;
}

int hl_sysfs_read(const char *path, char *value, size_t size)
{
    size_t n = 0;
    ssize_t got = 1;
    int rc = 0, fd;

    if (!size)
        return -ENOSPC;
    value[0] = '\0';
    fd = hl_sysfs_open(path);
    if (fd < 0)
        return fd;
    while (n < size && got > 0) {
        got = read(fd, value + n, size - n);
        if (got > 0) {
            n += (size_t)got;
        } else if (got < 0) {
            rc = hl_errno();
            if (rc == -EINTR)
                got = 1, rc = 0;
        }
    }
    close(fd);
    if (!rc && n == size)
        rc = -ENOSPC;
    if (rc) {
        value[0] = '\0';
        return rc;
    }
    while (n && isspace((unsigned char)value[n - 1]))
        n--;
    value[n] = '\0';
    return 0;
}
