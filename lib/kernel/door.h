/* SPDX-License-Identifier: MIT */
/*
 * The kernel door: the library's only ioctl().
 *
 * The driver's six operations have two sets of request numbers (uapi/requests.h): type 'H' up to
 * about 6.6, type 'd' since.  One kernel has one driver, so what worked last in this process is
 * tried first and the other on ENOTTY; each is refused untouched by a kernel of the other kind.
 */
#ifndef HL_KERNEL_DOOR_H
#define HL_KERNEL_DOOR_H

#include <stdbool.h>

enum hl_call {
    HL_CALL_INFO,
    HL_CALL_CB,
    HL_CALL_CS,
    HL_CALL_WAIT_CS,
    HL_CALL_MEMORY,
    HL_CALL_DEBUG,
    HL_CALL_COUNT
};

/*
 * 0 or -errno.  EINTR is retried with the argument as it was (the driver overwrites it), so this
 * is for calls without a timeout of their own.  After a failure the argument is what the kernel
 * left in it: not to be read.
 */
int hl_ioctl(int fd, enum hl_call call, void *arg);

/* The same without the retry: for waits, which rebuild their argument from the time that is left. */
int hl_ioctl_once(int fd, enum hl_call call, void *arg);

/* True once this kernel has taken a type 'd' request: it is of generation C or the vendor's. */
bool hl_door_is_drm(void);

/*
 * Any other ioctl, on any fd (dma-buf names, DRM_IOCTL_VERSION …): 0 or -errno, EINTR retried.
 * For requests that may be repeated as they are.
 */
int hl_ioctl_raw(int fd, unsigned long request, void *arg);

#endif
