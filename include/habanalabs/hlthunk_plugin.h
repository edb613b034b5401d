/* SPDX-License-Identifier: MIT */
/*
 * The table that the original library handed to its closed profiler plug-in.  Kept for the source
 * of such plug-ins; this library loads none.  Included by hlthunk.h.
 */
#ifndef HLTHUNK_PLUGIN_H
#define HLTHUNK_PLUGIN_H

#include "hlthunk_types.h"

#ifdef __cplusplus
extern "C" {
#endif

struct hlthunk_functions_pointers {
    int (*fp_hlthunk_command_submission)(int fd, struct hlthunk_cs_in *in,
                                         struct hlthunk_cs_out *out);
    int (*fp_hlthunk_open)(enum hlthunk_device_name device_name, const char *busid);
    int (*fp_hlthunk_close)(int fd);
    int (*fp_hlthunk_profiler_start)(int fd);
    int (*fp_hlthunk_profiler_stop)(int fd);
    int (*fp_hlthunk_profiler_get_trace)(int fd, void *buffer, uint64_t *size,
                                         uint64_t *num_entries);
    uint64_t (*fp_hlthunk_device_memory_alloc)(int fd, uint64_t size, uint64_t page_size,
                                               bool contiguous, bool shared);
    int (*fp_hlthunk_device_memory_free)(int fd, uint64_t handle);
    uint64_t (*fp_hlthunk_device_memory_map)(int fd, uint64_t handle, uint64_t hint_addr);
    uint64_t (*fp_hlthunk_host_memory_map)(int fd, void *host_virt_addr, uint64_t hint_addr,
                                           uint64_t host_size);
    int (*fp_hlthunk_memory_unmap)(int fd, uint64_t device_virt_addr);
    int (*fp_hlthunk_debug)(int fd, struct hl_debug_args *debug);
    int (*fp_hlthunk_request_command_buffer)(int fd, uint32_t cb_size, uint64_t *cb_handle);
    int (*fp_hlthunk_destroy_command_buffer)(int fd, uint64_t cb_handle);
    int (*fp_hlthunk_wait_for_cs)(int fd, uint64_t seq, uint64_t timeout_us, uint32_t *status);
    enum hlthunk_device_name (*fp_hlthunk_get_device_name_from_fd)(int fd);
    int (*fp_hlthunk_get_pci_bus_id_from_fd)(int fd, char *pci_bus_id, int len);
    int (*fp_hlthunk_get_device_index_from_pci_bus_id)(const char *busid);
    void *(*fp_hlthunk_malloc)(size_t size);
    void (*fp_hlthunk_free)(void *pt);
    int (*fp_hlthunk_signal_submission)(int fd, struct hlthunk_signal_in *in,
                                        struct hlthunk_signal_out *out);
    int (*fp_hlthunk_wait_for_signal)(int fd, struct hlthunk_wait_in *in,
                                      struct hlthunk_wait_out *out);
    int (*fp_hlthunk_get_time_sync_info)(int fd, struct hlthunk_time_sync_info *info);
    int (*fp_hlthunk_get_cs_counters_info)(int fd, struct hl_info_cs_counters *info);
    void (*fp_hlthunk_profiler_destroy)(void);
    int (*fp_hlthunk_request_mapped_command_buffer)(int fd, uint32_t cb_size, uint64_t *cb_handle);
    int (*fp_hlthunk_wait_for_collective_sig)(int fd, struct hlthunk_wait_in *in,
                                              struct hlthunk_wait_out *out);
    int (*fp_hlthunk_deprecated_func1)(int fd, uint64_t seq, uint64_t timeout_us, uint32_t *status,
                                       uint64_t *timestamp);
    int (*fp_hlthunk_get_cb_usage_count)(int fd, uint64_t cb_handle, uint32_t *usage_cnt);
    int (*fp_hlthunk_staged_command_submission)(int fd, uint64_t sequence, struct hlthunk_cs_in *in,
                                                struct hlthunk_cs_out *out);
    int (*fp_hlthunk_get_hw_block)(int fd, uint64_t block_address, uint32_t *block_size,
                                   uint64_t *handle);
    int (*fp_hlthunk_wait_for_interrupt)(int fd, void *addr, uint64_t target_value,
                                         uint32_t interrupt_id, uint64_t timeout_us,
                                         uint32_t *status);
    int (*fp_hlthunk_device_memory_export_dmabuf_fd)(int fd, uint64_t handle, uint64_t size,
                                                     uint32_t flags);
    int (*fp_hlthunk_command_submission_timeout)(int fd, struct hlthunk_cs_in *in,
                                                 struct hlthunk_cs_out *out, uint32_t timeout);
    int (*fp_hlthunk_signal_submission_timeout)(int fd, struct hlthunk_signal_in *in,
                                                struct hlthunk_signal_out *out, uint32_t timeout);
    int (*fp_hlthunk_wait_for_signal_timeout)(int fd, struct hlthunk_wait_in *in,
                                              struct hlthunk_wait_out *out, uint32_t timeout);
    int (*fp_hlthunk_wait_for_collective_sig_timeout)(int fd, struct hlthunk_wait_in *in,
                                                      struct hlthunk_wait_out *out,
                                                      uint32_t timeout);
    int (*fp_hlthunk_staged_cs_timeout)(int fd, uint64_t sequence, struct hlthunk_cs_in *in,
                                        struct hlthunk_cs_out *out, uint32_t timeout);
    int (*fp_hlthunk_reserve_signals)(int fd, struct hlthunk_sig_res_in *in,
                                      struct hlthunk_sig_res_out *out);
    int (*fp_hlthunk_unreserve_signals)(int fd, struct reserve_sig_handle *handle,
                                        uint32_t *status);
    int (*fp_hlthunk_staged_cs_encaps_signals)(int fd, uint64_t sequence, struct hlthunk_cs_in *in,
                                               struct hlthunk_cs_out *out);
    int (*fp_hlthunk_wait_for_reserved_encaps_signals)(int fd, struct hlthunk_wait_in *in,
                                                       struct hlthunk_wait_out *out);
    int (*fp_hlthunk_wait_for_collective_reserved_encap_sig)(int fd, struct hlthunk_wait_in *in,
                                                             struct hlthunk_wait_out *out);
    uint64_t (*fp_hlthunk_host_memory_map_flags)(int fd, void *host_virt_addr, uint64_t hint_addr,
                                                 uint64_t host_size, uint32_t flags);
    int (*fp_get_dram_replaced_rows_info)(int fd, struct hlthunk_dram_replaced_rows_info *info);
    int (*fp_get_dram_pending_rows_info)(int fd, uint32_t *out);
    int (*fp_DEPRECATED1)(int fd, void *addr, uint64_t target_value, uint32_t engine_id,
                          uint64_t timeout_us, uint32_t *status, uint64_t *timestamp);
    int (*fp_hlthunk_wait_for_interrupt_by_handle)(int fd, uint64_t cq_counters_handle,
                                                   uint64_t cq_counters_offset,
                                                   uint64_t target_value, uint32_t interrupt_id,
                                                   uint64_t timeout_us, uint32_t *status);
    int (*fp_hlthunk_get_mapped_cb_device_va_by_handle)(int fd, uint64_t cb_handle,
                                                        uint64_t *device_va);
    int (*fp_hlthunk_get_pll_frequency)(int fd, uint32_t index,
                                        struct hlthunk_pll_frequency_info *frequency);
    int (*fp_hlthunk_deprecated_func2)(int fd, uint32_t interrupt_id, uint64_t cq_counters_handle,
                                       uint64_t cq_counters_offset, uint64_t target_value,
                                       uint64_t timestamp_handle, uint64_t timestamp_offset);
    int (*fp_hlthunk_deprecated_func3)(int fd, uint32_t num_elements, uint64_t *handle);
    int (*fp_hlthunk_device_mapped_memory_export_dmabuf_fd)(int fd, uint64_t addr, uint64_t size,
                                                            uint64_t offset, uint32_t flags);
    /* since 2024 */
    int (*fp_hlthunk_get_time_sync_per_die_info)(int fd, uint32_t die_index,
                                                 struct hlthunk_time_sync_die_info *info);
    int (*fp_hlthunk_get_hw_ip_info)(int fd, struct hlthunk_hw_ip_info *hw_ip);
};

#ifdef __cplusplus
}
#endif

#endif
