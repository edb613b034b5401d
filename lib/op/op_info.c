/* SPDX-License-Identifier: MIT */
#include "lib/op/op_info.h"

#include <stdbool.h>
#include <string.h>

#include "lib/error.h"
#include "lib/kernel/door.h"
#include "lib/kernel/generation.h"
#include "uapi/habanalabs_accel.h"

/* An unknown query is EINVAL, as a bad argument is.  A driver that does not say is not the
 * vendor's. */
static bool is_lacking(int fd, uint32_t op)
{
    enum hl_generation since = hl_query_since(op);
    enum hlthunk_generation g;

    if (hl_generation_probe(fd, &g))
        return since == HL_GENERATION_VENDOR;
    return (enum hl_generation)g < since;
}

int hl_info_explain(int fd, int rc, uint32_t op)
{
    switch (rc) {
    case -EBUSY:
        return hl_err(rc, "the device is not operational (in reset?): it does not answer query %u",
                      op);
    case -EINVAL:
        if (is_lacking(fd, op))
            return hl_err(-EOPNOTSUPP, "this kernel's driver does not have query %u", op);
        return hl_err(rc, "this kernel's driver does not know query %u, or not with this input",
                      op);
    case -EOPNOTSUPP:
        return hl_err(rc, "this device does not support query %u", op);
    case -EBADF:
    case -ENOTTY:
        return hl_err(rc, "fd %d is not an open device of the habanalabs driver: %s", fd,
                      strerror(-rc));
    case -ENODEV:
        return hl_err(rc, "the device of fd %d is gone (removed, or reset under it)", fd);
    default:
        return hl_err(rc, "the driver refused query %u: %s", op, strerror(-rc));
    }
}

int hl_info_query(int fd, struct hl_info_args *args, void *out, uint32_t size)
{
    uint32_t op = args->op, input = args->ctx_id, pad = args->pad;
    int rc;

    do {
        args->return_pointer = (uint64_t)(uintptr_t)out;
        args->return_size = size;
        args->op = op;
        args->ctx_id = input;
        args->pad = pad;
        rc = hl_ioctl(fd, HL_CALL_INFO, args);
    } while (rc == -EINTR);
    return rc ? hl_info_explain(fd, rc, op) : 0;
}

int hl_info_get(int fd, uint32_t op, void *out, uint32_t size)
{
    int rc = hl_ioctl_info(fd, op, out, size);

    return rc ? hl_info_explain(fd, rc, op) : 0;
}
