/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "lib/classic/convention.h"
#include "lib/error.h"
#include "lib/op/op_cb.h"

#include <habanalabs/hlthunk.h>

static int create(int fd, uint32_t size, uint32_t flags, uint64_t *cb_handle)
{
    if (!cb_handle)
        return hl_classic(hl_err(-EINVAL, "cb_handle is NULL"));
    return hl_classic(hl_cb_create(fd, size, flags, cb_handle));
}

int hlthunk_request_command_buffer(int fd, uint32_t cb_size, uint64_t *cb_handle)
{
    return create(fd, cb_size, 0, cb_handle);
}

int hlthunk_request_mapped_command_buffer(int fd, uint32_t cb_size, uint64_t *cb_handle)
{
    return create(fd, cb_size, HL_CB_FLAGS_MAP, cb_handle);
}

int hlthunk_destroy_command_buffer(int fd, uint64_t cb_handle)
{
    return hl_classic(hl_cb_destroy(fd, cb_handle));
}

int hlthunk_get_cb_usage_count(int fd, uint64_t cb_handle, uint32_t *usage_cnt)
{
    if (!usage_cnt)
        return hl_classic(hl_err(-EINVAL, "usage_cnt is NULL"));
    return hl_classic(hl_cb_usage(fd, cb_handle, usage_cnt));
}

int hlthunk_get_mapped_cb_device_va_by_handle(int fd, uint64_t cb_handle, uint64_t *device_va)
{
    if (!device_va)
        return hl_classic(hl_err(-EINVAL, "device_va is NULL"));
    return hl_classic(hl_cb_device_address(fd, cb_handle, device_va));
}
