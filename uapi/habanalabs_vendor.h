/* SPDX-License-Identifier: MIT */
/*
 * What the vendor's out-of-tree driver of 2024 on adds to the interface of Linux 6.12.  Mainline
 * kernels answer these with EINVAL.  (Included by habanalabs_accel.h.)
 */
#ifndef HLTHUNK_UAPI_VENDOR_H
#define HLTHUNK_UAPI_VENDOR_H

#include <linux/types.h>

/* MEMORY: map a foreign dma-buf (hl_mem_in.reg_dmabuf_fd); host memory without pinning. */
#ifndef HL_MEM_OP_REG_DMABUF_FD
#define HL_MEM_OP_REG_DMABUF_FD 99
#endif
#ifndef HL_MEM_ODP
#define HL_MEM_ODP 0x20
#endif

/* INFO. */
#ifndef HL_INFO_NIC_LINK_STATE
#define HL_INFO_NIC_LINK_STATE 19
#define HL_INFO_NIC_COUNTERS 20
#endif
#ifndef HL_INFO_HABANA_LINK_STATE
#define HL_INFO_HABANA_LINK_STATE 19
#define HL_INFO_HABANA_LINK_COUNTERS 20
#endif
#ifndef HL_INFO_MAC_ADDR_MAX_NUM
#define HL_INFO_MAC_ADDR_MAX_NUM 128
#endif

#ifndef HL_INFO_TIME_SYNC_PER_DIE
#define HL_INFO_TIME_SYNC_PER_DIE 39

/* HL_INFO_TIME_SYNC_PER_DIE: die_index is an input. */
struct hl_info_time_sync_per_die {
    __u32 die_index;
    __u32 pad;
    __u64 device_time;
    __u64 host_time;
    __u64 tsc_time;
};
#endif

#ifndef HL_INFO_MEMORY_CONSUMPTION
#define HL_INFO_MEMORY_CONSUMPTION 41
/*
 * HL_INFO_MEMORY_CONSUMPTION is an input: the program tells the firmware how many bytes it uses of
 * those that the device has allocated, and when it counted them.  return_size is exactly this.
 */
struct hl_info_memory_consumption {
    __u64 used_mem;
    __u64 timestamp_sec;
};
#endif

/* HL_INFO_MODULE_PARAMS: the driver's parameters. */
#ifndef HL_INFO_MODULE_PARAMS
#define HL_INFO_MODULE_PARAMS 255
struct hl_info_module_params {
    __u64 tpc_mask;
    __u32 gaudi_huge_page_optimization;
    __u32 timeout_locked; /* seconds */
    __u32 reset_on_lockup;
    __u32 pldm;
    __u32 mmu_enable;
    __u32 clock_gating;
    __u32 mme_enable;
    __u32 nic_ports_mask;
    __u32 dram_enable;
    __u32 cpu_enable;
    __u32 reset_pcilink;
    __u32 config_pll;
    __u32 cpu_queues_enable;
    __u32 fw_loading;
    __u32 heartbeat;
    __u32 axi_drain;
    __u32 security_enable;
    __u32 sram_scrambler_enable;
    __u32 dram_scrambler_enable;
    __u32 cache_enabled;
    __u32 hbm_ecc_enable;
    __u32 compatibility_mode;
    __u32 hard_reset_on_fw_events;
    __u32 decoder_mask;
    __u32 rotator_mask;
    __u32 dram_page_scrub;
    __u32 clock_gating_ext;
    __u32 fw_loading_ext;
    __u32 nic_lanes_per_port;
};
#endif

/* DEBUG. */
#ifndef HL_DEBUG_OP_READBLOCK
#define HL_DEBUG_OP_FETCH_TRACE 8
#define HL_DEBUG_OP_READMEM 1024
#define HL_DEBUG_OP_MEMCPY 1025
#define HL_DEBUG_OP_SCHED_SUBMIT_BUF 1031
#define HL_DEBUG_OP_READBLOCK 1032
#define HL_DEBUG_ENABLE_ERR_INFO_CAPTURE 1033
#define HL_DEBUG_MAX_READ_BLOCK_SIZE 16384

/* HL_DEBUG_OP_FETCH_TRACE: the next buffer of a trace, and what it answers. */
#define HL_DEBUG_FETCH_STATUS_OK 0
#define HL_DEBUG_FETCH_STATUS_EMPTY 1
#define HL_DEBUG_FETCH_STATUS_STOPPED 2
struct hl_debug_params_fetch_trace {
    __u64 buffer_address;
    __u64 buffer_size;
    __u64 buffer_index_address;
    __u64 copied_size_addr;
    __u32 etr_id;
    __u32 timeout_ms;
};

/* HL_DEBUG_OP_READMEM, _MEMCPY: up to 64 KiB, in units of 4 bytes. */
struct hl_debug_params_mem_access {
    __u64 cfg_address;
    __u64 user_address;
    __u32 size;
    __u32 reserved;
};

/* HL_DEBUG_OP_SCHED_SUBMIT_BUF: commands for a scheduler core, in units of 4 bytes. */
struct hl_debug_params_scheduler {
    __u64 cpu_id;
    __u64 queue_id;
    __u64 buffer;
    __u32 size;
    __u32 reserved;
};

/* HL_DEBUG_OP_READBLOCK: up to 16 KiB of registers, in units of 4 bytes. */
struct hl_debug_params_read_block {
    __u64 cfg_address;
    __u64 user_address;
    __u32 size;
    __u32 flags;
};
#endif

/* Of later drivers than the above. */
#ifndef HL_DEBUG_OP_DIO
#define HL_DEBUG_OP_DIO 9
#endif
#ifndef HL_DEBUG_OP_ENABLE_ERR_INFO_CAPTURE
#define HL_DEBUG_OP_ENABLE_ERR_INFO_CAPTURE 1033
#endif

#endif
