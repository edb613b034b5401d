/* SPDX-License-Identifier: MIT */
#include "lib/op/op_mem.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/kernel/door.h"
#include "lib/kernel/generation.h"
#include "lib/page.h"
#include "uapi/habanalabs_accel.h"

typedef unsigned long long ull;

/* Errors are explained out of the way of what succeeds. */
#define COLD __attribute__((cold, noinline))

/* From 16 TiB on, 6.1 and 6.12 truncate the page count of a host mapping to 32 bits
 * (get_user_memory).
 */
#define HOST_MAP_LIMIT (1ull << 44)
/* Larger than any memory of a device, and behind all its addresses. */
#define LAST_ADDRESSES (1ull << 40)
/* hl_ts_mmap/ts_buff_alloc: TS_MAX_ELEMENTS_NUM of the driver. */
#define TS_MAX_ELEMENTS (1u << 20)

/*
 * The operation's own member of the union is up to three words, which a, b and c are.  Words it is,
 * since an initialiser of one member would leave the bytes beside it unspecified.
 */
static inline int call_once(int fd, union hl_mem_args *args, uint32_t op, uint32_t flags,
                            uint64_t a, uint64_t b, uint64_t c)
{
    args->in.map_host.host_virt_addr = a;
    args->in.map_host.hint_addr = b;
    args->in.map_host.mem_size = c;
    args->in.op = op;
    args->in.flags = flags;
    args->in.ctx_id = 0;
    args->in.num_of_elements = 0;
    return hl_ioctl(fd, HL_CALL_MEMORY, args);
}

/* Interrupted: not in a loop with the first call, for which the compiler would keep registers. */
static COLD int call_again(int fd, union hl_mem_args *args, uint32_t op, uint32_t flags, uint64_t a,
                           uint64_t b, uint64_t c)
{
    int rc;

    do {
        rc = call_once(fd, args, op, flags, a, b, c);
    } while (rc == -EINTR);
    return rc;
}

static inline int call(int fd, union hl_mem_args *args, uint32_t op, uint32_t flags, uint64_t a,
                       uint64_t b, uint64_t c)
{
    int rc = call_once(fd, args, op, flags, a, b, c);

    return rc == -EINTR ? call_again(fd, args, op, flags, a, b, c) : rc;
}

static struct hl_mem_answer failed(int rc)
{
    return (struct hl_mem_answer){ 0, rc };
}

static COLD int alloc_error(int rc, uint64_t size)
{
    if (!size)
        return hl_err(rc, "size is 0: nothing to allocate");
    if (rc == -ENOMEM)
        return hl_err(rc, "no %llu bytes of device memory are free", (ull)size);
    return hl_err(rc, "the driver refused to allocate %llu bytes of device memory: %s", (ull)size,
                  strerror(-rc));
}

static COLD int free_error(int rc, uint64_t handle)
{
    if (rc == -EINVAL)
        return hl_err(rc,
                      "handle %#llx cannot be freed: it is still mapped, or no handle of this "
                      "device file",
                      (ull)handle);
    return hl_err(rc, "the driver refused to free handle %#llx: %s", (ull)handle, strerror(-rc));
}

static COLD int map_error(int rc, uint64_t handle, uint64_t hint, uint32_t flags)
{
    if (rc == -EINVAL)
        return hl_err(rc, "handle %#llx is not an allocation of this device", (ull)handle);
    if (rc == -EPERM)
        return hl_err(rc, "handle %#llx belongs to another context and is not shared", (ull)handle);
    if (rc == -ENOMEM && (flags & HL_MEM_FORCE_HINT))
        return hl_err(rc,
                      "the address %#llx, which FORCE_HINT demands, is not free, or not a multiple "
                      "of the device's page, or the memory would end where a larger hole ends",
                      (ull)hint);
    return hl_err(rc, "the driver refused to map handle %#llx: %s", (ull)handle, strerror(-rc));
}

static COLD int unmap_error(int rc, uint64_t address)
{
    if (rc == -EINVAL)
        return hl_err(rc,
                      "address %#llx cannot be unmapped: it is not an address that a mapping "
                      "returned, or a dma-buf of it is still open in some process",
                      (ull)address);
    return hl_err(rc, "the driver refused to unmap %#llx: %s", (ull)address, strerror(-rc));
}

struct hl_mem_answer hl_mem_alloc(int fd, uint64_t size, uint64_t page_size, uint32_t flags)
{
    union hl_mem_args args;
    int rc = size ? call(fd, &args, HL_MEM_OP_ALLOC, flags, size, page_size, 0) : -EINVAL;

    return rc ? failed(alloc_error(rc, size)) : (struct hl_mem_answer){ args.out.handle, 0 };
}

int hl_mem_free(int fd, uint64_t handle)
{
    union hl_mem_args args;
    int rc = call(fd, &args, HL_MEM_OP_FREE, 0, handle, 0, 0);

    return rc ? free_error(rc, handle) : 0;
}

/*
 * A hint that wraps around with its size passes the driver's check and damages its list of free
 * addresses (docs/upstream-defects.md).  No address is there: 0, which asks for any address, and
 * with FORCE_HINT is -ENOMEM, is what such a hint means.
 */
static uint64_t usable_hint(uint64_t hint, uint64_t size)
{
    return hint > UINT64_MAX - size - LAST_ADDRESSES ? 0 : hint;
}

struct hl_mem_answer hl_mem_map_device(int fd, uint64_t handle, uint64_t hint, uint32_t flags)
{
    union hl_mem_args args;
    int rc = call(fd, &args, HL_MEM_OP_MAP, flags, usable_hint(hint, 0), handle, 0);

    return rc ? failed(map_error(rc, handle, hint, flags))
              : (struct hl_mem_answer){ args.out.device_virt_addr, 0 };
}

int hl_mem_unmap(int fd, uint64_t address)
{
    union hl_mem_args args;
    int rc = call(fd, &args, HL_MEM_OP_UNMAP, 0, address, 0, 0);

    return rc ? unmap_error(rc, address) : 0;
}

static COLD int map_host_error(int rc, uint64_t start, uint64_t size, uint64_t hint, uint32_t flags)
{
    if (rc == -EFAULT)
        return hl_err(rc,
                      "host memory %#llx + %llu cannot be pinned: not mapped, not writable, or "
                      "(from Linux 6.5 on) a shared mapping of a file on a disk",
                      (ull)start, (ull)size);
    if (rc == -ENOMEM && (flags & HL_MEM_FORCE_HINT))
        return hl_err(rc,
                      "host memory %#llx + %llu cannot be mapped: part of it is not accessible, "
                      "or the address %#llx, which FORCE_HINT demands, is not free or not aligned",
                      (ull)start, (ull)size, (ull)hint);
    if (rc == -ENOMEM)
        return hl_err(rc,
                      "host memory %#llx + %llu cannot be mapped: part of it is not accessible, "
                      "or no address of the device is free for it",
                      (ull)start, (ull)size);
    return hl_err(rc, "the driver refused to map host memory %#llx + %llu: %s", (ull)start,
                  (ull)size, strerror(-rc));
}

int hl_mem_map_host(int fd, const void *host, uint64_t size, uint64_t hint, uint32_t flags,
                    uint64_t *address)
{
    uint64_t start = (uint64_t)(uintptr_t)host;
    union hl_mem_args args;
    int rc;

    if (!size)
        return hl_err(-EINVAL, "size is 0: nothing to map");
    if (size >= HOST_MAP_LIMIT)
        return hl_err(-EINVAL, "size %llu is 16 TiB or more, which the driver cannot count",
                      (ull)size);
    if (start + size < start)
        return hl_err(-EINVAL, "host address %#llx + size %llu wraps around", (ull)start,
                      (ull)size);
    rc = call(fd, &args, HL_MEM_OP_MAP, flags | HL_MEM_USERPTR, start, usable_hint(hint, size),
              size);
    if (rc)
        return map_host_error(rc, start, size, hint, flags);
    *address = args.out.device_virt_addr;
    return 0;
}

int hl_mem_map_block(int fd, uint64_t block_address, uint64_t *handle, uint32_t *size)
{
    union hl_mem_args args;
    int rc = call(fd, &args, HL_MEM_OP_MAP_BLOCK, 0, block_address, 0, 0);

    if (rc == -EPERM)
        return hl_err(rc, "this ASIC offers no hardware blocks to programs");
    if (rc == -EINVAL)
        return hl_err(rc, "the driver knows no hardware block at %#llx", (ull)block_address);
    if (rc)
        return hl_err(rc, "the driver refused the hardware block at %#llx: %s", (ull)block_address,
                      strerror(-rc));
    *handle = args.out.block_handle;
    *size = args.out.block_size;
    return 0;
}

/* What every generation demands of an export, and what one of them would ignore silently. */
static int check_export(int fd, uint64_t address, uint64_t size, uint64_t offset)
{
    uint64_t page = hl_page_size();
    const struct hl_traits *has;

    if (!size)
        return hl_err(-EINVAL, "size is 0: nothing to export");
    if (!hl_aligned(address, page))
        return hl_err(-EINVAL, "address %#llx is not a multiple of the page size %llu",
                      (ull)address, (ull)page);
    if (!hl_aligned(offset, page))
        return hl_err(-EINVAL, "offset %llu is not a multiple of the page size %llu", (ull)offset,
                      (ull)page);
    if (offset + size < offset || address + offset + size < address)
        return hl_err(-EINVAL, "address %#llx + offset %llu + size %llu wraps around", (ull)address,
                      (ull)offset, (ull)size);
    if (!offset || hl_door_is_drm())
        return 0;
    has = hl_generation_traits(fd);
    if (!has || !has->export_mapped)
        return hl_err(-EINVAL,
                      "offset is %llu, but this kernel's driver (before 6.3) has no offset and "
                      "would export from the start of the range",
                      (ull)offset);
    return 0;
}

static int export_error(int fd, int rc, uint64_t address, uint64_t size, uint64_t offset)
{
    uint64_t page = hl_page_size();

    if (rc == -EMFILE || rc == -ENFILE)
        return hl_err(rc, "no file descriptor is left for the dma-buf (see RLIMIT_NOFILE)");
    if (rc == -EOPNOTSUPP)
        return hl_err(rc, "this kernel's driver cannot export memory of this ASIC");
    if (rc == -EINVAL && !hl_aligned(size, page))
        return hl_err(rc, "size %llu is not a multiple of the page size %llu", (ull)size,
                      (ull)page);
    if (rc == -EINVAL)
        return hl_err(rc,
                      "address %#llx, offset %llu, size %llu cannot be exported: the address "
                      "must be one that a device mapping returned (Gaudi: in device memory), "
                      "and the range within it and within the PCI BAR",
                      (ull)address, (ull)offset, (ull)size);
    if (rc == -ENOTTY || rc == -EBADF)
        return hl_err(rc, "fd %d is not an open device of the habanalabs driver: %s", fd,
                      strerror(-rc));
    return hl_err(rc, "the driver refused to export %#llx + %llu: %s", (ull)address, (ull)size,
                  strerror(-rc));
}

int hl_mem_export(int fd, uint64_t address, uint64_t size, uint64_t offset, uint32_t flags,
                  int *dmabuf_fd)
{
    union hl_mem_args args;
    int rc = check_export(fd, address, size, offset);

    if (rc)
        return rc;
    rc = call(fd, &args, HL_MEM_OP_EXPORT_DMABUF_FD, flags, address, size, offset);
    if (rc)
        return export_error(fd, rc, address, size, offset);
    rc = args.out.fd;
    if (rc <= 2) {
        /* a program that closed its standard streams; keep the flags that it asked for */
        rc = fcntl(args.out.fd, flags & O_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD, 3);
        if (rc < 0)
            rc = errno == EINVAL ? -EMFILE : -errno; /* a RLIMIT_NOFILE of 3 or less */
        close(args.out.fd);
        if (rc < 0)
            return export_error(fd, rc, address, size, offset);
    }
    *dmabuf_fd = rc;
    return 0;
}

int hl_mem_ts_alloc(int fd, uint32_t elements, uint64_t *handle)
{
    union hl_mem_args args;
    int rc;

    if (!elements || elements > TS_MAX_ELEMENTS)
        return hl_err(-EINVAL, "number of timestamps %u is not within 1 to %u", elements,
                      TS_MAX_ELEMENTS);
    do {
        memset(&args, 0, sizeof(args));
        args.in.op = HL_MEM_OP_TS_ALLOC;
        args.in.num_of_elements = elements;
        rc = hl_ioctl(fd, HL_CALL_MEMORY, &args);
    } while (rc == -EINTR);
    if (rc)
        return hl_err(rc, "the driver refused a buffer of %u timestamps: %s", elements,
                      strerror(-rc));
    *handle = args.out.handle;
    return 0;
}

int hl_mem_import(int fd, int dmabuf_fd, uint64_t length, uint64_t *address)
{
    union hl_mem_args args;
    int rc;

    if (dmabuf_fd < 0)
        return hl_err(-EBADF, "dmabuf_fd is %d", dmabuf_fd);
    if (!length)
        return hl_err(-EINVAL, "length is 0: nothing to import");
    rc = call(fd, &args, HL_MEM_OP_REG_DMABUF_FD, 0, (uint64_t)dmabuf_fd, length, 0);
    if (rc == 0 && !args.out.device_virt_addr)
        rc = -EIO; /* the driver's own sign of failure: address 0 */
    if (rc == -EINVAL)
        return hl_err(
            rc,
            "the driver refused to map fd %d, length %llu: it is not a dma-buf, or shorter, "
            "or this driver cannot import (mainline cannot)",
            dmabuf_fd, (ull)length);
    if (rc == -EPERM)
        return hl_err(
            rc,
            "dma-buf fd %d cannot be mapped: its exporter does not allow peer-to-peer, or "
            "there is no route between the two devices",
            dmabuf_fd);
    if (rc)
        return hl_err(rc, "the driver refused to map dma-buf fd %d, length %llu: %s", dmabuf_fd,
                      (ull)length, strerror(-rc));
    *address = args.out.device_virt_addr;
    return 0;
}
