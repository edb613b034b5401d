/* SPDX-License-Identifier: MIT */
/* What programs do to descriptors besides ioctl() and mmap(). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sim/preload/areas.h"
#include "sim/preload/preload.h"

DECLARE_REAL(close);
DECLARE_REAL(close_range);
DECLARE_REAL(dup);
DECLARE_REAL(dup2);
DECLARE_REAL(dup3);
DECLARE_REAL(fcntl);
DECLARE_REAL(read);
DECLARE_REAL(write);
DECLARE_REAL(pread);
DECLARE_REAL(pwrite);
DECLARE_REAL(readv);
DECLARE_REAL(preadv);
DECLARE_REAL(pwritev);
DECLARE_REAL(preadv2);
DECLARE_REAL(pwritev2);
DECLARE_REAL(epoll_ctl);
DECLARE_REAL(writev);
DECLARE_REAL(lseek);
DECLARE_REAL(fallocate);

HOOK int close(int fd)
{
    uint32_t file = sim ? fd_known(fd) : SIM_NONE;
    /* control nodes do not hold the device */
    bool holds = file != SIM_NONE && sim->files[file].kind != SIM_FILE_CONTROL;
    bool ours = file != SIM_NONE && fd_forget(fd);
    int rc;

    if (areas_keep(fd)) {
        errno = EBADF;
        return -1;
    }
    rc = REAL(close)(fd);
    if (ours && holds)
        fd_closed_file(file);
    else if (ours)
        fd_closed();
    return rc;
}

/* All but what mappings keep. */
static int close_theirs(unsigned first, unsigned last, int flags)
{
    unsigned kept;

    while ((kept = areas_first_kept(first)) <= last && kept != UINT_MAX) {
        int rc = kept > first ? REAL(close_range)(first, kept - 1, flags) : 0;

        if (rc || kept == last)
            return rc;
        first = kept + 1;
    }
    return REAL(close_range)(first, last, flags);
}

HOOK int close_range(unsigned first, unsigned last, int flags)
{
    /* nothing is closed with CLOSE_RANGE_CLOEXEC, nor with what the kernel does not know */
    bool closes = first <= last && !(flags & ~2 /* CLOSE_RANGE_UNSHARE */);
    bool ours = sim && closes && fd_forget_range(first, last);
    int rc = closes ? close_theirs(first, last, flags) : REAL(close_range)(first, last, flags);

    if (ours)
        fd_closed();
    return rc;
}

HOOK void closefrom(int first)
{
    close_range(first < 0 ? 0 : (unsigned)first, UINT_MAX, 0);
}

/* A duplicate refers to the same file. */
static int copied(int from, int to)
{
    if (sim && to >= 0) {
        uint32_t file = fd_find(from);

        fd_note(to, file);
    }
    return to;
}

HOOK int dup(int fd)
{
    return copied(fd, REAL(dup)(fd));
}

static int replaced(int from, int to, int rc, bool was_ours)
{
    if (sim && rc >= 0 && from != to) {
        copied(from, to);
        if (was_ours)
            fd_closed();
    }
    return rc;
}

/* dup3(), or dup2() without flags.  To the program no file is where a mapping keeps one. */
static int put_at(int from, int to, const int *flags)
{
    bool left;
    int rc, saved;

    if (areas_keep(from)) {
        errno = EBADF;
        return -1;
    }
    left = areas_keep(to) && !fd_borrowed() && areas_leave(to);
    rc = flags ? REAL(dup3)(from, to, *flags) : REAL(dup2)(from, to);
    saved = errno;
    if (left && rc < 0)
        syscall(SYS_close, to);
    errno = saved;
    return rc;
}

HOOK int dup2(int from, int to)
{
    bool ours = sim && fd_known(to) != SIM_NONE;

    return replaced(from, to, put_at(from, to, NULL), ours);
}

HOOK int dup3(int from, int to, int flags)
{
    bool ours = sim && fd_known(to) != SIM_NONE;

    return replaced(from, to, put_at(from, to, &flags), ours);
}

static int fcntl_any(int fd, int command, void *argument)
{
    uint32_t file = sim ? fd_known(fd) : SIM_NONE;
    int rc;

    if (file != SIM_NONE && command == F_GETFL)
        return (int)sim->files[file].flags |
               (sim->files[file].kind == SIM_FILE_DMABUF ? 0 : KERNEL_O_LARGEFILE);
    rc = REAL(fcntl)(fd, command, argument);
    if (rc >= 0 && sim && (command == F_DUPFD || command == F_DUPFD_CLOEXEC))
        copied(fd, rc);
    if (rc >= 0 && file != SIM_NONE && command == F_SETFL) {
        struct sim_request q = { .op = SIM_REQUEST_FLAGS,
                                 .file = file,
                                 .flags = (uint32_t)(uintptr_t)argument };

        client_call(&q, NULL, false);
    }
    return rc;
}

HOOK int fcntl(int fd, int command, ...)
{
    void *argument;
    va_list ap;

    va_start(ap, command);
    argument = va_arg(ap, void *);
    va_end(ap);
    return fcntl_any(fd, command, argument);
}

HOOK int fcntl64(int fd, int command, ...)
{
    void *argument;
    va_list ap;

    va_start(ap, command);
    argument = va_arg(ap, void *);
    va_end(ap);
    return fcntl_any(fd, command, argument);
}

#define HERE INT64_MIN /* where the file is */

/* Neither nodes nor dma-bufs can be read or written: their errors.  at: HERE, or an offset. */
static int no_io(int fd, bool writing, int64_t at)
{
    uint32_t file = sim ? fd_known(fd) : SIM_NONE;
    int mode;

    if (file == SIM_NONE)
        return 0;
    mode = (int)sim->files[file].flags & O_ACCMODE;
    /* files that cannot seek: all but the primary node of later kernels */
    if (at != HERE && at < 0)
        errno = EINVAL;
    else if (at != HERE &&
             (sim->files[file].kind != SIM_FILE_PRIMARY || !sim_kernel(sim)->accel_nodes))
        errno = ESPIPE;
    else if (mode == (writing ? O_RDONLY : O_WRONLY) || mode == O_ACCMODE)
        errno = EBADF;
    else
        errno = EINVAL;
    return -1;
}

HOOK ssize_t read(int fd, void *data, size_t n)
{
    ssize_t got;

    if (debugfs_read(fd, data, n, -1, &got))
        return got;
    return no_io(fd, false, HERE) ? -1 : REAL(read)(fd, data, n);
}

HOOK ssize_t write(int fd, const void *data, size_t n)
{
    ssize_t put;

    if (debugfs_write(fd, data, n, -1, &put))
        return put;
    return no_io(fd, true, HERE) ? -1 : REAL(write)(fd, data, n);
}

HOOK ssize_t pread(int fd, void *data, size_t n, off_t at)
{
    ssize_t got;

    if (at >= 0 && debugfs_read(fd, data, n, at, &got))
        return got;
    return no_io(fd, false, at) ? -1 : REAL(pread)(fd, data, n, at);
}

HOOK ssize_t pread64(int fd, void *data, size_t n, off64_t at)
{
    return pread(fd, data, n, at);
}

HOOK ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
    ssize_t put;

    if (at >= 0 && debugfs_write(fd, data, n, at, &put))
        return put;
    return no_io(fd, true, at) ? -1 : REAL(pwrite)(fd, data, n, at);
}

HOOK ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
    return pwrite(fd, data, n, at);
}

HOOK ssize_t readv(int fd, const struct iovec *v, int n)
{
    ssize_t got;

    if (debugfs_readv(fd, v, n, -1, &got))
        return got;
    return no_io(fd, false, HERE) ? -1 : REAL(readv)(fd, v, n);
}

HOOK ssize_t writev(int fd, const struct iovec *v, int n)
{
    ssize_t put;

    if (debugfs_writev(fd, v, n, -1, &put))
        return put;
    return no_io(fd, true, HERE) ? -1 : REAL(writev)(fd, v, n);
}

HOOK ssize_t preadv(int fd, const struct iovec *v, int n, off_t at)
{
    ssize_t got;

    if (at >= 0 && debugfs_readv(fd, v, n, at, &got))
        return got;
    return no_io(fd, false, at) ? -1 : REAL(preadv)(fd, v, n, at);
}

HOOK ssize_t preadv64(int fd, const struct iovec *v, int n, off64_t at)
{
    return preadv(fd, v, n, at);
}

HOOK ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at)
{
    ssize_t put;

    if (at >= 0 && debugfs_writev(fd, v, n, at, &put))
        return put;
    return no_io(fd, true, at) ? -1 : REAL(pwritev)(fd, v, n, at);
}

HOOK ssize_t pwritev64(int fd, const struct iovec *v, int n, off64_t at)
{
    return pwritev(fd, v, n, at);
}

/* The files of debugfs have the old functions, which know one flag (do_loop_readv_writev()). */
static bool flags_refused(int fd, int flags)
{
    uint32_t file = sim ? fd_known(fd) : SIM_NONE;

    if (!(flags & ~RWF_HIPRI) || file == SIM_NONE || sim->files[file].kind != SIM_FILE_DEBUGFS)
        return false;
    errno = EOPNOTSUPP;
    return true;
}

/* at: -1 is where the file is */
HOOK ssize_t preadv2(int fd, const struct iovec *v, int n, off_t at, int flags)
{
    ssize_t got;

    if (flags_refused(fd, flags))
        return -1;
    if (at >= -1 && debugfs_readv(fd, v, n, at, &got))
        return got;
    return no_io(fd, false, at == -1 ? HERE : at) ? -1 : REAL(preadv2)(fd, v, n, at, flags);
}

HOOK ssize_t preadv64v2(int fd, const struct iovec *v, int n, off64_t at, int flags)
{
    return preadv2(fd, v, n, at, flags);
}

HOOK ssize_t pwritev2(int fd, const struct iovec *v, int n, off_t at, int flags)
{
    ssize_t put;

    if (flags_refused(fd, flags))
        return -1;
    if (at >= -1 && debugfs_writev(fd, v, n, at, &put))
        return put;
    return no_io(fd, true, at == -1 ? HERE : at) ? -1 : REAL(pwritev2)(fd, v, n, at, flags);
}

HOOK ssize_t pwritev64v2(int fd, const struct iovec *v, int n, off64_t at, int flags)
{
    return pwritev2(fd, v, n, at, flags);
}

/* Of these files only dma-bufs can be polled: nodes are always ready. */
HOOK int epoll_ctl(int ep, int op, int fd, struct epoll_event *event)
{
    uint32_t file = sim ? fd_known(fd) : SIM_NONE;

    if (file == SIM_NONE || sim->files[file].kind == SIM_FILE_DMABUF)
        return REAL(epoll_ctl)(ep, op, fd, event);
    /* in the kernel's order */
    if (op != EPOLL_CTL_DEL && !event)
        errno = EFAULT;
    else if (syscall(SYS_fcntl, ep, F_GETFD) >= 0)
        errno = EPERM;
    return -1;
}

ssize_t __read_chk(int fd, void *data, size_t n, size_t room);
HOOK ssize_t __read_chk(int fd, void *data, size_t n, size_t room)
{
    return read(fd, data, n < room ? n : room);
}

ssize_t __pread_chk(int fd, void *data, size_t n, off_t at, size_t room);
HOOK ssize_t __pread_chk(int fd, void *data, size_t n, off_t at, size_t room)
{
    return pread(fd, data, n < room ? n : room, at);
}

ssize_t __pread64_chk(int fd, void *data, size_t n, off64_t at, size_t room);
HOOK ssize_t __pread64_chk(int fd, void *data, size_t n, off64_t at, size_t room)
{
    return pread(fd, data, n < room ? n : room, at);
}

/* dma_buf_llseek(); on later kernels a primary node stays at 0 (noop_llseek). */
HOOK off_t lseek(int fd, off_t at, int whence)
{
    uint32_t file = sim ? fd_known(fd) : SIM_NONE;
    const struct sim_file *f = file == SIM_NONE ? NULL : &sim->files[file];

    if (!f)
        return REAL(lseek)(fd, at, whence);
    if (whence < SEEK_SET || whence > SEEK_HOLE) {
        errno = EINVAL;
        return -1;
    }
    if (f->kind == SIM_FILE_DMABUF) {
        if (!at && whence == SEEK_END)
            return (off_t)f->dmabuf.size;
        if (!at && whence == SEEK_SET)
            return 0;
        errno = EINVAL;
        return -1;
    }
    if (f->kind == SIM_FILE_PRIMARY && sim_kernel(sim)->accel_nodes)
        return 0;
    errno = ESPIPE;
    return -1;
}

HOOK off64_t lseek64(int fd, off64_t at, int whence)
{
    return lseek(fd, at, whence);
}

/* The kernel answers for the socket as for any file that has none, except that it is writable. */
HOOK int fallocate(int fd, int mode, off_t at, off_t n)
{
    uint32_t file = sim ? fd_known(fd) : SIM_NONE;
    int rc = REAL(fallocate)(fd, mode, at, n);

    if (rc < 0 && errno == ENODEV && file != SIM_NONE &&
        ((int)sim->files[file].flags & O_ACCMODE) == O_RDONLY)
        errno = EBADF;
    return rc;
}

HOOK int fallocate64(int fd, int mode, off64_t at, off64_t n)
{
    return fallocate(fd, mode, at, n);
}

/* Descriptors that this process has taken. */
int pidfd_getfd(int pidfd, int target, unsigned flags);
HOOK int pidfd_getfd(int pidfd, int target, unsigned flags)
{
    int fd = (int)syscall(SYS_pidfd_getfd, pidfd, target, flags);

    if (fd >= 0 && sim) {
        fd_forget(fd);
        fd_learn(fd);
    }
    return fd;
}
