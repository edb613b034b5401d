/* SPDX-License-Identifier: MIT */
#include "sim/hlsim/sysfs_write.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/hlsim/tree.h"
#include "sim/lock.h"
#include "sim/model/model.h"

static int inotify_fd = -1;

/* A device's hard_reset, and what it held when it was last looked at. */
static struct watched {
    int watch; /* 0: none */
    struct timespec written;
    size_t length;
    char text[64];
} files[SIM_MAX_DEVICES];

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
    files[d - s->devices] = (struct watched){
        .watch = inotify_add_watch(inotify_fd, path, IN_MODIFY),
    };
    chmod(path, 0200);
}

/* What the file holds, and since when. */
static bool look(const char *path, struct watched *now)
{
    struct stat st;
    ssize_t n;
    int fd;

    chmod(path, 0600); /* as for the watch */
    fd = open(path, O_RDONLY | O_CLOEXEC);
    chmod(path, 0200);
    if (fd < 0)
        return false;
    n = read(fd, now->text, sizeof(now->text) - 1);
    if (fstat(fd, &st) < 0) /* after it: what comes in between is looked at again */
        n = -1;
    close(fd);
    if (n < 0)
        return false;
    now->length = (size_t)n;
    now->text[n] = '\0';
    now->written = st.st_mtim;
    return true;
}

/*
 * Was a number written since the last look?  The file stays as programs leave it: what we took out
 * of it could be the next program's.  Our look may come after a second write, whose event follows.
 */
static bool number_was_written(const char *path, struct watched *last)
{
    struct watched now = *last;
    const char *text = now.text;
    char *end;
    bool same;

    if (!look(path, &now))
        return false;
    same = now.length == last->length && !memcmp(now.text, last->text, now.length);
    if (same && now.written.tv_sec == last->written.tv_sec &&
        now.written.tv_nsec == last->written.tv_nsec)
        return false;
    if (!same && !strncmp(now.text, last->text, last->length))
        text += last->length; /* by a program that has the file open still */
    *last = now;
    if (*text != '+' && !isdigit((unsigned char)*text)) /* neither space nor sign (kstrtoul()) */
        return false;
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

            if (files[i].watch != e->wd || !(e->mask & IN_MODIFY))
                continue;
            hard_reset_path(s, d, path);
            if (!number_was_written(path, &files[i])) /* hard_reset_store(): any requests a reset */
                continue;
            sim_lock(s);
            if (!d->removed)
                sim_device_reset(s, d);
            sim_unlock(s);
        }
    }
}
