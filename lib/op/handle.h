/* SPDX-License-Identifier: MIT */
/*
 * What a handle for mmap() is of: the driver says it in the five highest bits
 * (HL_MMAP_TYPE_* of its habanalabs.h, shifted by the page).  Linux 6.1 does not look at them in
 * every place and crashes on a handle of another kind, so the operations look first.
 */
#ifndef HL_OP_HANDLE_H
#define HL_OP_HANDLE_H

#include <stdbool.h>
#include <stdint.h>

enum hl_handle_type {
    HL_HANDLE_CB = 0x02,
    HL_HANDLE_BLOCK = 0x04,
    HL_HANDLE_TIMESTAMPS = 0x10,
};

static inline bool hl_handle_is(uint64_t handle, enum hl_handle_type type)
{
    return handle >> 59 == (uint64_t)type;
}

#endif
