/* SPDX-License-Identifier: MIT */
/* open() and its kin. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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
        .op = SIM_REQUEST_OPEN, .device = device, .control = control, .flags = (uint32_t)flags,
    };
    int fd, rc;

    if (flags & O_DIRECTORY || (flags & O_CREAT && flags & O_EXCL)) {
        errno = flags & O_DIRECTORY ? ENOTDIR : EEXIST;
        return -1;
    }
    rc = client_request(sim, &q, -1, flags & O_CLOEXEC, &fd);
    if (rc < 0) {
        errno = -rc;
        return -1;
    }
    fd_note(fd, (uint32_t)rc);
    return fd;
}

/* A file of /proc that the kernel would write otherwise: a copy with the right text. */
static int open_text(const char *text)
{
    int fd = memfd_create("hlsim-text", MFD_CLOEXEC);
    size_t n = strlen(text);

    if (fd >= 0 && write(fd, text, n) == (ssize_t)n)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

int open_any(int dir, const char *path, int flags, mode_t mode)
{
    char buffer[PATH_BUFFER], text[512];
    uint32_t device;
    bool control;
    int fd;

    if (sim && path) {
        if (!(flags & O_PATH) && (path_node(path, &device, &control) ||
                                  path_fd_node(path, &device, &control)))
            return open_node(device, control, flags);
        if (path_fdinfo(path, text, sizeof(text)))
            return open_text(text);
    }
    {
        const char *mapped = path_map(path, buffer);
        struct stat st;

        /* sysfs refuses by the mode, whoever asks */
        if (mapped == buffer && (flags & O_ACCMODE) != O_RDONLY && !strncmp(path, "/sys/", 5) &&
            syscall(SYS_newfstatat, AT_FDCWD, mapped, &st, 0) == 0 && S_ISREG(st.st_mode) &&
            !(st.st_mode & 0222)) {
            errno = EACCES;
            return -1;
        }
        fd = REAL(openat)(dir, mapped, flags, mode);
    }
    if (fd >= 0)
        fd_forget(fd); /* its number may have been closed behind our back */
    return fd;
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

/* Streams: nodes and rewritten files through a descriptor, the rest by path. */
static FILE *stream(const char *path, const char *mode)
{
    char buffer[PATH_BUFFER], text[512];
    uint32_t device;
    bool control;
    FILE *f;
    int fd;

    if (sim && path && (path_node(path, &device, &control) || path_fdinfo(path, text, sizeof(text)))) {
        fd = open_any(AT_FDCWD, path,
                      (strchr(mode, '+') ? O_RDWR : *mode == 'r' ? O_RDONLY : O_WRONLY) |
                          (strchr(mode, 'e') ? O_CLOEXEC : 0),
                      0);
        if (fd < 0)
            return NULL;
        f = fdopen(fd, mode);
        if (!f)
            close(fd);
        return f;
    }
    return REAL(fopen)(path_map(path, buffer), mode);
}

HOOK FILE *fopen(const char *path, const char *mode)
{
    return stream(path, mode);
}

HOOK FILE *fopen64(const char *path, const char *mode)
{
    return stream(path, mode);
}

HOOK FILE *freopen(const char *path, const char *mode, FILE *f)
{
    char buffer[PATH_BUFFER];

    return REAL(freopen)(path_map(path, buffer), mode, f);
}

HOOK FILE *freopen64(const char *path, const char *mode, FILE *f)
{
    return freopen(path, mode, f);
}

HOOK int fclose(FILE *f)
{
    bool ours = sim && fd_forget(fileno(f));
    int rc = REAL(fclose)(f);

    if (ours)
        fd_closed();
    return rc;
}
