/* SPDX-License-Identifier: MIT */
#include "lib/kernel/door.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/ioctl.h>

#include "lib/kernel/errno.h"
#include "uapi/habanalabs_accel.h"
#include "uapi/requests.h"

const unsigned hl_requests_d[] = {
    [HL_CALL_INFO] = HL_REQ_D_INFO,     [HL_CALL_CB] = HL_REQ_D_CB,
    [HL_CALL_CS] = HL_REQ_D_CS,         [HL_CALL_WAIT_CS] = HL_REQ_D_WAIT_CS,
    [HL_CALL_MEMORY] = HL_REQ_D_MEMORY, [HL_CALL_DEBUG] = HL_REQ_D_DEBUG,
};
static const unsigned requests_h[] = {
    [HL_CALL_INFO] = HL_REQ_H_INFO,     [HL_CALL_CB] = HL_REQ_H_CB,
    [HL_CALL_CS] = HL_REQ_H_CS,         [HL_CALL_WAIT_CS] = HL_REQ_H_WAIT_CS,
    [HL_CALL_MEMORY] = HL_REQ_H_MEMORY, [HL_CALL_DEBUG] = HL_REQ_H_DEBUG,
};

/* The set that worked last, NULL before any has.  Relaxed: a stale value costs one refused call. */
const unsigned *_Atomic hl_door_proven;

static void remember(const unsigned *set)
{
    atomic_store_explicit(&hl_door_proven, set, memory_order_relaxed);
}

/* The first call of a process, the other kind of kernel, an error.  tried: failed just now. */
int hl_ioctl_uncommon(int fd, enum hl_call call, void *arg, const unsigned *tried)
{
    const unsigned *other = tried == requests_h ? hl_requests_d : requests_h;
    int rc;

    if (tried) {
        rc = hl_errno();
    } else {
        rc = ioctl(fd, hl_requests_d[call], arg) < 0 ? hl_errno() : 0;
        if (rc == 0)
            remember(hl_requests_d);
    }
    if (rc != -ENOTTY)
        return rc;
    rc = ioctl(fd, other[call], arg) < 0 ? hl_errno() : 0;
    if (rc != -ENOTTY && rc != -EBADF)
        remember(other);
    return rc;
}

int hl_ioctl_raw(int fd, unsigned long request, void *arg)
{
    int rc;

    do {
        rc = ioctl(fd, request, arg) < 0 ? hl_errno() : 0;
    } while (rc == -EINTR);
    return rc;
}
