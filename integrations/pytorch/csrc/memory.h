/* SPDX-License-Identifier: MIT */
/* Device memory: a tensor's storage is a buffer of its device's pool, its pointer the address. */
#pragma once

#include "device.h"

#include <c10/core/Allocator.h>
#include <hlthunk/buffer.h>
#include <hlthunk/dmabuf.h>

#include <memory>

namespace hl
{

c10::Allocator *device_allocator() noexcept;

struct Unref {
    void operator()(hlthunk_buffer *buffer) const
    {
        hlthunk_buffer_unref(buffer);
    }
    void operator()(hlthunk_dmabuf *dmabuf) const
    {
        hlthunk_dmabuf_unref(dmabuf);
    }
};
using Buffer = std::unique_ptr<hlthunk_buffer, Unref>;
using Dmabuf = std::unique_ptr<hlthunk_dmabuf, Unref>;

/* Finds an address: all that PyTorch keeps is a pointer into a storage. */
struct Place {
    Buffer buffer;
    uint64_t offset;
};
Place memory_find(c10::DeviceIndex index, const void *address);

/* A buffer, or another process's memory behind a dma-buf, as a storage's pointer. */
c10::DataPtr memory_adopt(c10::DeviceIndex index, Buffer buffer, Dmabuf dmabuf, uint64_t address,
                          uint64_t size);

/* An export lives as long as its storage: the other process then has its own reference. */
void memory_keep_export(const c10::DataPtr &data, Dmabuf dmabuf);

/* Which device an address belongs to; -1 for none. */
c10::DeviceIndex memory_device(const void *address) noexcept;

struct Amount {
    uint64_t current, peak, total; /* total: since the start */
};
struct MemoryStatistics {
    Amount allocated_bytes; /* of live storages, as requested */
    Amount allocations;     /* live storages */
    Amount reserved_bytes;  /* of the device, by the pool */
    uint64_t active_bytes;  /* allocated from the pool: live, or in use by a queue's work */
    uint64_t retries, failures;
};
MemoryStatistics memory_statistics(c10::DeviceIndex index);
void memory_reset_peaks(c10::DeviceIndex index);
void memory_empty_cache(c10::DeviceIndex index);

} // namespace hl
