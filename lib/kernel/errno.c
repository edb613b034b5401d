/* SPDX-License-Identifier: MIT */
#include "lib/kernel/errno.h"

#include "lib/error.h"

/* include/linux/errno.h of the kernel, which programs do not get. */
enum {
    KERNEL_FIRST = 512,
    KERNEL_RESTARTSYS = 512,
    KERNEL_RESTARTNOINTR = 513,
    KERNEL_RESTARTNOHAND = 514,
    KERNEL_NOIOCTLCMD = 515,
    KERNEL_RESTART_RESTARTBLOCK = 516,
    KERNEL_NOTSUPP = 524,
    KERNEL_LAST = 530
};

static int known(int error)
{
    switch (error) {
    case KERNEL_RESTARTSYS:
    case KERNEL_RESTARTNOINTR:
    case KERNEL_RESTARTNOHAND:
    case KERNEL_RESTART_RESTARTBLOCK:
        return EINTR;
    case KERNEL_NOIOCTLCMD:
        return ENOTTY;
    case KERNEL_NOTSUPP:
        return EOPNOTSUPP;
    default:
        return EIO;
    }
}

int hl_errno(void)
{
    int error = errno;

    if (error < KERNEL_FIRST || error > KERNEL_LAST) {
        hl_err_note(0, 0);
        return -error;
    }
    hl_err_note(-known(error), error);
    return -known(error);
}
