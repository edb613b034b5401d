/* SPDX-License-Identifier: MIT */
/* Convolutions: PyTorch asks a backend for its own; these leave the choice to the CPU's. */
#include "copy.h"
#include "device.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/convolution_backward.h>
#include <c10/core/DeviceGuard.h>
#include <torch/library.h>

namespace hl
{
namespace
{

at::Tensor host(const at::Tensor &tensor)
{
    return tensor.defined() ? tensor.cpu() : tensor;
}

at::Tensor convolution(const at::Tensor &input, const at::Tensor &weight,
                       const std::optional<at::Tensor> &bias, c10::IntArrayRef stride,
                       c10::IntArrayRef padding, c10::IntArrayRef dilation, bool transposed,
                       c10::IntArrayRef output_padding, int64_t groups)
{
    c10::DeviceGuard guard(input.device());
    Ordered ordered;
    std::optional<at::Tensor> host_bias;
    if (bias && bias->defined())
        host_bias = bias->cpu();
    return at::convolution(input.cpu(), weight.cpu(), host_bias, stride, padding, dilation,
                           transposed, output_padding, groups)
        .to(input.device());
}

std::tuple<at::Tensor, at::Tensor, at::Tensor>
convolution_backward(const at::Tensor &grad_output, const at::Tensor &input,
                     const at::Tensor &weight, c10::IntArrayRef stride, c10::IntArrayRef padding,
                     c10::IntArrayRef dilation, bool transposed, c10::IntArrayRef output_padding,
                     int64_t groups, std::array<bool, 3> mask)
{
    c10::DeviceGuard guard(input.device());
    Ordered ordered;
    auto device = [&](const at::Tensor &t) { return t.defined() ? t.to(input.device()) : t; };
    int64_t outputs = transposed ? weight.size(1) * groups : weight.size(0);
    auto [a, b, c] = at::convolution_backward(host(grad_output), host(input), host(weight),
                                              c10::IntArrayRef(outputs), stride, padding, dilation,
                                              transposed, output_padding, groups, mask);
    return { device(a), device(b), device(c) };
}

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m)
{
    m.impl("convolution_overrideable", convolution);
    m.impl("convolution_backward_overrideable", convolution_backward);
}

} // namespace
} // namespace hl
