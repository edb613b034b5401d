/* SPDX-License-Identifier: MIT */
/* A ggml backend whose memory is the accelerator's, and which computes what needs only DMA. */
#ifndef INTEGRATIONS_GGML_BACKEND_H
#define INTEGRATIONS_GGML_BACKEND_H

#include <hlthunk/hlthunk.h>

#include "layout.h"

/*
 * One queue for all that ggml does with the device, from any thread: it happens in the order in
 * which it was asked for, and nothing but a read has to wait.
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
/* The tensor's buffer, and where in it byte offset of the tensor is. */
struct hlthunk_buffer *hl_ggml_buffer(const struct ggml_tensor *tensor, size_t offset,
                                      uint64_t *at);
void hl_ggml_copy(const struct ggml_tensor *from, const struct ggml_tensor *to, size_t size);

/* ops.c */
bool hl_ggml_supports(const struct ggml_tensor *op);
enum ggml_status hl_ggml_compute(struct ggml_tensor *op);

#endif
