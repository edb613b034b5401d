/* SPDX-License-Identifier: MIT */
/* An operator without a kernel runs on the CPU: its tensors are copied there, its results back. */
#include "copy.h"
#include "device.h"
#include "generator.h"

#include <ATen/core/Tensor.h>
#include <ATen/native/CPUFallback.h>
#include <c10/core/DeviceGuard.h>
#include <torch/csrc/autograd/autograd_not_implemented_fallback.h>
#include <torch/library.h>

namespace hl
{
namespace
{

bool on_device(const c10::IValue &value)
{
    return value.isTensor() && value.toTensor().defined() &&
           value.toTensor().device().type() == kDevice;
}

/* The operator's device: that of its first tensor on one, or of a factory's argument. */
std::optional<c10::Device> device_of(const c10::IValue &value)
{
    if (on_device(value))
        return value.toTensor().device();
    if (value.isTensorList() || value.isOptionalTensorList())
        for (const c10::IValue &item : value.toListRef())
            if (on_device(item))
                return item.toTensor().device();
    if (value.isDevice() && value.toDevice().type() == kDevice)
        return value.toDevice();
    return std::nullopt;
}

bool is_generator(const c10::Argument &argument)
{
    return argument.type()->kind() == c10::TypeKind::GeneratorType ||
           (argument.type()->kind() == c10::TypeKind::OptionalType &&
            argument.type()->castRaw<c10::OptionalType>()->getElementType()->kind() ==
                c10::TypeKind::GeneratorType);
}

at::Tensor brought(const at::Tensor &tensor, c10::Device device)
{
    return tensor.defined() && tensor.is_cpu() ? tensor.to(device) : tensor;
}

/* cpu_fallback() leaves results where the first tensor is.  That may be a Python number, which the
 * operator has to see as one: with a copy of it on the device, the result would have its type. */
void bring_results(const c10::FunctionSchema &schema, torch::jit::Stack *stack, c10::Device device)
{
    const auto &returns = schema.returns();
    size_t begin = stack->size() - returns.size();
    for (size_t i = 0; i < returns.size(); i++) {
        c10::IValue &value = (*stack)[begin + i];
        const c10::AliasInfo *alias = returns[i].alias_info();
        if (alias && alias->isWrite())
            continue;
        if (value.isTensor()) {
            value = brought(value.toTensor(), device);
        } else if (value.isTensorList()) {
            std::vector<at::Tensor> all = value.toTensorVector();
            for (at::Tensor &tensor : all)
                tensor = brought(tensor, device);
            value = std::move(all);
        }
    }
}

/* A tensor on the device, and the host memory that an operator has in its place. */
struct Lent {
    at::Tensor device, host;
};

/* Does a call write running statistics although the schema does not say so? */
bool writes_statistics(const c10::FunctionSchema &schema, const torch::jit::Stack &stack,
                       size_t begin)
{
    if (schema.name() == "aten::batch_norm_update_stats")
        return true;
    std::optional<int> training = schema.argumentIndexWithName("training");
    return schema.name() == "aten::native_batch_norm" && training &&
           stack[begin + *training].toBool();
}

/* cpu_fallback() copies back what the schema says is written: the rest is lent by us. */
std::vector<Lent> lend_statistics(const c10::FunctionSchema &schema, torch::jit::Stack *stack,
                                  size_t begin)
{
    std::vector<Lent> lent;
    if (!writes_statistics(schema, *stack, begin))
        return lent;
    for (const char *name : { "running_mean", "running_var" }) {
        c10::IValue &value = (*stack)[begin + schema.argumentIndexWithName(name).value()];
        if (!on_device(value))
            continue;
        lent.push_back({ value.toTensor(), to_host(value.toTensor()) });
        value = lent.back().host;
    }
    return lent;
}

void fall_back(const c10::OperatorHandle &op, torch::jit::Stack *stack)
{
    const auto &arguments = op.schema().arguments();
    size_t begin = stack->size() - arguments.size();
    std::optional<c10::Device> device;
    bool named = false; /* the caller says where the results are */

    for (size_t i = begin; i < stack->size() && !device; i++)
        device = device_of((*stack)[i]);
    c10::OptionalDeviceGuard guard(device);
    Ordered ordered;
    for (size_t i = 0; i < arguments.size(); i++) {
        c10::IValue &value = (*stack)[begin + i];
        if (device && is_generator(arguments[i])) {
            if (value.isNone())
                value = cpu_generator(default_generator(device->index()));
            else if (value.toGenerator().device().type() == kDevice)
                value = cpu_generator(value.toGenerator());
        }
        named = named || value.isDevice();
    }
    std::vector<Lent> lent = lend_statistics(op.schema(), stack, begin);
    at::native::cpu_fallback(op, stack, true);
    for (const Lent &l : lent)
        copy_tensor(l.device, l.host, false);
    if (device && !named)
        bring_results(op.schema(), stack, *device);
}

TORCH_LIBRARY_IMPL(_, PrivateUse1, m)
{
    m.fallback(torch::CppFunction::makeFromBoxedFunction<&fall_back>());
}

/* Others' operators have no kernel for gradients: as on the CPU, they are called without. */
TORCH_LIBRARY_IMPL(_, AutogradPrivateUse1, m)
{
    m.fallback(torch::autograd::basicAutogradNotImplementedFallback());
}

} // namespace
} // namespace hl
