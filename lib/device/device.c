/* SPDX-License-Identifier: MIT */
#include "lib/device/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/core/attachment.h"
#include "lib/kernel/discovery.h"
#include "lib/kernel/generation.h"
#include "lib/kernel/owned.h"
#include "lib/device/properties.h"
#include "lib/op/op_open.h"
#include "lib/options.h"

int hl_device_check_process(const struct hlthunk_device *d)
{
    if (!d)
        return hl_err(-EINVAL, "device is NULL");
    if (!hl_object_is_ours(&d->base.object))
        return hl_err(-EPERM,
                      "device was opened by the parent of this process: after fork() a child "
                      "opens it for itself");
    return 0;
}

int hl_device_check(const struct hlthunk_device *d)
{
    int rc = hl_device_check_process(d);

    if (rc)
        return rc;
    if (atomic_load_explicit(&d->base.stale, memory_order_relaxed))
        return hl_err(-ENODEV,
                      "device %s was reset or removed since it was opened: release its objects "
                      "and open it again",
                      d->name);
    return 0;
}

/*
 * In a forked child the descriptor is a copy that keeps the parent's device busy: it is closed
 * there, too.
 */
static void destroy(struct hl_object *o)
{
    struct hlthunk_device *d = (struct hlthunk_device *)o;
    bool ours = hl_object_is_ours(o);

    if (ours)
        hl_registry_remove(&d->file);
    hl_attachments_destroy(&d->base);
    hl_owned_close(d->fd, &d->file.id, o->epoch);
    if (ours)
        pthread_mutex_destroy(&d->base.lock);
    hl_object_free(o);
}

static const struct hl_object_ops ops = { .kind = "device", .destroy = destroy };

/* Makes the object of an fd, which is taken over: closed on failure.  Not registered yet. */
static int create(int fd, const struct hlthunk_device_entry *entry, bool control,
                  struct hlthunk_device **out)
{
    struct hlthunk_device *d = hl_object_new(sizeof(*d));
    int rc;

    if (!d) {
        close(fd);
        return hl_err(-ENOMEM, "no memory for a device object");
    }
    d->fd = hl_owned_adopt(fd, &d->file.id);
    if (d->fd < 0) {
        rc = hl_err(d->fd, "fd %d: %s", fd, strerror(-d->fd));
        goto free_device;
    }
    rc = hl_properties_read(fd, entry, control, &d->props);
    if (rc)
        goto close_fd;
    rc = hl_parent_init(&d->base, &ops);
    if (rc) {
        hl_err(rc, "no lock for a device object: %s", strerror(-rc));
        goto close_fd;
    }
    snprintf(d->name, sizeof(d->name), "%s",
             *entry->pci_address ? entry->pci_address : entry->node);
    *out = d;
    return 0;

close_fd:
    hl_owned_close(fd, &d->file.id, hl_process_epoch());
free_device:
    free(d);
    return rc;
}

int hlthunk_device_open(const struct hlthunk_device_options *options,
                        struct hlthunk_device **device)
{
    struct hlthunk_device_options o;
    struct hlthunk_device_entry entry;
    struct hlthunk_device *d;
    struct hl_err_kept kept;
    int rc, fd;

    if (!device)
        return hl_err(-EINVAL, "device is NULL");
    rc = HL_OPTIONS_READ(o, options);
    rc = rc ? rc : HL_OPTIONS_RESERVED(o);
    if (rc)
        return rc;
    hl_err_begin(&kept); /* another device may have been refused */
    fd = hl_open_selected(&o, &entry);
    rc = hl_err_end(&kept, fd < 0 ? fd : create(fd, &entry, o.control, &d));
    if (rc)
        return rc;
    hl_registry_add(&d->file, &d->base.object);
    *device = d;
    return 0;
}

static bool is_usable(const struct hl_object *o)
{
    return !atomic_load(&((const struct hlthunk_device *)o)->base.stale);
}

int hl_device_from_fd(int fd, bool received, struct hlthunk_device **device)
{
    struct hlthunk_device_entry entry;
    enum hlthunk_generation generation;
    struct hlthunk_device *d;
    struct hl_object *found;
    struct hl_file_id id;
    bool control;
    int rc, own;

    if (!device)
        return hl_err(-EINVAL, "device is NULL");
    rc = hl_file_id(fd, &id);
    if (rc)
        return hl_err(rc, "fd %d is not open", fd);
    found = hl_registry_find(&id, &ops, is_usable);
    if (found) {
        *device = (struct hlthunk_device *)found;
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
    rc = create(own, &entry, control, &d);
    if (rc)
        return rc;
    d->received = received;
    found = hl_registry_join(&d->file, &d->base.object, is_usable);
    if (found) { /* another thread was faster: one file, one object */
        hlthunk_device_unref(d);
        d = (struct hlthunk_device *)found;
    }
    *device = d;
    return 0;
}

int hlthunk_device_from_fd(int fd, struct hlthunk_device **device)
{
    return hl_device_from_fd(fd, false, device);
}

struct hlthunk_device *hlthunk_device_ref(struct hlthunk_device *d)
{
    hl_object_get(&d->base.object);
    return d;
}

void hlthunk_device_unref(struct hlthunk_device *d)
{
    if (d)
        hl_object_put(&d->base.object);
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
