/* SPDX-License-Identifier: MIT */
/*
 * Sync files of simulated dma-bufs.  The driver puts no fence into a dma-buf, and no other driver
 * is simulated: all that can be exported is the kernel's stub, which has signalled.  It is
 * represented by an eventfd whose counter is full: readable, not writable, and recognisable in any
 * process.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/sync_file.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sim/preload/preload.h"
#include "uapi/dma_buf.h"

#define FULL (UINT64_MAX - 1)

static const struct sync_fence_info stub = { .obj_name = "stub",
                                             .driver_name = "stub",
                                             .status = 1 };
static const char stub_name[] = "stub-stub0-0"; /* sync_file_get_name() */

static bool is_sync_file(int fd)
{
    char path[48], line[64];
    uint64_t count = 0;
    bool found = false;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
    f = fd < 0 ? NULL : fopen(path, "re");
    while (f && !found && fgets(line, sizeof(line), f))
        found = sscanf(line, "eventfd-count: %" SCNx64, &count) == 1 && count == FULL;
    if (f)
        fclose(f);
    return found;
}

/* A signalled one: the descriptor or -errno. */
static int make(void)
{
    const uint64_t full = FULL;
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    if (fd < 0)
        return -errno;
    if (write(fd, &full, sizeof(full)) == (ssize_t)sizeof(full))
        return fd;
    close(fd);
    return -ENOMEM;
}

static bool bad_flags(uint32_t flags)
{
    return !flags || flags & ~(uint32_t)DMA_BUF_SYNC_RW;
}

static int export(uint64_t user)
{
    const struct sim_env *env = preload_env();
    struct dma_buf_export_sync_file args;

    if (env->copy_in(&args, user, sizeof(args)))
        return -EFAULT;
    if (bad_flags(args.flags))
        return -EINVAL;
    args.fd = make();
    if (args.fd < 0)
        return args.fd;
    if (!env->copy_out(user, &args, sizeof(args)))
        return 0;
    close(args.fd);
    return -EFAULT;
}

static int import(uint64_t user)
{
    const struct sim_env *env = preload_env();
    struct dma_buf_import_sync_file args;

    if (env->copy_in(&args, user, sizeof(args)))
        return -EFAULT;
    if (bad_flags(args.flags) || !is_sync_file(args.fd))
        return -EINVAL;
    return 0; /* its fence has signalled: nobody waits */
}

static int info(uint64_t user)
{
    const struct sim_env *env = preload_env();
    struct sync_file_info args;
    uint32_t room;

    if (env->copy_in(&args, user, sizeof(args)))
        return -EFAULT;
    if (args.flags || args.pad)
        return -EINVAL;
    room = args.num_fences;
    if (room && env->copy_out(args.sync_fence_info, &stub, sizeof(stub)))
        return -EFAULT;
    memset(args.name, 0, sizeof(args.name));
    memcpy(args.name, stub_name, sizeof(stub_name));
    args.status = 1;
    args.num_fences = 1;
    return env->copy_out(user, &args, sizeof(args)) ? -EFAULT : 0;
}

static int merge(uint64_t user)
{
    const struct sim_env *env = preload_env();
    struct sync_merge_data args;

    if (env->copy_in(&args, user, sizeof(args)))
        return -EFAULT;
    if (args.flags || args.pad)
        return -EINVAL;
    if (!is_sync_file(args.fd2))
        return -ENOENT;
    args.fence = make();
    if (args.fence < 0)
        return args.fence;
    if (!env->copy_out(user, &args, sizeof(args)))
        return 0;
    close(args.fence);
    return -EFAULT;
}

/* Without the lock: asking for descriptors takes it. */
bool sync_file_ioctl(int fd, uint32_t file, unsigned request, uint64_t user, int *rc)
{
    bool dmabuf = file != SIM_NONE && sim->files[file].kind == SIM_FILE_DMABUF;

    switch (request) {
    case DMA_BUF_IOCTL_EXPORT_SYNC_FILE:
    case DMA_BUF_IOCTL_IMPORT_SYNC_FILE:
        if (!dmabuf)
            return false;
        *rc = request == DMA_BUF_IOCTL_EXPORT_SYNC_FILE ? export(user) : import(user);
        return true;
    case SYNC_IOC_FILE_INFO:
    case SYNC_IOC_MERGE:
        if (file != SIM_NONE || !is_sync_file(fd))
            return false;
        *rc = request == SYNC_IOC_MERGE ? merge(user) : info(user);
        return true;
    default:
        return false;
    }
}
