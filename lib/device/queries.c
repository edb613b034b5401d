/* SPDX-License-Identifier: MIT */
/* Queries that ask the driver each time. */
#include "lib/device/device.h"
#include "lib/device/stale.h"
#include "lib/error.h"
#include "lib/op/op_info.h"
#include "lib/options.h"
#include "uapi/habanalabs_accel.h"

int hlthunk_device_get_status(struct hlthunk_device *d, enum hlthunk_status *status)
{
    int rc = hl_device_check_process(d);

    if (rc)
        return rc;
    if (!status)
        return hl_err(-EINVAL, "status is NULL");
    rc = hl_info_device_status(d->fd);
    if (rc < 0)
        return hl_device_failed(d, rc);
    hl_device_learn_status(d, (uint32_t)rc);
    *status = (enum hlthunk_status)rc;
    return 0;
}

int hlthunk_device_get_memory_usage(struct hlthunk_device *d, struct hlthunk_memory_usage *usage)
{
    struct hl_info_dram_usage out = { 0 };
    struct hlthunk_memory_usage u = { 0 };
    int rc = hl_device_check(d);

    rc = rc ? rc : hl_struct_check(usage, "usage");
    if (rc)
        return rc;
    rc = hl_info_get(d->fd, HL_INFO_DRAM_USAGE, &out, sizeof(out));
    if (rc)
        return hl_device_failed(d, rc);
    u.free_bytes = out.dram_free_mem;
    u.used_bytes = out.ctx_dram_mem;
    HL_STRUCT_FILL(usage, u);
    return 0;
}
