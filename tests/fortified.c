/* SPDX-License-Identifier: MIT */
/*
 * Tests that have a poll() or an open() of their own mean all calls of the library.  Compiled with
 * _FORTIFY_SOURCE it calls these instead, depending on compiler and C library: they end there, too.
 */
#undef _FORTIFY_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

int __poll_chk(struct pollfd *fds, nfds_t n, int timeout_ms, size_t room);
int __getgroups_chk(int n, gid_t *list, size_t room);
ssize_t __readlink_chk(const char *path, char *target, size_t size, size_t room);
ssize_t __pread_chk(int fd, void *data, size_t size, off_t at, size_t room);
ssize_t __pread64_chk(int fd, void *data, size_t size, off_t at, size_t room);
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);

int __poll_chk(struct pollfd *fds, nfds_t n, int timeout_ms, size_t room)
{
    (void)room;
    return poll(fds, n, timeout_ms);
}

int __getgroups_chk(int n, gid_t *list, size_t room)
{
    (void)room;
    return getgroups(n, list);
}

ssize_t __readlink_chk(const char *path, char *target, size_t size, size_t room)
{
    (void)room;
    return readlink(path, target, size);
}

ssize_t __pread_chk(int fd, void *data, size_t size, off_t at, size_t room)
{
    (void)room;
    return pread(fd, data, size, at);
}

ssize_t __pread64_chk(int fd, void *data, size_t size, off_t at, size_t room)
{
    return __pread_chk(fd, data, size, at, room);
}

int __open_2(const char *path, int flags)
{
    return open(path, flags);
}

int __open64_2(const char *path, int flags)
{
    return open(path, flags);
}
