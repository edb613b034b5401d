/* SPDX-License-Identifier: MIT */
/* Copies of tensors, in the current stream. */
#pragma once

#include "device.h"

#include <ATen/core/Tensor.h>

namespace hl
{

/* Like Tensor.copy_(): any devices, types, strides. */
void copy_tensor(const at::Tensor &destination, const at::Tensor &source, bool non_blocking);

/* Bytes within a device. */
void copy_bytes(c10::DeviceIndex index, void *destination, const void *source, size_t bytes);

/* The same values in host memory. */
at::Tensor to_host(const at::Tensor &tensor);

/* Sets every element to one value of at most 8 bytes, or elements of any size to zero. */
void fill_tensor(const at::Tensor &tensor, uint64_t pattern, unsigned pattern_size);

/* While one lives in this thread, blocking copies to the device are only ordered in their stream,
 * as a kernel's writes are. */
class Ordered
{
  public:
    Ordered();
    ~Ordered();
    Ordered(const Ordered &) = delete;

  private:
    bool before_;
};

} // namespace hl
