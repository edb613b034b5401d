/* SPDX-License-Identifier: MIT */
/* Memory of the device and of the host, dma-bufs, hardware blocks, timestamps. */
#include <errno.h>
#include <fcntl.h>

#include "lib/classic/convention.h"
#include "lib/error.h"
#include "lib/op/op_mem.h"

#include <habanalabs/hlthunk.h>

uint64_t hlthunk_device_memory_alloc(int fd, uint64_t size, uint64_t page_size, bool contiguous,
                                     bool shared)
{
    uint32_t flags = (contiguous ? HL_MEM_CONTIGUOUS : 0) | (shared ? HL_MEM_SHARED : 0);
    struct hl_mem_answer handle = hl_mem_alloc(fd, size, page_size, flags);

    /*
     * Without an MMU for device memory (Gaudi) the driver only counts, and answers with handle 0,
     * which means failure here.  What it takes for a handle when it frees is the number of bytes.
     */
    return hl_classic_u64(handle.rc, handle.value ? handle.value : size);
}

int hlthunk_device_memory_free(int fd, uint64_t handle)
{
    return hl_classic(hl_mem_free(fd, handle));
}

uint64_t hlthunk_device_memory_map(int fd, uint64_t handle, uint64_t hint_addr)
{
    struct hl_mem_answer address = hl_mem_map_device(fd, handle, hint_addr, 0);

    return hl_classic_u64(address.rc, address.value);
}

uint64_t hlthunk_host_memory_map_flags(int fd, void *host_virt_addr, uint64_t hint_addr,
                                       uint64_t host_size, uint32_t flags)
{
    uint64_t address = 0;
    int rc = hl_mem_map_host(fd, host_virt_addr, host_size, hint_addr, flags, &address);

    return hl_classic_u64(rc, address);
}

uint64_t hlthunk_host_memory_map(int fd, void *host_virt_addr, uint64_t hint_addr,
                                 uint64_t host_size)
{
    return hlthunk_host_memory_map_flags(fd, host_virt_addr, hint_addr, host_size, 0);
}

int hlthunk_memory_unmap(int fd, uint64_t device_virt_addr)
{
    return hl_classic(hl_mem_unmap(fd, device_virt_addr));
}

/* The only flags that the original took; programs rely on a descriptor that is both. */
#define EXPORT_FLAGS (O_RDWR | O_CLOEXEC)

static int export_range(int fd, uint64_t address, uint64_t size, uint64_t offset)
{
    int dmabuf_fd = -1;
    int rc = hl_mem_export(fd, address, size, offset, EXPORT_FLAGS, &dmabuf_fd);

    return rc ? hl_classic(rc) : dmabuf_fd;
}

int hlthunk_device_memory_export_dmabuf_fd(int fd, uint64_t addr, uint64_t size, uint32_t flags)
{
    (void)flags; /* the original ignored them here */
    return export_range(fd, addr, size, 0);
}

int hlthunk_device_mapped_memory_export_dmabuf_fd(int fd, uint64_t addr, uint64_t size,
                                                  uint64_t offset, uint32_t flags)
{
    if (flags != EXPORT_FLAGS)
        return hl_classic(hl_err(-EINVAL, "flags are %#x, not O_RDWR | O_CLOEXEC", flags));
    return export_range(fd, addr, size, offset);
}

int hlthunk_get_hw_block(int fd, uint64_t block_address, uint32_t *block_size, uint64_t *handle)
{
    if (!block_size || !handle)
        return hl_classic(hl_err(-EINVAL, "%s is NULL", block_size ? "handle" : "block_size"));
    return hl_classic(hl_mem_map_block(fd, block_address, handle, block_size));
}

int hlthunk_allocate_timestamp_elements(int fd, uint32_t elements_num, uint64_t *handle)
{
    if (!handle)
        return hl_classic(hl_err(-EINVAL, "handle is NULL"));
    return hl_classic(hl_mem_ts_alloc(fd, elements_num, handle));
}
