/* SPDX-License-Identifier: MIT */
/* The objects' functions: objects.inc, and what its calls need beside one line. */
#include "tests/sweep/table.h"

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/sweep/macros.h"
#include "tests/sweep/sweep.h"

static void no_log(enum hlthunk_log_level level, const char *message, void *user)
{
    (void)level, (void)message, (void)user;
}

static bool no_failure(const struct hlthunk_memory_failure *failure, void *user)
{
    (void)failure, (void)user;
    return false;
}

static long offer_withdraw(struct context *c)
{
    uint8_t handle[HLTHUNK_HANDLE_SIZE];
    int rc = hlthunk_handle_server_offer(c->server, c->dmabuf, handle);

    return rc ? rc : hlthunk_handle_server_withdraw(c->server, handle);
}

/* One that nobody serves: the client's side, up to the refusal. */
static long open_handle(struct context *c)
{
    uint8_t handle[HLTHUNK_HANDLE_SIZE];
    int rc = hlthunk_handle_server_offer(c->server, c->dmabuf, handle);

    if (rc)
        return rc;
    rc = hlthunk_dmabuf_open_handle(handle, 0, OUT(struct hlthunk_dmabuf *));
    (void)!hlthunk_handle_server_withdraw(c->server, handle);
    return rc;
}

static void no_fence_callback(struct hlthunk_fence *fence, void *user)
{
    (void)fence, (void)user;
}

/* A foreign descriptor of it: dmabuf_import() takes it over. */
static long import(struct context *c)
{
    int rc, fd = dup(hlthunk_dmabuf_borrow_fd(c->dmabuf));

    rc = hlthunk_dmabuf_import(fd, OUT(struct hlthunk_dmabuf *));
    if (rc)
        close(fd); /* left to the caller */
    return rc;
}

static long copy_2d(struct context *c)
{
    const struct hlthunk_copy_2d copy = {
        .struct_size = sizeof(copy),
        .destination = c->other,
        .source = c->buffer,
        .destination_pitch = 256,
        .source_pitch = 512,
        .width_bytes = 128,
        .rows = 4,
    };

    return hlthunk_queue_copy_2d(c->queue, &copy);
}

static long packets(struct context *c)
{
    const struct hlthunk_packets p = {
        .struct_size = sizeof(p),
        .command_buffer = c->command_buffer,
        .size_bytes = 8,
    };

    return hlthunk_queue_submit_packets(c->queue, &p);
}

static long flush(struct context *c)
{
    int rc = hlthunk_queue_copy(c->queue, c->other, 0, c->buffer, 0, 4096);

    return rc ? rc : hlthunk_queue_flush(c->queue);
}

static long finish(struct context *c)
{
    int rc = hlthunk_queue_copy(c->queue, c->other, 0, c->buffer, 0, 4096);

    return rc ? rc : hlthunk_queue_finish(c->queue, 10000000000);
}

static int look_at(const struct hlthunk_live_object *object, void *user)
{
    size_t frames;
    char text[128];

    (void)user;
    hlthunk_live_object_get_kind(object);
    hlthunk_live_object_get_count(object);
    hlthunk_live_object_get_size(object);
    hlthunk_live_object_get_offset(object);
    hlthunk_live_object_get_address(object);
    hlthunk_live_object_get_age_ns(object);
    hlthunk_live_object_get_label(object);
    hlthunk_live_object_get_creator(object);
    hlthunk_live_object_borrow_frames(object, &frames);
    hlthunk_live_object_format(object, text, sizeof(text));
    return 0;
}

/* Called by look_at(), on an object that only lives there. */
#define LOOKED_AT(function)                                                                        \
    ENTRY(function, NEEDS_BUFFER, 0, 0, hlthunk_device_list_live_objects(c->device, look_at, c), 0)

#include "tests/sweep/functions.h"
#include "tests/sweep/objects.inc"
#undef ENTRY

#include "tests/sweep/rows.h"
const struct entry object_entries[] = {
#include "tests/sweep/objects.inc"
    { .name = NULL },
};
