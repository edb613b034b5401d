/* SPDX-License-Identifier: MIT */
/*
 * What the kernel header of Linux 6.1 lacks, for programs that included that one first.
 * (Included by habanalabs_accel.h; a later kernel header has it all.)
 */
#ifndef HLTHUNK_UAPI_SUPPLEMENT_H
#define HLTHUNK_UAPI_SUPPLEMENT_H

#include <linux/types.h>

#ifndef HL_INFO_PAGE_FAULT_EVENT

#define HL_NOTIFIER_EVENT_RAZWI (1ULL << 7)
#define HL_NOTIFIER_EVENT_PAGE_FAULT (1ULL << 8)
#define HL_NOTIFIER_EVENT_CRITICL_HW_ERR (1ULL << 9)
#define HL_NOTIFIER_EVENT_CRITICL_FW_ERR (1ULL << 10)
#define HL_INFO_PAGE_FAULT_EVENT 33
#define HL_INFO_USER_MAPPINGS 34
#define HL_INFO_FW_GENERIC_REQ 35
#define HL_INFO_HW_ERR_EVENT 36
#define HL_INFO_FW_ERR_EVENT 37
#define HL_INFO_USER_ENGINE_ERR_EVENT 38
#define HL_INFO_DEV_SIGNED 40
#define HL_RAZWI_NA_ENG_ID 0xffff
#define HL_RAZWI_MAX_NUM_OF_ENGINES_PER_RTR 128
#define HL_RAZWI_READ (1 << 0)
#define HL_RAZWI_WRITE (1 << 1)
#define HL_RAZWI_LBW (1 << 2)
#define HL_RAZWI_HBW (1 << 3)
#define HL_RAZWI_RR (1 << 4)
#define HL_RAZWI_ADDR_DEC (1 << 5)
#define SEC_DEV_INFO_BUF_SZ 5120
#ifndef SEC_PUB_DATA_BUF_SZ
#define SEC_SIGNATURE_BUF_SZ 255
#define SEC_PUB_DATA_BUF_SZ 510
#define SEC_CERTIFICATE_BUF_SZ 2046
#endif
#define HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES 0x8000
#define HL_CS_FLAGS_ENGINES_COMMAND 0x10000

/* HL_INFO_HW_ERR_EVENT, since 6.3. */
struct hl_info_hw_err_event {
    __s64 timestamp;
    __u16 event_id;
    __u16 pad[3];
};

enum hl_info_fw_err_type { HL_INFO_FW_HEARTBEAT_ERR, HL_INFO_FW_REPORTED_ERR };

/* HL_INFO_FW_ERR_EVENT, since 6.3. */
struct hl_info_fw_err_event {
    __s64 timestamp;
    __u16 err_type;
    __u16 event_id;
    __u32 pad;
};

/* HL_INFO_USER_ENGINE_ERR_EVENT, since 6.3. */
struct hl_info_engine_err_event {
    __s64 timestamp;
    __u16 engine_id;
    __u16 error_count;
    __u32 pad;
};

/* HL_INFO_DEV_SIGNED. */
struct hl_info_signed {
    __u32 nonce;
    __u16 pub_data_len;
    __u16 certificate_len;
    __u8 info_sig_len;
    __u8 public_data[SEC_PUB_DATA_BUF_SZ];
    __u8 certificate[SEC_CERTIFICATE_BUF_SZ];
    __u8 info_sig[SEC_SIGNATURE_BUF_SZ];
    __u16 dev_info_len;
    __u8 dev_info[SEC_DEV_INFO_BUF_SZ];
    __u8 pad[2];
};

/* HL_INFO_PAGE_FAULT_EVENT, since 6.3. */
struct hl_page_fault_info {
    __s64 timestamp;
    __u64 addr;
    __u16 engine_id;
    __u8 pad[6];
};

/* HL_INFO_USER_MAPPINGS: an array of these. */
struct hl_user_mapping {
    __u64 dev_va;
    __u64 size;
};

/* HL_ENGINE_CORE_HALT and _RUN are macros there. */
enum hl_engine_command { HL_ENGINE_STALL = 3, HL_ENGINE_RESUME = 4, HL_ENGINE_COMMAND_MAX };

#endif

#endif
