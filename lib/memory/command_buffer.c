/* SPDX-License-Identifier: MIT */
#include <hlthunk/command_buffer.h>
#include <hlthunk/error.h>

#include <stdlib.h>

#include "lib/error.h"
#include "lib/kernel/map.h"
#include "lib/log.h"
#include "lib/device/device.h"
#include "lib/device/stale.h"
#include "lib/core/object.h"
#include "lib/memory/deferred.h"
#include "lib/op/op_cb.h"
#include "lib/op/op_cs.h"
#include "lib/options.h"
#include "lib/page.h"
#include "uapi/habanalabs_accel.h"
#include "uapi/habanalabs_ids.h"

struct hlthunk_command_buffer {
    struct hl_object object;
    uint64_t handle;
    uint64_t address;  /* 0: the device has none */
    void *data;        /* NULL until it is mapped */
    uint32_t size;     /* as the driver counts it */
    uint32_t map_size; /* whole pages */
};

static void describe(const struct hl_object *o, struct hlthunk_live_object *live)
{
    const struct hlthunk_command_buffer *cb = (const struct hlthunk_command_buffer *)o;

    live->size_bytes = cb->size;
    live->address = cb->address;
}

/* Releases whatever exists of it, the mapping first. */
static void destroy(struct hl_object *o)
{
    struct hlthunk_command_buffer *cb = (struct hlthunk_command_buffer *)o;
    struct hl_memory m = {
        .handle = cb->handle, .granted = cb->size, .ours_to_free = true, .command_buffer = true
    };

    if (hl_object_is_ours(o)) {
        if (cb->data)
            hl_unmap(cb->data, cb->map_size);
        if (cb->handle)
            hl_memory_release(o->device, &m, NULL, (struct hl_released){ 0 });
    }
    hl_object_free(o);
}

static const struct hl_object_ops ops = {
    .kind = "command buffer",
    .destroy = destroy,
    .describe = describe,
};

/* Creates, maps, asks for the address: on failure destroy() undoes what was done. */
static int build(struct hlthunk_command_buffer *cb, bool device_mapped)
{
    int fd = cb->object.device->fd;
    int rc = hl_cb_create(fd, cb->size, device_mapped ? HL_CB_FLAGS_MAP : 0, &cb->handle);

    if (rc == 0)
        rc = hl_map_node(fd, cb->handle, cb->map_size, &cb->data);
    if (rc == 0 && device_mapped)
        rc = hl_cb_device_address(fd, cb->handle, &cb->address);
    return rc;
}

int hlthunk_command_buffer_create(struct hlthunk_device *d, uint32_t size_bytes,
                                  const struct hlthunk_command_buffer_options *options,
                                  struct hlthunk_command_buffer **out)
{
    struct hlthunk_command_buffer_options o;
    struct hlthunk_command_buffer *cb;
    uint32_t page = (uint32_t)hl_page_size();
    int rc = hl_device_check(d);

    rc = rc ? rc : HL_OPTIONS_READ(o, options);
    rc = rc ? rc : HL_OPTIONS_RESERVED(o);
    if (rc)
        return rc;
    if (!out)
        return hl_err(-EINVAL, "command_buffer is NULL");
    if (!size_bytes || size_bytes > HL_MAX_CB_SIZE)
        return hl_err(-EINVAL, "size_bytes %u is not within 1 to %u", size_bytes, HL_MAX_CB_SIZE);
    if (d->props.control)
        return hl_err(-EPERM, "device is a control node, which has no command buffers");
    /* the driver: mapped command buffers are for ASICs with an MMU that covers them */
    if (o.device_mapped && d->props.asic != HLTHUNK_ASIC_GAUDI2)
        return hl_err(-EOPNOTSUPP, "options->device_mapped: %s gives command buffers no address",
                      hlthunk_asic_get_name(d->props.asic));
    cb = calloc(1, sizeof(*cb));
    if (!cb)
        return hl_err(-ENOMEM, "no memory for a command buffer");
    cb->map_size = (size_bytes + page - 1) / page * page;
    /* the driver does not take a full 2 MiB */
    cb->size = cb->map_size > HL_MAX_CB_SIZE ? size_bytes : cb->map_size;
    hl_object_init(&cb->object, &ops, &d->base, o.label, __builtin_return_address(0));
    rc = build(cb, o.device_mapped);
    if (rc) {
        rc = hl_device_failed(d, rc);
        hl_object_put(&cb->object);
        return rc;
    }
    hl_object_list(&cb->object);
    *out = cb;
    return 0;
}

struct hlthunk_command_buffer *hlthunk_command_buffer_ref(struct hlthunk_command_buffer *cb)
{
    hl_object_get(&cb->object);
    return cb;
}

void hlthunk_command_buffer_unref(struct hlthunk_command_buffer *cb)
{
    if (cb)
        hl_object_put(&cb->object);
}

void *hlthunk_command_buffer_borrow_data(const struct hlthunk_command_buffer *cb)
{
    return cb->data;
}

uint32_t hlthunk_command_buffer_get_size(const struct hlthunk_command_buffer *cb)
{
    return cb->size;
}

uint64_t hlthunk_command_buffer_borrow_handle(const struct hlthunk_command_buffer *cb)
{
    return cb->handle;
}

uint64_t hlthunk_command_buffer_get_address(const struct hlthunk_command_buffer *cb)
{
    return cb->address;
}

/*
 * The queues that fetch packets through the device's address space: all of Gaudi2's, and those of
 * Gaudi past the CPU's (hw_queues_props[].cb_alloc_flags is CB_ALLOC_USER).
 */
static bool queue_takes_address(const struct hlthunk_device *d, uint32_t queue_id)
{
    return d->props.asic == HLTHUNK_ASIC_GAUDI2 ||
           (d->props.asic == HLTHUNK_ASIC_GAUDI && queue_id > GAUDI_QUEUE_ID_CPU_PQ);
}

int hlthunk_command_buffer_submit(struct hlthunk_command_buffer *cb, uint32_t queue_id,
                                  uint32_t size_bytes, uint64_t *sequence)
{
    struct hl_cs_chunk chunk = { .queue_index = queue_id, .cb_size = size_bytes };
    struct hl_cs_in in = { .chunks_execute = (uint64_t)(uintptr_t)&chunk, .num_chunks_execute = 1 };
    struct hl_cs_out out;
    int rc = hl_object_check(cb ? &cb->object : NULL, "command_buffer");

    if (rc)
        return rc;
    if (!sequence)
        return hl_err(-EINVAL, "sequence is NULL");
    if (!size_bytes || size_bytes % 8 || size_bytes > cb->size)
        return hl_err(-EINVAL,
                      "size_bytes %u is not a multiple of 8 from 8 to the buffer's %u bytes",
                      size_bytes, cb->size);
    chunk.cb_handle = cb->handle;
    if (queue_takes_address(cb->object.device, queue_id)) {
        if (!cb->address)
            return hl_err(-EINVAL,
                          "queue %u takes packets at an address of the device: the command "
                          "buffer must be created with .device_mapped",
                          queue_id);
        chunk.cb_handle = cb->address;
        chunk.cs_chunk_flags = HL_CS_CHUNK_FLAGS_USER_ALLOC_CB;
    }
    rc = hl_cs_submit(cb->object.device->fd, &in, 0, &out);
    if (rc)
        return hl_device_failed(cb->object.device, rc);
    *sequence = out.seq;
    return 0;
}

int hlthunk_command_buffer_get_usage(struct hlthunk_command_buffer *cb, uint32_t *submissions)
{
    int rc = hl_object_check(cb ? &cb->object : NULL, "command_buffer");

    if (rc)
        return rc;
    if (!submissions)
        return hl_err(-EINVAL, "submissions is NULL");
    return hl_device_result(cb->object.device,
                            hl_cb_usage(cb->object.device->fd, cb->handle, submissions));
}
