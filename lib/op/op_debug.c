/* SPDX-License-Identifier: MIT */
#include "lib/op/op_debug.h"

#include <string.h>

#include "lib/error.h"
#include "lib/kernel/copy_in.h"
#include "lib/kernel/door.h"
#include "lib/kernel/generation.h"
#include "uapi/habanalabs_accel.h"

/* HL_DEBUG_OP_READBLOCK: what the vendor's driver copies at once. */
#define READBLOCK_MAX HL_DEBUG_MAX_READ_BLOCK_SIZE

static int check_read_block(const struct hl_debug_args *args)
{
    struct hl_debug_params_read_block block;

    if (!args->input_ptr || args->input_size < sizeof(block))
        return hl_err(-EINVAL, "READBLOCK needs a struct hl_debug_params_read_block");
    if (hl_copy_in(&block, args->input_ptr, sizeof(block)))
        return hl_err(-EFAULT, "READBLOCK's input at %#llx cannot be read",
                      (unsigned long long)args->input_ptr);
    if (!block.size || block.size > READBLOCK_MAX || block.size % 4)
        return hl_err(-EINVAL, "block size %u is not a multiple of 4 from 4 to %d", block.size,
                      READBLOCK_MAX);
    if (block.cfg_address % 4)
        return hl_err(-EINVAL, "register address %#llx is not a multiple of 4",
                      (unsigned long long)block.cfg_address);
    return 0;
}

int hl_debug(int fd, struct hl_debug_args *args)
{
    const struct hl_debug_args given = *args;
    uint32_t op = given.op;
    int rc = op == HL_DEBUG_OP_READBLOCK ? check_read_block(args) : 0;
    const struct hl_traits *has;

    if (rc)
        return rc;
    do {
        *args = given;
        rc = hl_ioctl(fd, HL_CALL_DEBUG, args);
    } while (rc == -EINTR);
    switch (rc) {
    case 0:
        return 0;
    case -EFAULT:
        return hl_err(rc, op == HL_DEBUG_OP_SET_MODE
                              ? "debug mode is on (or off) already"
                              : "not in debug mode (HL_DEBUG_OP_SET_MODE), or bad input");
    case -EPERM:
        return hl_err(rc,
                      op == HL_DEBUG_OP_READMEM || op == HL_DEBUG_OP_MEMCPY
                          ? "debug operation %u is for devices that the vendor simulates"
                          : "debug operation %u needs debug mode (HL_DEBUG_OP_SET_MODE)",
                      op);
    case -EINVAL:
        has = hl_generation_traits(fd);
        if (op > HL_DEBUG_OP_SET_MODE && !(has && has->vendor_calls))
            return hl_err(-EOPNOTSUPP, "only the vendor's driver has debug operation %u", op);
        return hl_err(rc,
                      "the driver refused debug operation %u: unknown, or a bad register "
                      "index",
                      op);
    default:
        return hl_err(rc, "the driver refused debug operation %u: %s", op, strerror(-rc));
    }
}
