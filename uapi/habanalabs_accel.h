/* SPDX-License-Identifier: MIT */
/*
 * The kernel interface of the habanalabs driver.
 *
 * Written for this project from the interface's facts (names, layouts, values) and compared by
 * tests/uapi with the kernel's own headers where these are installed.  One header for all
 * generations: a superset of Linux 6.1 (misc/habanalabs.h), Linux 6.12 (drm/habanalabs_accel.h)
 * and the vendor's driver.  What 6.1 lays out otherwise is in habanalabs_6_1.h.
 *
 * The kernel's headers share one include guard.  Included before them, this header takes their
 * place; after them, it adds what they lack.  Needs no drm/drm.h.  C and C++.
 *
 * HL_IOCTL_* are whole request numbers of type 'H', as up to Linux 6.6, DRM_IOCTL_HL_* those of
 * type 'd', as later.  (Later kernel headers call bare indices HL_IOCTL_*: never pass those to
 * ioctl().)
 */
#ifndef HLTHUNK_UAPI_HABANALABS_ACCEL_H
#define HLTHUNK_UAPI_HABANALABS_ACCEL_H

#include <linux/ioctl.h>
#include <linux/types.h>

#ifdef HABANALABS_H_
#include "habanalabs_supplement.h"
#else
#define HABANALABS_H_

#include "habanalabs_ids.h"

/* What the driver keeps for itself. */
#define GOYA_KMD_SRAM_RESERVED_SIZE_FROM_START 0x8000
#define GAUDI_DRIVER_SRAM_RESERVED_SIZE_FROM_START 0x80
#define GAUDI_FIRST_AVAILABLE_W_S_SYNC_OBJECT 144
#define GAUDI_FIRST_AVAILABLE_W_S_MONITOR 72
#define TS_MAX_ELEMENTS_NUM (1 << 20)

/* PLLs for hl_info_args.pll_index. */
enum hl_goya_pll_index {
    HL_GOYA_CPU_PLL = 0,
    HL_GOYA_IC_PLL,
    HL_GOYA_MC_PLL,
    HL_GOYA_MME_PLL,
    HL_GOYA_PCI_PLL,
    HL_GOYA_EMMC_PLL,
    HL_GOYA_TPC_PLL,
    HL_GOYA_PLL_MAX
};

enum hl_gaudi_pll_index {
    HL_GAUDI_CPU_PLL = 0,
    HL_GAUDI_PCI_PLL,
    HL_GAUDI_SRAM_PLL,
    HL_GAUDI_HBM_PLL,
    HL_GAUDI_NIC_PLL,
    HL_GAUDI_DMA_PLL,
    HL_GAUDI_MESH_PLL,
    HL_GAUDI_MME_PLL,
    HL_GAUDI_TPC_PLL,
    HL_GAUDI_IF_PLL,
    HL_GAUDI_PLL_MAX
};

enum hl_gaudi2_pll_index {
    HL_GAUDI2_CPU_PLL = 0,
    HL_GAUDI2_PCI_PLL,
    HL_GAUDI2_SRAM_PLL,
    HL_GAUDI2_HBM_PLL,
    HL_GAUDI2_NIC_PLL,
    HL_GAUDI2_DMA_PLL,
    HL_GAUDI2_MESH_PLL,
    HL_GAUDI2_MME_PLL,
    HL_GAUDI2_TPC_PLL,
    HL_GAUDI2_IF_PLL,
    HL_GAUDI2_VID_PLL,
    HL_GAUDI2_MSS_PLL,
    HL_GAUDI2_PLL_MAX
};

/* Bits 24..26 of the control word of Goya's LIN_DMA packet. */
enum hl_goya_dma_direction {
    HL_DMA_HOST_TO_DRAM,
    HL_DMA_HOST_TO_SRAM,
    HL_DMA_DRAM_TO_SRAM,
    HL_DMA_SRAM_TO_DRAM,
    HL_DMA_SRAM_TO_HOST,
    HL_DMA_DRAM_TO_HOST,
    HL_DMA_DRAM_TO_DRAM,
    HL_DMA_SRAM_TO_SRAM,
    HL_DMA_ENUM_MAX
};

/* HL_INFO_DEVICE_STATUS. */
enum hl_device_status {
    HL_DEVICE_STATUS_OPERATIONAL,
    HL_DEVICE_STATUS_IN_RESET,
    HL_DEVICE_STATUS_MALFUNCTION,
    HL_DEVICE_STATUS_NEEDS_RESET,
    HL_DEVICE_STATUS_IN_DEVICE_CREATION,
    HL_DEVICE_STATUS_IN_RESET_AFTER_DEVICE_RELEASE,
    HL_DEVICE_STATUS_LAST = HL_DEVICE_STATUS_IN_RESET_AFTER_DEVICE_RELEASE
};

/* hl_info_hw_ip_info.server_type. */
enum hl_server_type {
    HL_SERVER_TYPE_UNKNOWN = 0,
    HL_SERVER_GAUDI_HLS1 = 1,
    HL_SERVER_GAUDI_HLS1H = 2,
    HL_SERVER_GAUDI_TYPE1 = 3,
    HL_SERVER_GAUDI_TYPE2 = 4,
    HL_SERVER_GAUDI2_HLS2 = 5,
    HL_SERVER_GAUDI2_TYPE1 = 7
};

/* Events of a registered eventfd (HL_INFO_GET_EVENTS); from bit 7 on since 6.3. */
#define HL_NOTIFIER_EVENT_TPC_ASSERT (1ULL << 0)
#define HL_NOTIFIER_EVENT_UNDEFINED_OPCODE (1ULL << 1)
#define HL_NOTIFIER_EVENT_DEVICE_RESET (1ULL << 2)
#define HL_NOTIFIER_EVENT_CS_TIMEOUT (1ULL << 3)
#define HL_NOTIFIER_EVENT_DEVICE_UNAVAILABLE (1ULL << 4)
#define HL_NOTIFIER_EVENT_USER_ENGINE_ERR (1ULL << 5)
#define HL_NOTIFIER_EVENT_GENERAL_HW_ERR (1ULL << 6)
#define HL_NOTIFIER_EVENT_RAZWI (1ULL << 7)
#define HL_NOTIFIER_EVENT_PAGE_FAULT (1ULL << 8)
#define HL_NOTIFIER_EVENT_CRITICL_HW_ERR (1ULL << 9)
#define HL_NOTIFIER_EVENT_CRITICL_FW_ERR (1ULL << 10)

/* Operations of INFO; from 33 on since 6.3. */
#define HL_INFO_HW_IP_INFO 0
#define HL_INFO_HW_EVENTS 1
#define HL_INFO_DRAM_USAGE 2
#define HL_INFO_HW_IDLE 3
#define HL_INFO_DEVICE_STATUS 4
#define HL_INFO_DEVICE_UTILIZATION 6
#define HL_INFO_HW_EVENTS_AGGREGATE 7
#define HL_INFO_CLK_RATE 8
#define HL_INFO_RESET_COUNT 9
#define HL_INFO_TIME_SYNC 10
#define HL_INFO_CS_COUNTERS 11
#define HL_INFO_PCI_COUNTERS 12
#define HL_INFO_CLK_THROTTLE_REASON 13
#define HL_INFO_SYNC_MANAGER 14
#define HL_INFO_TOTAL_ENERGY 15
#define HL_INFO_PLL_FREQUENCY 16
#define HL_INFO_POWER 17
#define HL_INFO_OPEN_STATS 18
#define HL_INFO_DRAM_REPLACED_ROWS 21
#define HL_INFO_DRAM_PENDING_ROWS 22
#define HL_INFO_LAST_ERR_OPEN_DEV_TIME 23
#define HL_INFO_CS_TIMEOUT_EVENT 24
#define HL_INFO_RAZWI_EVENT 25
#define HL_INFO_DEV_MEM_ALLOC_PAGE_SIZES 26
#define HL_INFO_SECURED_ATTESTATION 27
#define HL_INFO_REGISTER_EVENTFD 28
#define HL_INFO_UNREGISTER_EVENTFD 29
#define HL_INFO_GET_EVENTS 30
#define HL_INFO_UNDEFINED_OPCODE_EVENT 31
#define HL_INFO_ENGINE_STATUS 32
#define HL_INFO_PAGE_FAULT_EVENT 33
#define HL_INFO_USER_MAPPINGS 34
#define HL_INFO_FW_GENERIC_REQ 35
#define HL_INFO_HW_ERR_EVENT 36
#define HL_INFO_FW_ERR_EVENT 37
#define HL_INFO_USER_ENGINE_ERR_EVENT 38
#define HL_INFO_DEV_SIGNED 40
#define HL_INFO_VERSION_MAX_LEN 128
#define HL_INFO_CARD_NAME_MAX_LEN 16
#define HL_ENGINES_DATA_MAX_SIZE 0x100000

/* HL_INFO_HW_IP_INFO. Linux 6.1 ends it at byte 256 (habanalabs_6_1.h). */
struct hl_info_hw_ip_info {
    __u64 sram_base_address;
    __u64 dram_base_address;
    __u64 dram_size;
    __u32 sram_size;
    __u32 num_of_events;
    __u32 device_id;
    __u32 module_id;
    __u32 decoder_enabled_mask;
    __u16 first_available_interrupt_id;
    __u16 server_type;
    __u32 cpld_version;
    __u32 psoc_pci_pll_nr;
    __u32 psoc_pci_pll_nf;
    __u32 psoc_pci_pll_od;
    __u32 psoc_pci_pll_div_factor;
    __u8 tpc_enabled_mask;
    __u8 dram_enabled;
    __u8 security_enabled;
    __u8 mme_master_slave_mode;
    __u8 cpucp_version[HL_INFO_VERSION_MAX_LEN];
    __u8 card_name[HL_INFO_CARD_NAME_MAX_LEN];
    __u64 tpc_enabled_mask_ext;
    __u64 dram_page_size;
    __u32 edma_enabled_mask;
    __u16 number_of_user_interrupts;
    __extension__ union {
        __u8 reserved1;
        __u8 interposer_version;
    };
    __extension__ union {
        __u8 reserved2;
        __u8 substrate_version;
    };
    __extension__ union {
        __u64 reserved3;
        __u64 pdma_user_owned_ch_mask;
    };
    __u64 device_mem_alloc_default_page_size;
    __extension__ union {
        __u64 reserved4;
        __u64 nic_ports_mask;
    };
    __extension__ union {
        __u64 reserved5;
        __u64 nic_ports_external_mask;
    };
    __extension__ union {
        __u32 reserved6;
        __u32 mme_enabled_mask;
    };
    __extension__ union {
        __u8 reserved7;
        __u8 odp_supported;
    };
    __u8 revision_id;
    __u16 tpc_interrupt_id;
    __u32 rotator_enabled_mask;
    __extension__ union {
        __u32 reserved9;
        __u32 sched_arc_enabled_mask;
    };
    __u64 engine_core_interrupt_reg_addr;
    __u64 reserved_dram_size;
};

/* HL_INFO_DRAM_USAGE, bytes. */
struct hl_info_dram_usage {
    __u64 dram_free_mem;
    __u64 ctx_dram_mem;
};

#define HL_BUSY_ENGINES_MASK_EXT_SIZE 4

/* HL_INFO_HW_IDLE. Linux 6.1: two words of mask. */
struct hl_info_hw_idle {
    __u32 is_idle;
    __u32 busy_engines_mask;
    __u64 busy_engines_mask_ext[HL_BUSY_ENGINES_MASK_EXT_SIZE];
};

struct hl_info_device_status {
    __u32 status;
    __u32 pad;
};

/* HL_INFO_DEVICE_UTILIZATION, percent over hl_info_args.period_ms. */
struct hl_info_device_utilization {
    __u32 utilization;
    __u32 pad;
};

/* HL_INFO_CLK_RATE. */
struct hl_info_clk_rate {
    __u32 cur_clk_rate_mhz;
    __u32 max_clk_rate_mhz;
};

/* HL_INFO_RESET_COUNT, since the driver was loaded. */
struct hl_info_reset_count {
    __u32 hard_reset_cnt;
    __u32 soft_reset_cnt;
};

/* HL_INFO_TIME_SYNC, ns (tsc_time: cycles). Linux 6.1 lacks tsc_time. */
struct hl_info_time_sync {
    __u64 device_time;
    __u64 host_time;
    __u64 tsc_time;
};

/* HL_INFO_PCI_COUNTERS, KB per second and packets sent again. */
struct hl_info_pci_counters {
    __u64 rx_throughput;
    __u64 tx_throughput;
    __u64 replay_cnt;
};

/* Bits and indices of hl_info_clk_throttle. */
enum hl_clk_throttling_type {
    HL_CLK_THROTTLE_TYPE_POWER,
    HL_CLK_THROTTLE_TYPE_THERMAL,
    HL_CLK_THROTTLE_TYPE_MAX
};

#define HL_CLK_THROTTLE_POWER (1 << HL_CLK_THROTTLE_TYPE_POWER)
#define HL_CLK_THROTTLE_THERMAL (1 << HL_CLK_THROTTLE_TYPE_THERMAL)

/* HL_INFO_CLK_THROTTLE_REASON. */
struct hl_info_clk_throttle {
    __u32 clk_throttling_reason;
    __u32 pad;
    __u64 clk_throttling_timestamp_us[HL_CLK_THROTTLE_TYPE_MAX];
    __u64 clk_throttling_duration_ns[HL_CLK_THROTTLE_TYPE_MAX];
};

/* HL_INFO_TOTAL_ENERGY, mJ. */
struct hl_info_energy {
    __u64 total_energy_consumption;
};

#define HL_PLL_NUM_OUTPUTS 4

/* HL_INFO_PLL_FREQUENCY, MHz. */
struct hl_pll_frequency_info {
    __u16 output[HL_PLL_NUM_OUTPUTS];
};

/* HL_INFO_OPEN_STATS. */
struct hl_open_stats_info {
    __u64 open_counter;
    __u64 last_open_period_ms;
    __u8 is_compute_ctx_active;
    __u8 compute_ctx_in_release;
    __u8 pad[6];
};

/* HL_INFO_POWER, mW. */
struct hl_power_info {
    __u64 power;
};

/* HL_INFO_SYNC_MANAGER of hl_info_args.dcore_id. */
struct hl_info_sync_manager {
    __u32 first_available_sync_object;
    __u32 first_available_monitor;
    __u32 first_available_cq;
    __u32 reserved;
};

/* HL_INFO_CS_COUNTERS: submissions dropped, by reason; total and of this context. */
struct hl_info_cs_counters {
    __u64 total_out_of_mem_drop_cnt;
    __u64 ctx_out_of_mem_drop_cnt;
    __u64 total_parsing_drop_cnt;
    __u64 ctx_parsing_drop_cnt;
    __u64 total_queue_full_drop_cnt;
    __u64 ctx_queue_full_drop_cnt;
    __u64 total_device_in_reset_drop_cnt;
    __u64 ctx_device_in_reset_drop_cnt;
    __u64 total_max_cs_in_flight_drop_cnt;
    __u64 ctx_max_cs_in_flight_drop_cnt;
    __u64 total_validation_drop_cnt;
    __u64 ctx_validation_drop_cnt;
};

/* HL_INFO_LAST_ERR_OPEN_DEV_TIME, ns. */
struct hl_info_last_err_open_dev_time {
    __s64 timestamp;
};

/* HL_INFO_CS_TIMEOUT_EVENT. */
struct hl_info_cs_timeout_event {
    __s64 timestamp;
    __u64 seq;
};

/* Fields of hl_info_razwi_event. */
#define HL_RAZWI_NA_ENG_ID 0xffff
#define HL_RAZWI_MAX_NUM_OF_ENGINES_PER_RTR 128
#define HL_RAZWI_READ (1 << 0)
#define HL_RAZWI_WRITE (1 << 1)
#define HL_RAZWI_LBW (1 << 2)
#define HL_RAZWI_HBW (1 << 3)
#define HL_RAZWI_RR (1 << 4)
#define HL_RAZWI_ADDR_DEC (1 << 5)

/* HL_INFO_RAZWI_EVENT: an access to an illegal address. Linux 6.1 has another layout
 * (habanalabs_6_1.h). */
struct hl_info_razwi_event {
    __s64 timestamp;
    __u64 addr;
    __u16 engine_id[HL_RAZWI_MAX_NUM_OF_ENGINES_PER_RTR];
    __u16 num_of_possible_engines;
    __u8 flags;
    __u8 pad[5];
};

#define MAX_QMAN_STREAMS_INFO 4
#define OPCODE_INFO_MAX_ADDR_SIZE 8

/* HL_INFO_UNDEFINED_OPCODE_EVENT. */
struct hl_info_undefined_opcode_event {
    __s64 timestamp;
    __u64 cb_addr_streams[MAX_QMAN_STREAMS_INFO][OPCODE_INFO_MAX_ADDR_SIZE];
    __u64 cq_addr;
    __u32 cq_size;
    __u32 cb_addr_streams_len;
    __u32 engine_id;
    __u32 stream_id;
};

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

/* HL_INFO_DEV_MEM_ALLOC_PAGE_SIZES: bit n is a page of 2^n bytes. */
struct hl_info_dev_memalloc_page_sizes {
    __u64 page_order_bitmask;
};

/* Sizes of attestation data, bytes. */
#define SEC_PCR_DATA_BUF_SZ 256
#define SEC_PCR_QUOTE_BUF_SZ 510
#define SEC_SIGNATURE_BUF_SZ 255
#define SEC_PUB_DATA_BUF_SZ 510
#define SEC_CERTIFICATE_BUF_SZ 2046
#define SEC_DEV_INFO_BUF_SZ 5120

/* HL_INFO_SECURED_ATTESTATION. */
struct hl_info_sec_attest {
    __u32 nonce;
    __u16 pcr_quote_len;
    __u16 pub_data_len;
    __u16 certificate_len;
    __u8 pcr_num_reg;
    __u8 pcr_reg_len;
    __u8 quote_sig_len;
    __u8 pcr_data[SEC_PCR_DATA_BUF_SZ];
    __u8 pcr_quote[SEC_PCR_QUOTE_BUF_SZ];
    __u8 quote_sig[SEC_SIGNATURE_BUF_SZ];
    __u8 public_data[SEC_PUB_DATA_BUF_SZ];
    __u8 certificate[SEC_CERTIFICATE_BUF_SZ];
    __u8 pad0[2];
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

/* hl_info_args.dcore_id of a Gaudi. */
enum gaudi_dcores { HL_GAUDI_WS_DCORE, HL_GAUDI_WN_DCORE, HL_GAUDI_EN_DCORE, HL_GAUDI_ES_DCORE };

/* The INFO operation: return_size bytes at most are written to return_pointer. */
struct hl_info_args {
    __u64 return_pointer;
    __u32 return_size;
    __u32 op;
    __extension__ union {
        __u32 dcore_id;
        __u32 ctx_id;
        __u32 period_ms;
        __u32 pll_index;
        __u32 eventfd;
        __u32 user_buffer_actual_size;
        __u32 sec_attest_nonce;
        __u32 array_size;
        __u32 fw_sub_opcode;
    };
    __u32 pad;
};

/* Operations and flags of CB. */
#define HL_CB_OP_CREATE 0
#define HL_CB_OP_DESTROY 1
#define HL_CB_OP_INFO 2
#define HL_MAX_CB_SIZE (0x200000 - 32)
#define HL_CB_FLAGS_MAP 0x1
#define HL_CB_FLAGS_GET_DEVICE_VA 0x2

/* The CB operation. */
struct hl_cb_in {
    __u64 cb_handle;
    __u32 op;
    __u32 cb_size;
    __u32 ctx_id;
    __u32 flags;
};

__extension__ struct hl_cb_out {
    __extension__ union {
        __u64 cb_handle;
        __extension__ union {
            __extension__ struct {
                __u32 usage_cnt;
                __u32 pad;
            };
            __u64 device_va;
        };
    };
};

union hl_cb_args {
    struct hl_cb_in in;
    struct hl_cb_out out;
};

#define HL_CS_CHUNK_FLAGS_USER_ALLOC_CB 0x1

/* One command buffer for one queue. */
struct hl_cs_chunk {
    __extension__ union {
        __u64 cb_handle;
        __u64 signal_seq_arr;
        __u64 encaps_signal_seq;
    };
    __u32 queue_index;
    __extension__ union {
        __u32 cb_size;
        __u32 num_signal_seq_arr;
        __u32 encaps_signal_offset;
    };
    __u32 cs_chunk_flags;
    __u32 collective_engine_id;
    __u32 pad[10];
};

/* Flags of CS; 0x8000 and 0x10000 since 6.3. */
#define HL_CS_FLAGS_FORCE_RESTORE 0x1
#define HL_CS_FLAGS_SIGNAL 0x2
#define HL_CS_FLAGS_WAIT 0x4
#define HL_CS_FLAGS_COLLECTIVE_WAIT 0x8
#define HL_CS_FLAGS_TIMESTAMP 0x20
#define HL_CS_FLAGS_STAGED_SUBMISSION 0x40
#define HL_CS_FLAGS_STAGED_SUBMISSION_FIRST 0x80
#define HL_CS_FLAGS_STAGED_SUBMISSION_LAST 0x100
#define HL_CS_FLAGS_CUSTOM_TIMEOUT 0x200
#define HL_CS_FLAGS_SKIP_RESET_ON_TIMEOUT 0x400
#define HL_CS_FLAGS_ENCAP_SIGNALS 0x800
#define HL_CS_FLAGS_RESERVE_SIGNALS_ONLY 0x1000
#define HL_CS_FLAGS_UNRESERVE_SIGNALS_ONLY 0x2000
#define HL_CS_FLAGS_ENGINE_CORE_COMMAND 0x4000
#define HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES 0x8000
#define HL_CS_FLAGS_ENGINES_COMMAND 0x10000
#define HL_CS_STATUS_SUCCESS 0
#define HL_MAX_JOBS_PER_CS 512

/* hl_cs_in.engine_command. Linux 6.1: the first two, as macros. */
enum hl_engine_command {
    HL_ENGINE_CORE_HALT = 1,
    HL_ENGINE_CORE_RUN = 2,
    HL_ENGINE_STALL = 3,
    HL_ENGINE_RESUME = 4,
    HL_ENGINE_COMMAND_MAX
};

/* The CS operation: submissions, signals, engine commands. */
struct hl_cs_in {
    __extension__ union {
        __extension__ struct {
            __u64 chunks_restore;
            __u64 chunks_execute;
        };
        __extension__ struct {
            __u64 engine_cores;
            __u32 num_engine_cores;
            __u32 core_command;
        };
        __extension__ struct {
            __u64 engines;
            __u32 num_engines;
            __u32 engine_command;
        };
    };
    __extension__ union {
        __u64 seq;
        __u32 encaps_sig_handle_id;
        __extension__ struct {
            __u32 encaps_signals_count;
            __u32 encaps_signals_q_idx;
        };
    };
    __u32 num_chunks_restore;
    __u32 num_chunks_execute;
    __u32 timeout;
    __u32 cs_flags;
    __u32 ctx_id;
    __u8 pad[4];
};

struct hl_cs_out {
    __extension__ union {
        __u64 seq;
        __extension__ struct {
            __u32 handle_id;
            __u32 count;
        };
    };
    __u32 status;
    __u32 sob_base_addr_offset;
    __u16 sob_count_before_submission;
    __u16 pad[3];
};

union hl_cs_args {
    struct hl_cs_in in;
    struct hl_cs_out out;
};

/* Flags of WAIT_CS; the interrupt number is in the upper 12 bits. */
#define HL_WAIT_CS_FLAGS_INTERRUPT 0x2
#define HL_WAIT_CS_FLAGS_INTERRUPT_MASK 0xFFF00000
#define HL_WAIT_CS_FLAGS_ANY_CQ_INTERRUPT 0xFFF00000
#define HL_WAIT_CS_FLAGS_ANY_DEC_INTERRUPT 0xFFE00000
#define HL_WAIT_CS_FLAGS_MULTI_CS 0x4
#define HL_WAIT_CS_FLAGS_INTERRUPT_KERNEL_CQ 0x10
#define HL_WAIT_CS_FLAGS_REGISTER_INTERRUPT 0x20
#define HL_WAIT_MULTI_CS_LIST_MAX_LEN 32

/* The WAIT_CS operation. */
struct hl_wait_cs_in {
    __extension__ union {
        __extension__ struct {
            __u64 seq;
            __u64 timeout_us;
        };
        __extension__ struct {
            __extension__ union {
                __u64 addr;
                __u64 cq_counters_handle;
            };
            __u64 target;
        };
    };
    __u32 ctx_id;
    __u32 flags;
    __extension__ union {
        __extension__ struct {
            __u8 seq_arr_len;
            __u8 pad[7];
        };
        __u64 interrupt_timeout_us;
    };
    __u64 cq_counters_offset;
    __u64 timestamp_handle;
    __u64 timestamp_offset;
};

/* hl_wait_cs_out.status and .flags. */
#define HL_WAIT_CS_STATUS_COMPLETED 0
#define HL_WAIT_CS_STATUS_BUSY 1
#define HL_WAIT_CS_STATUS_TIMEDOUT 2
#define HL_WAIT_CS_STATUS_ABORTED 3
#define HL_WAIT_CS_STATUS_FLAG_GONE 0x1
#define HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD 0x2

/* Overlays hl_wait_cs_in: read it only after success. */
struct hl_wait_cs_out {
    __u32 status;
    __u32 flags;
    __s64 timestamp_nsec;
    __u32 cs_completion_map;
    __u32 pad;
};

union hl_wait_cs_args {
    struct hl_wait_cs_in in;
    struct hl_wait_cs_out out;
};

/* Operations and flags of MEMORY. */
#define HL_MEM_OP_ALLOC 0
#define HL_MEM_OP_FREE 1
#define HL_MEM_OP_MAP 2
#define HL_MEM_OP_UNMAP 3
#define HL_MEM_OP_MAP_BLOCK 4
#define HL_MEM_OP_EXPORT_DMABUF_FD 5
#define HL_MEM_OP_TS_ALLOC 6
#define HL_MEM_CONTIGUOUS 0x1
#define HL_MEM_SHARED 0x2
#define HL_MEM_USERPTR 0x4
#define HL_MEM_FORCE_HINT 0x8
#define HL_MEM_PREFETCH 0x40

/* The MEMORY operation. */
struct hl_mem_in {
    __extension__ union {
        struct {
            __u64 mem_size;
            __u64 page_size;
        } alloc;
        struct {
            __u64 handle;
        } free;
        struct {
            __u64 hint_addr;
            __u64 handle;
        } map_device;
        struct {
            __u64 host_virt_addr;
            __u64 hint_addr;
            __u64 mem_size;
        } map_host;
        struct {
            __u64 block_addr;
        } map_block;
        struct {
            __u64 device_virt_addr;
        } unmap;
        struct {
            __u64 addr;
            __u64 mem_size;
            __u64 offset;
        } export_dmabuf_fd; /* Linux 6.1 calls addr handle, and has no offset */
        struct {
            __u64 fd;
            __u64 length;
        } reg_dmabuf_fd; /* the vendor's driver */
    };
    __u32 op;
    __u32 flags;
    __u32 ctx_id;
    __u32 num_of_elements;
};

__extension__ struct hl_mem_out {
    __extension__ union {
        __u64 device_virt_addr;
        __u64 handle;
        __extension__ struct {
            __u64 block_handle;
            __u32 block_size;
            __u32 pad;
        };
        __s32 fd;
    };
};

union hl_mem_args {
    struct hl_mem_in in;
    struct hl_mem_out out;
};

#define HL_DEBUG_MAX_AUX_VALUES 10

/* Inputs of the DEBUG operation, by unit. */
struct hl_debug_params_etr {
    __u64 buffer_address;
    __u64 buffer_size;
    __u32 sink_mode;
    __u32 pad;
};

struct hl_debug_params_etf {
    __u64 buffer_address;
    __u64 buffer_size;
    __u32 sink_mode;
    __u32 pad;
};

struct hl_debug_params_stm {
    __u64 he_mask;
    __u64 sp_mask;
    __u32 id;
    __u32 frequency;
};

struct hl_debug_params_bmon {
    __u64 start_addr0;
    __u64 addr_mask0;
    __u64 start_addr1;
    __u64 addr_mask1;
    __u32 bw_win;
    __u32 win_capture;
    __u32 id;
    __u32 control;
    __u64 start_addr2;
    __u64 end_addr2;
    __u64 start_addr3;
    __u64 end_addr3;
};

struct hl_debug_params_spmu {
    __u64 event_types[HL_DEBUG_MAX_AUX_VALUES];
    __u32 event_types_num;
    __u32 pmtrc_val;
    __u32 trc_ctrl_host_val;
    __u32 trc_en_host_val;
};

/* Operations of DEBUG. */
#define HL_DEBUG_OP_ETR 0
#define HL_DEBUG_OP_ETF 1
#define HL_DEBUG_OP_STM 2
#define HL_DEBUG_OP_FUNNEL 3
#define HL_DEBUG_OP_BMON 4
#define HL_DEBUG_OP_SPMU 5
#define HL_DEBUG_OP_TIMESTAMP 6
#define HL_DEBUG_OP_SET_MODE 7

/* The DEBUG operation. */
struct hl_debug_args {
    __u64 input_ptr;
    __u64 output_ptr;
    __u32 input_size;
    __u32 output_size;
    __u32 op;
    __u32 reg_idx;
    __u32 enable;
    __u32 ctx_id;
};

#define HL_IOCTL_INFO _IOWR('H', 0x01, struct hl_info_args)
#define HL_IOCTL_CB _IOWR('H', 0x02, union hl_cb_args)
#define HL_IOCTL_CS _IOWR('H', 0x03, union hl_cs_args)
#define HL_IOCTL_WAIT_CS _IOWR('H', 0x04, union hl_wait_cs_args)
#define HL_IOCTL_MEMORY _IOWR('H', 0x05, union hl_mem_args)
#define HL_IOCTL_DEBUG _IOWR('H', 0x06, struct hl_debug_args)
#define HL_COMMAND_START 0x01
#define HL_COMMAND_END 0x07

#endif /* HABANALABS_H_ */

#ifndef DRM_IOCTL_HL_INFO
#define DRM_IOCTL_HL_INFO _IOWR('d', 0x40, struct hl_info_args)
#define DRM_IOCTL_HL_CB _IOWR('d', 0x41, union hl_cb_args)
#define DRM_IOCTL_HL_CS _IOWR('d', 0x42, union hl_cs_args)
#define DRM_IOCTL_HL_WAIT_CS _IOWR('d', 0x43, union hl_wait_cs_args)
#define DRM_IOCTL_HL_MEMORY _IOWR('d', 0x44, union hl_mem_args)
#define DRM_IOCTL_HL_DEBUG _IOWR('d', 0x45, struct hl_debug_args)
#endif

#include "habanalabs_vendor.h"

#endif
