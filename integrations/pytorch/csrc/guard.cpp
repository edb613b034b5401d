/* SPDX-License-Identifier: MIT */
/* What PyTorch's generic code needs: the current device, its streams, its events. */
#include "device.h"
#include "event.h"
#include "stream.h"

#include <c10/core/impl/DeviceGuardImplInterface.h>

namespace hl
{
namespace
{

struct Guard final : c10::impl::DeviceGuardImplInterface {
    c10::DeviceType type() const override
    {
        return kDevice;
    }
    c10::Device exchangeDevice(c10::Device device) const override
    {
        return c10::Device(kDevice, exchange_device(device.index()));
    }
    c10::Device getDevice() const override
    {
        return c10::Device(kDevice, current_device());
    }
    void setDevice(c10::Device device) const override
    {
        set_current_device(device.index());
    }
    void uncheckedSetDevice(c10::Device device) const noexcept override
    {
        exchange_device(device.index());
    }
    c10::DeviceIndex deviceCount() const noexcept override
    {
        return device_count();
    }
    c10::Stream getStream(c10::Device device) const noexcept override
    {
        return current_stream(device.index());
    }
    c10::Stream getDefaultStream(c10::Device device) const override
    {
        return default_stream(device.index());
    }
    c10::Stream getStreamFromGlobalPool(c10::Device device, bool) const override
    {
        return new_stream(device.index());
    }
    c10::Stream getNewStream(c10::Device device, int) const override
    {
        return new_stream(device.index());
    }
    c10::Stream exchangeStream(c10::Stream stream) const noexcept override
    {
        return exchange_stream(stream);
    }
    bool queryStream(const c10::Stream &stream) const override
    {
        return stream_query(stream);
    }
    void synchronizeStream(const c10::Stream &stream) const override
    {
        stream_synchronize(stream);
    }
    void synchronizeDevice(const c10::DeviceIndex index) const override
    {
        device_synchronize(index);
    }
    void record(void **event, const c10::Stream &stream, const c10::DeviceIndex index,
                const c10::EventFlag flag) const override
    {
        TORCH_CHECK(index == -1 || index == stream.device_index(), "Event device index ",
                    static_cast<int>(index), " does not match recording stream's device index ",
                    static_cast<int>(stream.device_index()));
        event_record(event, stream, flag == c10::EventFlag::BACKEND_DEFAULT);
    }
    void block(void *event, const c10::Stream &stream) const override
    {
        event_block(event, stream);
    }
    bool queryEvent(void *event) const override
    {
        return event_query(event);
    }
    void synchronizeEvent(void *event) const override
    {
        event_synchronize(event);
    }
    double elapsedTime(void *start, void *end, const c10::DeviceIndex) const override
    {
        return event_elapsed_ms(start, end);
    }
    void destroyEvent(void *event, const c10::DeviceIndex) const noexcept override
    {
        event_destroy(event);
    }
    /* A queue holds the buffers of its work: memory freed in the meantime is not reused. */
    void recordDataPtrOnStream(const c10::DataPtr &, const c10::Stream &) const override
    {
    }
};

C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard);

} // namespace
} // namespace hl
