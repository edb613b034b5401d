/* SPDX-License-Identifier: MIT */
#include "lib/device/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fork.h"
#include "lib/hot.h"
#include "lib/kernel/discovery.h"
#include "lib/kernel/generation.h"
#include "lib/device/properties.h"
#include "lib/core/registry.h"
#include "lib/op/op_info.h"
#include "lib/op/op_open.h"
#include "lib/options.h"
#include "uapi/habanalabs_accel.h"

HL_HOT int hl_device_check_process(const struct hlthunk_device *d)
{
    if (!d)
        return hl_err(-EINVAL, "device is NULL");
    if (!hl_epoch_is_ours(d->epoch))
        return hl_err(-EPERM,
                      "device was opened by the parent of this process: after fork() a child "
                      "opens it for itself");
    return 0;
}

HL_HOT int hl_device_check(const struct hlthunk_device *d)
{
    int rc = hl_device_check_process(d);

    if (rc)
        return rc;
    if (atomic_load_explicit(&d->stale, memory_order_relaxed))
        return hl_err(-ENODEV,
                      "device %s was reset or removed since it was opened: release its objects "
                      "and open it again",
                      d->props.pci_address);
    return 0;
}

/* Makes the object of an fd, which is taken over: closed on failure. */
static int create(int fd, const struct hlthunk_device_entry *entry, bool control, bool guest,
                  struct hlthunk_device **out)
{
    struct hlthunk_device *d = calloc(1, sizeof(*d));
    int rc;

    if (!d) {
        rc = hl_err(-ENOMEM, "no memory for a device object");
        goto close_fd;
    }
    rc = hl_file_id(fd, &d->id);
    if (rc) {
        hl_err(rc, "fd %d: %s", fd, strerror(-rc));
        goto free_device;
    }
    rc = hl_properties_read(fd, entry, control, &d->props);
    if (rc)
        goto free_device;
    rc = pthread_mutex_init(&d->lock, NULL);
    if (rc) {
        rc = hl_err(-rc, "no lock for a device object: %s", strerror(rc));
        goto free_device;
    }
    atomic_init(&d->refs, 1);
    d->fd = fd;
    d->guest = guest;
    hl_events_init(&d->events);
    d->epoch = hl_process_epoch();
    if (!d->props.has_device_mmu)
        hl_ranges_init(&d->ranges, d->props.memory_base, d->props.memory_size);
    hl_registry_add_device(d);
    *out = d;
    return 0;

free_device:
    free(d);
close_fd:
    close(fd);
    return rc;
}

int hlthunk_device_open(const struct hlthunk_device_options *options,
                        struct hlthunk_device **device)
{
    struct hlthunk_device_options o;
    struct hlthunk_device_entry entry;
    int rc, fd;

    if (!device)
        return hl_err(-EINVAL, "device is NULL");
    rc = HL_OPTIONS_READ(o, options);
    rc = rc ? rc : HL_OPTIONS_RESERVED(o);
    if (rc)
        return rc;
    fd = hl_open_selected(&o, &entry);
    return fd < 0 ? fd : create(fd, &entry, o.control, false, device);
}

int hl_device_from_fd(int fd, bool guest, struct hlthunk_device **device)
{
    struct hlthunk_device_entry entry;
    enum hlthunk_generation generation;
    struct hlthunk_device *found;
    struct hl_file_id id;
    bool control;
    int rc, own;

    if (!device)
        return hl_err(-EINVAL, "device is NULL");
    rc = hl_file_id(fd, &id);
    if (rc)
        return hl_err(rc, "fd %d is not open", fd);
    found = hl_registry_find_device(&id);
    if (found) {
        *device = found;
        return 0;
    }
    rc = hl_discover_fd(fd, &entry, &control);
    if (rc)
        return rc;
    rc = hl_generation_probe(fd, &generation);
    if (rc)
        return hl_err(rc, "fd %d does not answer as a Habana device: %s", fd, strerror(-rc));
    own = hl_fd_dup(fd);
    if (own < 0)
        return hl_err(own, "fd %d cannot be duplicated: %s", fd, strerror(-own));
    return create(own, &entry, control, guest, device);
}

int hlthunk_device_from_fd(int fd, struct hlthunk_device **device)
{
    return hl_device_from_fd(fd, false, device);
}

struct hlthunk_device *hlthunk_device_ref(struct hlthunk_device *d)
{
    hl_refs_get(&d->refs);
    return d;
}

/*
 * In a forked child the descriptor is a copy that keeps the parent's device busy: closing it is
 * right, if it still is that file (the child may have closed it and reused the number).
 */
static void destroy_in_child(struct hlthunk_device *d)
{
    hl_fd_close(d->fd, &d->id);
    hl_events_forget(&d->events);
    free(d->waiters); /* its threads are the parent's */
    hl_pending_forget(d);
    hl_ranges_fini(&d->ranges);
    free(d);
}

HL_HOT void hlthunk_device_unref(struct hlthunk_device *d)
{
    if (!d || !hl_refs_put(&d->refs))
        return;
    if (!hl_epoch_is_ours(d->epoch)) {
        destroy_in_child(d);
        return;
    }
    hl_registry_remove_device(d);
    hl_waiters_destroy(d->waiters);
    hl_pending_retry(d);
    hl_pending_drop(d);
    hl_ranges_fini(&d->ranges);
    hl_fd_close(d->fd, &d->id);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

int hlthunk_device_borrow_fd(const struct hlthunk_device *d)
{
    return d->fd;
}

int hlthunk_device_get_properties(struct hlthunk_device *d,
                                  struct hlthunk_device_properties *properties)
{
    int rc = hl_device_check(d);

    rc = rc ? rc : hl_struct_check(properties, "properties");
    if (rc == 0)
        HL_STRUCT_FILL(properties, d->props);
    return rc;
}

int hlthunk_device_get_status(struct hlthunk_device *d, enum hlthunk_status *status)
{
    struct hl_info_device_status out = { 0 };
    int rc = hl_device_check_process(d);

    if (rc)
        return rc;
    if (!status)
        return hl_err(-EINVAL, "status is NULL");
    rc = hl_info_get(d->fd, HL_INFO_DEVICE_STATUS, &out, sizeof(out));
    if (rc)
        return hl_device_failed(d, rc);
    hl_device_learn_status(d, out.status);
    *status = (enum hlthunk_status)out.status;
    return 0;
}

int hlthunk_device_get_memory_usage(struct hlthunk_device *d, struct hlthunk_memory_usage *usage)
{
    struct hl_info_dram_usage out = { 0 };
    struct hlthunk_memory_usage u = { 0 };
    int rc = hl_device_check(d);

    rc = rc ? rc : hl_struct_check(usage, "usage");
    if (rc)
        return rc;
    rc = hl_info_get(d->fd, HL_INFO_DRAM_USAGE, &out, sizeof(out));
    if (rc)
        return hl_device_failed(d, rc);
    u.free_bytes = out.dram_free_mem;
    u.used_bytes = out.ctx_dram_mem;
    HL_STRUCT_FILL(usage, u);
    return 0;
}
