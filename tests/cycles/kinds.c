/* SPDX-License-Identifier: MIT */
/* The kinds of object of the library itself. */
#include "tests/cycles/cycles.h"

#include <unistd.h>

#define PATIENCE_NS 60000000000 /* of a busy machine */

static int device(struct world *w)
{
    const struct hlthunk_device_options o = { .struct_size = sizeof(o), .timeout_ns = PATIENCE_NS };
    struct hlthunk_device *d;
    int rc = hlthunk_device_open(&o, &d);

    (void)w;
    if (!rc)
        hlthunk_device_unref(d);
    return rc;
}

static int device_handed_over(struct world *w)
{
    struct hlthunk_device *d;
    int rc = hlthunk_device_send(w->sockets[0], w->device, PATIENCE_NS);

    if (!rc)
        rc = hlthunk_device_receive(w->sockets[1], &d, PATIENCE_NS);
    if (!rc)
        hlthunk_device_unref(d);
    return rc;
}

/* One of these, and what gives it back. */
#define MADE(type, call)                                                                           \
    struct hlthunk_##type *made;                                                                   \
    int rc = call;                                                                                 \
                                                                                                   \
    if (!rc)                                                                                       \
        hlthunk_##type##_unref(made);                                                              \
    return rc

static int buffer(struct world *w)
{
    MADE(buffer, hlthunk_buffer_alloc(w->device, 65536, NULL, &made));
}

static int mapping(struct world *w)
{
    int rc;

    if (on_asic("gaudi")) /* its memory has physical addresses, and is never mapped */
        return -EOPNOTSUPP;
    rc = hlthunk_buffer_map(w->unmapped, NULL);
    return rc ? rc : hlthunk_buffer_unmap(w->unmapped);
}

/* Alloc, map, export, close, unmap, free. */
static int exported_buffer(struct world *w)
{
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *m;
    int rc = hlthunk_buffer_alloc(w->device, 65536, NULL, &b);

    if (rc)
        return rc;
    rc = hlthunk_dmabuf_export(b, 0, 0, NULL, &m);
    hlthunk_buffer_unref(b);
    if (!rc)
        hlthunk_dmabuf_unref(m);
    return rc;
}

static int host_memory(struct world *w)
{
    MADE(buffer, hlthunk_buffer_from_host(w->device, w->host, HOST_BYTES, NULL, &made));
}

static int host_buffer(struct world *w)
{
    MADE(buffer, hlthunk_buffer_alloc_host(w->device, HOST_BYTES, NULL, &made));
}

static int address_range(struct world *w)
{
    MADE(address_range, hlthunk_address_range_reserve(w->device, 1, NULL, &made));
}

static int dmabuf(struct world *w)
{
    MADE(dmabuf, hlthunk_dmabuf_export(w->b, 0, 0, NULL, &made));
}

static int imported_dmabuf(struct world *w)
{
    struct hlthunk_dmabuf *m;
    int fd = dup(hlthunk_dmabuf_borrow_fd(w->dmabuf)), rc = hlthunk_dmabuf_import(fd, &m);

    if (rc)
        close(fd);
    else
        hlthunk_dmabuf_unref(m);
    return rc;
}

static int dmabuf_handed_over(struct world *w)
{
    struct hlthunk_dmabuf *m;
    size_t count;
    int rc = hlthunk_dmabuf_send(w->sockets[0], &w->dmabuf, 1, PATIENCE_NS);

    if (!rc)
        rc = hlthunk_dmabuf_receive(w->sockets[1], &m, 1, &count, PATIENCE_NS);
    if (!rc)
        hlthunk_dmabuf_unref(m);
    return rc;
}

static int buffer_of_a_dmabuf(struct world *w)
{
    MADE(buffer, hlthunk_buffer_from_dmabuf(w->device, w->dmabuf, NULL, &made));
}

static int handle_server(struct world *w)
{
    (void)w;
    MADE(handle_server, hlthunk_handle_server_create(&made));
}

static int handle(struct world *w)
{
    uint8_t bytes[HLTHUNK_HANDLE_SIZE];
    int rc = hlthunk_handle_server_offer(w->server, w->dmabuf, bytes);

    return rc ? rc : hlthunk_handle_server_withdraw(w->server, bytes);
}

static int pool(struct world *w)
{
    MADE(pool, hlthunk_pool_create(w->device, NULL, &made));
}

static int buffer_of_a_pool(struct world *w)
{
    MADE(buffer, hlthunk_pool_alloc(w->pool, 4096, NULL, &made));
}

static int copy_by_queue(struct world *w)
{
    int rc = hlthunk_queue_copy(w->queue, w->b, 0, w->a, 0, 4096);

    return rc ? rc : hlthunk_queue_finish(w->queue, PATIENCE_NS);
}

/* It gets its thread and what it writes packets to with the first copy. */
static int queue(struct world *w)
{
    struct hlthunk_queue *q;
    int rc = hlthunk_queue_create(w->device, NULL, &q);

    if (rc)
        return rc;
    rc = hlthunk_queue_copy(q, w->b, 0, w->a, 0, 4096);
    if (!rc)
        rc = hlthunk_queue_finish(q, PATIENCE_NS);
    hlthunk_queue_unref(q);
    return rc;
}

/* A copy's, with a descriptor that it signals. */
static int fence(struct world *w)
{
    struct hlthunk_fence *f;
    int fd, rc = hlthunk_queue_copy(w->queue, w->b, 0, w->a, 0, 4096);

    if (!rc)
        rc = hlthunk_queue_create_fence(w->queue, NULL, &f);
    if (rc)
        return rc;
    rc = hlthunk_fence_create_eventfd(f, &fd);
    if (!rc)
        close(fd);
    if (!rc)
        rc = hlthunk_fence_wait(f, PATIENCE_NS);
    hlthunk_fence_unref(f);
    return rc;
}

static int command_buffer(struct world *w)
{
    MADE(command_buffer, hlthunk_command_buffer_create(w->device, 4096, NULL, &made));
}

static int completion(struct world *w)
{
    static uint64_t word = 1;

    MADE(completion,
         hlthunk_completion_create_for_interrupt(w->device, 0xfff, &word, 0, NULL, &made));
}

static int event_notifier(struct world *w)
{
    MADE(event_notifier, hlthunk_event_notifier_create(w->device, NULL, &made));
}

static void no_reset(struct hlthunk_device *d, enum hlthunk_stale_reason why, void *user)
{
    (void)d, (void)why, (void)user;
}

static int reset_watch(struct world *w)
{
    MADE(reset_watch, hlthunk_reset_watch_create(w->device, no_reset, NULL, NULL, &made));
}

static int classic_memory(struct world *w)
{
    uint64_t address, memory = hlthunk_device_memory_alloc(w->fd, 65536, 0, false, false);
    int rc;

    if (!memory)
        return -ENOMEM;
    address = hlthunk_device_memory_map(w->fd, memory, 0);
    rc = address ? hlthunk_memory_unmap(w->fd, address) : 0; /* Gaudi's is never mapped */
    return hlthunk_device_memory_free(w->fd, memory) ?: rc;
}

static int classic_command_buffer(struct world *w)
{
    uint64_t cb;
    int rc = hlthunk_request_command_buffer(w->fd, 4096, &cb);

    return rc ? rc : hlthunk_destroy_command_buffer(w->fd, cb);
}

const struct kind kinds[] = {
    { "buffer", buffer, WITH_DEVICE },
    { "mapping", mapping, WITH_DEVICE },
    { "exported-buffer", exported_buffer, WITH_DMABUF },
    { "host-memory", host_memory, WITH_DEVICE },
    { "host-buffer", host_buffer, WITH_DEVICE },
    { "address-range", address_range, WITH_DEVICE },
    { "dmabuf", dmabuf, WITH_DMABUF },
    { "imported-dmabuf", imported_dmabuf, WITH_DMABUF },
    { "dmabuf-handed-over", dmabuf_handed_over, WITH_DMABUF },
    { "buffer-of-a-dmabuf", buffer_of_a_dmabuf, WITH_DMABUF },
    { "handle-server", handle_server, WITH_DEVICE },
    { "handle", handle, WITH_DMABUF },
    { "pool", pool, WITH_DEVICE },
    { "buffer-of-a-pool", buffer_of_a_pool, WITH_DEVICE },
    { "queue", queue, WITH_DEVICE },
    { "copy-by-queue", copy_by_queue, WITH_DEVICE },
    { "fence", fence, WITH_DEVICE },
    { "command-buffer", command_buffer, WITH_DEVICE },
    { "completion", completion, WITH_DEVICE },
    { "event-notifier", event_notifier, WITH_DEVICE },
    { "reset-watch", reset_watch, WITH_DEVICE },
    { "classic-memory", classic_memory, WITH_DEVICE },
    { "classic-command-buffer", classic_command_buffer, WITH_DEVICE },
    { "device-handed-over", device_handed_over, WITH_DEVICE },
    { "device", device, ALONE },
    { .name = NULL },
};
