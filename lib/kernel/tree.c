/* SPDX-License-Identifier: MIT */
#include "lib/kernel/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/kernel/sysfs.h"

static __attribute__((format(printf, 3, 0))) int join(char *out, const char *root, const char *path,
                                                      va_list ap)
{
    int n = snprintf(out, HL_TREE_PATH, "%s", root), m = 0;

    if (n < HL_TREE_PATH)
        m = vsnprintf(out + n, HL_TREE_PATH - (size_t)n, path, ap);
    return n + m < HL_TREE_PATH ? 0 : -ENAMETOOLONG;
}

/* The path that a function's arguments mean, in full. */
#define JOIN(rc, full, root, path)                                                                 \
    do {                                                                                           \
        va_list ap_;                                                                               \
        va_start(ap_, path);                                                                       \
        (rc) = join(full, root, path, ap_);                                                        \
        va_end(ap_);                                                                               \
    } while (0)

int hl_tree_read(const char *root, char *value, size_t size, const char *path, ...)
{
    char full[HL_TREE_PATH];
    int rc;

    JOIN(rc, full, root, path);
    return rc ? rc : hl_sysfs_read(full, value, size);
}

char *hl_tree_read_all(const char *root, size_t *size, const char *path, ...)
{
    char full[HL_TREE_PATH], *text = NULL, *more;
    size_t n = 0, room = 0;
    ssize_t got = 1;
    int rc, fd;

    JOIN(rc, full, root, path);
    fd = rc ? rc : hl_sysfs_open(full);
    if (fd < 0) {
        errno = -fd;
        return NULL;
    }
    while (got > 0) {
        if (n + 1 >= room) {
            room = room ? 2 * room : 16384;
            more = room > HL_TREE_LONGEST ? NULL : realloc(text, room);
            if (!more) {
                errno = room > HL_TREE_LONGEST ? EFBIG : ENOMEM;
                got = -1;
                break;
            }
            text = more;
        }
        got = read(fd, text + n, room - n - 1);
        if (got < 0 && errno == EINTR)
            got = 1;
        else
            n += got > 0 ? (size_t)got : 0;
    }
    rc = errno;
    close(fd);
    if (got < 0) {
        free(text);
        errno = rc;
        return NULL;
    }
    text[n] = '\0';
    *size = n;
    return text;
}

static int read_link(const char *full, char *target, size_t size)
{
    ssize_t n = readlink(full, target, size);

    if (n < 0)
        return -errno;
    if ((size_t)n == size)
        return -ENOSPC;
    target[n] = '\0';
    return 0;
}

int hl_tree_link(const char *root, char *target, size_t size, const char *path, ...)
{
    char full[HL_TREE_PATH];
    int rc;

    JOIN(rc, full, root, path);
    return rc ? rc : read_link(full, target, size);
}

int hl_tree_link_name(const char *root, char *name, size_t size, const char *path, ...)
{
    char full[HL_TREE_PATH], target[HL_TREE_PATH];
    int rc;

    JOIN(rc, full, root, path);
    rc = rc ? rc : read_link(full, target, sizeof(target));
    return rc ? rc : hl_tree_last_name(target, name, size);
}

int hl_tree_exists(const char *root, const char *path, ...)
{
    char full[HL_TREE_PATH];
    struct stat st;
    int rc;

    JOIN(rc, full, root, path);
    if (rc)
        return rc;
    /* not access(): of a node it also asks the device cgroup */
    if (stat(full, &st) == 0)
        return 1;
    return hl_is_absent(-errno) ? 0 : -errno;
}

int hl_tree_each(const char *root, int (*visit)(const char *name, void *user), void *user,
                 const char *path, ...)
{
    char full[HL_TREE_PATH];
    struct dirent *d;
    DIR *dir;
    int rc;

    JOIN(rc, full, root, path);
    if (rc)
        return rc;
    dir = opendir(full);
    if (!dir)
        return -errno;
    for (;;) {
        errno = 0;
        d = readdir(dir);
        if (!d) {
            rc = -errno;
            break;
        }
        if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
            continue;
        rc = visit(d->d_name, user);
        if (rc)
            break;
    }
    closedir(dir);
    return rc;
}
