/* SPDX-License-Identifier: MIT */
#include "tests/classic/calls.h"

#include <fcntl.h>

/* The driver's arguments are compared, also what they say of the stack, which AddressSanitizer
 * moves at each call. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_stack_use_after_return=0";
}

static struct hl_cs_chunk chunk = { .cb_handle = CB_HANDLE, .cb_size = 64 };
static struct hlthunk_cs_in cs_in = { .chunks_execute = &chunk, .num_chunks_execute = 1 };
static struct hlthunk_cs_in staged_in = {
    .chunks_execute = &chunk,
    .num_chunks_execute = 1,
    .flags = HL_CS_FLAGS_STAGED_SUBMISSION,
};
static struct hlthunk_signal_in signal_in = { .queue_index = 3 };
static uint64_t signals[] = { 5 }, sequences[] = { 5, 6 }, word[1];
static struct hlthunk_wait_for_signal_data wait_data = {
    .signal_seq_arr = signals,
    .signal_seq_nr = 1,
    .queue_index = 3,
};
static struct hlthunk_wait_for_signal_data encaps_data = {
    .encaps_signal_seq = 5,
    .signal_seq_nr = 1,
    .queue_index = 3,
    .encaps_signal_offset = 1,
};
static struct hlthunk_wait_in wait_in = {
    .hlthunk_wait_for_signal = (uint64_t *)&wait_data,
    .num_wait_for_signal = 1,
};
static struct hlthunk_wait_in encaps_in = {
    .hlthunk_wait_for_signal = (uint64_t *)&encaps_data,
    .num_wait_for_signal = 1,
};
static struct hlthunk_sig_res_in reserve_in = { .queue_index = 3, .count = 4 };
static struct reserve_sig_handle reserved = { .id = 1 };
static struct hlthunk_wait_multi_cs_in multi_in = { .seq = sequences, .seq_len = 2 };
static const uint32_t ids[] = { 1, 2 };

static int64_t run_get_hw_ip_info(union outputs *o)
{
    return hlthunk_get_hw_ip_info(FD, &o->hw_ip);
}

static int64_t null_get_hw_ip_info(void)
{
    return hlthunk_get_hw_ip_info(FD, NULL);
}

static int64_t run_get_open_stats(union outputs *o)
{
    return hlthunk_get_open_stats(FD, &o->open_stats);
}

static int64_t null_get_open_stats(void)
{
    return hlthunk_get_open_stats(FD, NULL);
}

static int64_t run_get_hw_asic_status(union outputs *o)
{
    return hlthunk_get_hw_asic_status(FD, &o->asic_status);
}

static int64_t null_get_hw_asic_status(void)
{
    return hlthunk_get_hw_asic_status(FD, NULL);
}

static int64_t run_get_dram_usage(union outputs *o)
{
    return hlthunk_get_dram_usage(FD, &o->dram_usage);
}

static int64_t null_get_dram_usage(void)
{
    return hlthunk_get_dram_usage(FD, NULL);
}

static int64_t run_get_busy_engines_mask(union outputs *o)
{
    return hlthunk_get_busy_engines_mask(FD, &o->idle);
}

static int64_t null_get_busy_engines_mask(void)
{
    return hlthunk_get_busy_engines_mask(FD, NULL);
}

static int64_t run_get_reset_count_info(union outputs *o)
{
    return hlthunk_get_reset_count_info(FD, &o->reset_count);
}

static int64_t null_get_reset_count_info(void)
{
    return hlthunk_get_reset_count_info(FD, NULL);
}

static int64_t run_get_time_sync_info(union outputs *o)
{
    return hlthunk_get_time_sync_info(FD, &o->time_sync);
}

static int64_t null_get_time_sync_info(void)
{
    return hlthunk_get_time_sync_info(FD, NULL);
}

static int64_t run_get_cs_counters_info(union outputs *o)
{
    return hlthunk_get_cs_counters_info(FD, &o->cs_counters);
}

static int64_t null_get_cs_counters_info(void)
{
    return hlthunk_get_cs_counters_info(FD, NULL);
}

static int64_t run_get_pci_counters_info(union outputs *o)
{
    return hlthunk_get_pci_counters_info(FD, &o->pci_counters);
}

static int64_t null_get_pci_counters_info(void)
{
    return hlthunk_get_pci_counters_info(FD, NULL);
}

static int64_t run_get_clk_throttle_info(union outputs *o)
{
    return hlthunk_get_clk_throttle_info(FD, &o->clk_throttle);
}

static int64_t null_get_clk_throttle_info(void)
{
    return hlthunk_get_clk_throttle_info(FD, NULL);
}

static int64_t run_get_total_energy_consumption_info(union outputs *o)
{
    return hlthunk_get_total_energy_consumption_info(FD, &o->energy);
}

static int64_t null_get_total_energy_consumption_info(void)
{
    return hlthunk_get_total_energy_consumption_info(FD, NULL);
}

static int64_t run_get_power_info(union outputs *o)
{
    return hlthunk_get_power_info(FD, &o->power);
}

static int64_t null_get_power_info(void)
{
    return hlthunk_get_power_info(FD, NULL);
}

static int64_t run_get_dram_replaced_rows_info(union outputs *o)
{
    return hlthunk_get_dram_replaced_rows_info(FD, &o->rows);
}

static int64_t null_get_dram_replaced_rows_info(void)
{
    return hlthunk_get_dram_replaced_rows_info(FD, NULL);
}

static int64_t run_get_pll_frequency(union outputs *o)
{
    return hlthunk_get_pll_frequency(FD, 3, &o->pll);
}

static int64_t null_get_pll_frequency(void)
{
    return hlthunk_get_pll_frequency(FD, 3, NULL);
}

static int64_t run_get_device_utilization(union outputs *o)
{
    return hlthunk_get_device_utilization(FD, 500, o->u32);
}

static int64_t null_get_device_utilization(void)
{
    return hlthunk_get_device_utilization(FD, 500, NULL);
}

static int64_t run_get_hw_events_arr(union outputs *o)
{
    return hlthunk_get_hw_events_arr(FD, true, 4096, o->u32);
}

static int64_t null_get_hw_events_arr(void)
{
    return hlthunk_get_hw_events_arr(FD, true, 4096, NULL);
}

static int64_t run_get_clk_rate(union outputs *o)
{
    return hlthunk_get_clk_rate(FD, &o->u32[0], &o->u32[1]);
}

static int64_t null_get_clk_rate(void)
{
    return hlthunk_get_clk_rate(FD, NULL, NULL);
}

static int64_t run_get_sync_manager_info(union outputs *o)
{
    return hlthunk_get_sync_manager_info(FD, 1, &o->sync_manager);
}

static int64_t null_get_sync_manager_info(void)
{
    return hlthunk_get_sync_manager_info(FD, 1, NULL);
}

static int64_t run_get_dram_pending_rows_info(union outputs *o)
{
    return hlthunk_get_dram_pending_rows_info(FD, o->u32);
}

static int64_t null_get_dram_pending_rows_info(void)
{
    return hlthunk_get_dram_pending_rows_info(FD, NULL);
}

static int64_t run_get_dev_memalloc_page_orders(union outputs *o)
{
    return hlthunk_get_dev_memalloc_page_orders(FD, o->u64);
}

static int64_t null_get_dev_memalloc_page_orders(void)
{
    return hlthunk_get_dev_memalloc_page_orders(FD, NULL);
}

static int64_t run_get_sec_attest_info(union outputs *o)
{
    return hlthunk_get_sec_attest_info(FD, 7, &o->attest);
}

static int64_t null_get_sec_attest_info(void)
{
    return hlthunk_get_sec_attest_info(FD, 7, NULL);
}

static int64_t run_get_dev_info_signed(union outputs *o)
{
    return hlthunk_get_dev_info_signed(FD, 7, &o->dev_signed);
}

static int64_t null_get_dev_info_signed(void)
{
    return hlthunk_get_dev_info_signed(FD, 7, NULL);
}

static int64_t run_get_engine_status(union outputs *o)
{
    return hlthunk_get_engine_status(FD, o->text, sizeof(o->text), NULL);
}

static int64_t null_get_engine_status(void)
{
    return hlthunk_get_engine_status(FD, NULL, 1024, NULL);
}

static int64_t run_fw_send_generic_request(union outputs *o)
{
    return hlthunk_fw_send_generic_request(FD, o->bytes, 64, 3);
}

static int64_t null_fw_send_generic_request(void)
{
    return hlthunk_fw_send_generic_request(FD, NULL, 64, 3);
}

static int64_t run_get_event_record_open_dev(union outputs *o)
{
    return hlthunk_get_event_record(FD, HLTHUNK_OPEN_DEV, o->bytes);
}

static int64_t null_get_event_record_open_dev(void)
{
    return hlthunk_get_event_record(FD, HLTHUNK_OPEN_DEV, NULL);
}

static int64_t run_get_event_record_cs_timeout(union outputs *o)
{
    return hlthunk_get_event_record(FD, HLTHUNK_CS_TIMEOUT, o->bytes);
}

static int64_t null_get_event_record_cs_timeout(void)
{
    return hlthunk_get_event_record(FD, HLTHUNK_CS_TIMEOUT, NULL);
}

static int64_t run_get_event_record_razwi_event(union outputs *o)
{
    return hlthunk_get_event_record(FD, HLTHUNK_RAZWI_EVENT, o->bytes);
}

static int64_t null_get_event_record_razwi_event(void)
{
    return hlthunk_get_event_record(FD, HLTHUNK_RAZWI_EVENT, NULL);
}

static int64_t run_get_event_record_undefined_opcode(union outputs *o)
{
    return hlthunk_get_event_record(FD, HLTHUNK_UNDEFINED_OPCODE, o->bytes);
}

static int64_t null_get_event_record_undefined_opcode(void)
{
    return hlthunk_get_event_record(FD, HLTHUNK_UNDEFINED_OPCODE, NULL);
}

static int64_t run_get_event_record_hw_err_opcode(union outputs *o)
{
    return hlthunk_get_event_record(FD, HLTHUNK_HW_ERR_OPCODE, o->bytes);
}

static int64_t null_get_event_record_hw_err_opcode(void)
{
    return hlthunk_get_event_record(FD, HLTHUNK_HW_ERR_OPCODE, NULL);
}

static int64_t run_get_event_record_fw_err_opcode(union outputs *o)
{
    return hlthunk_get_event_record(FD, HLTHUNK_FW_ERR_OPCODE, o->bytes);
}

static int64_t null_get_event_record_fw_err_opcode(void)
{
    return hlthunk_get_event_record(FD, HLTHUNK_FW_ERR_OPCODE, NULL);
}

static int64_t run_get_event_record_engine_event(union outputs *o)
{
    return hlthunk_get_event_record(FD, HLTHUNK_ENGINE_EVENT, o->bytes);
}

static int64_t null_get_event_record_engine_event(void)
{
    return hlthunk_get_event_record(FD, HLTHUNK_ENGINE_EVENT, NULL);
}

static int64_t run_get_info(union outputs *o)
{
    return hlthunk_get_info(FD, &(struct hl_info_args){ .op = HL_INFO_POWER,
                                                        .return_pointer = (uintptr_t)o,
                                                        .return_size = 8 });
}

static int64_t null_get_info(void)
{
    return hlthunk_get_info(FD, NULL);
}

static int64_t run_notifier_create(union outputs *o)
{
    (void)o;
    return hlthunk_notifier_create(FD);
}

static int64_t run_notifier_release(union outputs *o)
{
    (void)o;
    return hlthunk_notifier_release(FD, FD);
}

static int64_t run_device_memory_alloc(union outputs *o)
{
    (void)o;
    return (int64_t)hlthunk_device_memory_alloc(FD, 4096, 0, true, true);
}

static int64_t run_device_memory_free(union outputs *o)
{
    (void)o;
    return hlthunk_device_memory_free(FD, 1);
}

static int64_t run_device_memory_map(union outputs *o)
{
    (void)o;
    return (int64_t)hlthunk_device_memory_map(FD, 1, 0);
}

static int64_t run_host_memory_map(union outputs *o)
{
    return (int64_t)hlthunk_host_memory_map(FD, o, 0, 4096);
}

static int64_t run_host_memory_map_flags(union outputs *o)
{
    return (int64_t)hlthunk_host_memory_map_flags(FD, o, 0, 4096, 0);
}

static int64_t run_memory_unmap(union outputs *o)
{
    (void)o;
    return hlthunk_memory_unmap(FD, 0x1000);
}

static int64_t run_device_memory_export_dmabuf_fd(union outputs *o)
{
    (void)o;
    return hlthunk_device_memory_export_dmabuf_fd(FD, 0x20000000, 65536, 0);
}

static int64_t run_device_mapped_memory_export_dmabuf_fd(union outputs *o)
{
    (void)o;
    return hlthunk_device_mapped_memory_export_dmabuf_fd(FD, 0x20000000, 65536, 0,
                                                         O_RDWR | O_CLOEXEC);
}

static int64_t run_get_hw_block(union outputs *o)
{
    return hlthunk_get_hw_block(FD, 0x1000, &o->u32[0], &o->u64[1]);
}

static int64_t null_get_hw_block(void)
{
    return hlthunk_get_hw_block(FD, 0x1000, NULL, NULL);
}

static int64_t run_allocate_timestamp_elements(union outputs *o)
{
    return hlthunk_allocate_timestamp_elements(FD, 8, o->u64);
}

static int64_t null_allocate_timestamp_elements(void)
{
    return hlthunk_allocate_timestamp_elements(FD, 8, NULL);
}

static int64_t run_request_command_buffer(union outputs *o)
{
    return hlthunk_request_command_buffer(FD, 4096, o->u64);
}

static int64_t null_request_command_buffer(void)
{
    return hlthunk_request_command_buffer(FD, 4096, NULL);
}

static int64_t run_request_mapped_command_buffer(union outputs *o)
{
    return hlthunk_request_mapped_command_buffer(FD, 4096, o->u64);
}

static int64_t null_request_mapped_command_buffer(void)
{
    return hlthunk_request_mapped_command_buffer(FD, 4096, NULL);
}

static int64_t run_destroy_command_buffer(union outputs *o)
{
    (void)o;
    return hlthunk_destroy_command_buffer(FD, CB_HANDLE);
}

static int64_t run_get_cb_usage_count(union outputs *o)
{
    return hlthunk_get_cb_usage_count(FD, CB_HANDLE, o->u32);
}

static int64_t null_get_cb_usage_count(void)
{
    return hlthunk_get_cb_usage_count(FD, CB_HANDLE, NULL);
}

static int64_t run_get_mapped_cb_device_va_by_handle(union outputs *o)
{
    return hlthunk_get_mapped_cb_device_va_by_handle(FD, CB_HANDLE, o->u64);
}

static int64_t null_get_mapped_cb_device_va_by_handle(void)
{
    return hlthunk_get_mapped_cb_device_va_by_handle(FD, CB_HANDLE, NULL);
}

static int64_t run_command_submission(union outputs *o)
{
    return hlthunk_command_submission(FD, &cs_in, &o->cs);
}

static int64_t null_command_submission(void)
{
    return hlthunk_command_submission(FD, &cs_in, NULL);
}

static int64_t run_command_submission_timeout(union outputs *o)
{
    return hlthunk_command_submission_timeout(FD, &cs_in, &o->cs, 5);
}

static int64_t null_command_submission_timeout(void)
{
    return hlthunk_command_submission_timeout(FD, NULL, NULL, 5);
}

static int64_t run_staged_command_submission(union outputs *o)
{
    return hlthunk_staged_command_submission(FD, 9, &staged_in, &o->cs);
}

static int64_t null_staged_command_submission(void)
{
    return hlthunk_staged_command_submission(FD, 9, &staged_in, NULL);
}

static int64_t run_staged_command_submission_timeout(union outputs *o)
{
    return hlthunk_staged_command_submission_timeout(FD, 9, &staged_in, &o->cs, 5);
}

static int64_t null_staged_command_submission_timeout(void)
{
    return hlthunk_staged_command_submission_timeout(FD, 9, NULL, NULL, 5);
}

static int64_t run_staged_command_submission_encaps_signals(union outputs *o)
{
    return hlthunk_staged_command_submission_encaps_signals(FD, 9, &staged_in, &o->cs);
}

static int64_t null_staged_command_submission_encaps_signals(void)
{
    return hlthunk_staged_command_submission_encaps_signals(FD, 9, NULL, NULL);
}

static int64_t run_cs_flush_pci_hbw_writes(union outputs *o)
{
    (void)o;
    return hlthunk_cs_flush_pci_hbw_writes(FD);
}

static int64_t run_engine_cores_set_mode(union outputs *o)
{
    (void)o;
    return hlthunk_engine_cores_set_mode(FD, ids, 2, HL_ENGINE_CORE_RUN);
}

static int64_t null_engine_cores_set_mode(void)
{
    return hlthunk_engine_cores_set_mode(FD, NULL, 2, HL_ENGINE_CORE_RUN);
}

static int64_t run_engines_command(union outputs *o)
{
    (void)o;
    return hlthunk_engines_command(FD, ids, 2, HL_ENGINE_STALL);
}

static int64_t null_engines_command(void)
{
    return hlthunk_engines_command(FD, NULL, 2, HL_ENGINE_STALL);
}

static int64_t run_signal_submission(union outputs *o)
{
    return hlthunk_signal_submission(FD, &signal_in, &o->signal);
}

static int64_t null_signal_submission(void)
{
    return hlthunk_signal_submission(FD, &signal_in, NULL);
}

static int64_t run_signal_submission_timeout(union outputs *o)
{
    return hlthunk_signal_submission_timeout(FD, &signal_in, &o->signal, 5);
}

static int64_t null_signal_submission_timeout(void)
{
    return hlthunk_signal_submission_timeout(FD, NULL, NULL, 5);
}

static int64_t run_wait_for_signal(union outputs *o)
{
    return hlthunk_wait_for_signal(FD, &wait_in, &o->wait);
}

static int64_t null_wait_for_signal(void)
{
    return hlthunk_wait_for_signal(FD, &wait_in, NULL);
}

static int64_t run_wait_for_signal_timeout(union outputs *o)
{
    return hlthunk_wait_for_signal_timeout(FD, &wait_in, &o->wait, 5);
}

static int64_t null_wait_for_signal_timeout(void)
{
    return hlthunk_wait_for_signal_timeout(FD, &wait_in, NULL, 5);
}

static int64_t run_wait_for_collective_signal(union outputs *o)
{
    return hlthunk_wait_for_collective_signal(FD, &wait_in, &o->wait);
}

static int64_t null_wait_for_collective_signal(void)
{
    return hlthunk_wait_for_collective_signal(FD, &wait_in, NULL);
}

static int64_t run_wait_for_collective_signal_timeout(union outputs *o)
{
    return hlthunk_wait_for_collective_signal_timeout(FD, &wait_in, &o->wait, 5);
}

static int64_t null_wait_for_collective_signal_timeout(void)
{
    return hlthunk_wait_for_collective_signal_timeout(FD, &wait_in, NULL, 5);
}

static int64_t run_wait_for_reserved_encaps_signals(union outputs *o)
{
    return hlthunk_wait_for_reserved_encaps_signals(FD, &encaps_in, &o->wait);
}

static int64_t null_wait_for_reserved_encaps_signals(void)
{
    return hlthunk_wait_for_reserved_encaps_signals(FD, NULL, NULL);
}

static int64_t run_wait_for_reserved_encaps_collective_signals(union outputs *o)
{
    return hlthunk_wait_for_reserved_encaps_collective_signals(FD, &encaps_in, &o->wait);
}

static int64_t null_wait_for_reserved_encaps_collective_signals(void)
{
    return hlthunk_wait_for_reserved_encaps_collective_signals(FD, NULL, NULL);
}

static int64_t run_reserve_encaps_signals(union outputs *o)
{
    return hlthunk_reserve_encaps_signals(FD, &reserve_in, &o->reserve);
}

static int64_t null_reserve_encaps_signals(void)
{
    return hlthunk_reserve_encaps_signals(FD, &reserve_in, NULL);
}

static int64_t run_unreserve_encaps_signals(union outputs *o)
{
    return hlthunk_unreserve_encaps_signals(FD, &reserved, o->u32);
}

static int64_t null_unreserve_encaps_signals(void)
{
    return hlthunk_unreserve_encaps_signals(FD, NULL, NULL);
}

static int64_t run_wait_for_cs(union outputs *o)
{
    return hlthunk_wait_for_cs(FD, 7, 0, &o->waited.status);
}

static int64_t null_wait_for_cs(void)
{
    return hlthunk_wait_for_cs(FD, 7, 0, NULL);
}

static int64_t run_wait_for_cs_with_timestamp(union outputs *o)
{
    return hlthunk_wait_for_cs_with_timestamp(FD, 7, 0, &o->waited.status, &o->waited.timestamp);
}

static int64_t null_wait_for_cs_with_timestamp(void)
{
    return hlthunk_wait_for_cs_with_timestamp(FD, 7, 0, NULL, NULL);
}

static int64_t run_wait_for_multi_cs(union outputs *o)
{
    return hlthunk_wait_for_multi_cs(FD, &multi_in, &o->multi.out);
}

static int64_t null_wait_for_multi_cs(void)
{
    return hlthunk_wait_for_multi_cs(FD, &multi_in, NULL);
}

static int64_t run_wait_for_multi_cs_with_timestamp(union outputs *o)
{
    return hlthunk_wait_for_multi_cs_with_timestamp(FD, &multi_in, &o->multi.out,
                                                    &o->multi.timestamp);
}

static int64_t null_wait_for_multi_cs_with_timestamp(void)
{
    return hlthunk_wait_for_multi_cs_with_timestamp(FD, NULL, NULL, NULL);
}

static int64_t run_wait_for_interrupt(union outputs *o)
{
    return hlthunk_wait_for_interrupt(FD, word, 1, 100, 0, &o->waited.status);
}

static int64_t null_wait_for_interrupt(void)
{
    return hlthunk_wait_for_interrupt(FD, word, 1, 100, 0, NULL);
}

static int64_t run_wait_for_interrupt_with_timestamp(union outputs *o)
{
    return hlthunk_wait_for_interrupt_with_timestamp(FD, word, 1, 100, 0, &o->waited.status,
                                                     &o->waited.timestamp);
}

static int64_t null_wait_for_interrupt_with_timestamp(void)
{
    return hlthunk_wait_for_interrupt_with_timestamp(FD, NULL, 1, 100, 0, &(uint32_t){ 0 }, NULL);
}

static int64_t run_wait_for_interrupt_by_handle(union outputs *o)
{
    return hlthunk_wait_for_interrupt_by_handle(FD, CB_HANDLE, 0, 1, 100, 0, &o->waited.status);
}

static int64_t null_wait_for_interrupt_by_handle(void)
{
    return hlthunk_wait_for_interrupt_by_handle(FD, CB_HANDLE, 0, 1, 100, 0, NULL);
}

static int64_t run_wait_for_interrupt_by_handle_with_timestamp(union outputs *o)
{
    return hlthunk_wait_for_interrupt_by_handle_with_timestamp(
        FD, CB_HANDLE, 0, 1, 100, 0, &o->waited.status, &o->waited.timestamp);
}

static int64_t null_wait_for_interrupt_by_handle_with_timestamp(void)
{
    return hlthunk_wait_for_interrupt_by_handle_with_timestamp(FD, CB_HANDLE, 0, 1, 100, 0, NULL,
                                                               NULL);
}

static int64_t run_register_timestamp_interrupt(union outputs *o)
{
    (void)o;
    return hlthunk_register_timestamp_interrupt(FD, 100, CB_HANDLE, 0, 1, TS_HANDLE, 0);
}

static int64_t run_debug(union outputs *o)
{
    (void)o;
    return hlthunk_debug(FD, &(struct hl_debug_args){ .op = HL_DEBUG_OP_SET_MODE, .enable = 1 });
}

static int64_t null_debug(void)
{
    return hlthunk_debug(FD, NULL);
}

static int64_t run_status_telemetry(union outputs *o)
{
    (void)o;
    return hlthunk_get_device_status_info_telemetry(FD, true);
}

static int64_t run_time_sync_per_die(union outputs *o)
{
    return hlthunk_get_time_sync_per_die_info(FD, 0, &o->die);
}

static int64_t null_time_sync_per_die(void)
{
    return hlthunk_get_time_sync_per_die_info(FD, 0, NULL);
}

static int64_t run_set_memory_consumption(union outputs *o)
{
    (void)o;
    return hlthunk_set_memory_consumption(FD, 1, 2);
}

static int64_t run_get_mac_addr_info(union outputs *o)
{
    return hlthunk_get_mac_addr_info(FD, &o->mac);
}

static int64_t null_get_mac_addr_info(void)
{
    return hlthunk_get_mac_addr_info(FD, NULL);
}

static int64_t run_read_block(union outputs *o)
{
    return hlthunk_device_memory_read_block_experimental(FD, o->u32, 0x1000, 8, 0);
}

static int64_t null_read_block(void)
{
    return hlthunk_device_memory_read_block_experimental(FD, NULL, 0x1000, 8, 0);
}

const struct call calls[] = {
    { "get_hw_ip_info", RETURNS_INT, OP_INFO, run_get_hw_ip_info, null_get_hw_ip_info },
    { "get_open_stats", RETURNS_INT, OP_INFO, run_get_open_stats, null_get_open_stats },
    { "get_hw_asic_status", RETURNS_INT, OP_INFO, run_get_hw_asic_status, null_get_hw_asic_status },
    { "get_dram_usage", RETURNS_INT, OP_INFO, run_get_dram_usage, null_get_dram_usage },
    { "get_busy_engines_mask", RETURNS_INT, OP_INFO, run_get_busy_engines_mask,
      null_get_busy_engines_mask },
    { "get_reset_count_info", RETURNS_INT, OP_INFO, run_get_reset_count_info,
      null_get_reset_count_info },
    { "get_time_sync_info", RETURNS_INT, OP_INFO, run_get_time_sync_info, null_get_time_sync_info },
    { "get_cs_counters_info", RETURNS_INT, OP_INFO, run_get_cs_counters_info,
      null_get_cs_counters_info },
    { "get_pci_counters_info", RETURNS_INT, OP_INFO, run_get_pci_counters_info,
      null_get_pci_counters_info },
    { "get_clk_throttle_info", RETURNS_INT, OP_INFO, run_get_clk_throttle_info,
      null_get_clk_throttle_info },
    { "get_total_energy_consumption_info", RETURNS_INT, OP_INFO,
      run_get_total_energy_consumption_info, null_get_total_energy_consumption_info },
    { "get_power_info", RETURNS_INT, OP_INFO, run_get_power_info, null_get_power_info },
    { "get_dram_replaced_rows_info", RETURNS_INT, OP_INFO, run_get_dram_replaced_rows_info,
      null_get_dram_replaced_rows_info },
    { "get_pll_frequency", RETURNS_INT, OP_INFO, run_get_pll_frequency, null_get_pll_frequency },
    { "get_device_utilization", RETURNS_INT, OP_INFO, run_get_device_utilization,
      null_get_device_utilization },
    { "get_hw_events_arr", RETURNS_INT, OP_INFO, run_get_hw_events_arr, null_get_hw_events_arr },
    { "get_clk_rate", RETURNS_INT, OP_INFO, run_get_clk_rate, null_get_clk_rate },
    { "get_sync_manager_info", RETURNS_INT, OP_INFO, run_get_sync_manager_info,
      null_get_sync_manager_info },
    { "get_dram_pending_rows_info", RETURNS_INT, OP_INFO, run_get_dram_pending_rows_info,
      null_get_dram_pending_rows_info },
    { "get_dev_memalloc_page_orders", RETURNS_INT, OP_INFO, run_get_dev_memalloc_page_orders,
      null_get_dev_memalloc_page_orders },
    { "get_sec_attest_info", RETURNS_INT, OP_INFO, run_get_sec_attest_info,
      null_get_sec_attest_info },
    { "get_dev_info_signed", RETURNS_INT, OP_INFO, run_get_dev_info_signed,
      null_get_dev_info_signed },
    { "get_engine_status", RETURNS_INT, OP_INFO, run_get_engine_status, null_get_engine_status },
    { "fw_send_generic_request", RETURNS_INT, OP_INFO, run_fw_send_generic_request,
      null_fw_send_generic_request },
    { "get_event_record OPEN_DEV", RETURNS_INT, OP_INFO, run_get_event_record_open_dev,
      null_get_event_record_open_dev },
    { "get_event_record CS_TIMEOUT", RETURNS_INT, OP_INFO, run_get_event_record_cs_timeout,
      null_get_event_record_cs_timeout },
    { "get_event_record RAZWI_EVENT", RETURNS_INT, OP_INFO, run_get_event_record_razwi_event,
      null_get_event_record_razwi_event },
    { "get_event_record UNDEFINED_OPCODE", RETURNS_INT, OP_INFO,
      run_get_event_record_undefined_opcode, null_get_event_record_undefined_opcode },
    { "get_event_record HW_ERR_OPCODE", RETURNS_INT, OP_INFO, run_get_event_record_hw_err_opcode,
      null_get_event_record_hw_err_opcode },
    { "get_event_record FW_ERR_OPCODE", RETURNS_INT, OP_INFO, run_get_event_record_fw_err_opcode,
      null_get_event_record_fw_err_opcode },
    { "get_event_record ENGINE_EVENT", RETURNS_INT, OP_INFO, run_get_event_record_engine_event,
      null_get_event_record_engine_event },
    { "get_info", RETURNS_INT, OP_INFO, run_get_info, null_get_info },
    { "notifier_create", RETURNS_INT, OP_INFO, run_notifier_create, NULL },
    { "notifier_release", RETURNS_INT, OP_INFO, run_notifier_release, NULL },
    { "device_memory_alloc", RETURNS_U64, OP_MEMORY, run_device_memory_alloc, NULL },
    { "device_memory_free", RETURNS_INT, OP_MEMORY, run_device_memory_free, NULL },
    { "device_memory_map", RETURNS_U64, OP_MEMORY, run_device_memory_map, NULL },
    { "host_memory_map", RETURNS_U64, OP_MEMORY, run_host_memory_map, NULL },
    { "host_memory_map_flags", RETURNS_U64, OP_MEMORY, run_host_memory_map_flags, NULL },
    { "memory_unmap", RETURNS_INT, OP_MEMORY, run_memory_unmap, NULL },
    { "device_memory_export_dmabuf_fd", RETURNS_FD, OP_MEMORY, run_device_memory_export_dmabuf_fd,
      NULL },
    { "device_mapped_memory_export_dmabuf_fd", RETURNS_FD, OP_MEMORY,
      run_device_mapped_memory_export_dmabuf_fd, NULL },
    { "get_hw_block", RETURNS_INT, OP_MEMORY, run_get_hw_block, null_get_hw_block },
    { "allocate_timestamp_elements", RETURNS_INT, OP_MEMORY, run_allocate_timestamp_elements,
      null_allocate_timestamp_elements },
    { "request_command_buffer", RETURNS_INT, OP_CB, run_request_command_buffer,
      null_request_command_buffer },
    { "request_mapped_command_buffer", RETURNS_INT, OP_CB, run_request_mapped_command_buffer,
      null_request_mapped_command_buffer },
    { "destroy_command_buffer", RETURNS_INT, OP_CB, run_destroy_command_buffer, NULL },
    { "get_cb_usage_count", RETURNS_INT, OP_CB, run_get_cb_usage_count, null_get_cb_usage_count },
    { "get_mapped_cb_device_va_by_handle", RETURNS_INT, OP_CB,
      run_get_mapped_cb_device_va_by_handle, null_get_mapped_cb_device_va_by_handle },
    { "command_submission", RETURNS_INT, OP_CS, run_command_submission, null_command_submission },
    { "command_submission_timeout", RETURNS_INT, OP_CS, run_command_submission_timeout,
      null_command_submission_timeout },
    { "staged_command_submission", RETURNS_INT, OP_CS, run_staged_command_submission,
      null_staged_command_submission },
    { "staged_command_submission_timeout", RETURNS_INT, OP_CS,
      run_staged_command_submission_timeout, null_staged_command_submission_timeout },
    { "staged_command_submission_encaps_signals", RETURNS_INT, OP_CS,
      run_staged_command_submission_encaps_signals, null_staged_command_submission_encaps_signals },
    { "cs_flush_pci_hbw_writes", RETURNS_INT, OP_CS, run_cs_flush_pci_hbw_writes, NULL },
    { "engine_cores_set_mode", RETURNS_INT, OP_CS, run_engine_cores_set_mode,
      null_engine_cores_set_mode },
    { "engines_command", RETURNS_INT, OP_CS, run_engines_command, null_engines_command },
    { "signal_submission", RETURNS_INT, OP_CS, run_signal_submission, null_signal_submission },
    { "signal_submission_timeout", RETURNS_INT, OP_CS, run_signal_submission_timeout,
      null_signal_submission_timeout },
    { "wait_for_signal", RETURNS_INT, OP_CS, run_wait_for_signal, null_wait_for_signal },
    { "wait_for_signal_timeout", RETURNS_INT, OP_CS, run_wait_for_signal_timeout,
      null_wait_for_signal_timeout },
    { "wait_for_collective_signal", RETURNS_INT, OP_CS, run_wait_for_collective_signal,
      null_wait_for_collective_signal },
    { "wait_for_collective_signal_timeout", RETURNS_INT, OP_CS,
      run_wait_for_collective_signal_timeout, null_wait_for_collective_signal_timeout },
    { "wait_for_reserved_encaps_signals", RETURNS_INT, OP_CS, run_wait_for_reserved_encaps_signals,
      null_wait_for_reserved_encaps_signals },
    { "wait_for_reserved_encaps_collective_signals", RETURNS_INT, OP_CS,
      run_wait_for_reserved_encaps_collective_signals,
      null_wait_for_reserved_encaps_collective_signals },
    { "reserve_encaps_signals", RETURNS_INT, OP_CS, run_reserve_encaps_signals,
      null_reserve_encaps_signals },
    { "unreserve_encaps_signals", RETURNS_INT, OP_CS, run_unreserve_encaps_signals,
      null_unreserve_encaps_signals },
    { "wait_for_cs", RETURNS_INT, OP_WAIT_CS, run_wait_for_cs, null_wait_for_cs },
    { "wait_for_cs_with_timestamp", RETURNS_INT, OP_WAIT_CS, run_wait_for_cs_with_timestamp,
      null_wait_for_cs_with_timestamp },
    { "wait_for_multi_cs", RETURNS_INT, OP_WAIT_CS, run_wait_for_multi_cs, null_wait_for_multi_cs },
    { "wait_for_multi_cs_with_timestamp", RETURNS_INT, OP_WAIT_CS,
      run_wait_for_multi_cs_with_timestamp, null_wait_for_multi_cs_with_timestamp },
    { "wait_for_interrupt", RETURNS_INT, OP_WAIT_CS, run_wait_for_interrupt,
      null_wait_for_interrupt },
    { "wait_for_interrupt_with_timestamp", RETURNS_INT, OP_WAIT_CS,
      run_wait_for_interrupt_with_timestamp, null_wait_for_interrupt_with_timestamp },
    { "wait_for_interrupt_by_handle", RETURNS_INT, OP_WAIT_CS, run_wait_for_interrupt_by_handle,
      null_wait_for_interrupt_by_handle },
    { "wait_for_interrupt_by_handle_with_timestamp", RETURNS_INT, OP_WAIT_CS,
      run_wait_for_interrupt_by_handle_with_timestamp,
      null_wait_for_interrupt_by_handle_with_timestamp },
    { "register_timestamp_interrupt", RETURNS_INT, OP_WAIT_CS, run_register_timestamp_interrupt,
      NULL },
    { "debug", RETURNS_INT, OP_DEBUG, run_debug, null_debug },
    { "get_device_status_info_telemetry", RETURNS_INT, OP_INFO, run_status_telemetry, NULL },
    { "get_time_sync_per_die_info", RETURNS_INT, OP_INFO, run_time_sync_per_die,
      null_time_sync_per_die },
    { "set_memory_consumption", RETURNS_INT, OP_INFO, run_set_memory_consumption, NULL },
    { "get_mac_addr_info", RETURNS_INT, OP_INFO, run_get_mac_addr_info, null_get_mac_addr_info },
    { "device_memory_read_block_experimental", RETURNS_INT, OP_DEBUG, run_read_block,
      null_read_block },
};
const size_t call_count = sizeof(calls) / sizeof(calls[0]);
