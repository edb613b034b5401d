/* SPDX-License-Identifier: MIT */
#include "lib/kernel/eventfd.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/fork.h"
#include "lib/kernel/eventfd_number.h"
#include "lib/kernel/owned.h"

int hl_eventfd_borrow(struct hl_eventfd *e, int fd)
{
    struct hl_eventfd found = { .fd = fd, .id = -1, .epoch = hl_process_epoch() };
    int rc = hl_file_id(fd, &found.file);

    if (rc == 0 && hl_eventfd_number(fd, &found.id) == -ENOENT)
        rc = -EINVAL; /* where that cannot be read, the caller is believed */
    if (rc == 0)
        *e = found;
    return rc;
}

/* A new descriptor, or the -errno that came instead of one. */
static int adopt(struct hl_eventfd *e, int fd)
{
    struct hl_file_id file;
    int rc;

    *e = HL_EVENTFD_NONE;
    fd = hl_owned_adopt(fd, &file);
    rc = fd < 0 ? fd : hl_eventfd_borrow(e, fd);
    if (rc && fd >= 0)
        hl_owned_close(fd, &file, hl_process_epoch());
    else if (rc == 0)
        hl_owned_is_eventfd(fd, e->id);
    return rc;
}

int hl_eventfd_open(struct hl_eventfd *e)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    return adopt(e, fd < 0 ? -errno : hl_fd_sanitize(fd));
}

int hl_eventfd_dup(struct hl_eventfd *e, int fd)
{
    return adopt(e, hl_fd_dup(fd));
}

bool hl_eventfd_is_intact(const struct hl_eventfd *e)
{
    int64_t now;
    int rc;

    if (!hl_fd_is(e->fd, &e->file))
        return false;
    rc = hl_eventfd_number(e->fd, &now);
    if (rc == 0 && e->id >= 0 && now >= 0)
        return now == e->id;
    return rc != -ENOENT && hl_epoch_is_ours(e->epoch);
}

static void add_one(const struct hl_eventfd *e)
{
    const uint64_t one = 1;

    if (write(e->fd, &one, sizeof(one)) < 0)
        return; /* full: it is readable */
}

static void finish(struct hl_eventfd *e, bool signal)
{
    if (e->fd >= 0 && hl_owned_take(e->fd, &e->file, e->epoch) && hl_eventfd_is_intact(e)) {
        if (signal)
            add_one(e);
        close(e->fd);
    }
    *e = HL_EVENTFD_NONE;
}

void hl_eventfd_close(struct hl_eventfd *e)
{
    finish(e, false);
}

void hl_eventfd_signal_and_close(struct hl_eventfd *e)
{
    finish(e, true);
}

void hl_eventfd_signal(const struct hl_eventfd *e)
{
    if (hl_eventfd_is_intact(e))
        add_one(e);
}

bool hl_eventfd_clear(const struct hl_eventfd *e)
{
    uint64_t count;

    if (!hl_eventfd_is_intact(e))
        return false;
    if (read(e->fd, &count, sizeof(count)) < 0)
        return true; /* empty: another reader was faster */
    return true;
}
