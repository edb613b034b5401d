/* SPDX-License-Identifier: MIT */
/* PyTorch's questions about the backend as a whole. */
#include "hooks.h"

#include "generator.h"
#include "memory.h"
#include "pinned.h"
#include "storage.h"

#include <ATen/detail/PrivateUse1HooksInterface.h>

namespace hl
{
namespace
{

struct Hooks final : at::PrivateUse1HooksInterface {
    const at::Generator &getDefaultGenerator(c10::DeviceIndex index) const override
    {
        return default_generator(index);
    }
    at::Generator getNewGenerator(c10::DeviceIndex index) const override
    {
        return make_generator(index);
    }
    at::Device getDeviceFromPtr(void *data) const override
    {
        c10::DeviceIndex index = memory_device(data);
        TORCH_CHECK(index >= 0, "hlthunk: address ", data, " is not memory of any device");
        return { kDevice, index };
    }
    bool isPinnedPtr(const void *data) const override
    {
        return is_pinned(data);
    }
    c10::Allocator *getPinnedMemoryAllocator() const override
    {
        return pinned_allocator();
    }
    bool hasPrimaryContext(c10::DeviceIndex index) const override
    {
        return device_is_open(index);
    }
    void init() const override
    {
    }
    c10::DeviceIndex deviceCount() const override
    {
        return device_count();
    }
    void setCurrentDevice(c10::DeviceIndex index) const override
    {
        set_current_device(index);
    }
    c10::DeviceIndex getCurrentDevice() const override
    {
        return current_device();
    }
    c10::DeviceIndex exchangeDevice(c10::DeviceIndex index) const override
    {
        return exchange_device(index);
    }
    c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex index) const override
    {
        return exchange_device(index);
    }
    void resizePrivateUse1Bytes(const c10::Storage &storage, size_t bytes) const override
    {
        resize_storage(storage, bytes);
    }
};

} // namespace

void register_hooks()
{
    static auto *hooks = new Hooks;
    at::RegisterPrivateUse1HooksInterface(hooks);
}

} // namespace hl
