/* SPDX-License-Identifier: MIT */
/* New tensors, and other views of the same storage. */
#include "check.h"
#include "memory.h"
#include "storage.h"

#include <ATen/EmptyTensor.h>
#include <ATen/core/Tensor.h>
#include <ATen/native/Resize.h>
#include <ATen/native/TensorFactories.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/is_set_to_native.h>
#include <ATen/ops/set_native.h>
#include <ATen/ops/unfold_native.h>
#include <ATen/ops/view_as_complex_native.h>
#include <ATen/ops/view_as_real_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/DeviceGuard.h>
#include <torch/library.h>

namespace hl
{
namespace
{

constexpr c10::DispatchKeySet kKeys(c10::DispatchKey::PrivateUse1);

c10::Device checked_device(std::optional<c10::Device> device, std::optional<at::Layout> layout,
                           std::optional<bool> pin_memory)
{
    TORCH_CHECK(layout.value_or(at::kStrided) == at::kStrided,
                "hlthunk: only strided tensors have memory on the device");
    TORCH_CHECK(!pin_memory.value_or(false), "Only dense CPU tensors can be pinned");
    return { kDevice, checked_index(device ? device->index() : c10::DeviceIndex(-1)) };
}

at::Tensor empty(c10::IntArrayRef size, std::optional<at::ScalarType> type,
                 std::optional<at::Layout> layout, std::optional<c10::Device> device,
                 std::optional<bool> pin_memory, std::optional<at::MemoryFormat> format)
{
    c10::DeviceGuard guard(checked_device(device, layout, pin_memory));
    return at::detail::empty_generic(size, device_allocator(), kKeys, c10::dtype_or_default(type),
                                     format);
}

at::Tensor empty_strided(c10::IntArrayRef size, c10::IntArrayRef stride,
                         std::optional<at::ScalarType> type, std::optional<at::Layout> layout,
                         std::optional<c10::Device> device, std::optional<bool> pin_memory)
{
    c10::DeviceGuard guard(checked_device(device, layout, pin_memory));
    return at::detail::empty_strided_generic(size, stride, device_allocator(), kKeys,
                                             c10::dtype_or_default(type));
}

/* Makes the storage large enough for the tensor. */
void grow(c10::TensorImpl *tensor)
{
    if (!tensor->numel())
        return;
    size_t bytes = at::detail::computeStorageNbytes(tensor->sizes(), tensor->strides(),
                                                    tensor->itemsize(), tensor->storage_offset());
    if (bytes > tensor->unsafe_storage().nbytes())
        resize_storage(tensor->unsafe_storage(), bytes);
}

const at::Tensor &resize_(const at::Tensor &self, c10::IntArrayRef size,
                          std::optional<at::MemoryFormat> format)
{
    c10::DeviceGuard guard(self.device());
    at::detail::check_size_nonnegative(size);
    c10::TensorImpl *impl = self.unsafeGetTensorImpl();
    if (self.sizes() != size) {
        impl->set_sizes_contiguous(size);
        grow(impl);
    }
    if (format) {
        TORCH_CHECK(*format != at::MemoryFormat::Preserve, "Unsupported memory format ", *format);
        impl->empty_tensor_restride(*format);
    }
    return self;
}

at::Tensor &set_storage_range(at::Tensor &self, c10::Storage source, int64_t offset,
                              c10::IntArrayRef size, c10::IntArrayRef stride)
{
    c10::DeviceGuard guard(self.device());
    at::native::checkSetStorage(self, std::move(source), offset, size, stride);
    c10::TensorImpl *impl = self.unsafeGetTensorImpl();
    impl->set_storage_offset(offset);
    if (stride.data())
        impl->set_sizes_and_strides(size, stride);
    else
        impl->set_sizes_contiguous(size);
    grow(impl);
    return self;
}

at::Tensor &set_storage(at::Tensor &self, c10::Storage source)
{
    auto count = static_cast<int64_t>(source.nbytes() / self.dtype().itemsize());
    return set_storage_range(self, std::move(source), 0, { count }, {});
}

at::Tensor &set_nothing(at::Tensor &self)
{
    c10::DeviceGuard guard(self.device());
    c10::Storage none(c10::Storage::use_byte_size_t(), 0, device_allocator(), true);
    return set_storage_range(self, std::move(none), 0, { 0 }, {});
}

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m)
{
    m.impl("empty.memory_format", empty);
    m.impl("empty_strided", empty_strided);
    m.impl("resize_", resize_);
    m.impl("set_", set_nothing);
    m.impl("set_.source_Storage", set_storage);
    m.impl("set_.source_Storage_storage_offset", set_storage_range);
    m.impl("set_.source_Tensor", at::native::set_tensor_);
    m.impl("is_set_to", at::native::is_set_to);
    m.impl("as_strided", at::native::as_strided_tensorimpl);
    m.impl("_reshape_alias", at::native::_reshape_alias);
    m.impl("view", at::native::view);
    m.impl("view_as_real", at::native::view_as_real);
    m.impl("view_as_complex", at::native::view_as_complex);
    m.impl("unfold", at::native::unfold);
}

} // namespace
} // namespace hl
