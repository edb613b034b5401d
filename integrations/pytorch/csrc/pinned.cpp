/* SPDX-License-Identifier: MIT */
#include "pinned.h"

#include "check.h"

#include <hlthunk/host_memory.h>

namespace hl
{
namespace
{

/* The library keeps the memory until the work that uses it is done, and then reuses it. */
void give_back(void *buffer)
{
    hlthunk_buffer_unref(static_cast<hlthunk_buffer *>(buffer));
}

struct PinnedAllocator final : c10::Allocator {
    c10::DataPtr allocate(size_t bytes) override
    {
        if (!bytes)
            return { nullptr, c10::Device(c10::DeviceType::CPU) };
        hlthunk_buffer_alloc_host_options o{};
        hlthunk_buffer *buffer = nullptr;
        o.struct_size = sizeof(o);
        o.label = "torch pinned";
        HL_CHECK(hlthunk_buffer_alloc_host(device_handle(current_device()), bytes, &o, &buffer));
        return { hlthunk_buffer_borrow_host(buffer), buffer, &give_back,
                 c10::Device(c10::DeviceType::CPU) };
    }

    c10::DeleterFnPtr raw_deleter() const override
    {
        return nullptr;
    }

    void copy_data(void *destination, const void *source, size_t bytes) const override
    {
        default_copy_data(destination, source, bytes);
    }
};

} // namespace

c10::Allocator *pinned_allocator() noexcept
{
    static auto *allocator = new PinnedAllocator;
    return allocator;
}

Place pinned_find(c10::DeviceIndex index, const void *data, size_t bytes)
{
    hlthunk_buffer *buffer = nullptr;
    Place place{};
    if (!hlthunk_device_find_host_buffer(device_handle(index), data, bytes, &buffer, &place.offset))
        place.buffer.reset(buffer);
    return place;
}

bool is_pinned(const void *data) noexcept
{
    for (c10::DeviceIndex index = 0; index < device_count(); index++)
        if (device_is_open(index) && pinned_find(index, data, 1).buffer)
            return true;
    return false;
}

} // namespace hl
