/* SPDX-License-Identifier: MIT */
/*
 * What the vendor's out-of-tree driver of 2024 on adds to the interface of Linux 6.12.  Mainline
 * kernels answer these with EINVAL.  (Included by habanalabs_accel.h.)
 */
#ifndef HLTHUNK_UAPI_VENDOR_H
#define HLTHUNK_UAPI_VENDOR_H

/* MEMORY: map a foreign dma-buf (hl_mem_in.reg_dmabuf_fd); host memory without pinning. */
#ifndef HL_MEM_OP_REG_DMABUF_FD
#define HL_MEM_OP_REG_DMABUF_FD 99
#endif
#ifndef HL_MEM_ODP
#define HL_MEM_ODP 0x20
#endif

/* INFO. */
#ifndef HL_INFO_MEMORY_CONSUMPTION
#define HL_INFO_NIC_LINK_STATE 19
#define HL_INFO_NIC_COUNTERS 20
#define HL_INFO_TIME_SYNC_PER_DIE 39
#define HL_INFO_MEMORY_CONSUMPTION 41
#define HL_INFO_MODULE_PARAMS 255

/* HL_INFO_TIME_SYNC_PER_DIE: die_index is input. */
struct hl_info_time_sync_per_die {
    __u32 die_index;
    __u32 pad;
    __u64 device_time;
    __u64 host_time;
    __u64 tsc_time;
};

/*
 * HL_INFO_MEMORY_CONSUMPTION is input: the program tells the firmware how many bytes it uses, of
 * those that the device has allocated, and when it counted them.  return_size is exactly this.
 */
struct hl_info_memory_consumption {
    __u64 used_mem;
    __u64 timestamp_sec;
};
#endif

/* HL_INFO_MODULE_PARAMS: the most that is written.  How they are laid out is not public. */
#define HL_MODULE_PARAMS_MAX 160

/* DEBUG. */
#ifndef HL_DEBUG_OP_READBLOCK
#define HL_DEBUG_OP_FETCH_TRACE 8
#define HL_DEBUG_OP_DIO 9
#define HL_DEBUG_OP_READMEM 1024
#define HL_DEBUG_OP_MEMCPY 1025
#define HL_DEBUG_OP_SCHED_SUBMIT_BUF 1031
#define HL_DEBUG_OP_READBLOCK 1032
#define HL_DEBUG_OP_ENABLE_ERR_INFO_CAPTURE 1033

/* HL_DEBUG_OP_READBLOCK: up to 16 KiB of registers, in units of 4 bytes. */
struct hl_debug_params_read_block {
    __u64 cfg_address;
    __u64 user_address;
    __u32 size;
    __u32 flags;
};
#endif

#endif
