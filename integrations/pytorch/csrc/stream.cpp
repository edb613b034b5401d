/* SPDX-License-Identifier: MIT */
#include "stream.h"

#include "check.h"

#include <array>
#include <atomic>
#include <mutex>

namespace hl
{
namespace
{

constexpr size_t kMaxDevices = 64;
constexpr size_t kStreams = 32; /* of a device, besides the default one */

struct Streams {
    std::mutex mutex;
    std::array<std::atomic<hlthunk_queue *>, kStreams + 1> queues{};
    std::atomic<uint32_t> next{ 0 };
};

Streams &streams_of(c10::DeviceIndex index)
{
    static auto *all = new std::array<Streams, kMaxDevices>;
    return (*all)[index];
}

thread_local std::array<c10::StreamId, kMaxDevices> current{};

c10::Stream stream_of(c10::DeviceIndex index, c10::StreamId id)
{
    return c10::Stream(c10::Stream::UNSAFE, c10::Device(kDevice, index), id);
}

void finish(hlthunk_queue *queue)
{
    HL_CHECK(hlthunk_queue_finish(queue, HLTHUNK_WAIT_INDEFINITELY));
}

} // namespace

c10::Stream default_stream(c10::DeviceIndex index)
{
    return stream_of(checked_index(index), 0);
}

c10::Stream current_stream(c10::DeviceIndex index) noexcept
{
    if (index < 0)
        index = current_device();
    return stream_of(index, static_cast<size_t>(index) < kMaxDevices ? current[index] : 0);
}

c10::Stream new_stream(c10::DeviceIndex index)
{
    index = checked_index(index);
    return stream_of(index, 1 + streams_of(index).next++ % kStreams);
}

c10::Stream exchange_stream(c10::Stream stream) noexcept
{
    c10::Stream old = current_stream(stream.device_index());
    current[stream.device_index()] = stream.id();
    return old;
}

hlthunk_queue *stream_queue(const c10::Stream &stream)
{
    c10::DeviceIndex index = checked_index(stream.device_index());
    TORCH_CHECK(stream.id() >= 0 && stream.id() <= static_cast<c10::StreamId>(kStreams),
                "hlthunk: there is no stream ", stream.id());
    hlthunk_device *device = device_handle(index);
    Streams &streams = streams_of(index);
    auto &queue = streams.queues[stream.id()];
    if (queue)
        return queue;
    std::lock_guard<std::mutex> lock(streams.mutex);
    if (!queue) {
        hlthunk_queue_options o{};
        o.struct_size = sizeof(o);
        o.label = "torch stream";
        hlthunk_queue *made = nullptr;
        HL_CHECK(hlthunk_queue_create(device, &o, &made));
        queue = made;
    }
    return queue;
}

hlthunk_queue *current_queue(c10::DeviceIndex index)
{
    return stream_queue(current_stream(index));
}

bool stream_query(const c10::Stream &stream)
{
    int rc = hlthunk_queue_finish(stream_queue(stream), 0);
    if (rc == -ETIMEDOUT)
        return false;
    HL_CHECK(rc);
    return true;
}

void stream_synchronize(const c10::Stream &stream)
{
    finish(stream_queue(stream));
}

void device_synchronize(c10::DeviceIndex index)
{
    index = checked_index(index);
    if (!device_is_open(index))
        return;
    for (auto &queue : streams_of(index).queues)
        if (queue)
            finish(queue);
}

} // namespace hl
