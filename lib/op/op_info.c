/* SPDX-License-Identifier: MIT */
#include "lib/op/op_info.h"

#include <string.h>

#include "lib/error.h"
#include "lib/kernel/door.h"
#include "uapi/habanalabs_accel.h"

static __attribute__((cold, noinline)) int explain(int fd, int rc, uint32_t op)
{
    switch (rc) {
    case -EBUSY:
        return hl_err(rc, "the device is not operational (in reset?): query %u is not answered now",
                      op);
    case -EINVAL:
        return hl_err(rc, "this kernel's driver does not know query %u, or not with this input",
                      op);
    case -EOPNOTSUPP:
        return hl_err(rc, "this device does not support query %u", op);
    case -EBADF:
    case -ENOTTY:
        return hl_err(rc, "fd %d is no open device of the habanalabs driver: %s", fd,
                      strerror(-rc));
    case -ENODEV:
        return hl_err(rc, "the device of fd %d is gone (removed, or reset under it)", fd);
    default:
        return hl_err(rc, "the driver refused query %u: %s", op, strerror(-rc));
    }
}

int hl_info_query(int fd, struct hl_info_args *args, void *out, uint32_t size)
{
    uint32_t op = args->op;
    int rc;

    args->return_pointer = (uint64_t)(uintptr_t)out;
    args->return_size = size;
    rc = hl_ioctl(fd, HL_CALL_INFO, args);
    return rc ? explain(fd, rc, op) : 0;
}

int hl_info_get(int fd, uint32_t op, void *out, uint32_t size)
{
    struct hl_info_args args = { .op = op };

    return hl_info_query(fd, &args, out, size);
}
