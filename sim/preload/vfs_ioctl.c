/* SPDX-License-Identifier: MIT */
/* The requests that the kernel answers for every file, before the driver sees them. */
#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <unistd.h>

#include "sim/preload/preload.h"

/* devtmpfs, and the file system of dma-bufs: a page */
#define FS_BLOCK_SIZE 4096

static int change_flag(int fd, int get, int set, int flag, bool on)
{
    int flags = fcntl(fd, get);

    if (flags < 0 || fcntl(fd, set, on ? flags | flag : flags & ~flag) < 0)
        return -errno;
    return 0;
}

bool vfs_ioctl(int fd, unsigned request, uint64_t user, int *rc)
{
    const struct sim_env *env = preload_env();
    int value = FS_BLOCK_SIZE;

    switch (request) {
    case FIOCLEX:
    case FIONCLEX:
        *rc = change_flag(fd, F_GETFD, F_SETFD, FD_CLOEXEC, request == FIOCLEX);
        return true;
    case FIONBIO:
        *rc = env->copy_in(&value, user, sizeof(value))
                  ? -EFAULT
                  : change_flag(fd, F_GETFL, F_SETFL, O_NONBLOCK, value);
        return true;
    case FIOASYNC: /* neither nodes nor dma-bufs have signals */
        *rc = env->copy_in(&value, user, sizeof(value)) ? -EFAULT : value ? -ENOTTY : 0;
        return true;
    case FIOQSIZE: /* only for files and folders */
        *rc = -ENOTTY;
        return true;
    case FIGETBSZ:
        *rc = env->copy_out(user, &value, sizeof(value)) ? -EFAULT : 0;
        return true;
    case FIFREEZE: /* for a whole file system, by its administrator */
    case FITHAW:
        *rc = geteuid() ? -EPERM : -EOPNOTSUPP;
        return true;
    case FICLONE:
        *rc = fcntl((int)user, F_GETFD) < 0 ? -EBADF : -EINVAL;
        return true;
    case FICLONERANGE: {
        struct file_clone_range range;

        *rc = env->copy_in(&range, user, sizeof(range)) ? -EFAULT
              : fcntl((int)range.src_fd, F_GETFD) < 0   ? -EBADF
                                                        : -EINVAL;
        return true;
    }
    case FS_IOC_FIEMAP:
        *rc = -EOPNOTSUPP;
        return true;
    default:
        return false;
    }
}
