/* SPDX-License-Identifier: MIT */
/*
 * The kernel has errnos of its own (512 to 530), which no program has a name for.  A driver that
 * lets one through (habanalabs and what it calls do: ENOTSUPP) means one that programs know.
 */
#ifndef HL_KERNEL_ERRNO_H
#define HL_KERNEL_ERRNO_H

/*
 * -errno of a system call that has just failed in a driver, as programs know it:
 *
 *   ENOTSUPP               -EOPNOTSUPP, which is what it stands for
 *   ERESTARTSYS and kin    -EINTR: the call is to be made once more
 *   ENOIOCTLCMD            -ENOTTY, as the kernel itself translates it
 *   all others             -EIO: they belong to probing, NFS and asynchronous I/O, and say nothing
 *                          about a request that a program has made
 *
 * The next hl_err() with this value adds what the kernel really said.
 */
int hl_errno(void);

#endif
