/* SPDX-License-Identifier: MIT */
#include "lib/kernel/door.h"

#include <errno.h>

#include "lib/kernel/errno.h"
#include "uapi/habanalabs_accel.h"
#include "uapi/requests.h"

static const unsigned requests[HL_CALL_COUNT][2] = {
    [HL_CALL_INFO] = { HL_REQ_D_INFO, HL_REQ_H_INFO },
    [HL_CALL_CB] = { HL_REQ_D_CB, HL_REQ_H_CB },
    [HL_CALL_CS] = { HL_REQ_D_CS, HL_REQ_H_CS },
    [HL_CALL_WAIT_CS] = { HL_REQ_D_WAIT_CS, HL_REQ_H_WAIT_CS },
    [HL_CALL_MEMORY] = { HL_REQ_D_MEMORY, HL_REQ_H_MEMORY },
    [HL_CALL_DEBUG] = { HL_REQ_D_DEBUG, HL_REQ_H_DEBUG },
};

/* The set that worked last.  Relaxed: a stale value costs one refused call. */
_Atomic unsigned hl_door_family = HL_FAMILY_D;

static void remember(unsigned f)
{
    atomic_store_explicit(&hl_door_family, f | HL_FAMILY_PROVEN, memory_order_relaxed);
}

/*
 * What is not a success with numbers that are known to be right: the first call of a process, the
 * other kind of kernel, an error.
 */
static __attribute__((cold, noinline)) int uncommon(int fd, enum hl_call call, void *arg,
                                                    unsigned tried, int rc)
{
    unsigned other = !(tried & HL_FAMILY_H);

    rc = rc < 0 ? hl_errno() : 0;
    if (rc == 0)
        remember(tried & HL_FAMILY_H);
    if (rc != -ENOTTY)
        return rc;
    rc = ioctl(fd, requests[call][other], arg) < 0 ? hl_errno() : 0;
    if (rc != -ENOTTY && rc != -EBADF)
        remember(other);
    return rc;
}

int hl_ioctl_once(int fd, enum hl_call call, void *arg)
{
    unsigned f = atomic_load_explicit(&hl_door_family, memory_order_relaxed);
    int rc = ioctl(fd, requests[call][f & HL_FAMILY_H], arg);

    if (__builtin_expect(rc < 0 || !(f & HL_FAMILY_PROVEN), 0))
        return uncommon(fd, call, arg, f, rc);
    return 0;
}

int hl_ioctl_uncommon(int fd, enum hl_call call, void *arg, const void *copy, unsigned size, int rc)
{
    rc = rc < 0 ? uncommon(fd, call, arg, HL_FAMILY_D, rc) : hl_ioctl_once(fd, call, arg);
    while (rc == -EINTR) {
        memcpy(arg, copy, size);
        rc = hl_ioctl_once(fd, call, arg);
    }
    return rc;
}

bool hl_door_is_drm(void)
{
    return atomic_load_explicit(&hl_door_family, memory_order_relaxed) ==
           (HL_FAMILY_D | HL_FAMILY_PROVEN);
}

int hl_ioctl_raw(int fd, unsigned long request, void *arg)
{
    int rc;

    do {
        rc = ioctl(fd, request, arg) < 0 ? hl_errno() : 0;
    } while (rc == -EINTR);
    return rc;
}
