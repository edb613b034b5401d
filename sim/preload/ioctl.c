/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "sim/preload/preload.h"
#include "uapi/dma_buf.h"

DECLARE_REAL(ioctl);

/* dma_buf_set_name(): up to 31 characters, a copy. */
static int set_name(struct sim_file *f, uint64_t user)
{
    const struct sim_env *env = preload_env();
    char name[sizeof(f->dmabuf.name)];

    memset(name, 0, sizeof(name));
    for (size_t i = 0; i < sizeof(name); i++) {
        if (env->copy_in(&name[i], user + i, 1))
            return -EFAULT;
        if (!name[i]) {
            memcpy(f->dmabuf.name, name, sizeof(name));
            f->dmabuf.named = true;
            return 0;
        }
    }
    return -EINVAL;
}

static int dmabuf_ioctl(struct sim_file *f, unsigned request, uint64_t user)
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
        return set_name(f, user);
    default:
        env->complain(sim, "unknown ioctl on a dma-buf", request);
        return -ENOTTY;
    }
}

HOOK int ioctl(int fd, unsigned long request, ...)
{
    uint32_t file;
    void *argument;
    va_list ap;
    int rc, saved = errno;
    bool attention;

    va_start(ap, request);
    argument = va_arg(ap, void *);
    va_end(ap);
    file = sim ? fd_find(fd) : SIM_NONE;
    if (!sim)
        return REAL(ioctl)(fd, request, argument);
    if (sync_file_ioctl(fd, file, (unsigned)request, (uint64_t)(uintptr_t)argument, &rc)) {
        /* answered, of whichever file */
    } else if (file == SIM_NONE) {
        return REAL(ioctl)(fd, request, argument);
    } else if (!vfs_ioctl(fd, (unsigned)request, (uint64_t)(uintptr_t)argument, &rc)) {
        sim_lock(sim);
        if (sim->files[file].kind == SIM_FILE_DMABUF)
            rc = dmabuf_ioctl(&sim->files[file], (unsigned)request, (uint64_t)(uintptr_t)argument);
        else
            rc = sim_ioctl(preload_env(), file, (unsigned)request, (uint64_t)(uintptr_t)argument);
        attention = sim->attention;
        sim_unlock(sim);
        if (attention)
            fd_closed(); /* the supervisor looks after it with any request */
    }
    if (rc < 0) {
        errno = -rc;
        return -1;
    }
    errno = saved; /* as a system call that succeeds leaves it */
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
