/* SPDX-License-Identifier: MIT */
/*
 * Structs whose layout in Linux 6.1 differs from later kernels': the library translates,
 * the simulated device answers with these when it simulates that kernel.
 */
#ifndef HLTHUNK_UAPI_HABANALABS_6_1_H
#define HLTHUNK_UAPI_HABANALABS_6_1_H

#include <linux/types.h>

/* hl_info_hw_ip_info, hl_info_hw_idle and hl_info_time_sync are prefixes of the later ones. */
#define HL_6_1_HW_IP_INFO_SIZE 256
#define HL_6_1_HW_IDLE_SIZE 24
#define HL_6_1_TIME_SYNC_SIZE 16

/* hl_info_razwi_event */
struct hl_6_1_razwi_event {
    __s64 timestamp;
    __u64 addr;
    __u16 engine_id_1; /* 0xffff: it has no ID */
    __u16 engine_id_2; /* another possible initiator; 0xffff: none */
    __u8 no_engine_id; /* 1: engine_id_1 is 0xffff */
    __u8 error_type;   /* HL_6_1_RAZWI_*, 0xff: not known */
    __u8 pad[2];
};

#define HL_6_1_RAZWI_PAGE_FAULT 0
#define HL_6_1_RAZWI_MMU_ACCESS_ERROR 1

#endif
