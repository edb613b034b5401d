/* SPDX-License-Identifier: MIT */
/* Functions that programs of 2024 and later call; most are about what the vendor's driver adds. */
#include <errno.h>

#include "lib/classic/convention.h"
#include "lib/error.h"
#include "lib/op/op_debug.h"
#include "lib/op/op_info.h"

#include <habanalabs/hlthunk.h>

int hlthunk_get_device_status_info_telemetry(int fd, bool soft_reset_stall)
{
    /* the vendor's driver reads soft_reset_stall where mainline has the pad */
    struct hl_info_device_status answer = { .pad = soft_reset_stall };
    int rc = hl_info_get(fd, HL_INFO_DEVICE_STATUS, &answer, sizeof(answer));

    return rc ? hl_classic(rc) : (int)answer.status;
}

int hlthunk_get_time_sync_per_die_info(int fd, uint32_t die_index,
                                       struct hlthunk_time_sync_die_info *info)
{
    struct hl_info_time_sync_per_die answer = { .die_index = die_index };
    int rc;

    if (!info)
        return hl_classic(hl_err(-EINVAL, "info is NULL"));
    rc = hl_info_get(fd, HL_INFO_TIME_SYNC_PER_DIE, &answer, sizeof(answer));
    if (rc == 0)
        *info = (struct hlthunk_time_sync_die_info){
            .device_time = answer.device_time,
            .host_time = answer.host_time,
            .tsc_time = answer.tsc_time,
        };
    return hl_classic(rc);
}

int hlthunk_set_memory_consumption(int fd, uint64_t used_mem, uint64_t timestamp_sec)
{
    struct hl_info_memory_consumption report = {
        .used_mem = used_mem,
        .timestamp_sec = timestamp_sec,
    };

    return hl_classic(hl_info_get(fd, HL_INFO_MEMORY_CONSUMPTION, &report, sizeof(report)));
}

int hlthunk_get_mac_addr_info(int fd, struct hlthunk_mac_addr_info *info)
{
    struct hl_info_hw_ip_info ip = { 0 };
    int rc;

    if (!info)
        return hl_classic(hl_err(-EINVAL, "info is NULL"));
    rc = hl_info_get(fd, HL_INFO_HW_IP_INFO, &ip, sizeof(ip));
    if (rc == 0 && ip.nic_ports_mask)
        rc = hl_err(-EOPNOTSUPP,
                    "the device has network ports (mask %#llx), whose addresses this library "
                    "cannot read",
                    (unsigned long long)ip.nic_ports_mask);
    if (rc == 0)
        *info = (struct hlthunk_mac_addr_info){ .mask = { 0 } };
    return hl_classic(rc);
}

int hlthunk_device_memory_read_block_experimental(int fd, uint32_t *buff, uint64_t block_address,
                                                  uint32_t block_size, uint32_t flags)
{
    struct hl_debug_params_read_block block = {
        .cfg_address = block_address,
        .user_address = (uint64_t)(uintptr_t)buff,
        .size = block_size,
        .flags = flags,
    };
    struct hl_debug_args args = {
        .input_ptr = (uint64_t)(uintptr_t)&block,
        .input_size = sizeof(block),
        .op = HL_DEBUG_OP_READBLOCK,
    };

    if (!buff)
        return hl_classic(hl_err(-EINVAL, "buff is NULL"));
    return hl_classic(hl_debug(fd, &args));
}
