/* SPDX-License-Identifier: MIT */
#include "lib/memory/buffer.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <hlthunk/host_memory.h>

#include "lib/error.h"
#include "lib/device/device.h"
#include "lib/device/stale.h"
#include "lib/memory/alloc.h"
#include "lib/memory/dmabuf.h"
#include "lib/memory/failure.h"
#include "lib/memory/physical.h"
#include "lib/memory/pinned.h"
#include "lib/memory/reservation.h"
#include "lib/op/op_mem.h"
#include "lib/options.h"
#include "lib/page.h"
#include "uapi/generation.h"
#include "uapi/habanalabs_accel.h"

typedef unsigned long long ull;

static void describe(const struct hl_object *o, struct hlthunk_live_object *live)
{
    const struct hlthunk_buffer *b = (const struct hlthunk_buffer *)o;

    live->size_bytes = b->memory.granted;
    live->address = b->memory.address;
}

/* What all functions that create a buffer check. */
static int check_new(struct hlthunk_device *d, uint64_t size, struct hlthunk_buffer **out)
{
    int rc = hl_device_check(d);

    if (rc)
        return rc;
    if (!out)
        return hl_err(-EINVAL, "buffer is NULL");
    if (!size)
        return hl_err(-EINVAL, "size_bytes is 0");
    if (d->props.control)
        return hl_err(-EPERM, "device is a control node, which has no memory: open the primary "
                              "node");
    return 0;
}

struct hl_object *hl_buffer_get(struct hl_place *place, uint64_t address, uint64_t size)
{
    struct hlthunk_buffer *b =
        (struct hlthunk_buffer *)((char *)place - offsetof(struct hlthunk_buffer, place));
    uint64_t offset = address - b->memory.address;
    /* a pool's block may be in use anew at this moment: hl_place_find()'s caller looks again */
    uint64_t all = __atomic_load_n(&b->size, __ATOMIC_RELAXED);

    /* the memory may be larger than what was asked for */
    if (offset >= all || size > all - offset || !hl_object_try_get(&b->object))
        return NULL;
    return &b->object;
}

static struct hl_object *get_host(struct hl_place *place, uint64_t address, uint64_t size)
{
    struct hlthunk_buffer *b =
        (struct hlthunk_buffer *)((char *)place - offsetof(struct hlthunk_buffer, host_place));
    uint64_t offset = address - (uintptr_t)b->host;

    if (offset >= b->size || size > b->size - offset || !hl_object_try_get(&b->object))
        return NULL;
    return &b->object;
}

/* Its addresses can be found.  A dma-buf of the device's own memory is there as its buffer. */
static void appear(struct hlthunk_buffer *b)
{
    if (b->host) {
        b->host_place.get = get_host;
        hl_place_enter(b->object.device, HL_OF_HOST, &b->host_place, (uintptr_t)b->host, b->size);
    }
    if (!b->memory.address || (b->imported && !b->memory.ours_to_unmap))
        return;
    b->place.get = hl_buffer_get;
    b->place.mapped = b->memory.ours_to_unmap;
    hl_place_enter(b->object.device, HL_OF_DEVICE, &b->place, b->memory.address, b->memory.granted);
}

/* What the library gave out: not what the program manages, nor what is somebody else's. */
static void count(struct hlthunk_buffer *b)
{
    struct hl_memory_counters *c = &b->object.device->memory;

    if (b->memory.ours_to_free) {
        hl_tally_add(&c->buffers, 1);
        hl_tally_add(&c->allocated, b->size);
        hl_tally_add(&c->active, b->memory.granted);
    } else if (b->pinned) {
        hl_tally_add(&c->host_allocated, b->size);
    }
}

static void count_out(struct hlthunk_buffer *b)
{
    struct hl_memory_counters *c = &b->object.device->memory;

    if (b->memory.ours_to_free) {
        hl_tally_subtract(&c->buffers, 1);
        hl_tally_subtract(&c->allocated, b->size);
        hl_tally_subtract(&c->active, b->memory.granted);
    } else if (b->pinned) {
        hl_tally_subtract(&c->host_allocated, b->size);
    }
}

static void listed(struct hl_object *o)
{
    appear((struct hlthunk_buffer *)o);
    count((struct hlthunk_buffer *)o);
}

static void unlisted(struct hl_object *o)
{
    struct hlthunk_buffer *b = (struct hlthunk_buffer *)o;

    hl_place_leave(o->device, HL_OF_DEVICE, &b->place);
    hl_place_leave(o->device, HL_OF_HOST, &b->host_place);
    count_out(b);
}

/* What could not be made is no release, and may be a queue's, whose lock is held. */
static void call_what_waited(const struct hl_object *o)
{
    if (o->listed)
        hl_deferred_call(o->device);
}

static void destroy(struct hl_object *o)
{
    struct hlthunk_buffer *b = (struct hlthunk_buffer *)o;
    struct hlthunk_dmabuf *imported = b->imported;
    struct hl_released released = { .fn = b->release, .user = b->user }, later = { 0 };

    if (!hl_object_is_ours(o)) {
        released.fn = NULL;
        hl_open_exports_drop(b->open_exports);
        hl_reservation_forget(b->memory.within);
        if (b->pinned)
            hl_pinned_forget(b->pinned);
    } else if (b->pinned) {
        call_what_waited(o);
        hl_pinned_put(o->device, b->pinned);
    } else {
        call_what_waited(o);
        if (b->host) /* which the program may free only then */
            later = released;
        if (!hl_memory_release(o->device, &b->memory, b->open_exports, later) && b->host)
            released.fn = NULL;
    }
    hl_object_free(o);
    hlthunk_dmabuf_unref(imported);
    hl_released_call(released);
}

static const struct hl_object_ops ops = {
    .kind = "buffer",
    .destroy = destroy,
    .describe = describe,
    .listed = listed,
    .unlisted = unlisted,
};

/* Not listed yet: it has no memory. */
static struct hlthunk_buffer *create(struct hlthunk_device *d, uint64_t size, const char *label,
                                     const void *creator)
{
    struct hlthunk_buffer *b;

    if (hl_places_prepare(d))
        return NULL;
    b = hl_object_new(sizeof(*b));
    if (!b) {
        hl_err(-ENOMEM, "no memory for a buffer object");
        return NULL;
    }
    b->size = size;
    b->memory.granted = size;
    hl_object_init(&b->object, &ops, &d->base, label, creator);
    return b;
}

/* It is complete: hands it out. */
static void give(struct hlthunk_buffer *b, struct hlthunk_buffer **out)
{
    hl_object_list(&b->object);
    *out = b;
}

int hlthunk_buffer_alloc(struct hlthunk_device *d, uint64_t size_bytes,
                         const struct hlthunk_buffer_options *options, struct hlthunk_buffer **out)
{
    struct hlthunk_buffer_options o;
    struct hl_err_kept kept;
    struct hl_failure failure = { 0 };
    struct hlthunk_buffer *b;
    int rc = check_new(d, size_bytes, out);

    rc = rc ? rc : HL_OPTIONS_READ(o, options);
    rc = rc ? rc : HL_OPTIONS_RESERVED(o);
    if (rc)
        return rc;
    if (o.force_hint && (!o.hint || o.unmapped))
        return hl_err(-EINVAL, "options->force_hint needs %s",
                      o.hint ? ".unmapped to be off" : "a .hint");
    b = create(d, size_bytes, o.label, __builtin_return_address(0));
    if (!b)
        return -ENOMEM;
    hl_err_begin(&kept);
    do
        rc = hl_memory_alloc(d, size_bytes, &o, &b->memory);
    while (rc == -ENOMEM && hl_failure_retry(d, NULL, size_bytes, &failure));
    hl_err_end(&kept, rc);
    if (rc) {
        hl_object_put(&b->object);
        return rc;
    }
    give(b, out);
    return 0;
}

/* The driver would say that there is no room. */
static int check_hint(uint64_t hint, bool force_hint)
{
    return force_hint && !hint ? hl_err(-EINVAL, "options->force_hint needs a .hint") : 0;
}

int hlthunk_buffer_from_host(struct hlthunk_device *d, void *host, uint64_t size_bytes,
                             const struct hlthunk_buffer_from_host_options *options,
                             struct hlthunk_buffer **out)
{
    struct hlthunk_buffer_from_host_options o;
    struct hlthunk_buffer *b;
    int rc = check_new(d, size_bytes, out);

    rc = rc ? rc : HL_OPTIONS_READ(o, options);
    rc = rc ? rc : HL_OPTIONS_RESERVED(o);
    if (rc)
        return rc;
    if (!host)
        return hl_err(-EINVAL, "host is NULL");
    rc = check_hint(o.hint, o.force_hint);
    if (rc)
        return rc;
    b = create(d, size_bytes, o.label, __builtin_return_address(0));
    if (!b)
        return -ENOMEM;
    b->host = host;
    hl_deferred_retry(d);
    rc = hl_mem_map_host(d->fd, host, size_bytes, o.hint, hl_hint_flags(o.force_hint),
                         &b->memory.address);
    if (rc) {
        rc = hl_device_failed(d, rc);
        hl_object_put(&b->object);
        return rc;
    }
    b->memory.ours_to_unmap = true;
    give(b, out);
    return 0;
}

int hlthunk_buffer_alloc_host(struct hlthunk_device *d, uint64_t size_bytes,
                              const struct hlthunk_buffer_alloc_host_options *options,
                              struct hlthunk_buffer **out)
{
    struct hlthunk_buffer_alloc_host_options o;
    struct hlthunk_buffer *b;
    int rc = check_new(d, size_bytes, out);

    rc = rc ? rc : HL_OPTIONS_READ(o, options);
    if (rc)
        return rc;
    b = create(d, size_bytes, o.label, __builtin_return_address(0));
    if (!b)
        return -ENOMEM;
    rc = hl_pinned_get(d, size_bytes, &b->pinned);
    if (rc) {
        hl_object_put(&b->object);
        return rc;
    }
    b->host = b->pinned->host;
    b->memory.address = b->pinned->address;
    b->memory.granted = b->pinned->bytes;
    b->memory.ours_to_unmap = true;
    give(b, out);
    return 0;
}

/* Gaudi: nobody else gets it while the object lives. */
static int take_range(struct hlthunk_device *d, uint64_t address, uint64_t size,
                      struct hl_memory *m)
{
    int rc = hl_physical_take(d, address, size, &m->range);

    m->physical = rc == 0;
    switch (rc) {
    case 0:
        return 0;
    case -EBUSY:
        return hl_err(rc, "part of %#llx + %llu belongs to another buffer", (ull)address,
                      (ull)size);
    case -ENOMEM:
        return hl_err(rc, "no memory to note that %#llx + %llu is taken", (ull)address, (ull)size);
    default:
        return hl_err(rc, "%#llx + %llu is not within the device memory for programs", (ull)address,
                      (ull)size);
    }
}

int hlthunk_buffer_from_address(struct hlthunk_device *d, uint64_t address, uint64_t size_bytes,
                                const struct hlthunk_buffer_from_address_options *options,
                                struct hlthunk_buffer **out)
{
    struct hlthunk_buffer_from_address_options o;
    uint64_t page = hl_page_size();
    struct hlthunk_buffer *b;
    struct hl_span mapping;
    int rc = check_new(d, size_bytes, out);

    rc = rc ? rc : HL_OPTIONS_READ(o, options);
    if (rc)
        return rc;
    if (!address || !hl_aligned(address, page))
        return hl_err(-EINVAL, "address %#llx is not a non-zero multiple of the page size %llu",
                      (ull)address, (ull)page);
    if (!hl_aligned(size_bytes, page))
        return hl_err(-EINVAL, "size_bytes %llu is not a multiple of the page size %llu",
                      (ull)size_bytes, (ull)page);
    if (address + size_bytes < address)
        return hl_err(-EINVAL, "address %#llx + size_bytes %llu wraps around", (ull)address,
                      (ull)size_bytes);
    if (d->props.has_device_mmu && hl_place_find_mapping(d, address, &mapping) &&
        (address != mapping.start || size_bytes > mapping.size))
        return hl_err(-EINVAL,
                      "%#llx + %llu is not the start of a mapping, which the driver exports by: "
                      "this process has %llu bytes mapped at %#llx; export a range of that buffer",
                      (ull)address, (ull)size_bytes, (ull)mapping.size, (ull)mapping.start);
    b = create(d, size_bytes, o.label, __builtin_return_address(0));
    if (!b)
        return -ENOMEM;
    b->memory.address = address;
    if (!d->props.has_device_mmu)
        rc = take_range(d, address, size_bytes, &b->memory);
    if (rc) {
        hl_object_put(&b->object);
        return rc;
    }
    give(b, out);
    return 0;
}

/* Another exporter's memory: the driver maps it, where it can. */
static int map_foreign(struct hlthunk_buffer *b)
{
    const struct hlthunk_device *d = b->object.device;
    /* the driver has the file from here on, as whoever borrows its descriptor */
    int fd = hlthunk_dmabuf_borrow_fd(b->imported);
    int rc = hl_mem_import(d->fd, fd, b->size, &b->memory.address);

    /* the arguments are right: what is unknown is the operation */
    if (rc == -EINVAL && !hl_traits((enum hl_generation)d->props.generation)->vendor_calls)
        return hl_err(-EOPNOTSUPP,
                      "%s: the mainline driver cannot map a foreign dma-buf into a device: only "
                      "the vendor's driver has that operation",
                      d->name);
    if (rc == 0)
        b->memory.ours_to_unmap = true;
    return rc;
}

int hlthunk_buffer_from_dmabuf(struct hlthunk_device *d, struct hlthunk_dmabuf *m,
                               const struct hlthunk_buffer_from_dmabuf_options *options,
                               struct hlthunk_buffer **out)
{
    struct hlthunk_buffer_from_dmabuf_options o;
    struct hlthunk_buffer *b;
    int rc = check_new(d, m ? m->size : 1, out);

    rc = rc ? rc : HL_OPTIONS_READ(o, options);
    rc = rc ? rc : hl_object_check(m ? &m->object : NULL, "dmabuf");
    if (rc)
        return rc;
    b = create(d, m->size, o.label, __builtin_return_address(0));
    if (!b)
        return -ENOMEM;
    b->imported = hlthunk_dmabuf_ref(m);
    if (m->buffer && m->buffer->object.device == d)
        b->memory.address = hl_dmabuf_get_address(m); /* it is there already */
    else
        rc = map_foreign(b);
    if (rc) {
        rc = hl_device_failed(d, rc);
        hl_object_put(&b->object);
        return rc;
    }
    give(b, out);
    return 0;
}

int hl_buffer_map(struct hlthunk_buffer *b, uint64_t hint, bool force_hint,
                  struct hl_reservation *within)
{
    int rc;

    if (b->memory.address)
        return hl_err(-EALREADY, "buffer is already mapped at %#llx", (ull)b->memory.address);
    hl_deferred_retry(b->object.device);
    rc = hl_memory_map(b->object.device, &b->memory, hint, force_hint);
    if (rc)
        return rc;
    if (within)
        atomic_fetch_add(&within->refs, 1);
    b->memory.within = within;
    pthread_mutex_lock(&b->object.device->base.lock);
    appear(b);
    pthread_mutex_unlock(&b->object.device->base.lock);
    return 0;
}

int hlthunk_buffer_map(struct hlthunk_buffer *b, const struct hlthunk_buffer_map_options *options)
{
    struct hlthunk_buffer_map_options o;
    struct hl_err_kept kept;
    int rc = hl_object_check(b ? &b->object : NULL, "buffer");

    if (rc)
        return rc;
    rc = HL_OPTIONS_READ(o, options);
    rc = rc ? rc : HL_OPTIONS_RESERVED(o);
    rc = rc ? rc : check_hint(o.hint, o.force_hint);
    if (rc)
        return rc;
    if (b->memory.physical)
        return 0;
    hl_err_begin(&kept);
    return hl_err_end(&kept, hl_buffer_map(b, o.hint, o.force_hint, NULL));
}

int hlthunk_buffer_unmap(struct hlthunk_buffer *b)
{
    struct hlthunk_device *d;
    bool exported;
    int rc = hl_object_check(b ? &b->object : NULL, "buffer");

    if (rc)
        return rc;
    if (b->shard)
        return hl_err(-EINVAL, "buffer is part of a pool, which keeps its memory mapped");
    if (b->memory.physical)
        return hl_err(-EINVAL, "buffer has a physical address, which cannot be unmapped");
    if (b->imported)
        return hl_err(-EINVAL, "buffer is an imported dma-buf: release it instead");
    if (!b->memory.ours_to_unmap || b->host)
        return hl_err(-EINVAL, "buffer %s",
                      b->host ? "is host memory: release it instead"
                              : "is not mapped by the library");
    d = b->object.device;
    pthread_mutex_lock(&d->base.lock);
    exported = b->dmabufs != NULL;
    pthread_mutex_unlock(&d->base.lock);
    if (exported)
        return hl_err(-EBUSY, "buffer at %#llx has a live dma-buf: release that first",
                      (ull)b->memory.address);
    rc = hl_mem_unmap(d->fd, b->memory.address);
    if (rc == -EINVAL)
        return hl_err(-EBUSY,
                      "buffer at %#llx is still exported: a dma-buf of it is open in some process",
                      (ull)b->memory.address);
    if (rc)
        return hl_device_failed(d, rc);
    pthread_mutex_lock(&d->base.lock); /* a report reads it */
    hl_place_leave(d, HL_OF_DEVICE, &b->place);
    b->memory.address = 0;
    b->memory.ours_to_unmap = false;
    pthread_mutex_unlock(&d->base.lock);
    hl_reservation_put(d, &b->memory.within);
    return 0;
}

struct hlthunk_buffer *hlthunk_buffer_ref(struct hlthunk_buffer *b)
{
    hl_object_get(&b->object);
    return b;
}

void hlthunk_buffer_unref(struct hlthunk_buffer *b)
{
    if (b)
        hl_object_put(&b->object);
}

int hlthunk_buffer_set_user(struct hlthunk_buffer *b, void *user, hlthunk_buffer_release_fn release)
{
    if (!b || !hl_object_is_ours(&b->object))
        return hl_object_check(b ? &b->object : NULL, "buffer");
    b->user = user;
    b->release = release;
    return 0;
}

void *hlthunk_buffer_get_user(const struct hlthunk_buffer *b)
{
    return b->user;
}

uint64_t hlthunk_buffer_get_address(const struct hlthunk_buffer *b)
{
    return b->memory.address;
}

uint64_t hlthunk_buffer_get_size(const struct hlthunk_buffer *b)
{
    return b->size;
}

uint64_t hlthunk_buffer_get_granted_size(const struct hlthunk_buffer *b)
{
    return b->memory.granted;
}

bool hlthunk_buffer_is_host(const struct hlthunk_buffer *b)
{
    return b->host != NULL;
}

void *hlthunk_buffer_borrow_host(const struct hlthunk_buffer *b)
{
    return b->host;
}

struct hlthunk_dmabuf *hlthunk_buffer_borrow_dmabuf(const struct hlthunk_buffer *b)
{
    return b->imported;
}

struct hlthunk_device *hlthunk_buffer_borrow_device(const struct hlthunk_buffer *b)
{
    return b->object.device;
}
