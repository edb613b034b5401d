/* SPDX-License-Identifier: MIT */
#include "lib/memory/pinned.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/core/attachment.h"
#include "lib/device/device.h"
#include "lib/device/stale.h"
#include "lib/error.h"
#include "lib/op/op_mem.h"
#include "lib/page.h"

typedef unsigned long long ull;

#define BINS 64u /* by the power of two of the size */

/* The device's. */
struct kept {
    struct hl_attachment part;
    struct hl_pinned *bin[BINS];
    uint64_t bytes;
};

static void give_back(struct hlthunk_device *d, struct hl_pinned *p)
{
    munmap(p->host, p->bytes);
    hl_tally_subtract(&d->memory.host_reserved, p->bytes);
    free(p);
}

/* False: the driver is resetting the engines, and keeps the mapping meanwhile. */
static bool release(struct hlthunk_device *d, struct hl_pinned *p)
{
    struct hl_err_kept kept;
    bool busy;
    int rc;

    hl_err_begin(&kept);
    /* a stale device's mappings went with its context */
    rc = atomic_load(&d->base.stale) ? 0 : hl_mem_unmap(d->fd, p->address);
    busy = hl_device_keeps(d, rc);
    hl_err_end(&kept, 0);
    if (!busy)
        give_back(d, p);
    return !busy;
}

static void destroy(struct hl_attachment *a, struct hl_parent *parent, bool ours)
{
    struct kept *k = (struct kept *)a;

    for (unsigned i = 0; i < BINS; i++) {
        while (k->bin[i]) {
            struct hl_pinned *p = k->bin[i];

            k->bin[i] = p->next;
            if (!ours)
                hl_pinned_forget(p);
            else if (!release((struct hlthunk_device *)parent, p))
                give_back((struct hlthunk_device *)parent, p); /* the mapping goes with the file */
        }
    }
}

static const struct hl_attachment_ops ops = { .size = sizeof(struct kept), .destroy = destroy };

static unsigned bin_of(uint64_t bytes)
{
    return 63u - (unsigned)__builtin_clzll(bytes);
}

/* Whole pages, and four sizes for each power of two.  0: it is too much. */
static uint64_t round_up(uint64_t size)
{
    uint64_t page = hl_page_size(), step;

    if (size > SIZE_MAX / 2) /* what it is rounded up to must fit a size_t, too */
        return 0;
    step = (1ull << bin_of(size)) / 4;
    step = step > page ? step : page;
    return (size + step - 1) / step * step;
}

static struct hl_pinned *take(struct hlthunk_device *d, struct kept *k, uint64_t bytes)
{
    struct hl_pinned **at, *p;

    pthread_mutex_lock(&d->base.lock);
    for (at = &k->bin[bin_of(bytes)]; *at && (*at)->bytes != bytes; at = &(*at)->next)
        ;
    p = *at;
    if (p) {
        *at = p->next;
        k->bytes -= bytes;
    }
    pthread_mutex_unlock(&d->base.lock);
    return p;
}

static int make(struct hlthunk_device *d, uint64_t bytes, struct hl_pinned **out)
{
    struct hl_pinned *p = malloc(sizeof(*p));
    int rc;

    if (!p)
        return hl_err(-ENOMEM, "no memory for a buffer object");
    p->bytes = bytes;
    p->host = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p->host == MAP_FAILED) {
        rc = hl_err(-errno, "no %llu bytes of host memory: %s", (ull)bytes, strerror(errno));
        free(p);
        return rc;
    }
    rc = hl_mem_map_host(d->fd, p->host, bytes, 0, 0, &p->address);
    if (rc) {
        rc = hl_device_failed(d, rc);
        munmap(p->host, bytes);
        free(p);
        return rc;
    }
    hl_tally_add(&d->memory.host_reserved, bytes);
    *out = p;
    return 0;
}

int hl_pinned_get(struct hlthunk_device *d, uint64_t size, struct hl_pinned **out)
{
    struct kept *k = hl_attachment_get(&d->base, &ops);
    uint64_t bytes = round_up(size);
    struct hl_err_kept kept;
    int rc;

    if (!k)
        return hl_err(-ENOMEM, "no memory for a buffer object");
    if (!bytes)
        return hl_err(-ENOMEM, "size_bytes %llu is more than any host has", (ull)size);
    *out = take(d, k, bytes);
    if (*out)
        return 0;
    hl_err_begin(&kept);
    rc = make(d, bytes, out);
    if (rc == -ENOMEM && hl_pinned_trim(d, 0))
        rc = make(d, bytes, out);
    return hl_err_end(&kept, rc);
}

static void add(struct hlthunk_device *d, struct hl_pinned *p)
{
    struct kept *k = hl_attachment_find(&d->base, &ops);
    unsigned bin = bin_of(p->bytes);

    pthread_mutex_lock(&d->base.lock);
    p->next = k->bin[bin];
    k->bin[bin] = p;
    k->bytes += p->bytes;
    pthread_mutex_unlock(&d->base.lock);
}

void hl_pinned_put(struct hlthunk_device *d, struct hl_pinned *p)
{
    if (atomic_load(&d->base.stale))
        give_back(d, p);
    else
        add(d, p);
}

void hl_pinned_forget(struct hl_pinned *p)
{
    munmap(p->host, p->bytes);
    free(p);
}

/* The largest that is kept when more than so much is, or NULL. */
static struct hl_pinned *surplus(struct hlthunk_device *d, struct kept *k, uint64_t keep)
{
    struct hl_pinned *p = NULL;

    pthread_mutex_lock(&d->base.lock);
    for (unsigned i = BINS; k->bytes > keep && i > 0 && !p; i--) {
        p = k->bin[i - 1];
        if (p) {
            k->bin[i - 1] = p->next;
            k->bytes -= p->bytes;
        }
    }
    pthread_mutex_unlock(&d->base.lock);
    return p;
}

uint64_t hl_pinned_trim(struct hlthunk_device *d, uint64_t keep)
{
    struct kept *k = hl_attachment_find(&d->base, &ops);
    struct hl_pinned *p;
    uint64_t bytes = 0, size;

    while (k && (p = surplus(d, k, keep))) {
        size = p->bytes;
        if (!release(d, p)) {
            add(d, p);
            break;
        }
        bytes += size;
    }
    return bytes;
}
