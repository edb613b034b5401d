/* SPDX-License-Identifier: MIT */
#include "storage.h"

#include "copy.h"
#include "memory.h"

#include <c10/core/DeviceGuard.h>

#include <algorithm>

namespace hl
{

void resize_storage(const c10::Storage &storage, size_t bytes)
{
    TORCH_CHECK(storage.resizable(), "Trying to resize storage that is not resizable");
    c10::DeviceGuard guard(storage.device());
    c10::DataPtr fresh = device_allocator()->allocate(bytes);
    copy_bytes(storage.device().index(), fresh.get(), storage.data(),
               std::min(bytes, storage.nbytes()));
    storage.set_data_ptr_noswap(std::move(fresh));
    storage.set_nbytes(bytes);
}

} // namespace hl
