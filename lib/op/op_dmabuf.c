/* SPDX-License-Identifier: MIT */
#include "lib/op/op_dmabuf.h"

#include <limits.h>
#include <poll.h>
#include <string.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/kernel/deadline.h"
#include "lib/kernel/door.h"
#include "uapi/dma_buf.h"

static int check_access(uint32_t access)
{
    if (!access || access & ~(uint32_t)DMA_BUF_SYNC_RW)
        return hl_err(-EINVAL, "access %u is not an enum hlthunk_access", access);
    return 0;
}

static int explain(int rc, const char *what)
{
    if (rc == -ENOTTY)
        return hl_err(-EOPNOTSUPP, "this kernel's dma-bufs do not %s (Linux 6.0 on)", what);
    return hl_err(rc, "the kernel refused to %s: %s", what, strerror(-rc));
}

int hl_dmabuf_cpu_access(int fd, uint32_t access, bool end)
{
    struct dma_buf_sync args = { .flags = access | (end ? DMA_BUF_SYNC_END : DMA_BUF_SYNC_START) };
    int rc = check_access(access);

    if (rc)
        return rc;
    rc = hl_ioctl_raw(fd, DMA_BUF_IOCTL_SYNC, &args);
    return rc ? hl_err(rc, "the kernel refused to %s CPU access to the dma-buf: %s",
                       end ? "end" : "begin", strerror(-rc))
              : 0;
}

int hl_dmabuf_export_sync_file(int fd, uint32_t access, int *sync_file)
{
    struct dma_buf_export_sync_file args = { .flags = access, .fd = -1 };
    int n, rc = check_access(access);

    if (rc)
        return rc;
    rc = hl_ioctl_raw(fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &args);
    if (rc)
        return explain(rc, "give sync files");
    n = hl_fd_sanitize(args.fd);
    if (n < 0)
        return hl_err(n, "no file descriptor is left for the sync file: %s", strerror(-n));
    *sync_file = n;
    return 0;
}

int hl_dmabuf_import_sync_file(int fd, uint32_t access, int sync_file)
{
    struct dma_buf_import_sync_file args = { .flags = access, .fd = sync_file };
    struct hl_file_id id;
    int rc = check_access(access);

    if (rc)
        return rc;
    /* the kernel says EINVAL for every descriptor that is not a sync file */
    rc = hl_file_id(sync_file, &id);
    if (rc)
        return hl_err(rc, "fd %d is not open", sync_file);
    rc = hl_ioctl_raw(fd, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &args);
    if (rc == -EINVAL)
        return hl_err(rc, "fd %d is not a sync file", sync_file);
    return rc ? explain(rc, "take sync files") : 0;
}

int hl_dmabuf_wait(int fd, uint32_t access, int64_t timeout_ns)
{
    /* POLLIN waits for writers, POLLOUT for all */
    struct pollfd p = { .fd = fd, .events = access & DMA_BUF_SYNC_WRITE ? POLLOUT : POLLIN };
    uint64_t left, deadline = hl_deadline_after(timeout_ns);
    int n, rc = check_access(access);

    if (rc)
        return rc;
    do {
        left = hl_left_us(deadline);
        n = poll(&p, 1,
                 left == UINT64_MAX       ? -1
                 : left / 1000 >= INT_MAX ? INT_MAX
                                          : (int)((left + 999) / 1000));
        if (n < 0)
            return hl_err(-errno, "waiting for the dma-buf failed: %s", strerror(errno));
    } while (n == 0 && hl_left_us(deadline));
    if (n == 0)
        return hl_err(-ETIMEDOUT, "the dma-buf's fences have not signalled within %lld ns",
                      (long long)timeout_ns);
    if (!(p.revents & p.events))
        return hl_err(p.revents & POLLNVAL ? -EBADF : -EIO, "fd %d cannot be waited for", fd);
    return 0;
}
