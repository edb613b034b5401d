/* SPDX-License-Identifier: MIT */
/* Opening and closing nodes, as the classic functions choose them. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/classic/convention.h"
#include "lib/classic/convert.h"
#include "lib/classic/find.h"
#include "lib/error.h"
#include "lib/kernel/deadline.h"
#include "lib/kernel/discovery.h"
#include "lib/op/op_open.h"

/*
 * EAGAIN of open passes by itself, when a reset or the release by the last user is over; programs
 * that do not expect it are spared the moment.  EBUSY is another program's device: no waiting.
 */
#define RESET_WAIT_US 1000000u
#define RESET_PAUSE_US 5000u

static int open_node(const struct hlthunk_device_entry *entry, bool control)
{
    return hl_open_node(entry, control);
}

/* Tries attempt() until it is not EAGAIN any more, for a second at most. */
static int outwait_reset(int (*attempt)(void *), void *arg)
{
    uint64_t deadline = hl_deadline_ns(RESET_WAIT_US);
    int fd;

    for (;;) {
        fd = attempt(arg);
        if (fd != -EAGAIN || !hl_left_us(deadline))
            return fd;
        usleep(RESET_PAUSE_US);
    }
}

/* One device. */
struct one {
    struct hlthunk_device_entry entry;
    bool control;
};

static int attempt_one(void *arg)
{
    const struct one *one = arg;

    return open_node(&one->entry, one->control);
}

static int open_bus_id(const char *busid, bool control)
{
    struct one one = { .control = control };
    int rc = hl_find_bus_id(busid, &one.entry);

    return hl_classic(rc ? rc : outwait_reset(attempt_one, &one));
}

/* Any device of a name. */
struct any {
    struct hlthunk_device_entry *list;
    size_t count;
    enum hlthunk_device_name name;
    bool control;
};

static int attempt_any(void *arg)
{
    const struct any *any = arg;
    size_t matches = 0;
    int fd = -ENODEV;

    for (size_t i = 0; i < any->count; i++) {
        enum hlthunk_device_name name;
        int e = 0;

        if (any->name != HLTHUNK_DEVICE_DONT_CARE)
            e = hl_entry_name(&any->list[i], &name);
        if (e)
            return e;
        if (any->name != HLTHUNK_DEVICE_DONT_CARE && !hl_device_name_fits(name, any->name))
            continue;
        e = open_node(&any->list[i], any->control);
        if (e >= 0)
            return e;
        /* what is busy or in reset may be free later: of several reasons the one to give */
        if (!matches++ || e == -EBUSY || e == -EAGAIN)
            fd = e;
    }
    if (!matches)
        return hl_err(-ENODEV, "no Habana device of this machine is of ASIC %d (devices: %zu)",
                      (int)any->name, any->count);
    return fd;
}

/* The first device of that name that can be opened: fd, or -1 with errno, as programs expect. */
static int open_name(enum hlthunk_device_name name, bool control)
{
    struct any any = { .name = name, .control = control };
    int fd = hl_discover(&any.list, &any.count);

    if (fd == 0) {
        fd = outwait_reset(attempt_any, &any);
        free(any.list);
    }
    return hl_classic(fd) < 0 ? -1 : fd;
}

static int open_module_id(uint32_t module_id, bool control)
{
    struct one one = { .control = control };
    int rc = hl_find_module_id(module_id, &one.entry);

    return hl_classic(rc ? rc : outwait_reset(attempt_one, &one));
}

int hlthunk_open(enum hlthunk_device_name device_name, const char *busid)
{
    return busid ? open_bus_id(busid, false) : open_name(device_name, false);
}

int hlthunk_open_by_module_id(uint32_t module_id)
{
    return open_module_id(module_id, false);
}

int hlthunk_open_control(int dev_id, const char *busid)
{
    struct hlthunk_device_entry *list;
    size_t n;
    int rc;

    if (busid)
        return open_bus_id(busid, true);
    rc = hl_discover(&list, &n);
    if (rc)
        return hl_classic(rc);
    rc = hl_err(-ENODEV, "no Habana device of this machine has index %d (devices: %zu)", dev_id, n);
    for (size_t i = 0; i < n && rc == -ENODEV; i++)
        if (dev_id >= 0 && list[i].index == (uint32_t)dev_id)
            rc = open_node(&list[i], true);
    free(list);
    return hl_classic(rc);
}

int hlthunk_open_control_by_name(enum hlthunk_device_name device_name, const char *busid)
{
    return busid ? open_bus_id(busid, true) : open_name(device_name, true);
}

int hlthunk_open_control_by_module_id(uint32_t module_id)
{
    return open_module_id(module_id, true);
}

int hlthunk_open_control_by_bus_id(const char *busid)
{
    return open_bus_id(busid, true);
}

int hlthunk_close(int fd)
{
    /* never repeated: after any error of close() the fd is gone */
    if (close(fd) == 0)
        return 0;
    return hl_classic(hl_err(-errno, "fd %d could not be closed", fd));
}
