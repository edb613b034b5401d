/* SPDX-License-Identifier: MIT */
#include "sim/hlsim/put.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int failure;

static int failed(int rc)
{
    if (rc && !failure)
        failure = rc;
    return rc;
}

int put_failed(void)
{
    int rc = failure;

    failure = 0;
    return rc;
}

static int write_all(int fd, const char *bytes, size_t size)
{
    while (size) {
        ssize_t n = write(fd, bytes, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        bytes += n;
        size -= (size_t)n;
    }
    return 0;
}

static int put_file(const char *dir, const char *name, const void *bytes, size_t size)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    char path[PATH_MAX], new_path[PATH_MAX];
    const char *written = path;
    int fd, rc;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    fd = open(path, flags, 0444);
    if (fd < 0 && errno == EEXIST) {
        snprintf(new_path, sizeof(new_path), "%s/.%s", dir, strrchr(path, '/') + 1);
        written = new_path;
        fd = open(new_path, flags, 0444);
    }
    if (fd < 0)
        return -errno;
    rc = write_all(fd, bytes, size);
    if (fchmod(fd, 0444) < 0 && !rc)
        rc = -errno;
    if (close(fd) < 0 && !rc)
        rc = -errno;
    /* a concurrent reader gets the old value or the new one */
    if (!rc && written == new_path && rename(new_path, path) < 0)
        rc = -errno;
    if (rc)
        unlink(written);
    return rc;
}

void put_bytes(const char *dir, const char *name, const void *bytes, size_t size)
{
    failed(put_file(dir, name, bytes, size));
}

void put(const char *dir, const char *name, const char *fmt, ...)
{
    va_list ap;
    char *text;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (n < 0) {
        failed(-ENOMEM);
        return;
    }
    put_bytes(dir, name, text, (size_t)n);
    free(text);
}

int make_dirs(const char *fmt, ...)
{
    char path[PATH_MAX];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(path, sizeof(path), fmt, ap);
    va_end(ap);
    for (char *p = path + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        mkdir(path, 0755);
        *p = '/';
    }
    return failed(mkdir(path, 0755) < 0 && errno != EEXIST ? -errno : 0);
}

void link_to(const struct sim_state *s, const char *target, const char *fmt, ...)
{
    char name[128], path[PATH_MAX];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(name, sizeof(name), fmt, ap);
    va_end(ap);
    snprintf(path, sizeof(path), "%s%s", s->tree, name);
    failed(symlink(target, path) < 0 && errno != EEXIST ? -errno : 0);
}

void writable(const char *dir, const char *name, mode_t mode)
{
    char path[PATH_MAX + 64];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    failed(chmod(path, mode) < 0 ? -errno : 0);
}
