/* SPDX-License-Identifier: MIT */
#include "lib/memory/failure.h"

#include <stdio.h>

#include <hlthunk/error.h>
#include <hlthunk/memory_hooks.h>

#include "lib/core/attachment.h"
#include "lib/device/device.h"
#include "lib/error.h"

/* The device's; guarded by its lock. */
struct hook {
    struct hl_attachment part;
    hlthunk_memory_failure_fn fn;
    void *user;
};

static const struct hl_attachment_ops ops = { .size = sizeof(struct hook) };

int hlthunk_device_set_failure_callback(struct hlthunk_device *d,
                                        hlthunk_memory_failure_fn callback, void *user)
{
    struct hook *h;
    int rc = hl_device_check(d);

    if (rc)
        return rc;
    h = hl_attachment_get(&d->base, &ops);
    if (!h)
        return hl_err(-ENOMEM, "no memory for a device's callback");
    pthread_mutex_lock(&d->base.lock);
    h->fn = callback;
    h->user = user;
    pthread_mutex_unlock(&d->base.lock);
    return 0;
}

static hlthunk_memory_failure_fn get(struct hlthunk_device *d, void **user)
{
    struct hook *h = hl_attachment_find(&d->base, &ops);
    hlthunk_memory_failure_fn fn = NULL;

    if (!h)
        return NULL;
    pthread_mutex_lock(&d->base.lock);
    fn = h->fn;
    *user = h->user;
    pthread_mutex_unlock(&d->base.lock);
    return fn;
}

static bool ask(struct hlthunk_device *d, struct hlthunk_pool *pool, uint64_t size,
                uint64_t attempt)
{
    static _Thread_local bool within;
    hlthunk_memory_failure_fn fn;
    char reason[HL_ERROR_TEXT_SIZE];
    void *user;
    bool again;

    fn = within ? NULL : get(d, &user);
    if (!fn)
        return false;
    snprintf(reason, sizeof(reason), "%s", hlthunk_last_error());
    within = true;
    again = fn(
        &(struct hlthunk_memory_failure){
            .device = d, .pool = pool, .size_bytes = size, .attempt = attempt, .reason = reason },
        user);
    within = false;
    hl_err(0, "%s", reason); /* the callback's calls had texts of their own */
    return again;
}

/* Once: what ends meanwhile may be what other threads go on allocating. */
static bool settle(struct hlthunk_device *d, struct hl_failure *f)
{
    struct hl_err_kept kept;
    bool any;

    if (f->settled)
        return false;
    f->settled = true;
    hl_err_begin(&kept);
    any = hl_parent_settle(&d->base);
    hl_err_end(&kept, 0);
    return any;
}

bool hl_failure_retry(struct hlthunk_device *d, struct hlthunk_pool *pool, uint64_t size,
                      struct hl_failure *f)
{
    bool again = settle(d, f) || ask(d, pool, size, ++f->attempt);

    atomic_fetch_add_explicit(again ? &d->memory.retries : &d->memory.failures, 1,
                              memory_order_relaxed);
    return again;
}
