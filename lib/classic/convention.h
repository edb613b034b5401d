/* SPDX-License-Identifier: MIT */
/*
 * How the classic functions report failure: -errno (or 0, where they return uint64_t), and errno
 * set to the same.  Programs look at either.  Programs that cannot ask hlthunk_last_error() show
 * its sentence when they run with HLTHUNK_LOG set.
 */
#ifndef HL_CLASSIC_CONVENTION_H
#define HL_CLASSIC_CONVENTION_H

#include <errno.h>
#include <stdint.h>

/* Logs the sentence of a failure, sets errno and returns rc.  The sentence has been set. */
int hl_classic_failed(int rc) __attribute__((cold));

static inline int hl_classic(int rc)
{
    return __builtin_expect(rc < 0, 0) ? hl_classic_failed(rc) : rc;
}

static inline uint64_t hl_classic_u64(int rc, uint64_t value)
{
    if (__builtin_expect(rc < 0, 0)) {
        hl_classic_failed(rc);
        return 0;
    }
    return value;
}

#endif
