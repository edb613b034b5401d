/* SPDX-License-Identifier: MIT */
/* What is alive on a device: listed on request, and as a leak report when it is closed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/core/attachment.h"
#include "lib/core/errand.h"
#include "lib/error.h"
#include "lib/kernel/deadline.h"
#include "lib/device/device.h"
#include "lib/device/report.h"

/* How long callbacks that run may keep who closes the device waiting. */
#define CALLBACKS_US 1000000u

/* A copy of an object, so that no callback runs with a lock held. */
struct record {
    struct record *next;
    struct hlthunk_live_object live;
    char label[HL_LABEL_SIZE];
    const void *frames[];
};

struct records {
    struct record *first, **last;
};

static int keep(const struct hlthunk_live_object *live, void *user)
{
    struct records *all = user;
    size_t frames = live->frame_count * sizeof(live->frames[0]);
    struct record *r = malloc(sizeof(*r) + frames);

    if (!r)
        return hl_err(-ENOMEM, "no memory for a list of the live objects");
    r->next = NULL;
    r->live = *live;
    if (live->label) {
        snprintf(r->label, sizeof(r->label), "%s", live->label);
        r->live.label = r->label;
    }
    if (frames) {
        memcpy(r->frames, live->frames, frames);
        r->live.frames = r->frames;
    }
    *all->last = r;
    all->last = &r->next;
    return 0;
}

/* With the device's lock held. */
static int keep_object(const struct hl_object *o, uint64_t now, struct records *all)
{
    struct hlthunk_live_object live = {
        .kind = o->ops->kind,
        .count = 1,
        .age_ns = now - o->created_ns,
        .label = o->label[0] ? o->label : NULL,
        .creator = o->creator,
        .frames = o->backtrace ? o->backtrace->frames : NULL,
        .frame_count = o->backtrace ? o->backtrace->count : 0,
    };
    int rc;

    if (o->ops->describe)
        o->ops->describe(o, &live);
    rc = keep(&live, all);
    return rc || !o->ops->parts ? rc : o->ops->parts(o, keep, all);
}

int hlthunk_device_list_live_objects(struct hlthunk_device *d, hlthunk_live_object_fn visit,
                                     void *user)
{
    struct records all = { .last = &all.first };
    struct record *r;
    uint64_t now;
    /* on a stale device, too: what has to be released is still of interest */
    int rc = hl_device_check_process(d);

    if (rc)
        return rc;
    if (!visit)
        return hl_err(-EINVAL, "visit is NULL");
    pthread_mutex_lock(&d->base.lock);
    now = hl_coarse_now_ns();
    for (const struct hl_object *o = d->base.first; o && !rc; o = o->next)
        rc = keep_object(o, now, &all);
    pthread_mutex_unlock(&d->base.lock);
    while ((r = all.first)) {
        if (!rc)
            rc = visit(&r->live, user);
        all.first = r->next;
        free(r);
    }
    return rc;
}

size_t hlthunk_device_close(struct hlthunk_device *d)
{
    size_t alive = 0, deferred;

    if (!d)
        return 0;
    if (!hl_object_is_ours(&d->base.object)) {
        hlthunk_device_unref(d);
        return 0;
    }
    hl_errands_wait(&d->base, hl_deadline_ns(CALLBACKS_US));
    deferred = hl_attachments_settle(&d->base);
    pthread_mutex_lock(&d->base.lock);
    for (const struct hl_object *o = d->base.first; o; o = o->next)
        alive++;
    pthread_mutex_unlock(&d->base.lock);
    if (alive)
        hlthunk_device_list_live_objects(d, hl_report_to_log, d);
    hlthunk_device_unref(d);
    return alive + deferred;
}

const char *hlthunk_live_object_get_kind(const struct hlthunk_live_object *o)
{
    return o->kind;
}

uint64_t hlthunk_live_object_get_count(const struct hlthunk_live_object *o)
{
    return o->count;
}

uint64_t hlthunk_live_object_get_size(const struct hlthunk_live_object *o)
{
    return o->size_bytes;
}

uint64_t hlthunk_live_object_get_offset(const struct hlthunk_live_object *o)
{
    return o->offset;
}

uint64_t hlthunk_live_object_get_address(const struct hlthunk_live_object *o)
{
    return o->address;
}

uint64_t hlthunk_live_object_get_age_ns(const struct hlthunk_live_object *o)
{
    return o->age_ns;
}

const char *hlthunk_live_object_get_label(const struct hlthunk_live_object *o)
{
    return o->label;
}

const void *hlthunk_live_object_get_creator(const struct hlthunk_live_object *o)
{
    return o->creator;
}

const void *const *hlthunk_live_object_borrow_frames(const struct hlthunk_live_object *o,
                                                     size_t *count)
{
    if (count)
        *count = o->frame_count;
    return o->frames;
}
