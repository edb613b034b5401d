/* SPDX-License-Identifier: MIT */
/* open() and its kin. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/preload/preload.h"

DECLARE_REAL(openat);
DECLARE_REAL(fopen);
DECLARE_REAL(freopen);
DECLARE_REAL(fclose);

static int open_node(uint32_t device, bool control, int flags)
{
    struct sim_request q = {
        .op = SIM_REQUEST_OPEN,
        .device = device,
        .control = control,
        .flags = (uint32_t)flags,
    };
    struct sim_reply r;
    int fds[2], rc;

    if (flags & O_DIRECTORY || (flags & O_CREAT && flags & O_EXCL)) {
        errno = flags & O_DIRECTORY ? ENOTDIR : EEXIST;
        return -1;
    }
    rc = client_transfer(&q, &r, -1, flags & O_CLOEXEC, fds);
    if (!rc && fds[0] < 0)
        rc = -EMFILE; /* no descriptor was free; its file is closed again */
    if (rc < 0) {
        errno = -rc;
        return -1;
    }
    fd_note(fds[0], r.file);
    return fds[0];
}

/* A file of /proc that would have another text on the simulated kernel: a copy with that text. */
static int open_text(const char *text)
{
    int fd = memfd_create("hlsim-text", MFD_CLOEXEC);
    size_t n = strlen(text);

    if (fd >= 0 && write(fd, text, n) == (ssize_t)n)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

/* /proc/PID/fd/N of a node opens the node again; behind ours is a socket: ENXIO. */
static int open_again(int dir, const char *path, int flags)
{
    char target[256]; /* a node's */
    uint32_t device;
    bool control;
    ssize_t n = readlinkat(dir, path, target, sizeof(target) - 1);

    if (n > 0) {
        target[n] = '\0';
        if (path_node(target, &device, &control))
            return open_node(device, control, flags);
    }
    errno = ENXIO;
    return -1;
}

/* sysfs goes by the mode, whoever the caller is (kernfs_fop_open()). */
static bool refused_by_mode(const char *mapped, int flags)
{
    bool reads = (flags & O_ACCMODE) != O_WRONLY, writes = (flags & O_ACCMODE) != O_RDONLY;
    struct stat st;

    if (flags & O_PATH || !path_of_sysfs(mapped) ||
        syscall(SYS_newfstatat, AT_FDCWD, mapped, &st, 0) < 0 || !S_ISREG(st.st_mode))
        return false;
    return (reads && !(st.st_mode & 0444)) || (writes && !(st.st_mode & 0222));
}

/* What exists only in the simulation: nodes, and texts of /proc.  True: *fd is the result. */
static bool open_simulated(const char *path, int flags, int *fd)
{
    char text[512], *maps;
    uint32_t device;
    bool control;

    if (!(flags & O_PATH) &&
        (path_node(path, &device, &control) || path_fd_node(path, &device, &control))) {
        *fd = open_node(device, control, flags);
        return true;
    }
    if (!(flags & O_PATH) && path_fd_debugfs(path, text, sizeof(text))) {
        *fd = open_any(AT_FDCWD, text, flags, 0);
        return true;
    }
    if (path_fdinfo(path, text, sizeof(text))) {
        *fd = open_text(text);
        return true;
    }
    maps = path_maps(path);
    if (!maps)
        return false;
    *fd = open_text(maps);
    free(maps);
    return true;
}

/* A file that stands for one of the simulation, whatever path led there: that one is opened. */
static int open_instead(int fd, int flags)
{
    char text[128];
    uint64_t inode;
    uint32_t device;
    bool control;

    if (!path_stands_in(fd, &inode))
        return fd;
    if (node_of_inode(inode, &device, &control)) {
        syscall(SYS_close, fd);
        return open_node(device, control, flags);
    }
    if (debugfs_of_fd(fd, text, sizeof(text))) {
        syscall(SYS_close, fd);
        return open_any(AT_FDCWD, text, flags, 0);
    }
    return fd;
}

int open_any(int dir, const char *path, int flags, mode_t mode)
{
    const char *mapped;
    char buffer[PATH_BUFFER];
    int fd;

    if (sim && path && open_simulated(path, flags, &fd))
        return fd;
    /* neither follows a link at the end */
    mapped = path_map_link(dir, path, !(flags & O_NOFOLLOW || (flags & O_CREAT && flags & O_EXCL)),
                           buffer);
    if (debugfs_open(mapped, flags, &fd))
        return fd;
    if (sim && refused_by_mode(mapped, flags)) {
        errno = EACCES;
        return -1;
    }
    fd = REAL(openat)(dir, mapped, flags, mode);
    if (fd < 0)
        return sim && errno == ENXIO ? open_again(dir, path, flags) : fd;
    fd_forget(fd); /* its number may have been closed behind our back */
    return sim && !(flags & O_PATH) ? open_instead(fd, flags) : fd;
}

#define MODE_ARGUMENT(flags, mode)                                                                 \
    mode_t mode = 0;                                                                               \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {                                                       \
        va_list ap;                                                                                \
        va_start(ap, flags);                                                                       \
        mode = (mode_t)va_arg(ap, int);                                                            \
        va_end(ap);                                                                                \
    }

HOOK int open(const char *path, int flags, ...)
{
    MODE_ARGUMENT(flags, mode)
    return open_any(AT_FDCWD, path, flags, mode);
}

HOOK int open64(const char *path, int flags, ...)
{
    MODE_ARGUMENT(flags, mode)
    return open_any(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

HOOK int openat(int dir, const char *path, int flags, ...)
{
    MODE_ARGUMENT(flags, mode)
    return open_any(dir, path, flags, mode);
}

HOOK int openat64(int dir, const char *path, int flags, ...)
{
    MODE_ARGUMENT(flags, mode)
    return open_any(dir, path, flags | O_LARGEFILE, mode);
}

/* What fortified programs call. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);

HOOK int __open_2(const char *path, int flags)
{
    return open_any(AT_FDCWD, path, flags, 0);
}

HOOK int __open64_2(const char *path, int flags)
{
    return open_any(AT_FDCWD, path, flags | O_LARGEFILE, 0);
}

HOOK int __openat_2(int dir, const char *path, int flags)
{
    return open_any(dir, path, flags, 0);
}

HOOK int __openat64_2(int dir, const char *path, int flags)
{
    return open_any(dir, path, flags | O_LARGEFILE, 0);
}

HOOK int creat(const char *path, mode_t mode)
{
    return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

HOOK int creat64(const char *path, mode_t mode)
{
    return creat(path, mode);
}

/* The flags for fopen()'s mode. */
static int stream_flags(const char *mode)
{
    int flags = *mode == 'r' ? O_RDONLY : O_WRONLY | O_CREAT | (*mode == 'a' ? O_APPEND : O_TRUNC);

    if (strchr(mode, '+'))
        flags = (flags & ~O_ACCMODE) | O_RDWR;
    return flags | (strchr(mode, 'e') ? O_CLOEXEC : 0) | (strchr(mode, 'x') ? O_EXCL : 0);
}

/* A stream of a node, of a file of debugfs or of a rewritten one goes through a descriptor. */
static FILE *stream_of_node(const char *path, const char *mode)
{
    int fd = open_any(AT_FDCWD, path, stream_flags(mode), 0);
    FILE *f = fd < 0 ? NULL : fdopen(fd, mode);

    if (!f && fd >= 0)
        close(fd);
    return f;
}

/* A stream of a file that stands for one that goes through a descriptor. */
static bool is_stand_in(FILE *f)
{
    char text[128];
    uint64_t inode;
    uint32_t device;
    bool control;

    return path_stands_in(fileno(f), &inode) && (node_of_inode(inode, &device, &control) ||
                                                 debugfs_of_fd(fileno(f), text, sizeof(text)));
}

static FILE *stream(const char *path, const char *mode)
{
    const char *mapped;
    char buffer[PATH_BUFFER], text[512], *maps;
    uint32_t device;
    bool control;
    FILE *f;

    if (!sim || !path)
        return REAL(fopen)(path, mode);
    mapped = path_map(path, buffer);
    maps = path_maps(path);
    if (maps || path_node(path, &device, &control) || path_fdinfo(path, text, sizeof(text)) ||
        debugfs_path(mapped)) {
        free(maps);
        return stream_of_node(path, mode);
    }
    f = REAL(fopen)(mapped, mode);
    if (!f)
        return errno == ENXIO ? stream_of_node(path, mode) : NULL;
    if (is_stand_in(f)) {
        REAL(fclose)(f);
        return stream_of_node(path, mode);
    }
    fd_forget(fileno(f));
    return f;
}

HOOK FILE *fopen(const char *path, const char *mode)
{
    return stream(path, mode);
}

HOOK FILE *fopen64(const char *path, const char *mode)
{
    return stream(path, mode);
}

/* A stream's descriptor is closed; one in memory has none. */
static bool forget_stream(FILE *f)
{
    int saved = errno;
    bool ours = sim && fd_forget(fileno(f));

    errno = saved;
    return ours;
}

HOOK FILE *freopen(const char *path, const char *mode, FILE *f)
{
    char buffer[PATH_BUFFER];
    bool ours = forget_stream(f);
    const char *mapped = path_map(path, buffer);
    int fd;

    f = REAL(freopen)(mapped, mode, f);
    if (ours)
        fd_closed();
    if (!sim || !f || !path || !is_stand_in(f))
        return f;
    fd = open_any(AT_FDCWD, path, stream_flags(mode), 0);
    if (fd < 0 || dup3(fd, fileno(f), stream_flags(mode) & O_CLOEXEC) < 0) {
        REAL(fclose)(f);
        f = NULL;
    }
    if (fd >= 0)
        close(fd);
    return f;
}

HOOK FILE *freopen64(const char *path, const char *mode, FILE *f)
{
    return freopen(path, mode, f);
}

HOOK int fclose(FILE *f)
{
    bool ours = forget_stream(f);
    int rc = REAL(fclose)(f);

    if (ours)
        fd_closed();
    return rc;
}
