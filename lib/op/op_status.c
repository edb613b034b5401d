/* SPDX-License-Identifier: MIT */
/* The query that programs make again and again. */
#include "lib/kernel/door.h"
#include "lib/op/op_info.h"
#include "uapi/habanalabs_accel.h"

int hl_info_device_status(int fd)
{
    struct hl_info_device_status answer = { 0 };
    int rc = hl_ioctl_info(fd, HL_INFO_DEVICE_STATUS, &answer, sizeof(answer));

    return __builtin_expect(rc, 0) ? hl_info_explain(fd, rc, HL_INFO_DEVICE_STATUS)
                                   : (int)answer.status;
}
