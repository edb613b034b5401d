/* SPDX-License-Identifier: MIT */
/*
 * The kernel door: the library's only ioctl() is in this header and in door.c.
 *
 * The driver's six operations have two sets of request numbers (uapi/requests.h): type 'H' up to
 * about 6.6, type 'd' since.  One kernel has one driver, so what worked last in this process is
 * tried first and the other on ENOTTY; each is refused untouched by a kernel of the other kind.
 */
#ifndef HL_KERNEL_DOOR_H
#define HL_KERNEL_DOOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>

#include "uapi/habanalabs_accel.h"

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
 * One attempt: 0 or -errno.  After a failure the argument is what the kernel left in it: not to
 * be read.  For waits, which rebuild their argument from the time that is left.
 */
int hl_ioctl_once(int fd, enum hl_call call, void *arg);

static inline __attribute__((always_inline)) unsigned hl_call_size(enum hl_call call)
{
    switch (call) {
    case HL_CALL_INFO:
        return sizeof(struct hl_info_args);
    case HL_CALL_CB:
        return sizeof(union hl_cb_args);
    case HL_CALL_CS:
        return sizeof(union hl_cs_args);
    case HL_CALL_WAIT_CS:
        return sizeof(union hl_wait_cs_args);
    case HL_CALL_MEMORY:
        return sizeof(union hl_mem_args);
    case HL_CALL_DEBUG:
        return sizeof(struct hl_debug_args);
    default:
        return 0;
    }
}

/* What hl_ioctl() leaves to a function: rc is the fast path's, 1 when it was not taken. */
int hl_ioctl_uncommon(int fd, enum hl_call call, void *arg, const void *copy, unsigned size,
                      int rc);

/* The set of numbers that worked last (HL_FAMILY_*); written by door.c alone. */
enum { HL_FAMILY_D = 0, HL_FAMILY_H = 1, HL_FAMILY_PROVEN = 2 };
extern _Atomic unsigned hl_door_family;

/*
 * 0 or -errno.  EINTR is retried with the argument as it was (the driver overwrites it), so this
 * is for calls without a timeout of their own.  Inline, since the request and the size are then
 * constants: on a kernel that is known to take type 'd' this is the ioctl and little else.
 */
static inline __attribute__((always_inline)) int hl_ioctl(int fd, enum hl_call call, void *arg)
{
    unsigned char copy[sizeof(union hl_wait_cs_args)]; /* the largest */
    int rc = 1;

    memcpy(copy, arg, hl_call_size(call));
    if (__builtin_expect(atomic_load_explicit(&hl_door_family, memory_order_relaxed) ==
                             (HL_FAMILY_D | HL_FAMILY_PROVEN),
                         1)) {
        rc = ioctl(fd, _IOC(_IOC_READ | _IOC_WRITE, 'd', 0x40 + call, hl_call_size(call)), arg);
        if (__builtin_expect(rc >= 0, 1))
            return 0;
    }
    return hl_ioctl_uncommon(fd, call, arg, copy, hl_call_size(call), rc);
}

/* True once this kernel has taken a type 'd' request: it is of generation C or the vendor's. */
bool hl_door_is_drm(void);

/*
 * Any other ioctl, on any fd (dma-buf names, DRM_IOCTL_VERSION …): 0 or -errno, EINTR retried.
 * For requests that may be repeated as they are.
 */
int hl_ioctl_raw(int fd, unsigned long request, void *arg);

#endif
