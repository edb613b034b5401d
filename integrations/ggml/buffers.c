/* SPDX-License-Identifier: MIT */
/*
 * Buffers: pieces of a pool.  A tensor's data pointer is an address on the device.  Writes and
 * copies are only recorded: reads come after them in the queue.
 */
#include "backend.h"

static struct hlthunk_buffer *of(ggml_backend_buffer_t buffer)
{
    return buffer->context;
}

static const char *type_name(ggml_backend_buffer_type_t type)
{
    (void)type;
    return "HL";
}

static void free_buffer(ggml_backend_buffer_t buffer)
{
    hlthunk_buffer_unref(of(buffer));
}

static void *get_base(ggml_backend_buffer_t buffer)
{
    return (void *)(uintptr_t)hlthunk_buffer_get_address(of(buffer));
}

static ggml_backend_buffer_t owner(const struct ggml_tensor *tensor)
{
    return tensor->view_src ? tensor->view_src->buffer : tensor->buffer;
}

bool hl_ggml_is_ours(const struct ggml_tensor *tensor)
{
    ggml_backend_buffer_t buffer = owner(tensor);

    return buffer && buffer->type == &hl_ggml_buffer_type;
}

struct hlthunk_buffer *hl_ggml_buffer(const struct ggml_tensor *tensor, size_t offset, uint64_t *at)
{
    struct hlthunk_buffer *buffer = of(owner(tensor));

    *at = (uintptr_t)tensor->data - hlthunk_buffer_get_address(buffer) + offset;
    return buffer;
}

static void memset_tensor(ggml_backend_buffer_t buffer, struct ggml_tensor *tensor, uint8_t value,
                          size_t offset, size_t size)
{
    uint64_t at;
    struct hlthunk_buffer *b = hl_ggml_buffer(tensor, offset, &at);

    (void)buffer;
    MUST(hlthunk_queue_fill(hl_ggml.queue, b, at, size, value, 1));
}

static void set_tensor(ggml_backend_buffer_t buffer, struct ggml_tensor *tensor, const void *data,
                       size_t offset, size_t size)
{
    uint64_t at;
    struct hlthunk_buffer *b = hl_ggml_buffer(tensor, offset, &at);

    (void)buffer;
    MUST(hlthunk_queue_write(hl_ggml.queue, b, at, data, size));
}

static void get_tensor(ggml_backend_buffer_t buffer, const struct ggml_tensor *tensor, void *data,
                       size_t offset, size_t size)
{
    uint64_t at;
    struct hlthunk_buffer *b = hl_ggml_buffer(tensor, offset, &at);

    (void)buffer;
    MUST(hlthunk_queue_read_sync(hl_ggml.queue, data, b, at, size));
}

void hl_ggml_copy(const struct ggml_tensor *from, const struct ggml_tensor *to, size_t size)
{
    uint64_t to_at, from_at;
    struct hlthunk_buffer *t = hl_ggml_buffer(to, 0, &to_at);
    struct hlthunk_buffer *f = hl_ggml_buffer(from, 0, &from_at);

    if (to->data != from->data)
        MUST(hlthunk_queue_copy(hl_ggml.queue, t, to_at, f, from_at, size));
}

static bool copy_tensor(ggml_backend_buffer_t buffer, const struct ggml_tensor *from,
                        struct ggml_tensor *to)
{
    (void)buffer;
    if (!hl_ggml_is_ours(from))
        return false;
    hl_ggml_copy(from, to, ggml_nbytes(from));
    return true;
}

static void clear(ggml_backend_buffer_t buffer, uint8_t value)
{
    MUST(hlthunk_queue_fill(hl_ggml.queue, of(buffer), 0, hlthunk_buffer_get_size(of(buffer)),
                            value, 1));
}

static ggml_backend_buffer_t alloc_buffer(ggml_backend_buffer_type_t type, size_t size)
{
    static const struct ggml_backend_buffer_i table = {
        .free_buffer = free_buffer,
        .get_base = get_base,
        .memset_tensor = memset_tensor,
        .set_tensor = set_tensor,
        .get_tensor = get_tensor,
        .cpy_tensor = copy_tensor,
        .clear = clear,
    };
    struct hlthunk_pool_buffer_options o = { .struct_size = sizeof(o),
                                             .alignment = 256,
                                             .label = "ggml" };
    struct hlthunk_buffer *b;

    if (hlthunk_pool_alloc(hl_ggml.pool, size ? size : 1, &o, &b))
        return NULL; /* ggml reports how much it wanted, and tries another backend */
    return ggml_backend_buffer_init(type, table, b, size);
}

static size_t get_alignment(ggml_backend_buffer_type_t type)
{
    (void)type;
    return 256;
}

struct ggml_backend_buffer_type hl_ggml_buffer_type = {
    .table = { .get_name = type_name,
               .alloc_buffer = alloc_buffer,
               .get_alignment = get_alignment },
    .device = &hl_ggml_device,
};
