/* SPDX-License-Identifier: MIT */
/* What is alive on a device: listed on request, and as a leak report when it is closed. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "lib/error.h"
#include "lib/kernel/deadline.h"
#include "lib/log.h"
#include "lib/object/device.h"

int hlthunk_device_live_objects(struct hlthunk_device *d,
                                int (*visit)(const struct hlthunk_live_object *object, void *user),
                                void *user)
{
    uint64_t now = hl_coarse_now_ns();
    int rc = hl_device_check_process(d); /* what is to be released is of interest after a reset */

    if (rc)
        return rc;
    if (!visit)
        return hl_err(-EINVAL, "visit is NULL");
    pthread_mutex_lock(&d->lock);
    for (const struct hl_object *o = d->first; o && !rc; o = o->next) {
        struct hlthunk_live_object live = {
            .kind = o->kind,
            .count = 1,
            .age_ns = now - o->created_ns,
            .label = o->label[0] ? o->label : NULL,
            .creator = o->creator,
        };

        o->describe(o, &live);
        rc = visit(&live, user);
        if (o->parts && !rc)
            rc = o->parts(o, visit, user);
    }
    pthread_mutex_unlock(&d->lock);
    return rc;
}

/* "demo(main+0x1f)", or the bare address where no symbol is known. */
static void format_creator(const void *address, char *s, size_t size)
{
    const char *file;
    Dl_info info;

    if (!dladdr(address, &info) || !info.dli_fname) {
        snprintf(s, size, "%p", address);
        return;
    }
    file = strrchr(info.dli_fname, '/');
    file = file ? file + 1 : info.dli_fname;
    if (info.dli_sname)
        snprintf(s, size, "%s(%s+%#lx)", file, info.dli_sname,
                 (unsigned long)((const char *)address - (const char *)info.dli_saddr));
    else
        snprintf(s, size, "%s(+%#lx)", file,
                 (unsigned long)((const char *)address - (const char *)info.dli_fbase));
}

static int report(const struct hlthunk_live_object *o, void *user)
{
    const struct hlthunk_device *d = user;
    char creator[160], place[64] = "";

    format_creator(o->creator, creator, sizeof(creator));
    if (o->count > 1) {
        hl_log(HLTHUNK_LOG_WARNING,
               "%s stays open: %llu %ss of %llu bytes together are alive, the oldest made %llu ms "
               "ago%s%s%s%s",
               d->props.pci_address, (unsigned long long)o->count, o->kind,
               (unsigned long long)o->size_bytes, (unsigned long long)o->age_ns / 1000000,
               o->creator ? " by " : "", o->creator ? creator : "", o->label ? ", label " : "",
               o->label ? o->label : "");
        return 0;
    }
    if (o->offset)
        snprintf(place, sizeof(place), " at %#llx (offset %llu)", (unsigned long long)o->address,
                 (unsigned long long)o->offset);
    else if (o->address)
        snprintf(place, sizeof(place), " at %#llx", (unsigned long long)o->address);
    hl_log(HLTHUNK_LOG_WARNING,
           "%s stays open: a %s of %llu bytes%s is alive, made %llu ms ago by %s%s%s",
           d->props.pci_address, o->kind, (unsigned long long)o->size_bytes, place,
           (unsigned long long)o->age_ns / 1000000, creator, o->label ? ", label " : "",
           o->label ? o->label : "");
    return 0;
}

int hlthunk_device_close(struct hlthunk_device *d)
{
    bool alive, pending;
    char address[sizeof(d->props.pci_address)];

    if (!d)
        return 0;
    if (!hl_epoch_is_ours(d->epoch)) {
        hlthunk_device_unref(d);
        return 0;
    }
    hl_pending_retry(d);
    pthread_mutex_lock(&d->lock);
    alive = d->first != NULL;
    pending = d->pending != NULL;
    pthread_mutex_unlock(&d->lock);
    if (alive)
        hlthunk_device_live_objects(d, report, d);
    memcpy(address, d->props.pci_address, sizeof(address));
    hlthunk_device_unref(d);
    if (alive)
        return hl_err(-EBUSY, "device %s stays open until its last object is released", address);
    if (pending)
        return hl_err(-EBUSY,
                      "device %s stays busy until the last dma-buf file of its memory is closed",
                      address);
    return 0;
}
