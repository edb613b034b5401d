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

/** define HLTHUNK_MAX_MINOR - the most devices that the original library looks for */
#define HLTHUNK_MAX_MINOR 256
/** define HLTHUNK_DEV_NAME_PRIMARY - pattern of a primary node's name */
#define HLTHUNK_DEV_NAME_PRIMARY "/dev/accel/accel%d"
/** define HLTHUNK_DEV_NAME_CONTROL - pattern of a control node's name */
#define HLTHUNK_DEV_NAME_CONTROL "/dev/accel/accel_controlD%d"
/** define HLTHUNK_DEV_NAME_XE - pattern of a node that is not used by this library */
#define HLTHUNK_DEV_NAME_XE "/dev/dri/renderD%d"
/** define HLTHUNK_DEV_NAME_PRIMARY_LEGACY - pattern of a primary node's name before Linux 6.3 */
#define HLTHUNK_DEV_NAME_PRIMARY_LEGACY "/dev/hl%d"
/** define HLTHUNK_DEV_NAME_CONTROL_LEGACY - pattern of a control node's name before Linux 6.3 */
#define HLTHUNK_DEV_NAME_CONTROL_LEGACY "/dev/hl_controlD%d"

/** define HLTHUNK_BUSY_ENGINES_MASK_SIZE - words of a mask of engines */
#define HLTHUNK_BUSY_ENGINES_MASK_SIZE 4

/**
 * enum hlthunk_node_type - kinds of device nodes
 * @HLTHUNK_NODE_PRIMARY: for compute
 * @HLTHUNK_NODE_CONTROL: for queries
 * @HLTHUNK_NODE_MAX: as it was in 2023
 * @HLTHUNK_NODE_XE: came later, and is not used by this library
 *
 * Since: 0.9
 */
enum hlthunk_node_type {
    HLTHUNK_NODE_PRIMARY,
    HLTHUNK_NODE_CONTROL,
    HLTHUNK_NODE_MAX,
    HLTHUNK_NODE_XE = 2
};

/**
 * enum hlthunk_device_name - kinds of chips
 * @HLTHUNK_DEVICE_GOYA: Goya
 * @HLTHUNK_DEVICE_PLACEHOLDER1, @HLTHUNK_DEVICE_PLACEHOLDER2: not used
 * @HLTHUNK_DEVICE_PLACEHOLDER3, @HLTHUNK_DEVICE_PLACEHOLDER4: not used
 * @HLTHUNK_DEVICE_GAUDI: Gaudi
 * @HLTHUNK_DEVICE_INVALID: not a device
 * @HLTHUNK_DEVICE_DONT_CARE: any
 * @HLTHUNK_DEVICE_GAUDI2: Gaudi2; to open, its variants too
 * @HLTHUNK_DEVICE_MAX: as it was in 2023; the names after it came later
 * @HLTHUNK_DEVICE_GRECO, @HLTHUNK_DEVICE_FS1: not supported by this library
 * @HLTHUNK_DEVICE_GAUDI3, @HLTHUNK_DEVICE_GAUDI3D: not supported by this library
 * @HLTHUNK_DEVICE_GAUDI_HL2000M: a variant of Gaudi
 * @HLTHUNK_DEVICE_GAUDI2B, @HLTHUNK_DEVICE_GAUDI2C: variants of Gaudi2
 * @HLTHUNK_DEVICE_GAUDI2D: a variant of Gaudi2
 *
 * Since: 0.9
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

/**
 * enum hlthunk_event_record_id - records of hlthunk_get_event_record()
 * @HLTHUNK_OPEN_DEV: struct hlthunk_event_record_open_dev_time
 * @HLTHUNK_CS_TIMEOUT: struct hlthunk_event_record_cs_timeout
 * @HLTHUNK_RAZWI_EVENT: struct hlthunk_event_record_razwi_event
 * @HLTHUNK_UNDEFINED_OPCODE: struct hlthunk_event_record_undefined_opcode
 * @HLTHUNK_HW_ERR_OPCODE: struct hlthunk_event_record_critical_hw_err
 * @HLTHUNK_FW_ERR_OPCODE: struct hlthunk_event_record_critical_fw_err
 * @HLTHUNK_ENGINE_EVENT: struct hlthunk_event_record_engine_err
 *
 * Since: 0.9
 */
enum hlthunk_event_record_id {
    HLTHUNK_OPEN_DEV,
    HLTHUNK_CS_TIMEOUT,
    HLTHUNK_RAZWI_EVENT,
    HLTHUNK_UNDEFINED_OPCODE,
    HLTHUNK_HW_ERR_OPCODE,
    HLTHUNK_FW_ERR_OPCODE,
    HLTHUNK_ENGINE_EVENT
};

/**
 * struct hlthunk_hw_ip_info - what a device is
 * @sram_base_address, @dram_base_address: first address that programs may use
 * @dram_size, @sram_size: bytes that programs may use
 * @num_of_events: number of hardware events
 * @device_id: PCI device ID
 * @cpld_version: version of the CPLD
 * @psoc_pci_pll_nr, @psoc_pci_pll_nf, @psoc_pci_pll_od, @psoc_pci_pll_div_factor: settings of the
 *   PCI PLL
 * @tpc_enabled_mask, @tpc_enabled_mask_ext: a bit for each TPC that is enabled
 * @dram_enabled: device memory is enabled
 * @cpucp_version: version of the firmware; need not end with a NUL
 * @module_id: the card's position in its server
 * @card_name: the card's name; need not end with a NUL
 * @decoder_enabled_mask, @edma_enabled_mask, @rotator_enabled_mask: a bit for each such engine that
 *   is enabled
 * @mme_master_slave_mode: MMEs work in pairs
 * @dram_page_size, @device_mem_alloc_default_page_size: bytes
 * @first_available_interrupt_id: first interrupt that programs may use
 * @server_type: kind of server
 * @pdma_user_owned_ch_mask, @nic_ports_mask: reported by the vendor's driver, 0 on mainline
 * @nic_ports_external_mask, @mme_enabled_mask: likewise
 * @sched_arc_enabled_mask, @odp_supported: likewise
 * @interposer_version, @substrate_version: likewise (these eight were reserved in 2023)
 * @number_of_user_interrupts: how many interrupts programs may use
 * @security_enabled: the firmware's security is enabled
 * @revision_id: PCI revision
 * @tpc_interrupt_id: interrupt of the TPCs
 * @engine_core_interrupt_reg_addr: address of the engine cores' interrupt register
 * @reserved_dram_size: bytes of device memory that programs may not use
 *
 * Linux 6.1 does not report @revision_id and the members after it: they are 0.
 *
 * Since: 0.9
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

/**
 * struct hlthunk_dram_usage_info - how much device memory is in use
 * @dram_free_mem: free bytes
 * @ctx_dram_mem: bytes allocated through this device file; 0 on a control node
 *
 * Since: 0.9
 */
struct hlthunk_dram_usage_info {
    uint64_t dram_free_mem;
    uint64_t ctx_dram_mem;
};

/**
 * struct hlthunk_engines_idle_info - which engines are busy
 * @is_idle: 1 if all engines are idle
 * @pad: 0
 * @mask: a bit for each busy engine; bits are engine IDs (enum gaudi2_engine_id …)
 *
 * Since: 0.9
 */
struct hlthunk_engines_idle_info {
    uint32_t is_idle;
    uint32_t pad;
    uint64_t mask[HLTHUNK_BUSY_ENGINES_MASK_SIZE];
};

/**
 * struct hlthunk_pll_frequency_info - frequencies of a PLL
 * @output: of each output, in MHz
 *
 * Since: 0.9
 */
struct hlthunk_pll_frequency_info {
    uint16_t output[HL_PLL_NUM_OUTPUTS];
};

/**
 * struct hlthunk_reset_count_info - resets since the driver was loaded
 * @hard_reset_count: of the whole device
 * @soft_reset_count: of its engines
 *
 * Since: 0.9
 */
struct hlthunk_reset_count_info {
    uint32_t hard_reset_count;
    uint32_t soft_reset_count;
};

/**
 * struct hlthunk_time_sync_info - two clocks, read together
 * @device_time: the device's, in nanoseconds
 * @host_time: the host's, in nanoseconds
 *
 * The original's has 16 bytes in 2023 and ends in tsc_time since 2024: hlthunk_get_time_sync_info()
 * writes 16 bytes, to either.
 *
 * Since: 0.9
 */
struct hlthunk_time_sync_info {
    uint64_t device_time;
    uint64_t host_time;
};

/**
 * struct hlthunk_time_sync_die_info - clocks of a die, read together
 * @device_time: the device's, in nanoseconds
 * @host_time: the host's, in nanoseconds
 * @tsc_time: ticks of the processor's time stamp counter
 *
 * What struct hlthunk_time_sync_info is since 2024.
 *
 * Since: 0.9
 */
struct hlthunk_time_sync_die_info {
    uint64_t device_time;
    uint64_t host_time;
    uint64_t tsc_time; /* ticks of the processor's time stamp counter */
};

/**
 * struct hlthunk_mac_addr - a MAC address
 * @addr: its bytes
 *
 * Since: 0.9
 */
struct hlthunk_mac_addr {
    uint8_t addr[6];
};

/**
 * struct hlthunk_mac_addr_info - the MAC addresses of a device
 * @array: the addresses
 * @mask: bit n says that array[n] is an address
 *
 * Since: 0.9
 */
struct hlthunk_mac_addr_info {
    struct hlthunk_mac_addr array[HL_INFO_MAC_ADDR_MAX_NUM];
    uint64_t mask[2];
};

/**
 * struct hlthunk_sync_manager_info - what of a sync manager programs may use
 * @first_available_sync_object: the first sync object
 * @first_available_monitor: the first monitor
 * @first_available_cq: the first completion queue
 *
 * Since: 0.9
 */
struct hlthunk_sync_manager_info {
    uint32_t first_available_sync_object;
    uint32_t first_available_monitor;
    uint32_t first_available_cq;
    uint32_t reserved;
};

/**
 * struct hlthunk_pci_counters_info - PCIe counters
 * @rx_throughput: received, in KB/s
 * @tx_throughput: sent, in KB/s
 * @replay_cnt: replays
 *
 * Since: 0.9
 */
struct hlthunk_pci_counters_info {
    uint64_t rx_throughput;
    uint64_t tx_throughput;
    uint32_t replay_cnt;
};

/** define HLTHUNK_CLK_THROTTLE_POWER - clocks are throttled because of the power consumption */
#define HLTHUNK_CLK_THROTTLE_POWER (1 << HL_CLK_THROTTLE_TYPE_POWER)
/** define HLTHUNK_CLK_THROTTLE_THERMAL - clocks are throttled because of the temperature */
#define HLTHUNK_CLK_THROTTLE_THERMAL (1 << HL_CLK_THROTTLE_TYPE_THERMAL)

/**
 * struct hlthunk_clk_throttle_info - why clocks are throttled
 * @clk_throttle_reason_bitmask: HLTHUNK_CLK_THROTTLE_*, now
 * @clk_throttle_start_timestamp_us: of the last time, for each reason, in microseconds
 * @clk_throttle_duration_ns: of the last time, for each reason, in nanoseconds
 *
 * Since: 0.9
 */
struct hlthunk_clk_throttle_info {
    uint32_t clk_throttle_reason_bitmask;
    uint64_t clk_throttle_start_timestamp_us[HL_CLK_THROTTLE_TYPE_MAX];
    uint64_t clk_throttle_duration_ns[HL_CLK_THROTTLE_TYPE_MAX];
};

/**
 * struct hlthunk_energy_info - energy consumption
 * @total_energy_consumption: in millijoules
 *
 * Since: 0.9
 */
struct hlthunk_energy_info {
    uint64_t total_energy_consumption;
};

/**
 * struct hlthunk_power_info - power consumption
 * @power: in milliwatts
 *
 * Since: 0.9
 */
struct hlthunk_power_info {
    uint64_t power;
};

/**
 * struct hlthunk_cs_in - a submission
 * @chunks_restore: array of struct hl_cs_chunk, executed if another context ran meanwhile
 * @chunks_execute: array of struct hl_cs_chunk
 * @num_chunks_restore: elements of @chunks_restore
 * @num_chunks_execute: elements of @chunks_execute
 * @flags: HL_CS_FLAGS_*
 *
 * Since: 0.9
 */
struct hlthunk_cs_in {
    void *chunks_restore;
    void *chunks_execute;
    uint32_t num_chunks_restore;
    uint32_t num_chunks_execute;
    uint32_t flags;
};

/**
 * struct hlthunk_cs_out - the result of a submission
 * @seq: its number
 * @status: HL_CS_STATUS_*
 * @sob_count_before_submission: value of the sync object before it
 *
 * Since: 0.9
 */
struct hlthunk_cs_out {
    uint64_t seq;
    uint32_t status;
    uint16_t sob_count_before_submission;
};

/**
 * struct hlthunk_signal_in - a signal
 * @chunks_restore: array of struct hl_cs_chunk
 * @num_chunks_restore: elements of @chunks_restore
 * @queue_index: which queue
 * @flags: HL_CS_FLAGS_*
 *
 * Since: 0.9
 */
struct hlthunk_signal_in {
    void *chunks_restore;
    uint32_t num_chunks_restore;
    uint32_t queue_index;
    uint32_t flags;
};

/**
 * struct hlthunk_signal_out - the result of a signal
 * @seq: its number
 * @status: HL_CS_STATUS_*
 * @sob_base_addr_offset: of the sync object
 * @sob_count_before_submission: value of the sync object before it
 *
 * Since: 0.9
 */
struct hlthunk_signal_out {
    uint64_t seq;
    uint32_t status;
    uint32_t sob_base_addr_offset;
    uint16_t sob_count_before_submission;
};

/**
 * struct hlthunk_sig_res_in - signals to reserve
 * @queue_index: of which queue
 * @count: how many
 *
 * Since: 0.9
 */
struct hlthunk_sig_res_in {
    uint32_t queue_index;
    uint32_t count;
};

/**
 * struct reserve_sig_handle - reserved signals
 * @id: the driver's handle
 * @sob_base_addr_offset: of the sync object
 * @count: how many
 *
 * Since: 0.9
 */
struct reserve_sig_handle {
    uint32_t id;
    uint32_t sob_base_addr_offset;
    uint32_t count;
};

/**
 * struct hlthunk_sig_res_out - the result of a reservation
 * @handle: the reserved signals
 * @status: HL_CS_STATUS_*
 *
 * Since: 0.9
 */
struct hlthunk_sig_res_out {
    struct reserve_sig_handle handle;
    uint32_t status;
};

/**
 * struct hlthunk_wait_for_signal_data - a signal to wait for
 * @signal_seq_arr: points to its number
 * @encaps_signal_seq: number of the submission, for reserved signals
 * @signal_seq_nr: must be 1
 * @queue_index: which queue waits
 * @flags: not used
 * @collective_engine_id: which engine, for a collective wait
 * @encaps_signal_offset: which of the reserved signals
 *
 * Since: 0.9
 */
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

/**
 * struct hlthunk_wait_in - a wait of a queue for a signal
 * @chunks_restore: array of struct hl_cs_chunk
 * @num_chunks_restore: elements of @chunks_restore
 * @hlthunk_wait_for_signal: points to one struct hlthunk_wait_for_signal_data
 * @num_wait_for_signal: must be 1
 * @flags: HL_CS_FLAGS_*
 *
 * Since: 0.9
 */
struct hlthunk_wait_in {
    void *chunks_restore;
    uint32_t num_chunks_restore;
    uint64_t *hlthunk_wait_for_signal;
    uint32_t num_wait_for_signal;
    uint32_t flags;
};

/**
 * struct hlthunk_wait_out - the result of a queue's wait
 * @seq: number of the submission
 * @status: HL_CS_STATUS_*
 *
 * Since: 0.9
 */
struct hlthunk_wait_out {
    uint64_t seq;
    uint32_t status;
};

/**
 * struct hlthunk_open_stats_info - how often a device has been open
 * @open_counter: opens since the driver was loaded
 * @last_open_period_ms: how long the last one lasted, or has lasted, in milliseconds
 * @is_compute_ctx_active: a process has it open for compute
 * @compute_ctx_in_release: it is being released
 * @compute_ctx_has_mapped_resources: the user has mappings; from the vendor's driver, padding in
 *   2023
 *
 * Since: 0.9
 */
struct hlthunk_open_stats_info {
    uint64_t open_counter;
    uint64_t last_open_period_ms;
    uint8_t is_compute_ctx_active;
    uint8_t compute_ctx_in_release;
    uint8_t compute_ctx_has_mapped_resources; /* of the vendor's driver; padding in 2023 */
};

/**
 * struct hlthunk_hw_asic_status - several answers together
 * @throttle: why clocks are throttled
 * @open_stats: how often the device has been open
 * @power: 0 while the device is not operational
 * @status: of the device
 * @timestamp_sec: when, in seconds since 1970
 * @valid: 1: the other members are valid
 *
 * Since: 0.9
 */
struct hlthunk_hw_asic_status {
    struct hlthunk_clk_throttle_info throttle;
    struct hlthunk_open_stats_info open_stats;
    struct hlthunk_power_info power;
    enum hl_device_status status;
    uint64_t timestamp_sec;
    uint8_t valid;
};

/**
 * struct hlthunk_wait_multi_cs_in - submissions to wait for
 * @seq: their numbers
 * @timeout_us: in microseconds; 0 does not wait, UINT64_MAX waits indefinitely
 * @seq_len: how many, up to HL_WAIT_MULTI_CS_LIST_MAX_LEN
 *
 * Since: 0.9
 */
struct hlthunk_wait_multi_cs_in {
    uint64_t *seq;
    uint64_t timeout_us;
    uint32_t seq_len;
};

/**
 * struct hlthunk_wait_multi_cs_out - which submissions have completed
 * @status: HL_WAIT_CS_STATUS_*
 * @seq_set: bit n for seq[n]
 * @completed: how many
 *
 * Since: 0.9
 */
struct hlthunk_wait_multi_cs_out {
    uint32_t status;
    uint32_t seq_set;
    uint8_t completed;
};

#define DRAM_ROW_REPLACE_MAX 32

/**
 * enum hlthunk_dram_row_replace_cause - why a row was replaced
 * @HLTHUNK_ROW_REPLACE_CAUSE_DOUBLE_ECC_ERR: an error of two bits
 * @HLTHUNK_ROW_REPLACE_CAUSE_MULTI_SINGLE_ECC_ERR: several errors of one bit
 *
 * Since: 0.9
 */
enum hlthunk_dram_row_replace_cause {
    HLTHUNK_ROW_REPLACE_CAUSE_DOUBLE_ECC_ERR,
    HLTHUNK_ROW_REPLACE_CAUSE_MULTI_SINGLE_ECC_ERR,
};

/**
 * struct hlthunk_dram_row_info - a replaced row
 * @dram_idx: which memory stack
 * @pc: pseudo channel
 * @sid: stack ID
 * @bank_idx: bank
 * @row_addr: row
 * @replaced_row_cause: enum hlthunk_dram_row_replace_cause
 * @pad: 0
 *
 * Since: 0.9
 */
struct hlthunk_dram_row_info {
    uint8_t dram_idx;
    uint8_t pc;
    uint8_t sid;
    uint8_t bank_idx;
    uint16_t row_addr;
    uint8_t replaced_row_cause;
    uint8_t pad;
};

/**
 * struct hlthunk_dram_replaced_rows_info - the replaced rows
 * @num_replaced_rows: how many
 * @pad: 0
 * @replaced_rows: the rows
 *
 * Since: 0.9
 */
struct hlthunk_dram_replaced_rows_info {
    uint16_t num_replaced_rows;
    uint8_t pad[6];
    struct hlthunk_dram_row_info replaced_rows[DRAM_ROW_REPLACE_MAX];
};

/**
 * struct hlthunk_event_record_open_dev_time - when the device was opened
 * @timestamp: CLOCK_MONOTONIC, in nanoseconds; 0: never
 *
 * Since: 0.9
 */
struct hlthunk_event_record_open_dev_time {
    int64_t timestamp;
};

/**
 * struct hlthunk_event_record_cs_timeout - a submission that timed out
 * @timestamp: CLOCK_MONOTONIC, in nanoseconds; 0: none
 * @seq: its number
 *
 * Since: 0.9
 */
struct hlthunk_event_record_cs_timeout {
    int64_t timestamp;
    uint64_t seq;
};

/**
 * struct hlthunk_event_record_razwi_event - an access that was not allowed
 * @timestamp: CLOCK_MONOTONIC, in nanoseconds; 0: none
 * @addr: the address
 * @engine_id: engines that may have made it
 * @num_of_possible_engines: how many; 0: the hardware does not report which
 * @flags: HL_RAZWI_*
 *
 * Since: 0.9
 */
struct hlthunk_event_record_razwi_event {
    int64_t timestamp;
    uint64_t addr;
    uint16_t engine_id[HL_RAZWI_MAX_NUM_OF_ENGINES_PER_RTR];
    uint16_t num_of_possible_engines;
    uint8_t flags;
};

/**
 * struct hlthunk_event_record_undefined_opcode - an unknown packet
 * @timestamp: CLOCK_MONOTONIC, in nanoseconds; 0: none
 * @cb_addr_streams: addresses of the streams' last command buffers
 * @cq_addr: address of the command buffer
 * @cq_size: its bytes
 * @cb_addr_streams_len: number of streams in @cb_addr_streams
 * @engine_id: which engine
 * @stream_id: which stream
 *
 * Since: 0.9
 */
struct hlthunk_event_record_undefined_opcode {
    int64_t timestamp;
    uint64_t cb_addr_streams[MAX_QMAN_STREAMS_INFO][OPCODE_INFO_MAX_ADDR_SIZE];
    uint64_t cq_addr;
    uint32_t cq_size;
    uint32_t cb_addr_streams_len;
    uint32_t engine_id;
    uint32_t stream_id;
};

/**
 * struct hlthunk_event_record_critical_hw_err - a critical error of the hardware
 * @timestamp: CLOCK_MONOTONIC, in nanoseconds; 0: none
 * @event_id: the firmware's number of the event
 *
 * Since: 0.9
 */
struct hlthunk_event_record_critical_hw_err {
    int64_t timestamp;
    uint16_t event_id;
};

/**
 * struct hlthunk_event_record_critical_fw_err - a critical error of the firmware
 * @timestamp: CLOCK_MONOTONIC, in nanoseconds; 0: none
 * @err_type: what kind
 * @reported_err_id: the firmware's number of the event
 *
 * Since: 0.9
 */
struct hlthunk_event_record_critical_fw_err {
    int64_t timestamp;
    enum hl_info_fw_err_type err_type;
    uint16_t reported_err_id;
};

/**
 * struct hlthunk_event_record_engine_err - errors of an engine
 * @timestamp: CLOCK_MONOTONIC, in nanoseconds; 0: none
 * @engine_id: which engine
 * @error_count: how many
 *
 * Since: 0.9
 */
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

/**
 * struct hlthunk_sec_attest_info - an attestation
 * @nonce: as passed to hlthunk_get_sec_attest_info()
 * @pcr_quote_len, @pub_data_len, @certificate_len, @quote_sig_len: valid bytes of the arrays
 * @pcr_num_reg: number of registers in @pcr_data
 * @pcr_reg_len: bytes of each of them
 * @pcr_data: platform configuration registers
 * @pcr_quote: the quote
 * @quote_sig: its signature
 * @public_data: public data of the signing key
 * @certificate: certificate of the signing key
 *
 * Since: 0.9
 */
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

/**
 * struct hlthunk_dev_info_signed - signed information about a device
 * @nonce: as passed to hlthunk_get_dev_info_signed()
 * @pub_data_len, @certificate_len, @info_sig_len, @dev_info_len: valid bytes of the arrays
 * @public_data: public data of the signing key
 * @certificate: certificate of the signing key
 * @info_sig: the signature
 * @dev_info: the information
 *
 * Since: 0.9
 */
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

/**
 * struct hlthunk_user_mapping - a mapping in the device's address space
 * @dev_va: address
 * @size: bytes
 *
 * Since: 0.9
 */
struct hlthunk_user_mapping {
    uint64_t dev_va;
    uint64_t size;
};

/**
 * struct hlthunk_page_fault_info - a page fault
 * @timestamp: CLOCK_MONOTONIC, in nanoseconds; 0: none
 * @addr: the address
 * @engine_id: which engine
 * @num_of_mappings: how many mappings there were; 0xffffffff when that is not known
 * @mappings_buf: the caller's room for them
 *
 * Since: 0.9
 */
struct hlthunk_page_fault_info {
    int64_t timestamp;
    uint64_t addr;
    uint16_t engine_id;
    uint32_t num_of_mappings;
    struct hlthunk_user_mapping *mappings_buf;
};

/**
 * struct hlthunk_debugfs - open debugfs files of a device
 * @addr_fd, @data_fd, @clk_gate_fd: their descriptors; -1 for none
 * @clk_gate_val: what to restore when they are closed
 *
 * Since: 0.9
 */
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
