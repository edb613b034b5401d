/* SPDX-License-Identifier: MIT */
/*
 * The tables that a loadable ggml backend fills.  Debian's libggml-dev has no header for them; this
 * is their layout in ggml 0.27, whose loader refuses another API version with a message.  Members
 * that this backend leaves NULL are all optional.
 */
#ifndef INTEGRATIONS_GGML_LAYOUT_H
#define INTEGRATIONS_GGML_LAYOUT_H

#include <ggml-backend.h>
#include <ggml.h>

#define HL_GGML_API_VERSION 3

struct buffer_type_table {
    const char *(*get_name)(ggml_backend_buffer_type_t type);
    ggml_backend_buffer_t (*alloc_buffer)(ggml_backend_buffer_type_t type, size_t size);
    void (*alloc_buffer_n)(void);
    size_t (*get_alignment)(ggml_backend_buffer_type_t type);
    size_t (*get_max_size)(ggml_backend_buffer_type_t type);
    void (*get_alloc_size)(void);
    void (*get_alloc_size_n)(void);
    bool (*is_host)(ggml_backend_buffer_type_t type);
};

struct ggml_backend_buffer_type {
    struct buffer_type_table table;
    ggml_backend_dev_t device;
    void *context;
};

struct ggml_backend_buffer_i {
    void (*free_buffer)(ggml_backend_buffer_t buffer);
    void *(*get_base)(ggml_backend_buffer_t buffer);
    void (*init_tensor)(void);
    void (*memset_tensor)(ggml_backend_buffer_t buffer, struct ggml_tensor *tensor, uint8_t value,
                          size_t offset, size_t size);
    void (*set_tensor)(ggml_backend_buffer_t buffer, struct ggml_tensor *tensor, const void *data,
                       size_t offset, size_t size);
    void (*get_tensor)(ggml_backend_buffer_t buffer, const struct ggml_tensor *tensor, void *data,
                       size_t offset, size_t size);
    void (*set_tensor_2d)(void);
    void (*get_tensor_2d)(void);
    bool (*cpy_tensor)(ggml_backend_buffer_t buffer, const struct ggml_tensor *from,
                       struct ggml_tensor *to);
    void (*clear)(ggml_backend_buffer_t buffer, uint8_t value);
    void (*reset)(ggml_backend_buffer_t buffer);
};

struct ggml_backend_buffer {
    struct ggml_backend_buffer_i table;
    ggml_backend_buffer_type_t type;
    void *context;
    size_t size;
    enum ggml_backend_buffer_usage usage;
};

ggml_backend_buffer_t ggml_backend_buffer_init(ggml_backend_buffer_type_t type,
                                               struct ggml_backend_buffer_i table, void *context,
                                               size_t size);

struct backend_table {
    const char *(*get_name)(ggml_backend_t backend);
    void (*free)(ggml_backend_t backend);
    void (*set_tensor_async)(ggml_backend_t backend, struct ggml_tensor *tensor, const void *data,
                             size_t offset, size_t size);
    void (*get_tensor_async)(ggml_backend_t backend, const struct ggml_tensor *tensor, void *data,
                             size_t offset, size_t size);
    void (*set_tensor_2d_async)(void);
    void (*get_tensor_2d_async)(void);
    bool (*cpy_tensor_async)(ggml_backend_t from_backend, ggml_backend_t to_backend,
                             const struct ggml_tensor *from, struct ggml_tensor *to);
    void (*synchronize)(ggml_backend_t backend);
    void (*graph_plan[4])(void);
    enum ggml_status (*graph_compute)(ggml_backend_t backend, struct ggml_cgraph *graph);
    void (*event_record)(ggml_backend_t backend, ggml_backend_event_t event);
    void (*event_wait)(ggml_backend_t backend, ggml_backend_event_t event);
    void (*graph_optimize)(void);
};

struct ggml_backend {
    ggml_guid_t guid;
    struct backend_table table;
    ggml_backend_dev_t device;
    void *context;
};

struct ggml_backend_event {
    ggml_backend_dev_t device;
    void *context;
};

struct device_table {
    const char *(*get_name)(ggml_backend_dev_t device);
    const char *(*get_description)(ggml_backend_dev_t device);
    void (*get_memory)(ggml_backend_dev_t device, size_t *free, size_t *total);
    enum ggml_backend_dev_type (*get_type)(ggml_backend_dev_t device);
    void (*get_props)(ggml_backend_dev_t device, struct ggml_backend_dev_props *props);
    ggml_backend_t (*init_backend)(ggml_backend_dev_t device, const char *parameters);
    ggml_backend_buffer_type_t (*get_buffer_type)(ggml_backend_dev_t device);
    void (*get_host_buffer_type)(void);
    void (*buffer_from_host_ptr)(void);
    bool (*supports_op)(ggml_backend_dev_t device, const struct ggml_tensor *op);
    bool (*supports_buft)(ggml_backend_dev_t device, ggml_backend_buffer_type_t type);
    void (*offload_op)(void);
    ggml_backend_event_t (*event_new)(ggml_backend_dev_t device);
    void (*event_free)(ggml_backend_dev_t device, ggml_backend_event_t event);
    void (*event_synchronize)(ggml_backend_dev_t device, ggml_backend_event_t event);
};

struct ggml_backend_device {
    struct device_table table;
    ggml_backend_reg_t registration;
    void *context;
};

struct registration_table {
    const char *(*get_name)(ggml_backend_reg_t registration);
    size_t (*get_device_count)(ggml_backend_reg_t registration);
    ggml_backend_dev_t (*get_device)(ggml_backend_reg_t registration, size_t index);
    void *(*get_proc_address)(ggml_backend_reg_t registration, const char *name);
};

struct ggml_backend_reg {
    int api_version;
    struct registration_table table;
    void *context;
};

#endif
