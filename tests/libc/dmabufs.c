/* SPDX-License-Identifier: MIT */
/* Requests that the kernel answers for a dma-buf and its sync files, whoever has made it. */
#include "tests/libc/libc.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "uapi/dma_buf.h"
#include "uapi/requests.h"

static int dmabuf_of(int fd)
{
    const unsigned long request = old_kernel ? HL_REQ_H_MEMORY : HL_REQ_D_MEMORY;
    union hl_mem_args a = { .in = { .alloc = { .mem_size = 1 << 20 }, .op = HL_MEM_OP_ALLOC } };

    if (ioctl(fd, request, &a))
        return -1;
    a = (union hl_mem_args){ .in = { .map_device = { 0, a.out.handle }, .op = HL_MEM_OP_MAP } };
    if (ioctl(fd, request, &a))
        return -1;
    a = (union hl_mem_args){ .in = { .export_dmabuf_fd = { a.out.device_virt_addr, 1 << 20, 0 },
                                     .op = HL_MEM_OP_EXPORT_DMABUF_FD,
                                     .flags = O_RDWR | O_CLOEXEC } };
    return ioctl(fd, request, &a) ? -1 : a.out.fd;
}

static const char *requests_to_a_dmabuf(void)
{
    static const char long_name[] = "a name that has more than 31 letters";
    int (*other_ioctl)(int, unsigned long, ...);
    int fd = open(node, O_RDWR), dmabuf = dmabuf_of(fd);
    struct dma_buf_sync sync = { .flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ };
    struct statx sx;

    if (old_kernel) {
        CHECK(dmabuf == -1); /* this device has none there */
        CHECK(is_node(fd));
        return NULL;
    }
    CHECK(dmabuf >= 0);
    CHECK(ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &sync) == 0);
    CHECK(ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, (void *)8) == -1 && errno == EFAULT);
    sync.flags = DMA_BUF_SYNC_START;
    CHECK(ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &sync) == -1 && errno == EINVAL);
    sync.flags = DMA_BUF_SYNC_READ | 64;
    CHECK(ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &sync) == -1 && errno == EINVAL);
    CHECK(ioctl(dmabuf, DMA_BUF_SET_NAME_B, long_name) == -1 && errno == EINVAL);
    CHECK(ioctl(dmabuf, DMA_BUF_SET_NAME_B, (void *)8) == -1 && errno == EFAULT);
    CHECK(ioctl(dmabuf, DMA_BUF_SET_NAME_B, long_name + sizeof(long_name) - 8) == 0);
    CHECK(ioctl(dmabuf, _IO('b', 99)) == -1 && errno == ENOTTY);
    *(void **)&other_ioctl = dlsym(RTLD_DEFAULT, "__ioctl_time64");
    CHECK(other_ioctl && other_ioctl(dmabuf, FIOCLEX) == 0);
    CHECK(statx(dmabuf, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &sx) == 0);
    CHECK(sx.stx_size == 1 << 20 && sx.stx_mode == 0600 && !sx.stx_rdev_major);
    close(dmabuf);
    CHECK(is_node(fd));
    return NULL;
}

static bool import_of(int dmabuf, uint32_t flags, int sync)
{
    struct dma_buf_import_sync_file x = { .flags = flags, .fd = sync };

    return ioctl(dmabuf, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &x) == 0;
}

/* What can be exported from a dma-buf: the driver puts no fence into it. */
static const char *exported(int dmabuf, int *sync)
{
    struct dma_buf_export_sync_file x = { .flags = DMA_BUF_SYNC_RW };
    struct pollfd p = { .events = POLLIN | POLLOUT };

    CHECK(ioctl(dmabuf, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &x) == 0);
    *sync = p.fd = x.fd;
    CHECK(fcntl(x.fd, F_GETFD) == FD_CLOEXEC && poll(&p, 1, 0) == 1 && p.revents == POLLIN);
    CHECK(ioctl(dmabuf, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, NULL) == -1 && errno == EFAULT);
    x.flags = 0;
    CHECK(ioctl(dmabuf, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &x) == -1 && errno == EINVAL);
    x.flags = 0x80000001;
    CHECK(ioctl(dmabuf, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &x) == -1 && errno == EINVAL);
    return NULL;
}

/* What it says of itself: it has signalled. */
static const char *described(int sync)
{
    struct sync_file_info info = { .num_fences = 0 };
    struct sync_fence_info fence = { .status = -7 };

    CHECK(ioctl(sync, SYNC_IOC_FILE_INFO, &info) == 0 && info.num_fences == 1 && info.status == 1);
    info.sync_fence_info = (uintptr_t)&fence;
    CHECK(ioctl(sync, SYNC_IOC_FILE_INFO, &info) == 0 && fence.status == 1);
    info.sync_fence_info = 8;
    CHECK(ioctl(sync, SYNC_IOC_FILE_INFO, &info) == -1 && errno == EFAULT);
    CHECK(ioctl(sync, SYNC_IOC_FILE_INFO, NULL) == -1 && errno == EFAULT);
    info.flags = 1;
    CHECK(ioctl(sync, SYNC_IOC_FILE_INFO, &info) == -1 && errno == EINVAL);
    return NULL;
}

/* Only sync files go together, and back into a dma-buf. */
static const char *merged(int sync, int dmabuf)
{
    struct sync_merge_data merge = { .name = "both", .fd2 = dmabuf };

    CHECK(ioctl(sync, SYNC_IOC_MERGE, &merge) == -1 && errno == ENOENT);
    CHECK(ioctl(sync, SYNC_IOC_MERGE, NULL) == -1 && errno == EFAULT);
    merge.fd2 = sync;
    CHECK(ioctl(sync, SYNC_IOC_MERGE, &merge) == 0);
    CHECK(import_of(dmabuf, DMA_BUF_SYNC_WRITE, merge.fence) && close(merge.fence) == 0);
    merge.flags = 1;
    CHECK(ioctl(sync, SYNC_IOC_MERGE, &merge) == -1 && errno == EINVAL);
    CHECK(!import_of(dmabuf, 0, sync) && errno == EINVAL);
    CHECK(!import_of(dmabuf, DMA_BUF_SYNC_WRITE, -1) && errno == EINVAL);
    CHECK(!import_of(dmabuf, DMA_BUF_SYNC_WRITE, dmabuf) && errno == EINVAL);
    CHECK(ioctl(dmabuf, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, NULL) == -1 && errno == EFAULT);
    return NULL;
}

static const char *sync_files(void)
{
    int fd = open(node, O_RDWR), dmabuf = old_kernel ? -1 : dmabuf_of(fd), sync = -1;
    const char *what;

    if (old_kernel) {
        CHECK(is_node(fd));
        return NULL;
    }
    what = exported(dmabuf, &sync);
    what = what ? what : described(sync);
    what = what ? what : merged(sync, dmabuf);
    if (what)
        return what;
    CHECK(close(sync) == 0 && close(dmabuf) == 0);
    CHECK(is_node(fd));
    return NULL;
}

const struct way dmabufs[] = {
    { "requests to a dma-buf", requests_to_a_dmabuf },
    { "sync files", sync_files },
    { NULL, NULL },
};
