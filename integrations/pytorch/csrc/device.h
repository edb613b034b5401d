/* SPDX-License-Identifier: MIT */
/* The devices of this process: PyTorch's index is the position in the library's list. */
#pragma once

#include <c10/core/Device.h>
#include <hlthunk/device.h>
#include <hlthunk/pool.h>

#include <string>

namespace hl
{

constexpr c10::DeviceType kDevice = c10::DeviceType::PrivateUse1;

/* The number of devices of this machine; 0 where the search fails.  Does not throw. */
c10::DeviceIndex device_count() noexcept;

/* The thread's current device. */
c10::DeviceIndex current_device() noexcept;
void set_current_device(c10::DeviceIndex index);
c10::DeviceIndex exchange_device(c10::DeviceIndex index) noexcept;

/* -1 is the current one; throws when there is no such device. */
c10::DeviceIndex checked_index(c10::DeviceIndex index);

/* Opened on first use, and kept open until the process ends. */
hlthunk_device *device_handle(c10::DeviceIndex index);
bool device_is_open(c10::DeviceIndex index) noexcept;
hlthunk_pool *device_pool(c10::DeviceIndex index);
hlthunk_device_properties device_properties(c10::DeviceIndex index);
hlthunk_memory_usage device_memory_usage(c10::DeviceIndex index);

/* Takes over the reference to a device that another process sent; returns its index. */
c10::DeviceIndex device_adopt(hlthunk_device *device);

/* Is this a child of fork() whose parent had devices open? */
bool forked_from_user() noexcept;

} // namespace hl
