/* SPDX-License-Identifier: MIT */
/* What is alive on a device: listed on request, and as a leak report when it is closed. */
#include <string.h>

#include "lib/error.h"
#include "lib/kernel/deadline.h"
#include "lib/object/device.h"
#include "lib/object/report.h"

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
            .frames = o->trace ? o->trace->frames : NULL,
            .frame_count = o->trace ? o->trace->count : 0,
        };

        o->describe(o, &live);
        rc = visit(&live, user);
        if (o->parts && !rc)
            rc = o->parts(o, visit, user);
    }
    pthread_mutex_unlock(&d->lock);
    return rc;
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
        hlthunk_device_live_objects(d, hl_report_to_log, d);
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
