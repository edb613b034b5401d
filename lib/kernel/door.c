/* SPDX-License-Identifier: MIT */
#include "lib/kernel/door.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>

#include "uapi/habanalabs_accel.h"
#include "uapi/requests.h"

/* The bit that selects a request number, and whether a kernel has been seen to take it. */
enum { FAMILY_D = 0, FAMILY_H = 1, FAMILY_PROVEN = 2 };

static const struct {
    unsigned long request[2];
    unsigned size;
} calls[HL_CALL_COUNT] = {
    [HL_CALL_INFO] = { { HL_REQ_D_INFO, HL_REQ_H_INFO }, sizeof(struct hl_info_args) },
    [HL_CALL_CB] = { { HL_REQ_D_CB, HL_REQ_H_CB }, sizeof(union hl_cb_args) },
    [HL_CALL_CS] = { { HL_REQ_D_CS, HL_REQ_H_CS }, sizeof(union hl_cs_args) },
    [HL_CALL_WAIT_CS] = { { HL_REQ_D_WAIT_CS, HL_REQ_H_WAIT_CS }, sizeof(union hl_wait_cs_args) },
    [HL_CALL_MEMORY] = { { HL_REQ_D_MEMORY, HL_REQ_H_MEMORY }, sizeof(union hl_mem_args) },
    [HL_CALL_DEBUG] = { { HL_REQ_D_DEBUG, HL_REQ_H_DEBUG }, sizeof(struct hl_debug_args) },
};

/* The largest argument: what a retry has to restore. */
#define ARG_MAX_SIZE sizeof(union hl_wait_cs_args)

/* The set that worked last.  Relaxed: a stale value costs one refused call. */
static _Atomic unsigned family = FAMILY_D;

static void remember(unsigned f)
{
    atomic_store_explicit(&family, f | FAMILY_PROVEN, memory_order_relaxed);
}

/* The set that was tried first is not this kernel's. */
static __attribute__((cold, noinline)) int other_family(int fd, enum hl_call call, void *arg,
                                                        unsigned other)
{
    int rc = ioctl(fd, calls[call].request[other], arg) < 0 ? -errno : 0;

    if (rc != -ENOTTY && rc != -EBADF)
        remember(other);
    return rc;
}

int hl_ioctl_once(int fd, enum hl_call call, void *arg)
{
    unsigned f = atomic_load_explicit(&family, memory_order_relaxed);

    if (__builtin_expect(ioctl(fd, calls[call].request[f & FAMILY_H], arg) >= 0, 1)) {
        if (__builtin_expect(!(f & FAMILY_PROVEN), 0))
            remember(f);
        return 0;
    }
    if (errno == ENOTTY)
        return other_family(fd, call, arg, !(f & FAMILY_H));
    return -errno;
}

static __attribute__((cold, noinline)) int retry(int fd, enum hl_call call, void *arg,
                                                 const void *copy)
{
    int rc;

    do {
        memcpy(arg, copy, calls[call].size);
        rc = hl_ioctl_once(fd, call, arg);
    } while (rc == -EINTR);
    return rc;
}

int hl_ioctl(int fd, enum hl_call call, void *arg)
{
    unsigned char copy[ARG_MAX_SIZE];
    int rc;

    memcpy(copy, arg, calls[call].size);
    rc = hl_ioctl_once(fd, call, arg);
    if (__builtin_expect(rc == -EINTR, 0))
        return retry(fd, call, arg, copy);
    return rc;
}

bool hl_door_is_drm(void)
{
    return atomic_load_explicit(&family, memory_order_relaxed) == (FAMILY_D | FAMILY_PROVEN);
}

int hl_ioctl_raw(int fd, unsigned long request, void *arg)
{
    int rc;

    do {
        rc = ioctl(fd, request, arg);
    } while (rc < 0 && errno == EINTR);
    return rc < 0 ? -errno : 0;
}
