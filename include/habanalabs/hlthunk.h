/* SPDX-License-Identifier: MIT */
/*
 * The classic interface: functions on a file descriptor, as programs have used them for years.
 *
 * The fd is any open node of the habanalabs driver, whoever opened it.  Functions that return int
 * give 0 (or an fd, an index) or a negative errno, and set errno to the same; those that return
 * uint64_t give 0 on failure and set errno.  hlthunk_last_error() says what was wrong; with
 * HLTHUNK_LOG=error in its environment a program prints that on each failure.  Outputs are written
 * on success only.  Any thread.
 *
 * New programs may prefer the objects of <hlthunk/hlthunk.h>, which own what they hand out.
 */
#ifndef HLTHUNK_H
#define HLTHUNK_H

#include "hlthunk_types.h"
#include "hlthunk_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Open, close, find
 */

/*
 * busid: a PCI address, hexadecimal in either case, with a domain of any length or without; it
 * wins over the name.  hlthunk_open() by name alone returns -1 and leaves the reason in errno.
 */
hlthunk_public int hlthunk_open(enum hlthunk_device_name device_name, const char *busid);
hlthunk_public int hlthunk_open_by_module_id(uint32_t module_id);

/* Control nodes: queries only, any number of users.  dev_id is N of accel_controlDN. */
hlthunk_public int hlthunk_open_control(int dev_id, const char *busid);
hlthunk_public int hlthunk_open_control_by_name(enum hlthunk_device_name device_name,
                                                const char *busid);
hlthunk_public int hlthunk_open_control_by_module_id(uint32_t module_id);
hlthunk_public int hlthunk_open_control_by_bus_id(const char *busid);

hlthunk_public int hlthunk_close(int fd);

/* How many devices there are; DONT_CARE counts all. */
hlthunk_public int hlthunk_get_device_count(enum hlthunk_device_name device_name);

/* INVALID and 0 for what is no device of this driver. */
hlthunk_public enum hlthunk_device_name hlthunk_get_device_name_from_fd(int fd);
hlthunk_public uint32_t hlthunk_get_device_id_from_fd(int fd);

/* -ENOSPC when len is too small; the text always ends with a NUL. */
hlthunk_public int hlthunk_get_pci_bus_id_from_fd(int fd, char *pci_bus_id, int len);

/* N of accelN or hlN */
hlthunk_public int hlthunk_get_device_index_from_pci_bus_id(const char *busid);
hlthunk_public int hlthunk_get_device_index_from_module_id(uint32_t module_id);

/*
 * Queries
 */

hlthunk_public int hlthunk_get_hw_ip_info(int fd, struct hlthunk_hw_ip_info *hw_ip);
hlthunk_public int hlthunk_get_open_stats(int fd, struct hlthunk_open_stats_info *open_stats);
hlthunk_public int hlthunk_get_hw_asic_status(int fd,
                                              struct hlthunk_hw_asic_status *hw_asic_status);
hlthunk_public int hlthunk_get_dram_usage(int fd, struct hlthunk_dram_usage_info *dram_usage);

/* A negative errno, cast to the enum, on failure. */
hlthunk_public enum hl_device_status hlthunk_get_device_status_info(int fd);

/* False on failure too. */
hlthunk_public bool hlthunk_is_device_idle(int fd);

hlthunk_public int hlthunk_get_busy_engines_mask(int fd, struct hlthunk_engines_idle_info *info);
hlthunk_public int hlthunk_get_pll_frequency(int fd, uint32_t index,
                                             struct hlthunk_pll_frequency_info *frequency);
hlthunk_public int hlthunk_get_device_utilization(int fd, uint32_t period_ms, uint32_t *rate);

/* The size is in bytes. */
hlthunk_public int hlthunk_get_hw_events_arr(int fd, bool aggregate, uint32_t hw_events_arr_size,
                                             uint32_t *hw_events_arr);

hlthunk_public int hlthunk_get_clk_rate(int fd, uint32_t *cur_clk_mhz, uint32_t *max_clk_mhz);
hlthunk_public int hlthunk_get_reset_count_info(int fd, struct hlthunk_reset_count_info *info);
hlthunk_public int hlthunk_get_time_sync_info(int fd, struct hlthunk_time_sync_info *info);
hlthunk_public int hlthunk_get_sync_manager_info(int fd, int dcore_id,
                                                 struct hlthunk_sync_manager_info *info);
hlthunk_public int hlthunk_get_cs_counters_info(int fd, struct hl_info_cs_counters *info);
hlthunk_public int hlthunk_get_pci_counters_info(int fd, struct hlthunk_pci_counters_info *info);
hlthunk_public int hlthunk_get_clk_throttle_info(int fd, struct hlthunk_clk_throttle_info *info);
hlthunk_public int hlthunk_get_total_energy_consumption_info(int fd,
                                                             struct hlthunk_energy_info *info);
hlthunk_public int hlthunk_get_power_info(int fd, struct hlthunk_power_info *info);
hlthunk_public int
hlthunk_get_dram_replaced_rows_info(int fd, struct hlthunk_dram_replaced_rows_info *info);
hlthunk_public int hlthunk_get_dram_pending_rows_info(int fd, uint32_t *out);
hlthunk_public int hlthunk_get_dev_memalloc_page_orders(int fd, uint64_t *page_order_bitmask);

/* Secured devices; -EOPNOTSUPP on others. */
hlthunk_public int hlthunk_get_sec_attest_info(int fd, uint32_t nonce,
                                               struct hlthunk_sec_attest_info *info);
hlthunk_public int hlthunk_get_dev_info_signed(int fd, uint32_t nonce,
                                               struct hlthunk_dev_info_signed *info);

/* A text of at most status_buf_size bytes, 1 KiB to 1 MiB; actual_size may be NULL. */
hlthunk_public int hlthunk_get_engine_status(int fd, char *status_buf, uint32_t status_buf_size,
                                             int *actual_size);

/* buf: the record of that event.  RAZWI of Linux 6.1 is translated. */
hlthunk_public int hlthunk_get_event_record(int fd, enum hlthunk_event_record_id event_id,
                                            void *buf);

/* -ENOMEM when there are more mappings than were allocated: num_of_mappings says how many. */
hlthunk_public int hlthunk_get_page_fault_info(int fd, struct hlthunk_page_fault_info *pf,
                                               uint32_t num_of_allocated_mappings);

/* sub_opcode with its data, in and out in one buffer. */
hlthunk_public int hlthunk_fw_send_generic_request(int fd, void *buff, uint32_t buff_size,
                                                   uint32_t sub_opcode);

/* Any query; the argument goes to the driver as it is. */
hlthunk_public int hlthunk_get_info(int fd, struct hl_info_args *info);

/*
 * Memory
 */

/*
 * A handle; 0 on failure with errno set.  On Gaudi, whose device memory has no MMU, there is no
 * handle: the call takes note of the bytes and returns them, for hlthunk_device_memory_free(); use
 * addresses from hlthunk_hw_ip_info.
 */
hlthunk_public uint64_t hlthunk_device_memory_alloc(int fd, uint64_t size, uint64_t page_size,
                                                    bool contiguous, bool shared);

hlthunk_public int hlthunk_device_memory_free(int fd, uint64_t handle);

/* The address on the device; 0 on failure with errno set. */
hlthunk_public uint64_t hlthunk_device_memory_map(int fd, uint64_t handle, uint64_t hint_addr);
hlthunk_public uint64_t hlthunk_host_memory_map(int fd, void *host_virt_addr, uint64_t hint_addr,
                                                uint64_t host_size);
hlthunk_public uint64_t hlthunk_host_memory_map_flags(int fd, void *host_virt_addr,
                                                      uint64_t hint_addr, uint64_t host_size,
                                                      uint32_t flags);

hlthunk_public int hlthunk_memory_unmap(int fd, uint64_t device_virt_addr);

/*
 * A dma-buf of device memory: an fd above 2 that is the caller's to close.  flags must be
 * O_RDWR | O_CLOEXEC; the first, for Gaudi's physical addresses, takes these whatever flags say.
 */
hlthunk_public int hlthunk_device_memory_export_dmabuf_fd(int fd, uint64_t addr, uint64_t size,
                                                          uint32_t flags);
hlthunk_public int hlthunk_device_mapped_memory_export_dmabuf_fd(int fd, uint64_t addr,
                                                                 uint64_t size, uint64_t offset,
                                                                 uint32_t flags);

/* Registers that a program may mmap(): handle is the offset. */
hlthunk_public int hlthunk_get_hw_block(int fd, uint64_t block_address, uint32_t *block_size,
                                        uint64_t *handle);

/* Timestamps, 8 bytes each: handle is the offset for mmap(). */
hlthunk_public int hlthunk_allocate_timestamp_elements(int fd, uint32_t elements_num,
                                                       uint64_t *handle);

/*
 * Command buffers
 */

/* Host memory for packets: mmap() of fd at offset cb_handle.  At most HL_MAX_CB_SIZE bytes. */
hlthunk_public int hlthunk_request_command_buffer(int fd, uint32_t cb_size, uint64_t *cb_handle);
hlthunk_public int hlthunk_request_mapped_command_buffer(int fd, uint32_t cb_size,
                                                         uint64_t *cb_handle);
hlthunk_public int hlthunk_destroy_command_buffer(int fd, uint64_t cb_handle);
hlthunk_public int hlthunk_get_cb_usage_count(int fd, uint64_t cb_handle, uint32_t *usage_cnt);
hlthunk_public int hlthunk_get_mapped_cb_device_va_by_handle(int fd, uint64_t cb_handle,
                                                             uint64_t *device_va);

/*
 * Submission.  timeout is in seconds, 0 the driver's own.  Blocks while the queue is full, asleep
 * and over signals, until there is room or the device is reset (-EBUSY).
 */

hlthunk_public int hlthunk_command_submission(int fd, struct hlthunk_cs_in *in,
                                              struct hlthunk_cs_out *out);
hlthunk_public int hlthunk_command_submission_timeout(int fd, struct hlthunk_cs_in *in,
                                                      struct hlthunk_cs_out *out, uint32_t timeout);

/* sequence: what the first stage returned.  in->flags must have HL_CS_FLAGS_STAGED_SUBMISSION. */
hlthunk_public int hlthunk_staged_command_submission(int fd, uint64_t sequence,
                                                     struct hlthunk_cs_in *in,
                                                     struct hlthunk_cs_out *out);
hlthunk_public int hlthunk_staged_command_submission_timeout(int fd, uint64_t sequence,
                                                             struct hlthunk_cs_in *in,
                                                             struct hlthunk_cs_out *out,
                                                             uint32_t timeout);
hlthunk_public int hlthunk_staged_command_submission_encaps_signals(int fd, uint64_t handle_id,
                                                                    struct hlthunk_cs_in *in,
                                                                    struct hlthunk_cs_out *out);

hlthunk_public int hlthunk_cs_flush_pci_hbw_writes(int fd);

/* mode: HL_ENGINE_CORE_HALT or HL_ENGINE_CORE_RUN */
hlthunk_public int hlthunk_engine_cores_set_mode(int fd, const uint32_t *core_ids,
                                                 uint32_t num_cores, uint32_t mode);
hlthunk_public int hlthunk_engines_command(int fd, const uint32_t *engine_ids, uint32_t num_engines,
                                           enum hl_engine_command command);

/*
 * Signals between queues.  They wait for room as submissions do.
 */

hlthunk_public int hlthunk_signal_submission(int fd, struct hlthunk_signal_in *in,
                                             struct hlthunk_signal_out *out);
hlthunk_public int hlthunk_signal_submission_timeout(int fd, struct hlthunk_signal_in *in,
                                                     struct hlthunk_signal_out *out,
                                                     uint32_t timeout);
hlthunk_public int hlthunk_wait_for_signal(int fd, struct hlthunk_wait_in *in,
                                           struct hlthunk_wait_out *out);
hlthunk_public int hlthunk_wait_for_signal_timeout(int fd, struct hlthunk_wait_in *in,
                                                   struct hlthunk_wait_out *out, uint32_t timeout);
hlthunk_public int hlthunk_wait_for_collective_signal(int fd, struct hlthunk_wait_in *in,
                                                      struct hlthunk_wait_out *out);
hlthunk_public int hlthunk_wait_for_collective_signal_timeout(int fd, struct hlthunk_wait_in *in,
                                                              struct hlthunk_wait_out *out,
                                                              uint32_t timeout);
hlthunk_public int hlthunk_reserve_encaps_signals(int fd, struct hlthunk_sig_res_in *in,
                                                  struct hlthunk_sig_res_out *out);
hlthunk_public int hlthunk_unreserve_encaps_signals(int fd, struct reserve_sig_handle *handle,
                                                    uint32_t *status);
hlthunk_public int hlthunk_wait_for_reserved_encaps_signals(int fd, struct hlthunk_wait_in *in,
                                                            struct hlthunk_wait_out *out);
hlthunk_public int
hlthunk_wait_for_reserved_encaps_collective_signals(int fd, struct hlthunk_wait_in *in,
                                                    struct hlthunk_wait_out *out);

/*
 * Waits.  timeout_us counts from the call and is kept over signals; 0 asks without waiting,
 * UINT64_MAX never ends.  0 with *status HL_WAIT_CS_STATUS_COMPLETED, or _BUSY (not in time).
 * -ETIMEDOUT and -EIO when the driver gave a submission up: then *status is _TIMEDOUT or _ABORTED;
 * other failures leave the outputs alone.
 */

hlthunk_public int hlthunk_wait_for_cs(int fd, uint64_t seq, uint64_t timeout_us, uint32_t *status);
hlthunk_public int hlthunk_wait_for_cs_with_timestamp(int fd, uint64_t seq, uint64_t timeout_us,
                                                      uint32_t *status, uint64_t *timestamp);
hlthunk_public int hlthunk_wait_for_multi_cs(int fd, struct hlthunk_wait_multi_cs_in *in,
                                             struct hlthunk_wait_multi_cs_out *out);
hlthunk_public int hlthunk_wait_for_multi_cs_with_timestamp(int fd,
                                                            struct hlthunk_wait_multi_cs_in *in,
                                                            struct hlthunk_wait_multi_cs_out *out,
                                                            uint64_t *timestamp);

/*
 * interrupt_id: a user interrupt, 0xFFF any completion queue's, 0xFFE any decoder's, UINT_MAX as
 * 0xFFF.
 */
hlthunk_public int hlthunk_wait_for_interrupt(int fd, void *addr, uint64_t target_value,
                                              uint32_t interrupt_id, uint64_t timeout_us,
                                              uint32_t *status);
hlthunk_public int hlthunk_wait_for_interrupt_by_handle(int fd, uint64_t cq_counters_handle,
                                                        uint64_t cq_counters_offset,
                                                        uint64_t target_value,
                                                        uint32_t interrupt_id, uint64_t timeout_us,
                                                        uint32_t *status);
hlthunk_public int hlthunk_wait_for_interrupt_with_timestamp(int fd, void *addr,
                                                             uint64_t target_value,
                                                             uint32_t interrupt_id,
                                                             uint64_t timeout_us, uint32_t *status,
                                                             uint64_t *timestamp);
hlthunk_public int hlthunk_wait_for_interrupt_by_handle_with_timestamp(
    int fd, uint64_t cq_counters_handle, uint64_t cq_counters_offset, uint64_t target_value,
    uint32_t interrupt_id, uint64_t timeout_us, uint32_t *status, uint64_t *timestamp);

/* The driver writes the time into a timestamp element when the counter reaches the target. */
hlthunk_public int
hlthunk_register_timestamp_interrupt(int fd, uint32_t interrupt_id, uint64_t cq_counters_handle,
                                     uint64_t cq_counters_offset, uint64_t target_value,
                                     uint64_t timestamps_handle, uint64_t timestamps_offset);

/*
 * Events
 */

/*
 * An eventfd that counts events (HL_NOTIFIER_EVENT_*).  recv waits up to timeout ms (UINT32_MAX:
 * for ever; -EINTR on a signal); 0 with *notifier_cnt 0 is a timeout.  flags is not used.
 */
hlthunk_public int hlthunk_notifier_create(int fd);
hlthunk_public int hlthunk_notifier_release(int fd, int handle);
hlthunk_public int hlthunk_notifier_recv(int fd, int handle, uint64_t *notifier_events,
                                         uint64_t *notifier_cnt, uint32_t flags, uint32_t timeout);

/*
 * Debugging
 */

hlthunk_public int hlthunk_debug(int fd, struct hl_debug_args *debug);

/* Registers through debugfs, for root. */
hlthunk_public int hlthunk_debugfs_open(int fd, struct hlthunk_debugfs *debugfs);
hlthunk_public int hlthunk_debugfs_read(struct hlthunk_debugfs *debugfs, uint64_t full_address,
                                        uint32_t *val);
hlthunk_public int hlthunk_debugfs_write(struct hlthunk_debugfs *debugfs, uint64_t full_address,
                                         uint32_t val);
hlthunk_public int hlthunk_debugfs_close(struct hlthunk_debugfs *debugfs);

/* There is no profiler here: -EOPNOTSUPP. */
hlthunk_public int hlthunk_profiler_start(int fd);
hlthunk_public int hlthunk_profiler_stop(int fd);
hlthunk_public int hlthunk_profiler_get_trace(int fd, void *buffer, uint64_t *size,
                                              uint64_t *num_entries);
hlthunk_public void hlthunk_profiler_destroy(void);

/*
 * Functions of 2024 and later.  What needs the vendor's driver is -EOPNOTSUPP without it.
 */

/*
 * hlthunk_get_device_status_info(); the vendor's driver puts off soft resets for a moment when
 * soft_reset_stall is set, others take no notice.
 */
hlthunk_public int hlthunk_get_device_status_info_telemetry(int fd, bool soft_reset_stall);

/* The clocks of one die of the device, from 0. */
hlthunk_public int hlthunk_get_time_sync_per_die_info(int fd, uint32_t die_index,
                                                      struct hlthunk_time_sync_die_info *info);

/* Tells the firmware how many of the allocated bytes the program uses, and when it counted them. */
hlthunk_public int hlthunk_set_memory_consumption(int fd, uint64_t used_mem,
                                                  uint64_t timestamp_sec);

/* No address for a device without network ports; -EOPNOTSUPP for one that has some. */
hlthunk_public int hlthunk_get_mac_addr_info(int fd, struct hlthunk_mac_addr_info *info);

/* Up to HL_DEBUG_MAX_READ_BLOCK_SIZE bytes, a multiple of 4, in debug mode.  flags is not used. */
hlthunk_public int hlthunk_device_memory_read_block_experimental(int fd, uint32_t *buff,
                                                                 uint64_t block_address,
                                                                 uint32_t block_size,
                                                                 uint32_t flags);

/*
 * Other
 */

/*
 * A sentence about this thread's last failed call, "" when none has failed.  Not in the original
 * library.  Valid until the thread's next failure.
 */
#ifndef HLTHUNK_HAS_LAST_ERROR /* <hlthunk/error.h> declares it too */
#define HLTHUNK_HAS_LAST_ERROR
hlthunk_public const char *hlthunk_last_error(void);
#endif

/* Zeroed memory. */
hlthunk_public void *hlthunk_malloc(size_t size);
hlthunk_public void hlthunk_free(void *pt);

/* A text for hlthunk_free(); NULL without memory. */
hlthunk_public char *hlthunk_get_version(void);

/* -EPERM */
hlthunk_public int hlthunk_deprecated_func1(int fd, uint64_t seq, uint64_t timeout_us,
                                            uint32_t *status, uint64_t *timestamp);
hlthunk_public int hlthunk_deprecated_func2(int fd, uint32_t interrupt_id,
                                            uint64_t cq_counters_handle,
                                            uint64_t cq_counters_offset, uint64_t target_value,
                                            uint64_t timestamp_handle, uint64_t timestamp_offset);
hlthunk_public int hlthunk_deprecated_func3(int fd, uint32_t num_elements, uint64_t *handle);

#ifdef __cplusplus
}
#endif

#endif
