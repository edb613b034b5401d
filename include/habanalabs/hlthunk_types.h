/* SPDX-License-Identifier: MIT */
/*
 * Types of the classic interface: as programs of the original library were compiled with, so
 * nothing here ever changes its layout.  Included by hlthunk.h.
 */
#ifndef HLTHUNK_TYPES_H
#define HLTHUNK_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drm/habanalabs_accel.h"

#ifdef __cplusplus
extern "C" {
#endif

#define hlthunk_public __attribute__((visibility("default")))

/* Patterns of the device nodes' names. */
#define HLTHUNK_MAX_MINOR 256
#define HLTHUNK_DEV_NAME_PRIMARY "/dev/accel/accel%d"
#define HLTHUNK_DEV_NAME_CONTROL "/dev/accel/accel_controlD%d"
#define HLTHUNK_DEV_NAME_XE "/dev/dri/renderD%d"
#define HLTHUNK_DEV_NAME_PRIMARY_LEGACY "/dev/hl%d"
#define HLTHUNK_DEV_NAME_CONTROL_LEGACY "/dev/hl_controlD%d"

#define HLTHUNK_BUSY_ENGINES_MASK_SIZE 4

/* MAX is as it was in 2023; XE came later, and means nothing to this library. */
enum hlthunk_node_type {
    HLTHUNK_NODE_PRIMARY,
    HLTHUNK_NODE_CONTROL,
    HLTHUNK_NODE_MAX,
    HLTHUNK_NODE_XE = 2
};

/*
 * Which ASIC.  MAX is as it was in 2023; names after it came later.  To open, GAUDI2 means its
 * variants too.
 */
enum hlthunk_device_name {
    HLTHUNK_DEVICE_GOYA,
    HLTHUNK_DEVICE_PLACEHOLDER1,
    HLTHUNK_DEVICE_GAUDI,
    HLTHUNK_DEVICE_INVALID,
    HLTHUNK_DEVICE_DONT_CARE,
    HLTHUNK_DEVICE_GAUDI2,
    HLTHUNK_DEVICE_PLACEHOLDER2,
    HLTHUNK_DEVICE_PLACEHOLDER3,
    HLTHUNK_DEVICE_PLACEHOLDER4,
    HLTHUNK_DEVICE_MAX,
    HLTHUNK_DEVICE_GRECO = 1,
    HLTHUNK_DEVICE_GAUDI_HL2000M = 6,
    HLTHUNK_DEVICE_GAUDI3 = 7,
    HLTHUNK_DEVICE_GAUDI2B = 8,
    HLTHUNK_DEVICE_FS1 = 9,
    HLTHUNK_DEVICE_GAUDI2C = 10,
    HLTHUNK_DEVICE_GAUDI2D = 11,
    HLTHUNK_DEVICE_GAUDI3D = 12
};

/* What hlthunk_get_event_record() is asked for, and with it the type of its buffer. */
enum hlthunk_event_record_id {
    HLTHUNK_OPEN_DEV,
    HLTHUNK_CS_TIMEOUT,
    HLTHUNK_RAZWI_EVENT,
    HLTHUNK_UNDEFINED_OPCODE,
    HLTHUNK_HW_ERR_OPCODE,
    HLTHUNK_FW_ERR_OPCODE,
    HLTHUNK_ENGINE_EVENT
};

/*
 * hlthunk_get_hw_ip_info(): addresses and sizes are what programs may use.  Linux 6.1 does not
 * tell the revision, the reserved memory and what is below them: 0.  The masks of channels, ports,
 * MMEs and scheduler cores, ODP and the versions of interposer and substrate (reserved1 to
 * reserved8 in 2023) are the vendor driver's; mainline leaves them 0.
 */
struct hlthunk_hw_ip_info {
    uint64_t sram_base_address;
    uint64_t dram_base_address;
    uint64_t dram_size;
    uint32_t sram_size;
    uint32_t num_of_events;
    uint32_t device_id;
    uint32_t cpld_version;
    uint32_t psoc_pci_pll_nr;
    uint32_t psoc_pci_pll_nf;
    uint32_t psoc_pci_pll_od;
    uint32_t psoc_pci_pll_div_factor;
    uint16_t tpc_enabled_mask;
    uint8_t dram_enabled;
    uint8_t cpucp_version[HL_INFO_VERSION_MAX_LEN];
    uint32_t module_id;
    uint8_t card_name[HL_INFO_CARD_NAME_MAX_LEN];
    uint32_t decoder_enabled_mask;
    uint8_t mme_master_slave_mode;
    uint64_t tpc_enabled_mask_ext;
    uint64_t dram_page_size;
    uint16_t first_available_interrupt_id;
    uint32_t edma_enabled_mask;
    uint16_t server_type;
    uint64_t pdma_user_owned_ch_mask;
    uint16_t number_of_user_interrupts;
    uint64_t device_mem_alloc_default_page_size;
    uint64_t nic_ports_mask;
    uint8_t interposer_version;
    uint8_t substrate_version;
    uint64_t nic_ports_external_mask;
    uint32_t mme_enabled_mask;
    uint8_t odp_supported;
    uint8_t security_enabled;
    uint8_t revision_id;
    uint16_t tpc_interrupt_id;
    uint64_t engine_core_interrupt_reg_addr;
    uint32_t rotator_enabled_mask;
    uint32_t sched_arc_enabled_mask;
    uint64_t reserved_dram_size;
};

/* Bytes; ctx_dram_mem is of this file alone, 0 on a control node. */
struct hlthunk_dram_usage_info {
    uint64_t dram_free_mem;
    uint64_t ctx_dram_mem;
};

/* Bits are engine IDs (enum gaudi2_engine_id …). */
struct hlthunk_engines_idle_info {
    uint32_t is_idle;
    uint32_t pad;
    uint64_t mask[HLTHUNK_BUSY_ENGINES_MASK_SIZE];
};

/* MHz */
struct hlthunk_pll_frequency_info {
    uint16_t output[HL_PLL_NUM_OUTPUTS];
};

struct hlthunk_reset_count_info {
    uint32_t hard_reset_count;
    uint32_t soft_reset_count;
};

/*
 * Nanoseconds, read together.  The original's has 16 bytes in 2023 and ends in tsc_time since
 * 2024: hlthunk_get_time_sync_info() writes 16 bytes here, to whichever.
 */
struct hlthunk_time_sync_info {
    uint64_t device_time;
    uint64_t host_time;
};

/* hlthunk_get_time_sync_per_die_info(): what struct hlthunk_time_sync_info is since 2024. */
struct hlthunk_time_sync_die_info {
    uint64_t device_time;
    uint64_t host_time;
    uint64_t tsc_time; /* ticks of the processor's time stamp counter */
};

/* hlthunk_get_mac_addr_info(): bit n of the mask says that array[n] is an address. */
struct hlthunk_mac_addr {
    uint8_t addr[6];
};

struct hlthunk_mac_addr_info {
    struct hlthunk_mac_addr array[HL_INFO_MAC_ADDR_MAX_NUM];
    uint64_t mask[2];
};

/* The first of each kind that programs may use. */
struct hlthunk_sync_manager_info {
    uint32_t first_available_sync_object;
    uint32_t first_available_monitor;
    uint32_t first_available_cq;
    uint32_t reserved;
};

struct hlthunk_pci_counters_info {
    uint64_t rx_throughput;
    uint64_t tx_throughput;
    uint32_t replay_cnt;
};

#define HLTHUNK_CLK_THROTTLE_POWER (1 << HL_CLK_THROTTLE_TYPE_POWER)
#define HLTHUNK_CLK_THROTTLE_THERMAL (1 << HL_CLK_THROTTLE_TYPE_THERMAL)

struct hlthunk_clk_throttle_info {
    uint32_t clk_throttle_reason_bitmask;
    uint64_t clk_throttle_start_timestamp_us[HL_CLK_THROTTLE_TYPE_MAX];
    uint64_t clk_throttle_duration_ns[HL_CLK_THROTTLE_TYPE_MAX];
};

/* mJ */
struct hlthunk_energy_info {
    uint64_t total_energy_consumption;
};

/* mW */
struct hlthunk_power_info {
    uint64_t power;
};

/* Chunks are arrays of struct hl_cs_chunk, flags HL_CS_FLAGS_*. */
struct hlthunk_cs_in {
    void *chunks_restore;
    void *chunks_execute;
    uint32_t num_chunks_restore;
    uint32_t num_chunks_execute;
    uint32_t flags;
};

struct hlthunk_cs_out {
    uint64_t seq;
    uint32_t status;
    uint16_t sob_count_before_submission;
};

struct hlthunk_signal_in {
    void *chunks_restore;
    uint32_t num_chunks_restore;
    uint32_t queue_index;
    uint32_t flags;
};

struct hlthunk_signal_out {
    uint64_t seq;
    uint32_t status;
    uint32_t sob_base_addr_offset;
    uint16_t sob_count_before_submission;
};

struct hlthunk_sig_res_in {
    uint32_t queue_index;
    uint32_t count;
};

struct reserve_sig_handle {
    uint32_t id;
    uint32_t sob_base_addr_offset;
    uint32_t count;
};

struct hlthunk_sig_res_out {
    struct reserve_sig_handle handle;
    uint32_t status;
};

/* signal_seq_nr must be 1. */
struct hlthunk_wait_for_signal_data {
    __extension__ union {
        uint64_t *signal_seq_arr;
        uint64_t encaps_signal_seq;
    };
    uint32_t signal_seq_nr;
    uint32_t queue_index;
    uint32_t flags;
    uint32_t collective_engine_id;
    uint32_t encaps_signal_offset;
};

/*
 * hlthunk_wait_for_signal points to one struct hlthunk_wait_for_signal_data, num_wait_for_signal
 * must be 1.
 */
struct hlthunk_wait_in {
    void *chunks_restore;
    uint32_t num_chunks_restore;
    uint64_t *hlthunk_wait_for_signal;
    uint32_t num_wait_for_signal;
    uint32_t flags;
};

struct hlthunk_wait_out {
    uint64_t seq;
    uint32_t status;
};

struct hlthunk_open_stats_info {
    uint64_t open_counter;
    uint64_t last_open_period_ms;
    uint8_t is_compute_ctx_active;
    uint8_t compute_ctx_in_release;
    uint8_t compute_ctx_has_mapped_resources; /* of the vendor's driver; padding in 2023 */
};

/* valid: the other fields hold.  power counts while the device is operational. */
struct hlthunk_hw_asic_status {
    struct hlthunk_clk_throttle_info throttle;
    struct hlthunk_open_stats_info open_stats;
    struct hlthunk_power_info power;
    enum hl_device_status status;
    uint64_t timestamp_sec;
    uint8_t valid;
};

/* seq_len at most HL_WAIT_MULTI_CS_LIST_MAX_LEN. */
struct hlthunk_wait_multi_cs_in {
    uint64_t *seq;
    uint64_t timeout_us;
    uint32_t seq_len;
};

/* seq_set: bit n for seq[n]; completed: how many. */
struct hlthunk_wait_multi_cs_out {
    uint32_t status;
    uint32_t seq_set;
    uint8_t completed;
};

#define DRAM_ROW_REPLACE_MAX 32

enum hlthunk_dram_row_replace_cause {
    HLTHUNK_ROW_REPLACE_CAUSE_DOUBLE_ECC_ERR,
    HLTHUNK_ROW_REPLACE_CAUSE_MULTI_SINGLE_ECC_ERR,
};

struct hlthunk_dram_row_info {
    uint8_t dram_idx;
    uint8_t pc;
    uint8_t sid;
    uint8_t bank_idx;
    uint16_t row_addr;
    uint8_t replaced_row_cause;
    uint8_t pad;
};

struct hlthunk_dram_replaced_rows_info {
    uint16_t num_replaced_rows;
    uint8_t pad[6];
    struct hlthunk_dram_row_info replaced_rows[DRAM_ROW_REPLACE_MAX];
};

/* Event records.  Times are nanoseconds of the wall clock, 0 when there was no such event. */
struct hlthunk_event_record_open_dev_time {
    int64_t timestamp;
};

struct hlthunk_event_record_cs_timeout {
    int64_t timestamp;
    uint64_t seq;
};

/* num_of_possible_engines 0: the hardware does not report which it was.  flags: HL_RAZWI_*. */
struct hlthunk_event_record_razwi_event {
    int64_t timestamp;
    uint64_t addr;
    uint16_t engine_id[HL_RAZWI_MAX_NUM_OF_ENGINES_PER_RTR];
    uint16_t num_of_possible_engines;
    uint8_t flags;
};

struct hlthunk_event_record_undefined_opcode {
    int64_t timestamp;
    uint64_t cb_addr_streams[MAX_QMAN_STREAMS_INFO][OPCODE_INFO_MAX_ADDR_SIZE];
    uint64_t cq_addr;
    uint32_t cq_size;
    uint32_t cb_addr_streams_len;
    uint32_t engine_id;
    uint32_t stream_id;
};

struct hlthunk_event_record_critical_hw_err {
    int64_t timestamp;
    uint16_t event_id;
};

struct hlthunk_event_record_critical_fw_err {
    int64_t timestamp;
    enum hl_info_fw_err_type err_type;
    uint16_t reported_err_id;
};

struct hlthunk_event_record_engine_err {
    int64_t timestamp;
    uint16_t engine_id;
    uint16_t error_count;
};

/* Attestation.  A kernel header that was included first has these numbers already. */
#ifndef SEC_PCR_DATA_BUF_SZ
#define SEC_PCR_DATA_BUF_SZ 256
#define SEC_PCR_QUOTE_BUF_SZ 510
#define SEC_SIGNATURE_BUF_SZ 255
#define SEC_PUB_DATA_BUF_SZ 510
#define SEC_CERTIFICATE_BUF_SZ 2046
#endif

struct hlthunk_sec_attest_info {
    uint32_t nonce;
    uint16_t pcr_quote_len;
    uint16_t pub_data_len;
    uint16_t certificate_len;
    uint8_t pcr_num_reg;
    uint8_t pcr_reg_len;
    uint8_t quote_sig_len;
    uint8_t pcr_data[SEC_PCR_DATA_BUF_SZ];
    uint8_t pcr_quote[SEC_PCR_QUOTE_BUF_SZ];
    uint8_t quote_sig[SEC_SIGNATURE_BUF_SZ];
    uint8_t public_data[SEC_PUB_DATA_BUF_SZ];
    uint8_t certificate[SEC_CERTIFICATE_BUF_SZ];
};

struct hlthunk_dev_info_signed {
    uint32_t nonce;
    uint16_t pub_data_len;
    uint16_t certificate_len;
    uint8_t info_sig_len;
    uint8_t public_data[SEC_PUB_DATA_BUF_SZ];
    uint8_t certificate[SEC_CERTIFICATE_BUF_SZ];
    uint8_t info_sig[SEC_SIGNATURE_BUF_SZ];
    uint16_t dev_info_len;
    uint8_t dev_info[SEC_DEV_INFO_BUF_SZ];
};

struct hlthunk_user_mapping {
    uint64_t dev_va;
    uint64_t size;
};

/*
 * mappings_buf is the caller's; num_of_mappings says how many there are, 0xffffffff when that is
 * not known.
 */
struct hlthunk_page_fault_info {
    int64_t timestamp;
    uint64_t addr;
    uint16_t engine_id;
    uint32_t num_of_mappings;
    struct hlthunk_user_mapping *mappings_buf;
};

/* Filled by hlthunk_debugfs_open(). */
struct hlthunk_debugfs {
    int addr_fd;
    int data_fd;
    int clk_gate_fd;
    char clk_gate_val[32];
};

#ifdef __cplusplus
}
#endif

#endif
