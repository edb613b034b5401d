/* SPDX-License-Identifier: MIT */
/*
 * The system call layer: the library's only ioctl() is in this header and in door.c.
 *
 * The driver's six operations have two sets of request numbers (uapi/requests.h): type 'H' up to
 * about 6.6, type 'd' since.  One kernel has one driver, so what worked last in this process is
 * tried first and the other on ENOTTY; each is refused untouched by a kernel of the other kind.
 */
#ifndef HL_KERNEL_DOOR_H
#define HL_KERNEL_DOOR_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "uapi/habanalabs_accel.h"

enum hl_call {
    HL_CALL_INFO,
    HL_CALL_CB,
    HL_CALL_CS,
    HL_CALL_WAIT_CS,
    HL_CALL_MEMORY,
    HL_CALL_DEBUG,
};

/* Request numbers by call, of the set that worked last; NULL before any has.  door.c's to write. */
extern const unsigned *_Atomic hl_door_proven;
/* Those of type 'd'. */
extern const unsigned hl_requests_d[];

/* What is not a success with numbers that are proven; tried: those that have just failed. */
int hl_ioctl_uncommon(int fd, enum hl_call call, void *arg, const unsigned *tried)
    __attribute__((cold));

/*
 * One attempt: 0 or -errno.  After a failure the argument is what the driver left in it, not what
 * it was: a caller that tries again, as after EINTR, builds it again.
 */
static inline int hl_ioctl(int fd, enum hl_call call, void *arg)
{
    const unsigned *set = atomic_load_explicit(&hl_door_proven, memory_order_relaxed);

    if (__builtin_expect(set && ioctl(fd, set[call], arg) >= 0, 1))
        return 0;
    return hl_ioctl_uncommon(fd, call, arg, set);
}

/* An INFO query without an input, made again after EINTR: 0 or -errno without a text. */
static inline int hl_ioctl_info(int fd, uint32_t op, void *out, uint32_t size)
{
    int rc;

    do {
        struct hl_info_args args = {
            .return_pointer = (uint64_t)(uintptr_t)out,
            .return_size = size,
            .op = op,
        };

        rc = hl_ioctl(fd, HL_CALL_INFO, &args);
    } while (rc == -EINTR);
    return rc;
}

/* True once this kernel has taken a type 'd' request: it is of generation DRM or the vendor's. */
static inline bool hl_door_is_drm(void)
{
    return atomic_load_explicit(&hl_door_proven, memory_order_relaxed) == hl_requests_d;
}

/*
 * Any other ioctl, on any fd (dma-buf names, DRM_IOCTL_VERSION …): 0 or -errno, EINTR retried.
 * For requests that may be repeated as they are.
 */
int hl_ioctl_raw(int fd, unsigned long request, void *arg);

#endif
