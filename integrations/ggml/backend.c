/* SPDX-License-Identifier: MIT */
/* Streams, the device, and their registration with ggml. */
#include <stdlib.h>

#include "backend.h"

#define NAME "HL0"

struct hl_ggml hl_ggml;

/* ---- a stream ---- */

static const char *backend_name(ggml_backend_t backend)
{
    (void)backend;
    return NAME;
}

static void backend_free(ggml_backend_t backend)
{
    free(backend);
}

static void set_async(ggml_backend_t backend, struct ggml_tensor *tensor, const void *data,
                      size_t offset, size_t size)
{
    uint64_t at;
    struct hlthunk_buffer *b = hl_ggml_buffer(tensor, offset, &at);

    (void)backend;
    MUST(hlthunk_queue_write(hl_ggml.queue, b, at, data, size));
}

static void get_async(ggml_backend_t backend, const struct ggml_tensor *tensor, void *data,
                      size_t offset, size_t size)
{
    uint64_t at;
    struct hlthunk_buffer *b = hl_ggml_buffer(tensor, offset, &at);

    (void)backend;
    MUST(hlthunk_queue_read(hl_ggml.queue, data, b, at, size));
    MUST(hlthunk_queue_flush(hl_ggml.queue));
}

static bool copy_async(ggml_backend_t from_backend, ggml_backend_t to_backend,
                       const struct ggml_tensor *from, struct ggml_tensor *to)
{
    (void)from_backend, (void)to_backend;
    if (!hl_ggml_is_ours(from) || !hl_ggml_is_ours(to))
        return false;
    hl_ggml_copy(from, to, ggml_nbytes(from));
    return true;
}

static void synchronize(ggml_backend_t backend)
{
    (void)backend;
    MUST(hlthunk_queue_finish(hl_ggml.queue, -1));
}

static enum ggml_status graph_compute(ggml_backend_t backend, struct ggml_cgraph *graph)
{
    enum ggml_status status = GGML_STATUS_SUCCESS;

    (void)backend;
    for (int i = 0; i < ggml_graph_n_nodes(graph) && status == GGML_STATUS_SUCCESS; i++)
        status = hl_ggml_compute(ggml_graph_node(graph, i));
    MUST(hlthunk_queue_flush(hl_ggml.queue));
    return status;
}

static void event_record(ggml_backend_t backend, ggml_backend_event_t event)
{
    (void)backend;
    hlthunk_fence_unref(event->context);
    event->context = NULL;
    MUST(hlthunk_queue_create_fence(hl_ggml.queue, NULL, (struct hlthunk_fence **)&event->context));
}

static void event_wait(ggml_backend_t backend, ggml_backend_event_t event)
{
    (void)backend;
    if (event->context)
        MUST(hlthunk_queue_wait_fence(hl_ggml.queue, event->context, NULL));
}

static ggml_backend_t init_backend(ggml_backend_dev_t device, const char *parameters)
{
    static ggml_guid guid = { 0x68, 0x6c, 0x74, 0x68, 0x75, 0x6e, 0x6b, 0x2d,
                              0x67, 0x67, 0x6d, 0x6c, 0x2d, 0x64, 0x6d, 0x61 };
    struct ggml_backend *backend = calloc(1, sizeof(*backend));

    (void)parameters;
    if (!backend)
        return NULL;
    *backend = (struct ggml_backend){
        .guid = &guid,
        .table = { .get_name = backend_name,
                   .free = backend_free,
                   .set_tensor_async = set_async,
                   .get_tensor_async = get_async,
                   .cpy_tensor_async = copy_async,
                   .synchronize = synchronize,
                   .graph_compute = graph_compute,
                   .event_record = event_record,
                   .event_wait = event_wait },
        .device = device,
    };
    return backend;
}

/* ---- the device ---- */

static const char *device_name(ggml_backend_dev_t device)
{
    (void)device;
    return NAME;
}

static const char *device_description(ggml_backend_dev_t device)
{
    (void)device;
    return hlthunk_asic_get_name(hl_ggml.properties.asic);
}

static void get_memory(ggml_backend_dev_t device, size_t *free_bytes, size_t *total)
{
    struct hlthunk_memory_usage usage = { .struct_size = sizeof(usage) };

    (void)device;
    MUST(hlthunk_device_get_memory_usage(hl_ggml.device, &usage));
    *free_bytes = usage.free_bytes;
    *total = hl_ggml.properties.memory_size;
}

static enum ggml_backend_dev_type get_type(ggml_backend_dev_t device)
{
    (void)device;
    return GGML_BACKEND_DEVICE_TYPE_GPU;
}

static void get_props(ggml_backend_dev_t device, struct ggml_backend_dev_props *props)
{
    *props = (struct ggml_backend_dev_props){
        .name = device_name(device),
        .description = device_description(device),
        .type = get_type(device),
        .device_id = hl_ggml.properties.pci_address,
        .caps = { .async = true, .events = true },
    };
    get_memory(device, &props->memory_free, &props->memory_total);
}

static ggml_backend_buffer_type_t get_buffer_type(ggml_backend_dev_t device)
{
    (void)device;
    return &hl_ggml_buffer_type;
}

static bool supports_op(ggml_backend_dev_t device, const struct ggml_tensor *op)
{
    (void)device;
    return hl_ggml_supports(op);
}

static bool supports_buft(ggml_backend_dev_t device, ggml_backend_buffer_type_t type)
{
    (void)device;
    return type == &hl_ggml_buffer_type;
}

static ggml_backend_event_t event_new(ggml_backend_dev_t device)
{
    struct ggml_backend_event *event = calloc(1, sizeof(*event));

    if (event)
        event->device = device;
    return event;
}

static void event_free(ggml_backend_dev_t device, ggml_backend_event_t event)
{
    (void)device;
    hlthunk_fence_unref(event->context);
    free(event);
}

static void event_synchronize(ggml_backend_dev_t device, ggml_backend_event_t event)
{
    (void)device;
    if (event->context)
        MUST(hlthunk_fence_wait(event->context, -1));
}

/* ---- what ggml loads ---- */

static const char *registration_name(ggml_backend_reg_t registration)
{
    (void)registration;
    return "HL";
}

static size_t get_device_count(ggml_backend_reg_t registration)
{
    (void)registration;
    return 1;
}

static ggml_backend_dev_t get_device(ggml_backend_reg_t registration, size_t index)
{
    (void)registration, (void)index;
    return &hl_ggml_device;
}

static struct ggml_backend_reg registration = {
    .api_version = HL_GGML_API_VERSION,
    .table = { .get_name = registration_name,
               .get_device_count = get_device_count,
               .get_device = get_device },
};

struct ggml_backend_device hl_ggml_device = {
    .table = { .get_name = device_name,
               .get_description = device_description,
               .get_memory = get_memory,
               .get_type = get_type,
               .get_props = get_props,
               .init_backend = init_backend,
               .get_buffer_type = get_buffer_type,
               .supports_op = supports_op,
               .supports_buft = supports_buft,
               .event_new = event_new,
               .event_free = event_free,
               .event_synchronize = event_synchronize },
    .registration = &registration,
};

__attribute__((visibility("default"))) ggml_backend_reg_t ggml_backend_init(void);

/* NULL where there is no device: ggml continues without this backend. */
ggml_backend_reg_t ggml_backend_init(void)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o), .timeout_ns = 5000000000 };

    if (hl_ggml.device)
        return &registration;
    hl_ggml.properties.struct_size = sizeof(hl_ggml.properties);
    if (hlthunk_device_open(&o, &hl_ggml.device))
        return NULL;
    if (hlthunk_device_get_properties(hl_ggml.device, &hl_ggml.properties) ||
        hlthunk_pool_create(hl_ggml.device, NULL, &hl_ggml.pool) ||
        hlthunk_queue_create(hl_ggml.device, NULL, &hl_ggml.queue)) {
        hlthunk_pool_unref(hl_ggml.pool);
        hlthunk_device_unref(hl_ggml.device);
        hl_ggml = (struct hl_ggml){ 0 };
        return NULL;
    }
    hl_ggml.unbatched = getenv("HL_GGML_UNBATCHED") != NULL;
    return &registration;
}
