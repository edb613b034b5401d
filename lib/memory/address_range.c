/* SPDX-License-Identifier: MIT */
#include <hlthunk/address_range.h>

#include <errno.h>

#include "lib/device/device.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/memory/buffer.h"
#include "lib/memory/reservation.h"
#include "lib/op/op_mem.h"
#include "lib/options.h"

typedef unsigned long long ull;

/* Holes of one size that a mapping passes over, at most. */
#define OTHER_HOLES 256

struct hlthunk_address_range {
    struct hl_object object; /* first */
    struct hl_reservation *reservation;
};

static void describe(const struct hl_object *o, struct hlthunk_live_object *live)
{
    const struct hlthunk_address_range *r = (const struct hlthunk_address_range *)o;

    live->size_bytes = r->reservation->size;
    live->address = r->reservation->address;
}

static void destroy(struct hl_object *o)
{
    struct hlthunk_address_range *r = (struct hlthunk_address_range *)o;

    if (hl_object_is_ours(o))
        hl_reservation_put(o->device, &r->reservation);
    else
        hl_reservation_forget(r->reservation);
    hl_object_free(o);
}

static const struct hl_object_ops ops = {
    .kind = "address range",
    .destroy = destroy,
    .describe = describe,
};

int hlthunk_address_range_reserve(struct hlthunk_device *d, uint64_t size_bytes,
                                  const struct hlthunk_address_range_options *options,
                                  struct hlthunk_address_range **range)
{
    struct hlthunk_address_range_options o;
    struct hlthunk_address_range *r;
    int rc = hl_device_check(d);

    if (rc)
        return rc;
    if (!range)
        return hl_err(-EINVAL, "range is NULL");
    if (!size_bytes)
        return hl_err(-EINVAL, "size_bytes is 0");
    if (d->props.control)
        return hl_err(-EPERM, "device is a control node, which has no memory: open the primary "
                              "node");
    rc = HL_OPTIONS_READ(o, options);
    if (rc)
        return rc;
    r = hl_object_new(sizeof(*r));
    if (!r)
        return hl_err(-ENOMEM, "no memory for an address range");
    hl_object_init(&r->object, &ops, &d->base, o.label, __builtin_return_address(0));
    rc = hl_reservation_make(d, size_bytes, &r->reservation);
    if (rc) {
        hl_object_put(&r->object);
        return rc;
    }
    hl_object_list(&r->object);
    *range = r;
    return 0;
}

/*
 * The driver takes no hint that ends where a hole does.  A hole of just this size it gives all the
 * same, being the closest fit, but for others of that size at lower addresses (get_va_block()):
 * these are mapped, too, until it is done.
 */
static int fill(struct hlthunk_buffer *b, uint64_t address, struct hl_reservation *r)
{
    struct hlthunk_device *d = b->object.device;
    uint64_t others[OTHER_HOLES];
    unsigned n = 0;
    int rc = -ENOMEM;

    while (rc == -ENOMEM && n < OTHER_HOLES) {
        struct hl_mem_answer other = hl_mem_map_device(d->fd, b->memory.handle, address, 0);

        if (other.rc)
            break;
        others[n++] = other.value;
        rc = hl_buffer_map(b, address, true, r);
    }
    while (n) {
        struct hl_memory other = { .address = others[--n],
                                   .handle = b->memory.handle,
                                   .granted = b->memory.granted,
                                   .ours_to_unmap = true };

        hl_memory_release(d, &other, NULL, (struct hl_released){ 0 });
    }
    return rc;
}

static int map_at(struct hlthunk_buffer *b, uint64_t address, struct hl_reservation *r)
{
    struct hlthunk_device *d = b->object.device;
    struct hl_span before, after;
    struct hl_err_kept kept;
    int rc;

    hl_err_begin(&kept);
    hl_log_hold();
    hl_reservation_lock(d);
    rc = hl_buffer_map(b, address, true, r);
    if (rc == -ENOMEM && !hl_place_find_mapping(d, address, &after) &&
        hl_place_find_mapping(d, address - 1, &before) &&
        hl_place_find_mapping(d, address + b->memory.granted, &after))
        rc = fill(b, address, r);
    hl_reservation_unlock(d);
    hl_log_release();
    return hl_err_end(&kept, rc);
}

int hlthunk_address_range_map(struct hlthunk_address_range *range, uint64_t offset,
                              struct hlthunk_buffer *b)
{
    const struct hl_reservation *r;
    uint64_t page;
    int rc = hl_object_check(range ? &range->object : NULL, "range");

    rc = rc ? rc : hl_object_check(b ? &b->object : NULL, "buffer");
    if (rc)
        return rc;
    if (b->object.device != range->object.device)
        return hl_err(-EINVAL, "buffer is on another device than range");
    r = range->reservation;
    page = range->object.device->props.memory_page_size;
    if (offset % page)
        return hl_err(-EINVAL, "offset %llu is not a multiple of the device's page size %llu",
                      (ull)offset, (ull)page);
    if (offset > r->size || b->memory.granted > r->size - offset)
        return hl_err(-EINVAL,
                      "offset %llu + the buffer's %llu bytes is more than the range's "
                      "%llu",
                      (ull)offset, (ull)b->memory.granted, (ull)r->size);
    return map_at(b, r->address + offset, range->reservation);
}

struct hlthunk_address_range *hlthunk_address_range_ref(struct hlthunk_address_range *r)
{
    hl_object_get(&r->object);
    return r;
}

void hlthunk_address_range_unref(struct hlthunk_address_range *r)
{
    if (r)
        hl_object_put(&r->object);
}

uint64_t hlthunk_address_range_get_address(const struct hlthunk_address_range *r)
{
    return r->reservation->address;
}

uint64_t hlthunk_address_range_get_size(const struct hlthunk_address_range *r)
{
    return r->reservation->size;
}
