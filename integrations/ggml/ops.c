/* SPDX-License-Identifier: MIT */
/* The operations that only move bytes. */
#include <stdlib.h>
#include <string.h>

#include "backend.h"

/* An operation that needs more packets than this is left to the CPU. */
#define ELEMENTS_MAX 300000

/* Part of a tensor: a shape with the tensor's strides, from a byte offset on. */
struct part {
    const struct ggml_tensor *tensor;
    size_t offset;
    const size_t *nb;
};

static bool same_elements(const struct ggml_tensor *a, const struct ggml_tensor *b)
{
    return a->type == b->type && ggml_blck_size(a->type) == 1;
}

/* Contiguous tensors need one packet, dense rows one each, other strides one for each element. */
static bool supports_copy(const struct ggml_tensor *s, const struct ggml_tensor *op)
{
    size_t element = ggml_type_size(s->type);

    if (s->type != op->type)
        return false;
    if (ggml_is_contiguous(s) && ggml_is_contiguous(op))
        return true;
    return ggml_are_same_shape(s, op) && ggml_blck_size(s->type) == 1 &&
           (ggml_nelements(op) < ELEMENTS_MAX || (s->nb[0] == element && op->nb[0] == element));
}

static bool supports_get_rows(const struct ggml_tensor *s, const struct ggml_tensor *op)
{
    return s->type == GGML_TYPE_F32 && op->type == GGML_TYPE_F32 && s->nb[0] == 4 &&
           op->nb[0] == 4 && op->src[1]->type == GGML_TYPE_I32;
}

bool hl_ggml_supports(const struct ggml_tensor *op)
{
    const struct ggml_tensor *s = op->src[0];

    switch (op->op) {
    case GGML_OP_NONE:
    case GGML_OP_RESHAPE:
    case GGML_OP_VIEW:
    case GGML_OP_PERMUTE:
    case GGML_OP_TRANSPOSE:
        return true;
    case GGML_OP_DUP:
    case GGML_OP_CPY:
    case GGML_OP_CONT:
        return supports_copy(s, op);
    case GGML_OP_CONCAT:
    case GGML_OP_REPEAT:
        return same_elements(s, op) && ggml_nelements(op) < ELEMENTS_MAX;
    case GGML_OP_GET_ROWS:
        return supports_get_rows(s, op);
    case GGML_OP_SET_ROWS:
        return same_elements(s, op) && s->nb[0] == ggml_type_size(s->type) && op->nb[0] == s->nb[0];
    default:
        return false;
    }
}

static void copy_row(struct hlthunk_copy_2d *c)
{
    MUST(hlthunk_queue_copy(hl_ggml.queue, c->destination, c->destination_offset, c->source,
                            c->source_offset, c->width_bytes));
    if (hl_ggml.unbatched)
        MUST(hlthunk_queue_flush(hl_ggml.queue));
}

/* Rows of `width` bytes at equal distances of any size. */
static void copy_rows(const struct part *to, size_t to_at, size_t to_pitch, const struct part *from,
                      size_t from_at, size_t from_pitch, size_t width, int64_t rows)
{
    struct hlthunk_copy_2d c = { .struct_size = sizeof(c),
                                 .destination_pitch = to_pitch,
                                 .source_pitch = from_pitch,
                                 .width_bytes = width,
                                 .rows = (uint64_t)rows };
    bool regular = to_pitch >= width && from_pitch >= width;

    c.destination = hl_ggml_buffer(to->tensor, to->offset + to_at, &c.destination_offset);
    c.source = hl_ggml_buffer(from->tensor, from->offset + from_at, &c.source_offset);
    if (regular && rows > 1 && !hl_ggml.unbatched) {
        MUST(hlthunk_queue_copy_2d(hl_ggml.queue, &c));
        return;
    }
    for (int64_t i = 0; i < rows; i++) { /* permuted: rows lie within one another */
        copy_row(&c);
        c.destination_offset += to_pitch;
        c.source_offset += from_pitch;
    }
}

static void copy_part(const struct part *to, const struct part *from, const int64_t *ne)
{
    size_t element = ggml_type_size(to->tensor->type);
    bool rows = to->nb[0] == element && from->nb[0] == element;

    for (int64_t c = 0; c < ne[3]; c++) {
        for (int64_t b = 0; b < ne[2]; b++) {
            size_t t = (size_t)c * to->nb[3] + (size_t)b * to->nb[2];
            size_t f = (size_t)c * from->nb[3] + (size_t)b * from->nb[2];

            if (rows) {
                copy_rows(to, t, to->nb[1], from, f, from->nb[1], element * (size_t)ne[0], ne[1]);
                continue;
            }
            for (int64_t a = 0; a < ne[1]; a++)
                copy_rows(to, t + (size_t)a * to->nb[1], to->nb[0], from,
                          f + (size_t)a * from->nb[1], from->nb[0], element, ne[0]);
        }
    }
}

static void compute_copy(const struct ggml_tensor *op)
{
    const struct ggml_tensor *s = op->src[0];
    struct part to = { op, 0, op->nb }, from = { s, 0, s->nb };

    if (ggml_is_contiguous(s) && ggml_is_contiguous(op))
        hl_ggml_copy(s, op, ggml_nbytes(s));
    else
        copy_part(&to, &from, s->ne);
}

static void compute_concat(const struct ggml_tensor *op)
{
    int dim = op->op_params[0];

    for (int i = 0; i < 2; i++) {
        const struct ggml_tensor *s = op->src[i];
        struct part to = { op, i ? (size_t)op->src[0]->ne[dim] * op->nb[dim] : 0, op->nb };
        struct part from = { s, 0, s->nb };

        copy_part(&to, &from, s->ne);
    }
}

static void compute_repeat(const struct ggml_tensor *op)
{
    const struct ggml_tensor *s = op->src[0];
    struct part to = { op, 0, op->nb }, from = { s, 0, s->nb };

    for (int64_t d = 0; d < op->ne[3]; d += s->ne[3])
        for (int64_t c = 0; c < op->ne[2]; c += s->ne[2])
            for (int64_t b = 0; b < op->ne[1]; b += s->ne[1])
                for (int64_t a = 0; a < op->ne[0]; a += s->ne[0]) {
                    to.offset = (size_t)a * op->nb[0] + (size_t)b * op->nb[1] +
                                (size_t)c * op->nb[2] + (size_t)d * op->nb[3];
                    copy_part(&to, &from, s->ne);
                }
}

/*
 * The indices determine the packets, so they are read first.  NULL: no memory; otherwise
 * the caller's to free.
 */
static char *read_indices(const struct ggml_tensor *indices)
{
    size_t bytes = ggml_nbytes(indices);
    char *host = malloc(bytes ? bytes : 1);
    struct hlthunk_buffer *b;
    uint64_t at;

    if (!host)
        return NULL;
    b = hl_ggml_buffer(indices, 0, &at);
    MUST(hlthunk_queue_read_sync(hl_ggml.queue, host, b, at, bytes));
    return host;
}

/* Index (i, j, k), where the indices' own shape is repeated along j and k. */
static int64_t index_at(const struct ggml_tensor *indices, const char *host, int64_t i, int64_t j,
                        int64_t k)
{
    const char *at = host + (size_t)i * indices->nb[0] +
                     (size_t)(j % indices->ne[1]) * indices->nb[1] +
                     (size_t)(k % indices->ne[2]) * indices->nb[2];
    int32_t narrow;
    int64_t wide;

    if (indices->type == GGML_TYPE_I64) {
        memcpy(&wide, at, sizeof(wide));
        return wide;
    }
    memcpy(&narrow, at, sizeof(narrow));
    return narrow;
}

/* Where row i of matrix (j, k) of a tensor is. */
static size_t row_at(const struct ggml_tensor *t, size_t i, int64_t j, int64_t k)
{
    return i * t->nb[1] + (size_t)j * t->nb[2] + (size_t)k * t->nb[3];
}

/* An index that comes with the data may be any number. */
static bool has_row(const struct ggml_tensor *t, int64_t i)
{
    return i >= 0 && i < t->ne[1];
}

static enum ggml_status get_rows(const struct ggml_tensor *op, const char *indices)
{
    const struct ggml_tensor *s = op->src[0], *x = op->src[1];
    struct part to = { op, 0, op->nb }, from = { s, 0, s->nb };
    size_t width = 4 * (size_t)op->ne[0];

    for (int64_t k = 0; k < x->ne[2]; k++)
        for (int64_t j = 0; j < x->ne[1]; j++)
            for (int64_t i = 0; i < x->ne[0]; i++) {
                int64_t row = index_at(x, indices, i, j, k);

                if (!has_row(s, row))
                    return GGML_STATUS_FAILED;
                copy_rows(&to, row_at(op, (size_t)i, j, k), width, &from,
                          row_at(s, (size_t)row, j, k), width, width, 1);
            }
    return GGML_STATUS_SUCCESS;
}

static enum ggml_status set_rows(const struct ggml_tensor *op, const char *indices)
{
    const struct ggml_tensor *s = op->src[0], *x = op->src[1];
    struct part to = { op, 0, op->nb }, from = { s, 0, s->nb };
    size_t width = ggml_type_size(s->type) * (size_t)s->ne[0];

    for (int64_t k = 0; k < s->ne[3]; k++)
        for (int64_t j = 0; j < s->ne[2]; j++)
            for (int64_t i = 0; i < s->ne[1]; i++) {
                int64_t row = index_at(x, indices, i, j, k);

                if (!has_row(op, row))
                    return GGML_STATUS_FAILED;
                copy_rows(&to, row_at(op, (size_t)row, j, k), width, &from,
                          row_at(s, (size_t)i, j, k), width, width, 1);
            }
    return GGML_STATUS_SUCCESS;
}

static enum ggml_status compute_rows(const struct ggml_tensor *op)
{
    char *indices = read_indices(op->src[1]);
    enum ggml_status status;

    if (!indices)
        return GGML_STATUS_ALLOC_FAILED;
    status = op->op == GGML_OP_GET_ROWS ? get_rows(op, indices) : set_rows(op, indices);
    free(indices);
    return status;
}

enum ggml_status hl_ggml_compute(struct ggml_tensor *op)
{
    /* a branch of the graph that is not taken has inputs that were never written */
    if (ggml_is_empty(op) || !(op->flags & GGML_TENSOR_FLAG_COMPUTE))
        return GGML_STATUS_SUCCESS;
    switch (op->op) {
    case GGML_OP_NONE:
    case GGML_OP_RESHAPE:
    case GGML_OP_VIEW:
    case GGML_OP_PERMUTE:
    case GGML_OP_TRANSPOSE:
        return GGML_STATUS_SUCCESS; /* another name for the same bytes */
    case GGML_OP_DUP:
    case GGML_OP_CPY:
    case GGML_OP_CONT:
        compute_copy(op);
        return GGML_STATUS_SUCCESS;
    case GGML_OP_CONCAT:
        compute_concat(op);
        return GGML_STATUS_SUCCESS;
    case GGML_OP_REPEAT:
        compute_repeat(op);
        return GGML_STATUS_SUCCESS;
    case GGML_OP_GET_ROWS:
    case GGML_OP_SET_ROWS:
        return compute_rows(op);
    default:
        return GGML_STATUS_FAILED;
    }
}
