/* SPDX-License-Identifier: MIT */
#include "lib/op/op_cb.h"

#include <string.h>

#include "lib/error.h"
#include "lib/kernel/door.h"
#include "lib/op/handle.h"
#include "uapi/habanalabs_accel.h"

typedef unsigned long long ull;

static int call(int fd, union hl_cb_args *args, struct hl_cb_in in)
{
    int rc;

    do {
        args->in = in;
        rc = hl_ioctl(fd, HL_CALL_CB, args);
    } while (rc == -EINTR);
    return rc;
}

int hl_cb_create(int fd, uint32_t size, uint32_t flags, uint64_t *handle)
{
    union hl_cb_args args;
    int rc;

    if (size > HL_MAX_CB_SIZE)
        return hl_err(-EINVAL, "command buffer size %u is above %u bytes", size, HL_MAX_CB_SIZE);
    rc = call(fd, &args,
              (struct hl_cb_in){ .op = HL_CB_OP_CREATE, .cb_size = size, .flags = flags });
    if (rc == -ENOMEM && (flags & HL_CB_FLAGS_MAP))
        return hl_err(rc,
                      "no memory for a command buffer of %u bytes, or this ASIC cannot map "
                      "command buffers (Gaudi2 can)",
                      size);
    if (rc)
        return hl_err(rc, "the driver refused a command buffer of %u bytes: %s", size,
                      strerror(-rc));
    *handle = args.out.cb_handle;
    return 0;
}

static int check(uint64_t handle)
{
    if (!hl_handle_is(handle, HL_HANDLE_CB))
        return hl_err(-EINVAL, "%#llx is not a handle of a command buffer", (ull)handle);
    return 0;
}

static int explain(int rc, uint64_t handle)
{
    if (rc == -EINVAL)
        return hl_err(rc, "this device file has no command buffer %#llx", (ull)handle);
    return hl_err(rc, "the driver refused command buffer %#llx: %s", (ull)handle, strerror(-rc));
}

int hl_cb_destroy(int fd, uint64_t handle)
{
    union hl_cb_args args;
    int rc = check(handle);

    if (rc)
        return rc;
    rc = call(fd, &args, (struct hl_cb_in){ .op = HL_CB_OP_DESTROY, .cb_handle = handle });
    return rc ? explain(rc, handle) : 0;
}

int hl_cb_usage(int fd, uint64_t handle, uint32_t *count)
{
    union hl_cb_args args;
    int rc = check(handle);

    if (rc)
        return rc;
    rc = call(fd, &args, (struct hl_cb_in){ .op = HL_CB_OP_INFO, .cb_handle = handle });
    if (rc)
        return explain(rc, handle);
    *count = args.out.usage_cnt;
    return 0;
}

int hl_cb_device_address(int fd, uint64_t handle, uint64_t *address)
{
    union hl_cb_args args;
    int rc = check(handle);

    if (rc)
        return rc;
    rc = call(fd, &args,
              (struct hl_cb_in){
                  .op = HL_CB_OP_INFO, .cb_handle = handle, .flags = HL_CB_FLAGS_GET_DEVICE_VA });
    if (rc == -EINVAL)
        return hl_err(rc,
                      "command buffer %#llx does not exist, or was not created with "
                      "HL_CB_FLAGS_MAP",
                      (ull)handle);
    if (rc)
        return explain(rc, handle);
    *address = args.out.device_va;
    return 0;
}
