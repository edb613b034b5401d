/* SPDX-License-Identifier: MIT */
/* A piece of device memory as the kernel knows it. */
#ifndef HL_MEMORY_H
#define HL_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

struct hl_extent;      /* lib/memory/space.h */
struct hl_reservation; /* lib/memory/reservation.h */

struct hl_memory {
    uint64_t handle;               /* of ALLOC; 0: none */
    uint64_t address;              /* of MAP, or physical; 0: none */
    uint64_t granted;              /* bytes */
    bool ours_to_unmap;            /* the library mapped it */
    bool ours_to_free;             /* the library allocated it */
    bool physical;                 /* no device MMU */
    bool command_buffer;           /* handle is of CB_CREATE: host memory of the driver's */
    struct hl_extent *range;       /* physical: to be given back; a pool's block has none */
    struct hl_reservation *within; /* mapped in reserved addresses: a reference */
};

#endif
