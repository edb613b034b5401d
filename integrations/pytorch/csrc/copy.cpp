/* SPDX-License-Identifier: MIT */
#include "copy.h"

#include "check.h"
#include "layout.h"
#include "memory.h"
#include "pinned.h"
#include "stream.h"

#include <ATen/EmptyTensor.h>
#include <ATen/MemoryOverlap.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_strided.h>

#include <hlthunk/queue.h>

namespace hl
{
namespace
{

/* A copy that needs more packets than this goes through the host where it can. */
constexpr uint64_t kManyRows = 4096;

thread_local bool ordered = false;

bool dense(const at::Tensor &t)
{
    return t.is_non_overlapping_and_dense();
}

bool on_device(const at::Tensor &t)
{
    return t.device().type() == kDevice;
}

Place place_of(const at::Tensor &t)
{
    return memory_find(t.device().index(), t.const_data_ptr());
}

/* The flags that apply "conjugate" and "negative" on reading: the bytes stay the same. */
void take_bits(const at::Tensor &to, const at::Tensor &from)
{
    to._set_conj(from.is_conj());
    to._set_neg(from.is_neg());
}

bool same_bits(const at::Tensor &a, const at::Tensor &b)
{
    return a.is_conj() == b.is_conj() && a.is_neg() == b.is_neg();
}

/* Both dense with the same strides, or rows that can be copied with a packet each. */
void copy_rows(const at::Tensor &destination, const at::Tensor &source)
{
    Place to = place_of(destination), from = place_of(source);
    hlthunk_queue *queue = current_queue(destination.device().index());
    for_each_rectangle(destination, source, [&](const Rectangle &r) {
        hlthunk_copy_2d copy{};
        copy.struct_size = sizeof(copy);
        copy.destination = to.buffer.get();
        copy.source = from.buffer.get();
        copy.destination_offset = to.offset + r.destination_offset;
        copy.source_offset = from.offset + r.source_offset;
        copy.destination_pitch = r.destination_pitch;
        copy.source_pitch = r.source_pitch;
        copy.width_bytes = r.width;
        copy.rows = r.rows;
        HL_CHECK(hlthunk_queue_copy_2d(queue, &copy));
    });
}

bool bytes_meet(const at::Tensor &a, const at::Tensor &b)
{
    auto from = [](const at::Tensor &t) { return static_cast<const char *>(t.const_data_ptr()); };
    auto to = [&](const at::Tensor &t) {
        return from(t) + at::detail::computeStorageNbytes(t.sizes(), t.strides(), t.itemsize());
    };
    return from(a) < to(b) && from(b) < to(a);
}

/* The bytes of a dense tensor, from and to host memory of the same strides. */
void write_dense(const at::Tensor &destination, const at::Tensor &host, bool wait)
{
    c10::DeviceIndex index = destination.device().index();
    size_t bytes = destination.nbytes();
    hlthunk_queue *queue = current_queue(index);
    Place to = place_of(destination), from = pinned_find(index, host.const_data_ptr(), bytes);

    if (from.buffer)
        HL_CHECK(hlthunk_queue_copy(queue, to.buffer.get(), to.offset, from.buffer.get(),
                                    from.offset, bytes));
    else
        HL_CHECK(
            hlthunk_queue_write(queue, to.buffer.get(), to.offset, host.const_data_ptr(), bytes));
    if (wait)
        HL_CHECK(hlthunk_queue_finish(queue, HLTHUNK_WAIT_INDEFINITELY));
}

/* Without @wait only pinned memory is written later: it is kept while a queue uses it. */
void read_dense(const at::Tensor &host, const at::Tensor &source, bool wait)
{
    c10::DeviceIndex index = source.device().index();
    size_t bytes = source.nbytes();
    hlthunk_queue *queue = current_queue(index);
    Place from = place_of(source), to = pinned_find(index, host.const_data_ptr(), bytes);

    if (!to.buffer) {
        HL_CHECK(hlthunk_queue_read_sync(queue, host.mutable_data_ptr(), from.buffer.get(),
                                         from.offset, bytes));
        return;
    }
    HL_CHECK(hlthunk_queue_copy(queue, to.buffer.get(), to.offset, from.buffer.get(), from.offset,
                                bytes));
    if (wait)
        HL_CHECK(hlthunk_queue_finish(queue, HLTHUNK_WAIT_INDEFINITELY));
}

at::Tensor empty_on(c10::Device device, const at::Tensor &like, at::ScalarType type)
{
    auto options = like.options().device(device).dtype(type);
    return dense(like)
               ? at::empty_strided(like.sizes(), like.strides(), options)
               : at::empty(like.sizes(), options.memory_format(at::MemoryFormat::Contiguous));
}

void copy_to_device(const at::Tensor &destination, const at::Tensor &source, bool non_blocking);

void copy_within(const at::Tensor &destination, const at::Tensor &source)
{
    bool plain = destination.scalar_type() == source.scalar_type() &&
                 same_bits(destination, source) && !bytes_meet(destination, source);
    if (plain && (!dense(destination) || row_count(destination, source) <= kManyRows))
        copy_rows(destination, source);
    else
        copy_to_device(destination, to_host(source), true);
}

void copy_to_device(const at::Tensor &destination, const at::Tensor &source, bool non_blocking)
{
    if (!dense(destination)) {
        at::Tensor packed = empty_on(destination.device(), destination, destination.scalar_type());
        take_bits(packed, destination);
        copy_to_device(packed, source, true);
        copy_rows(destination, packed);
        if (!non_blocking && !ordered)
            stream_synchronize(current_stream(destination.device().index()));
        return;
    }
    at::Tensor host = source;
    if (source.scalar_type() != destination.scalar_type() || !same_bits(destination, source) ||
        source.strides() != destination.strides() || !dense(source)) {
        host = empty_on(c10::kCPU, destination, destination.scalar_type());
        take_bits(host, destination);
        host.copy_(source);
    }
    write_dense(destination, host, !non_blocking && !ordered);
}

void copy_to_host(const at::Tensor &destination, const at::Tensor &source, bool non_blocking)
{
    if (dense(source) && dense(destination) && source.strides() == destination.strides() &&
        source.scalar_type() == destination.scalar_type() && same_bits(destination, source))
        read_dense(destination, source, !non_blocking);
    else
        destination.copy_(to_host(source));
}

} // namespace

Ordered::Ordered() : before_(ordered)
{
    ordered = true;
}

Ordered::~Ordered()
{
    ordered = before_;
}

at::Tensor to_host(const at::Tensor &tensor)
{
    at::Tensor host = empty_on(c10::kCPU, tensor, tensor.scalar_type());
    take_bits(host, tensor);
    if (!tensor.numel())
        return host;
    if (dense(tensor)) {
        read_dense(host, tensor, true);
        return host;
    }
    uint64_t span =
        at::detail::computeStorageNbytes(tensor.sizes(), tensor.strides(), tensor.itemsize());
    if (span <= std::max<uint64_t>(1 << 20, 8 * tensor.nbytes())) {
        /* including the gaps between its elements */
        at::Tensor raw = at::empty({ static_cast<int64_t>(span) }, at::kByte);
        Place from = place_of(tensor);
        HL_CHECK(hlthunk_queue_read_sync(current_queue(tensor.device().index()),
                                         raw.mutable_data_ptr(), from.buffer.get(), from.offset,
                                         span));
        at::Tensor typed = at::empty({ 0 }, host.options());
        typed.set_(raw.storage(), 0, tensor.sizes(), tensor.strides());
        take_bits(typed, tensor);
        host.copy_(typed);
        return host;
    }
    at::Tensor packed = empty_on(tensor.device(), tensor, tensor.scalar_type());
    take_bits(packed, tensor);
    copy_rows(packed, tensor);
    read_dense(host, packed, true);
    return host;
}

void copy_tensor(const at::Tensor &destination, const at::Tensor &source, bool non_blocking)
{
    at::assert_no_internal_overlap(destination);
    if (destination.is_same(source))
        return;
    at::Tensor from = source.expand_as(destination);
    if (on_device(destination) && on_device(from) && destination.device() == from.device())
        at::assert_no_partial_overlap(destination, from);
    if (!destination.numel())
        return;
    if (!on_device(destination))
        copy_to_host(destination, from, non_blocking);
    else if (!on_device(from))
        copy_to_device(destination, from, non_blocking);
    else if (destination.device() == from.device())
        copy_within(destination, from);
    else
        copy_to_device(destination, to_host(from), non_blocking);
}

void copy_bytes(c10::DeviceIndex index, void *destination, const void *source, size_t bytes)
{
    if (!bytes)
        return;
    Place to = memory_find(index, destination), from = memory_find(index, source);
    HL_CHECK(hlthunk_queue_copy(current_queue(index), to.buffer.get(), to.offset, from.buffer.get(),
                                from.offset, bytes));
}

void fill_tensor(const at::Tensor &tensor, uint64_t pattern, unsigned pattern_size)
{
    if (!tensor.numel())
        return;
    if (!dense(tensor)) {
        at::assert_no_internal_overlap(tensor);
        at::Tensor packed = empty_on(tensor.device(), tensor, tensor.scalar_type());
        fill_tensor(packed, pattern, pattern_size);
        copy_rows(tensor, packed);
        return;
    }
    Place to = place_of(tensor);
    HL_CHECK(hlthunk_queue_fill(current_queue(tensor.device().index()), to.buffer.get(), to.offset,
                                tensor.nbytes(), pattern, pattern_size));
}

} // namespace hl
