/* SPDX-License-Identifier: MIT */
#include "share.h"

#include "check.h"
#include "memory.h"
#include "stream.h"

#include <hlthunk/share.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hl
{
namespace
{

/* Far more than both messages need: they are in the socket's buffer or about to be. */
constexpr int64_t kTimeout = INT64_C(10'000'000'000);

struct Socket {
    int fd;
    ~Socket()
    {
        if (fd >= 0)
            close(fd);
    }
    int release()
    {
        return std::exchange(fd, -1);
    }
};

/* The dma-buf consists of whole pages, and so does this range. */
Buffer name_pages(hlthunk_device *device, hlthunk_dmabuf *dmabuf, uint64_t address)
{
    hlthunk_buffer_from_address_options o{};
    hlthunk_buffer *buffer = nullptr;
    o.struct_size = sizeof(o);
    o.label = "torch shared storage";
    HL_CHECK(hlthunk_buffer_from_address(device, address - hlthunk_dmabuf_get_data_offset(dmabuf),
                                         hlthunk_dmabuf_get_size(dmabuf), &o, &buffer));
    return Buffer(buffer);
}

} // namespace

int storage_send(const c10::Storage &storage)
{
    c10::DeviceIndex index = storage.device().index();
    Place place = memory_find(index, storage.data());
    hlthunk_dmabuf_options o{};
    o.struct_size = sizeof(o);
    o.whole_pages = true;
    o.label = "torch storage";
    hlthunk_dmabuf *exported = nullptr;
    HL_CHECK(
        hlthunk_dmabuf_export(place.buffer.get(), place.offset, storage.nbytes(), &o, &exported));
    Dmabuf dmabuf(exported);

    int ends[2];
    TORCH_CHECK(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends),
                "hlthunk: no socket for a shared storage: ", strerror(errno));
    Socket ours{ ends[0] }, theirs{ ends[1] };
    device_synchronize(index); /* the receiver's streams are not ordered with ours */
    HL_CHECK(hlthunk_device_send(ours.fd, device_handle(index), kTimeout));
    HL_CHECK(hlthunk_dmabuf_send(ours.fd, &exported, 1, kTimeout));
    memory_keep_export(storage.data_ptr(), std::move(dmabuf));
    return theirs.release();
}

c10::Storage storage_receive(int socket, uint64_t address, uint64_t bytes)
{
    hlthunk_device *device = nullptr;
    hlthunk_dmabuf *received = nullptr;
    size_t count = 0;
    HL_CHECK(hlthunk_device_receive(socket, &device, kTimeout));
    c10::DeviceIndex index = device_adopt(device);
    HL_CHECK(hlthunk_dmabuf_receive(socket, &received, 1, &count, kTimeout));
    Dmabuf dmabuf(received);
    TORCH_CHECK(bytes <= hlthunk_dmabuf_get_data_size(received), "hlthunk: a shared storage of ",
                bytes, " bytes came with a dma-buf of ", hlthunk_dmabuf_get_data_size(received));

    Buffer buffer;
    if (hlthunk_dmabuf_borrow_buffer(received)) /* it was ours from the start */
        buffer.reset(hlthunk_buffer_ref(hlthunk_dmabuf_borrow_buffer(received)));
    else
        buffer = name_pages(device_handle(index), received, address);
    return c10::Storage(c10::Storage::use_byte_size_t(), bytes,
                        memory_adopt(index, std::move(buffer), std::move(dmabuf), address, bytes),
                        device_allocator(), false);
}

} // namespace hl
