/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include "check.h"
#include "copy.h"
#include "stream.h"

#include <hlthunk/address.h>

#include <array>
#include <mutex>

namespace hl
{
namespace
{

struct Block {
    c10::DeviceIndex index;
    uint64_t size;
    Buffer buffer;
    Dmabuf dmabuf; /* imported from another process, or exported to one */
};

void add(Amount &amount, uint64_t n)
{
    amount.current += n;
    amount.total += n;
    amount.peak = std::max(amount.peak, amount.current);
}

struct Memory {
    std::mutex mutex;
    MemoryStatistics statistics{};
};

Memory &memory_of(c10::DeviceIndex index)
{
    static auto *all = new std::array<Memory, 64>;
    return (*all)[index];
}

void free_block(void *context)
{
    auto *block = static_cast<Block *>(context);
    if (!block)
        return;
    {
        Memory &memory = memory_of(block->index);
        std::lock_guard<std::mutex> lock(memory.mutex);
        memory.statistics.allocated_bytes.current -= block->size;
        memory.statistics.allocations.current--;
    }
    delete block;
}

hlthunk_pool_statistics pool_statistics(hlthunk_pool *pool)
{
    hlthunk_pool_statistics s{};
    s.struct_size = sizeof(s);
    HL_CHECK(hlthunk_pool_get_statistics(pool, &s));
    return s;
}

/* With the memory's lock held. */
void note_reserved(Memory &memory, hlthunk_pool *pool)
{
    Amount &reserved = memory.statistics.reserved_bytes;
    uint64_t now = pool_statistics(pool).granted_bytes;
    reserved.total += now > reserved.current ? now - reserved.current : 0;
    reserved.current = now;
    reserved.peak = std::max(reserved.peak, now);
}

int try_alloc(hlthunk_pool *pool, size_t bytes, Buffer &buffer)
{
    hlthunk_buffer *made = nullptr;
    hlthunk_pool_buffer_options o{};
    o.struct_size = sizeof(o);
    o.label = "torch storage";
    int rc = hlthunk_pool_alloc(pool, bytes, &o, &made);
    buffer.reset(made);
    return rc;
}

Buffer alloc(c10::DeviceIndex index, size_t bytes)
{
    hlthunk_pool *pool = device_pool(index);
    Buffer buffer;
    int rc = try_alloc(pool, bytes, buffer);
    if (rc == -ENOMEM) {
        /* what was freed while work was using it, and what the pool keeps */
        memory_empty_cache(index);
        {
            Memory &memory = memory_of(index);
            std::lock_guard<std::mutex> lock(memory.mutex);
            memory.statistics.retries++;
        }
        rc = try_alloc(pool, bytes, buffer);
    }
    if (rc == -ENOMEM) {
        std::string sentence = hlthunk_last_error();
        Memory &memory = memory_of(index);
        std::lock_guard<std::mutex> lock(memory.mutex);
        memory.statistics.failures++;
        TORCH_CHECK_WITH(OutOfMemoryError, false, "hlthunk out of memory. Tried to allocate ",
                         bytes, " bytes on device ", static_cast<int>(index), ": ", sentence);
    }
    HL_CHECK(rc);
    return buffer;
}

struct DeviceAllocator final : c10::Allocator {
    c10::DataPtr allocate(size_t bytes) override
    {
        c10::DeviceIndex index = checked_index(-1);
        if (!bytes)
            return { nullptr, nullptr, &free_block, c10::Device(kDevice, index) };
        Buffer buffer = alloc(index, bytes);
        uint64_t address = hlthunk_buffer_get_address(buffer.get());
        return memory_adopt(index, std::move(buffer), nullptr, address, bytes);
    }

    c10::DeleterFnPtr raw_deleter() const override
    {
        return nullptr; /* an address alone is not enough to free it */
    }

    void copy_data(void *destination, const void *source, size_t bytes) const override
    {
        copy_bytes(current_device(), destination, source, bytes);
    }
};

} // namespace

c10::Allocator *device_allocator() noexcept
{
    static auto *allocator = new DeviceAllocator;
    return allocator;
}

c10::DataPtr memory_adopt(c10::DeviceIndex index, Buffer buffer, Dmabuf dmabuf, uint64_t address,
                          uint64_t size)
{
    auto *block = new Block{ index, size, std::move(buffer), std::move(dmabuf) };
    c10::DataPtr data(reinterpret_cast<void *>(address), block, &free_block,
                      c10::Device(kDevice, index));
    Memory &memory = memory_of(index);
    std::lock_guard<std::mutex> lock(memory.mutex);
    add(memory.statistics.allocated_bytes, size);
    add(memory.statistics.allocations, 1);
    note_reserved(memory, device_pool(index));
    return data;
}

void memory_keep_export(const c10::DataPtr &data, Dmabuf dmabuf)
{
    if (data.get_deleter() == &free_block && data.get_context()) {
        auto *block = static_cast<Block *>(data.get_context());
        std::lock_guard<std::mutex> lock(memory_of(block->index).mutex);
        if (!block->dmabuf)
            block->dmabuf = std::move(dmabuf);
    }
}

Place memory_find(c10::DeviceIndex index, const void *data)
{
    hlthunk_buffer *buffer = nullptr;
    Place place;
    HL_CHECK(hlthunk_device_find_buffer(device_handle(index), reinterpret_cast<uint64_t>(data), 1,
                                        &buffer, &place.offset));
    place.buffer.reset(buffer);
    return place;
}

c10::DeviceIndex memory_device(const void *data) noexcept
{
    for (c10::DeviceIndex index = 0; index < device_count(); index++) {
        hlthunk_buffer *buffer = nullptr;
        if (device_is_open(index) &&
            !hlthunk_device_find_buffer(device_handle(index), reinterpret_cast<uint64_t>(data), 1,
                                        &buffer, nullptr)) {
            hlthunk_buffer_unref(buffer);
            return index;
        }
    }
    return -1;
}

MemoryStatistics memory_statistics(c10::DeviceIndex index)
{
    index = checked_index(index);
    Memory &memory = memory_of(index);
    if (!device_is_open(index)) {
        std::lock_guard<std::mutex> lock(memory.mutex);
        return memory.statistics;
    }
    hlthunk_pool *pool = device_pool(index);
    std::lock_guard<std::mutex> lock(memory.mutex);
    note_reserved(memory, pool);
    MemoryStatistics s = memory.statistics;
    s.active_bytes = pool_statistics(pool).taken_bytes;
    return s;
}

void memory_reset_peaks(c10::DeviceIndex index)
{
    Memory &memory = memory_of(checked_index(index));
    std::lock_guard<std::mutex> lock(memory.mutex);
    for (Amount *amount : { &memory.statistics.allocated_bytes, &memory.statistics.allocations,
                            &memory.statistics.reserved_bytes })
        amount->peak = amount->current;
}

void memory_empty_cache(c10::DeviceIndex index)
{
    index = checked_index(index);
    if (!device_is_open(index))
        return;
    device_synchronize(index);
    hlthunk_pool *pool = device_pool(index);
    HL_CHECK(hlthunk_pool_trim(pool, 0, nullptr));
    Memory &memory = memory_of(index);
    std::lock_guard<std::mutex> lock(memory.mutex);
    note_reserved(memory, pool);
}

namespace
{
struct Registration {
    Registration()
    {
        c10::SetAllocator(kDevice, device_allocator());
    }
} registration;
} // namespace

} // namespace hl
