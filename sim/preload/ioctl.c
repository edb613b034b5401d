/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "sim/preload/preload.h"
#include "uapi/dma_buf.h"

DECLARE_REAL(ioctl);

/* dma_buf_set_name(): up to 31 characters, a copy. */
static int set_name(uint32_t file, uint64_t user)
{
    const struct sim_env *env = preload_env();
    struct sim_request q = { .op = SIM_REQUEST_NAME, .file = file };

    for (size_t i = 0; i < sizeof(sim->files[0].dmabuf.name); i++) {
        if (env->copy_in(&q.args[i], user + i, 1))
            return -EFAULT;
        if (!q.args[i])
            return client_call(&q, NULL, false);
    }
    return -EINVAL;
}

static int dmabuf_ioctl(uint32_t file, unsigned request, uint64_t user)
{
    const struct sim_env *env = preload_env();
    struct dma_buf_sync sync;

    switch (request) {
    case DMA_BUF_IOCTL_SYNC:
        if (env->copy_in(&sync, user, sizeof(sync)))
            return -EFAULT;
        if (sync.flags & ~(uint64_t)DMA_BUF_SYNC_VALID_FLAGS_MASK ||
            !(sync.flags & DMA_BUF_SYNC_RW))
            return -EINVAL;
        return 0;
    case DMA_BUF_SET_NAME_A:
    case DMA_BUF_SET_NAME_B:
        return set_name(file, user);
    default:
        env->complain(sim, "unknown ioctl on a dma-buf", request);
        return -ENOTTY;
    }
}

static int requested(uint32_t file, unsigned request, uint64_t user)
{
    switch (sim->files[file].kind) {
    case SIM_FILE_DEBUGFS:
        return -ENOTTY;
    case SIM_FILE_DMABUF:
        return dmabuf_ioctl(file, request, user);
    default:
        return call_ioctl(file, request, user);
    }
}

HOOK int ioctl(int fd, unsigned long request, ...)
{
    uint32_t file;
    void *argument;
    va_list ap;
    int rc, saved = errno;

    va_start(ap, request);
    argument = va_arg(ap, void *);
    va_end(ap);
    file = sim ? fd_find(fd) : SIM_NONE;
    if (!sim)
        return REAL(ioctl)(fd, request, argument);
    if (sync_file_ioctl(fd, file, (unsigned)request, (uint64_t)(uintptr_t)argument, &rc)) {
        /* answered, whatever the file */
    } else if (file == SIM_NONE) {
        return REAL(ioctl)(fd, request, argument);
    } else if (!vfs_ioctl(fd, (unsigned)request, (uint64_t)(uintptr_t)argument, &rc)) {
        rc = requested(file, (unsigned)request, (uint64_t)(uintptr_t)argument);
    }
    if (rc < 0) {
        errno = -rc;
        return -1;
    }
    errno = saved; /* as a successful system call leaves it */
    return rc;
}

int __ioctl_time64(int fd, unsigned long request, ...);
HOOK int __ioctl_time64(int fd, unsigned long request, ...)
{
    void *argument;
    va_list ap;

    va_start(ap, request);
    argument = va_arg(ap, void *);
    va_end(ap);
    return ioctl(fd, request, argument);
}
