/* SPDX-License-Identifier: MIT */
/* Cells of recurrent networks: PyTorch asks a backend for fused ones, which the CPU lacks.  They
 * are built from other operators, which have gradients. */
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

namespace hl
{
namespace
{

using Bias = std::optional<at::Tensor>;

at::Tensor biased(const at::Tensor &gates, const Bias &bias)
{
    return bias && bias->defined() ? gates + *bias : gates;
}

std::tuple<at::Tensor, at::Tensor, at::Tensor>
lstm_cell(const at::Tensor &input_gates, const at::Tensor &hidden_gates, const at::Tensor &cx,
          const Bias &input_bias, const Bias &hidden_bias)
{
    auto gates = (biased(hidden_gates, hidden_bias) + biased(input_gates, input_bias)).chunk(4, 1);
    at::Tensor cy = gates[1].sigmoid() * cx + gates[0].sigmoid() * gates[2].tanh();
    return { gates[3].sigmoid() * cy.tanh(), cy, at::empty({ 0 }, cx.options()) };
}

std::tuple<at::Tensor, at::Tensor> gru_cell(const at::Tensor &input_gates,
                                            const at::Tensor &hidden_gates, const at::Tensor &hx,
                                            const Bias &input_bias, const Bias &hidden_bias)
{
    auto i = biased(input_gates, input_bias).chunk(3, 1);
    auto h = biased(hidden_gates, hidden_bias).chunk(3, 1);
    at::Tensor fresh = (i[2] + h[2] * (h[0] + i[0]).sigmoid()).tanh();
    return { (hx - fresh) * (h[1] + i[1]).sigmoid() + fresh, at::empty({ 0 }, hx.options()) };
}

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m)
{
    m.impl("_thnn_fused_lstm_cell", lstm_cell);
    m.impl("_thnn_fused_gru_cell", gru_cell);
}

TORCH_LIBRARY_IMPL(aten, AutogradPrivateUse1, m)
{
    m.impl("_thnn_fused_lstm_cell", lstm_cell);
    m.impl("_thnn_fused_gru_cell", gru_cell);
}

} // namespace
} // namespace hl
