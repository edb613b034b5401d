/* SPDX-License-Identifier: MIT */
/* Two strided tensors of the same sizes, as rectangles of rows that a packet each can copy. */
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace hl
{

struct Rectangle {
    uint64_t destination_offset, source_offset; /* bytes from each tensor's first element */
    uint64_t destination_pitch, source_pitch;
    uint64_t width, rows;
};

void for_each_rectangle(const at::Tensor &destination, const at::Tensor &source,
                        const std::function<void(const Rectangle &)> &visit);

/* The total number of rows. */
uint64_t row_count(const at::Tensor &destination, const at::Tensor &source);

} // namespace hl
