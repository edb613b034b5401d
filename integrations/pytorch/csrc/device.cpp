/* SPDX-License-Identifier: MIT */
#include "device.h"

#include "check.h"

#include <pthread.h>

#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <vector>

namespace hl
{
namespace
{

constexpr size_t kMaxDevices = 64;
/* A device that another process has just closed is briefly in reset. */
constexpr int64_t kOpenTimeout = INT64_C(10'000'000'000);

struct Slot {
    std::mutex mutex;
    std::atomic<hlthunk_device *> device{ nullptr };
    hlthunk_pool *pool = nullptr;
};

/* Never destroyed: tensors may outlive every static object. */
std::array<Slot, kMaxDevices> &slots()
{
    static auto *all = new std::array<Slot, kMaxDevices>;
    return *all;
}

const std::vector<hlthunk_device_entry> &entries()
{
    static auto *list = [] {
        auto *found = new std::vector<hlthunk_device_entry>(kMaxDevices);
        size_t count = 0;
        if (hlthunk_device_enumerate(found->data(), sizeof(hlthunk_device_entry), kMaxDevices,
                                     &count))
            TORCH_WARN("hlthunk: ", hlthunk_last_error());
        found->resize(std::min(count, kMaxDevices));
        return found;
    }();
    return *list;
}

thread_local c10::DeviceIndex current = 0;

std::atomic<bool> used{ false };
std::atomic<bool> forked{ false };

void opened()
{
    static std::once_flag once;
    std::call_once(once, [] { pthread_atfork(nullptr, nullptr, [] { forked = used.load(); }); });
    used = true;
}

hlthunk_device_properties properties_of(hlthunk_device *device)
{
    hlthunk_device_properties p{};
    p.struct_size = sizeof(p);
    HL_CHECK(hlthunk_device_get_properties(device, &p));
    return p;
}

/* The slot's lock is held. */
void prepare(Slot &slot, hlthunk_device *device)
{
    hlthunk_pool_options o{};
    o.struct_size = sizeof(o);
    o.label = "torch";
    HL_CHECK(hlthunk_pool_create(device, &o, &slot.pool));
    slot.device = device;
    opened();
}

Slot &open_slot(c10::DeviceIndex index)
{
    TORCH_CHECK(!forked,
                "Cannot use hlthunk in a forked subprocess whose parent uses a device. To use it "
                "with multiprocessing, you must use the 'spawn' start method");
    Slot &slot = slots()[checked_index(index)];
    if (slot.device)
        return slot;
    std::lock_guard<std::mutex> lock(slot.mutex);
    if (slot.device)
        return slot;
    hlthunk_device_options o{};
    o.struct_size = sizeof(o);
    o.select = HLTHUNK_SELECT_INDEX;
    o.index = entries()[index].index;
    o.timeout_ns = kOpenTimeout;
    hlthunk_device *device = nullptr;
    HL_CHECK(hlthunk_device_open(&o, &device));
    try {
        prepare(slot, device);
    } catch (...) {
        hlthunk_device_unref(device);
        throw;
    }
    return slot;
}

} // namespace

c10::DeviceIndex device_count() noexcept
{
    try {
        return static_cast<c10::DeviceIndex>(entries().size());
    } catch (...) {
        return 0;
    }
}

c10::DeviceIndex current_device() noexcept
{
    return current;
}

c10::DeviceIndex checked_index(c10::DeviceIndex index)
{
    if (index == -1)
        index = current;
    TORCH_CHECK(index >= 0 && index < device_count(), "hlthunk: invalid device ordinal ",
                static_cast<int>(index), ": there are ", static_cast<int>(device_count()),
                " devices");
    return index;
}

void set_current_device(c10::DeviceIndex index)
{
    current = checked_index(index);
}

c10::DeviceIndex exchange_device(c10::DeviceIndex index) noexcept
{
    c10::DeviceIndex old = current;
    if (index >= 0)
        current = index;
    return old;
}

hlthunk_device *device_handle(c10::DeviceIndex index)
{
    return open_slot(checked_index(index)).device;
}

bool device_is_open(c10::DeviceIndex index) noexcept
{
    return index >= 0 && index < device_count() && slots()[index].device && !forked;
}

hlthunk_pool *device_pool(c10::DeviceIndex index)
{
    return open_slot(checked_index(index)).pool;
}

hlthunk_device_properties device_properties(c10::DeviceIndex index)
{
    return properties_of(device_handle(index));
}

hlthunk_memory_usage device_memory_usage(c10::DeviceIndex index)
{
    hlthunk_memory_usage usage{};
    usage.struct_size = sizeof(usage);
    HL_CHECK(hlthunk_device_get_memory_usage(device_handle(index), &usage));
    return usage;
}

c10::DeviceIndex device_adopt(hlthunk_device *received)
{
    std::unique_ptr<hlthunk_device, void (*)(hlthunk_device *)> device(received,
                                                                       hlthunk_device_unref);
    hlthunk_device_properties p = properties_of(received);
    for (c10::DeviceIndex i = 0; i < device_count(); i++) {
        if (std::strcmp(entries()[i].pci_address, p.pci_address) != 0)
            continue;
        Slot &slot = slots()[i];
        std::lock_guard<std::mutex> lock(slot.mutex);
        if (!slot.device) {
            prepare(slot, received);
            device.release();
        }
        return i;
    }
    TORCH_CHECK(false, "hlthunk: no device of this process is ", p.pci_address);
}

bool forked_from_user() noexcept
{
    return forked;
}

} // namespace hl
