/* SPDX-License-Identifier: MIT */
/* A ggml backend on the accelerator's memory, for the operations that need only DMA. */
#ifndef INTEGRATIONS_GGML_BACKEND_H
#define INTEGRATIONS_GGML_BACKEND_H

#include <hlthunk/hlthunk.h>

#include "layout.h"

/*
 * One queue for everything that ggml does with the device, from any thread, in the order in
 * which it was requested; only reads have to wait.
 */
struct hl_ggml {
    struct hlthunk_device *device;
    struct hlthunk_device_properties properties;
    struct hlthunk_pool *pool;
    struct hlthunk_queue *queue;
    bool unbatched; /* a submission for each row, to measure what batching gains */
};

extern struct hl_ggml hl_ggml;
extern struct ggml_backend_device hl_ggml_device;
extern struct ggml_backend_buffer_type hl_ggml_buffer_type;

/* ggml's tables have no way to report an error: the program ends with the library's sentence. */
#define MUST(call)                                                                                 \
    do {                                                                                           \
        if (call)                                                                                  \
            GGML_ABORT("hlthunk: %s", hlthunk_last_error());                                       \
    } while (0)

bool hl_ggml_is_ours(const struct ggml_tensor *tensor);
/* The tensor's buffer, and the place in it of byte `offset` of the tensor. */
struct hlthunk_buffer *hl_ggml_buffer(const struct ggml_tensor *tensor, size_t offset,
                                      uint64_t *at);
void hl_ggml_copy(const struct ggml_tensor *from, const struct ggml_tensor *to, size_t size);

/* ops.c */
bool hl_ggml_supports(const struct ggml_tensor *op);
enum ggml_status hl_ggml_compute(struct ggml_tensor *op);

#endif
