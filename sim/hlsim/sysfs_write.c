/* SPDX-License-Identifier: MIT */
#include "sim/hlsim/sysfs_write.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/hlsim/tree.h"
#include "sim/lock.h"
#include "sim/model/model.h"

static int inotify_fd = -1;
static int watches[SIM_MAX_DEVICES]; /* of hard_reset; 0: none */

int sysfs_write_start(void)
{
    inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    return inotify_fd < 0 ? -errno : inotify_fd;
}

static void hard_reset_path(const struct sim_state *s, const struct sim_device *d, char *path)
{
    char dir[PATH_MAX];

    tree_device_folder(s, d, dir);
    snprintf(path, PATH_MAX, "%.*s/hard_reset", PATH_MAX - 16, dir);
}

void sysfs_write_watch(const struct sim_state *s, const struct sim_device *d)
{
    char path[PATH_MAX];

    hard_reset_path(s, d, path);
    chmod(path, 0600); /* 0200: only root may read, and watch, it */
    watches[d - s->devices] = inotify_add_watch(inotify_fd, path, IN_MODIFY);
    chmod(path, 0200);
}

/* hard_reset_store(): any number requests a reset.  What was written is removed from the file. */
static bool take_number(const char *path)
{
    char text[64], *end;
    ssize_t n;
    int fd;

    chmod(path, 0600); /* as for the watch */
    fd = open(path, O_RDWR | O_CLOEXEC);
    chmod(path, 0200);
    if (fd < 0)
        return false;
    n = read(fd, text, sizeof(text) - 1);
    if (n > 0 && ftruncate(fd, 0) < 0)
        n = 0; /* it would be handled again and again */
    close(fd);
    if (n <= 0)
        return false; /* our own change, or the truncation before a write */
    text[n] = '\0';
    errno = 0;
    strtoul(text, &end, 0);
    if (*end == '\n')
        end++;
    return end != text && !*end && !errno;
}

void sysfs_write_serve(struct sim_state *s)
{
    char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    char path[PATH_MAX];
    ssize_t n = read(inotify_fd, buffer, sizeof(buffer));

    for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= n;) {
        const struct inotify_event *e = (const struct inotify_event *)(buffer + at);

        at += (ssize_t)(sizeof(*e) + e->len);
        for (uint32_t i = 0; i < s->device_count; i++) {
            struct sim_device *d = &s->devices[i];

            if (watches[i] != e->wd || !(e->mask & IN_MODIFY))
                continue;
            hard_reset_path(s, d, path);
            if (!take_number(path))
                continue;
            sim_lock(s);
            if (!d->removed)
                sim_device_reset(s, d);
            sim_unlock(s);
        }
    }
}
