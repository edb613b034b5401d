/* SPDX-License-Identifier: MIT */
/*
 * How the classic functions report failure: -errno (or 0, where they return uint64_t), and errno
 * set to the same.  Programs look at either.
 */
#ifndef HL_CLASSIC_CONVENTION_H
#define HL_CLASSIC_CONVENTION_H

#include <errno.h>
#include <stdint.h>

static inline int hl_classic(int rc)
{
    if (__builtin_expect(rc < 0, 0))
        errno = -rc;
    return rc;
}

static inline uint64_t hl_classic_u64(int rc, uint64_t value)
{
    if (__builtin_expect(rc < 0, 0)) {
        errno = -rc;
        return 0;
    }
    return value;
}

#endif
