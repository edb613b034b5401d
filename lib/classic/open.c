/* SPDX-License-Identifier: MIT */
/* Opening and closing nodes, as the classic functions choose them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/classic/convention.h"
#include "lib/classic/convert.h"
#include "lib/classic/find.h"
#include "lib/error.h"
#include "lib/kernel/deadline.h"
#include "lib/kernel/discovery.h"
#include "lib/kernel/sysfs.h"
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
    struct hl_err_kept kept;
    int fd;

    hl_err_begin(&kept);
    for (;;) {
        fd = attempt(arg);
        if (fd != -EAGAIN || !hl_left_us(deadline))
            break;
        usleep(RESET_PAUSE_US);
    }
    hl_err_end(&kept, fd < 0 ? fd : 0);
    return fd;
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

/* Of several failures the one to give: what passes by itself, then what may, then the first. */
struct failure {
    int weight, rc;
    char text[HL_ERROR_TEXT_SIZE];
};

static void note(struct failure *f, int rc)
{
    int weight = rc == -EAGAIN ? 3 : rc == -EBUSY ? 2 : 1;

    if (weight <= f->weight)
        return;
    f->weight = weight;
    f->rc = rc;
    snprintf(f->text, sizeof(f->text), "%s", hl_error_text());
}

/* 1, 0, or -errno when it cannot be known. */
static int is_of_name(struct hlthunk_device_entry *e, enum hlthunk_device_name wanted)
{
    enum hlthunk_device_name name;
    int rc;

    if (wanted == HLTHUNK_DEVICE_DONT_CARE)
        return 1;
    rc = hl_entry_name(e, &name);
    return rc ? rc : hl_device_name_fits(name, wanted);
}

static int attempt_any(void *arg)
{
    const struct any *any = arg;
    struct failure f = { .weight = 0 };

    for (size_t i = 0; i < any->count; i++) {
        int rc = is_of_name(&any->list[i], any->name);

        if (hl_is_exhausted(rc))
            return rc;
        if (rc < 0)
            note(&f, rc); /* another one may be known */
        if (rc <= 0)
            continue;
        rc = open_node(&any->list[i], any->control);
        if (rc >= 0)
            return rc;
        note(&f, rc);
    }
    if (!f.weight)
        return hl_err(-ENODEV, "no Habana device of this machine is of ASIC %d (devices: %zu)",
                      (int)any->name, any->count);
    return hl_err(f.rc, "%s", f.text);
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
    struct hl_err_kept kept;
    size_t n;
    int rc;

    if (busid)
        return open_bus_id(busid, true);
    rc = hl_discover(&list, &n);
    if (rc)
        return hl_classic(rc);
    hl_err_begin(&kept);
    rc = hl_err(-ENODEV, "no Habana device of this machine has index %d (devices: %zu)", dev_id, n);
    for (size_t i = 0; i < n && rc == -ENODEV; i++)
        if (dev_id >= 0 && list[i].index == (uint32_t)dev_id)
            rc = open_node(&list[i], true);
    hl_err_end(&kept, rc < 0 ? rc : 0);
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
