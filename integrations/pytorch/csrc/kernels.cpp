/* SPDX-License-Identifier: MIT */
/* The operators that the DMA engines can do. */
#include "check.h"
#include "copy.h"
#include "device.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <c10/core/DeviceGuard.h>
#include <torch/library.h>

#include <cstring>

namespace hl
{
namespace
{

/* Selects the operator's device, so that its streams are used. */
c10::Device device_of(const at::Tensor &a, const at::Tensor &b)
{
    return a.device().type() == kDevice ? a.device() : b.device();
}

at::Tensor &copy_(at::Tensor &self, const at::Tensor &source, bool non_blocking)
{
    c10::DeviceGuard guard(device_of(self, source));
    copy_tensor(self, source, non_blocking);
    return self;
}

at::Tensor copy_from(const at::Tensor &self, const at::Tensor &destination, bool non_blocking)
{
    c10::DeviceGuard guard(device_of(destination, self));
    copy_tensor(destination, self, non_blocking);
    return destination;
}

at::Tensor copy_from_and_resize(const at::Tensor &self, const at::Tensor &destination)
{
    c10::DeviceGuard guard(device_of(destination, self));
    if (destination.sizes() != self.sizes())
        destination.resize_(self.sizes());
    copy_tensor(destination, self, false);
    return destination;
}

at::Tensor &zero_(at::Tensor &self)
{
    c10::DeviceGuard guard(self.device());
    fill_tensor(self, 0, 1);
    return self;
}

at::Tensor &fill_with(at::Tensor &self, const at::Tensor &value)
{
    c10::DeviceGuard guard(self.device());
    uint64_t pattern = 0;
    auto size = static_cast<unsigned>(self.itemsize());
    if (size > sizeof(pattern)) {
        copy_tensor(self, value, true);
    } else {
        std::memcpy(&pattern, value.const_data_ptr(), size);
        fill_tensor(self, pattern, size);
    }
    return self;
}

at::Tensor &fill_scalar(at::Tensor &self, const at::Scalar &value)
{
    return fill_with(self, at::empty({}, self.options().device(c10::kCPU)).fill_(value));
}

at::Tensor &fill_tensor_value(at::Tensor &self, const at::Tensor &value)
{
    TORCH_CHECK(value.dim() == 0,
                "fill_ only supports 0-dimension value tensor but got tensor with ", value.dim(),
                " dimensions.");
    return fill_scalar(self, value.item());
}

at::Scalar local_scalar_dense(const at::Tensor &self)
{
    c10::DeviceGuard guard(self.device());
    return to_host(self).item();
}

/* Nothing to record: queues hold the buffers of their work. */
void record_stream(at::Tensor &, c10::Stream)
{
}

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m)
{
    m.impl("copy_", copy_);
    m.impl("_copy_from", copy_from);
    m.impl("_copy_from_and_resize", copy_from_and_resize);
    m.impl("zero_", zero_);
    m.impl("fill_.Scalar", fill_scalar);
    m.impl("fill_.Tensor", fill_tensor_value);
    m.impl("_local_scalar_dense", local_scalar_dense);
    m.impl("record_stream", record_stream);
}

} // namespace
} // namespace hl
