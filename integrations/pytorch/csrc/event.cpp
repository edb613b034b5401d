/* SPDX-License-Identifier: MIT */
#include "event.h"

#include "check.h"
#include "stream.h"

#include <hlthunk/fence.h>

#include <array>
#include <memory>
#include <mutex>

namespace hl
{
namespace
{

class Event
{
  public:
    ~Event()
    {
        hlthunk_fence_unref(fence_);
    }

    void set(hlthunk_fence *fence)
    {
        std::lock_guard<std::mutex> lock(mutex_);
        hlthunk_fence_unref(fence_);
        fence_ = fence;
    }

    /* A new reference for the caller; NULL before the first recording. */
    hlthunk_fence *get()
    {
        std::lock_guard<std::mutex> lock(mutex_);
        return fence_ ? hlthunk_fence_ref(fence_) : nullptr;
    }

  private:
    std::mutex mutex_;
    hlthunk_fence *fence_ = nullptr;
};

struct Unref {
    void operator()(hlthunk_fence *fence) const
    {
        hlthunk_fence_unref(fence);
    }
};
using Fence = std::unique_ptr<hlthunk_fence, Unref>;

Fence fence_of(void *event)
{
    return Fence(event ? static_cast<Event *>(event)->get() : nullptr);
}

/* Gives the engine something to do: otherwise the fence would have the time of earlier work. */
void mark_time(const c10::Stream &stream)
{
    static auto *marks = new std::array<hlthunk_buffer *, 64>{};
    static std::mutex mutex;
    hlthunk_buffer *mark;
    {
        std::lock_guard<std::mutex> lock(mutex);
        hlthunk_buffer *&made = (*marks)[checked_index(stream.device_index())];
        if (!made)
            HL_CHECK(hlthunk_pool_alloc(device_pool(stream.device_index()), 64, nullptr, &made));
        mark = made;
    }
    HL_CHECK(hlthunk_queue_fill(stream_queue(stream), mark, 0, 8, 0, 8));
}

int64_t done_at_ns(hlthunk_fence *fence)
{
    hlthunk_fence_result result{};
    result.struct_size = sizeof(result);
    HL_CHECK(hlthunk_fence_get_result(fence, &result));
    TORCH_CHECK(result.status == HLTHUNK_FENCE_DONE,
                "Both events must be completed before calculating elapsed time");
    TORCH_CHECK(result.timestamp_ns, "Both events must be created with enable_timing=True");
    return result.timestamp_ns;
}

} // namespace

void event_record(void **event, const c10::Stream &stream, bool timing)
{
    hlthunk_fence_options o{};
    hlthunk_fence *fence = nullptr;
    o.struct_size = sizeof(o);
    o.timestamp = timing;
    o.label = "torch event";
    if (timing)
        mark_time(stream);
    HL_CHECK(hlthunk_queue_create_fence(stream_queue(stream), &o, &fence));
    if (!*event)
        *event = new Event;
    static_cast<Event *>(*event)->set(fence);
}

void event_block(void *event, const c10::Stream &stream)
{
    Fence fence = fence_of(event);
    if (fence)
        HL_CHECK(hlthunk_queue_wait_fence(stream_queue(stream), fence.get(), nullptr));
}

bool event_query(void *event)
{
    Fence fence = fence_of(event);
    int rc = fence ? hlthunk_fence_wait(fence.get(), 0) : 0;
    if (rc == -ETIMEDOUT)
        return false;
    HL_CHECK(rc);
    return true;
}

void event_synchronize(void *event)
{
    Fence fence = fence_of(event);
    if (fence)
        HL_CHECK(hlthunk_fence_wait(fence.get(), HLTHUNK_WAIT_INDEFINITELY));
}

double event_elapsed_ms(void *start, void *end)
{
    Fence from = fence_of(start), to = fence_of(end);
    TORCH_CHECK(from && to, "Both events must be recorded before calculating elapsed time");
    return static_cast<double>(done_at_ns(to.get()) - done_at_ns(from.get())) / 1e6;
}

void event_destroy(void *event) noexcept
{
    delete static_cast<Event *>(event);
}

} // namespace hl
