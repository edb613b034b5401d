/* SPDX-License-Identifier: MIT */
/*
 * The functions of the original library, with good and bad arguments: each call is a line with what
 * it returned and left in errno. Nothing is expected: simulator and real driver are compared
 * (tests/rig/differential), as with rig-cases.
 */
#include <hlthunk.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int fd, control;
static unsigned count;
static uint32_t asic;

static void line(const char *what, long long rc)
{
    int error = errno;

    printf("%s -> %lld %s\n", what, rc, error ? strerrorname_np(error) : "");
    count++;
}

/* A number that is the same everywhere. */
#define CALL(what) (errno = 0, line(#what, (long long)(what)))
/* A descriptor or a place in memory: which one is nobody's business. */
#define SOME(what) (errno = 0, some(#what, (long long)(what)))
#define VALUE(what) (printf("%s = %#llx\n", #what, (unsigned long long)(what)), count++)

static long long some(const char *what, long long rc)
{
    line(what, rc > 0 ? 1 : rc);
    return rc;
}

static void opening(void)
{
    char bus[64];

    SOME(fd = hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, NULL));
    CALL(hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, NULL));
    CALL(hlthunk_open(HLTHUNK_DEVICE_INVALID, NULL));
    CALL(hlthunk_open((enum hlthunk_device_name)77, NULL));
    CALL(hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, ""));
    CALL(hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, "0000:ff:1f.0"));
    CALL(hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, "nonsense"));
    CALL(hlthunk_open_by_module_id(99));
    CALL(hlthunk_open_by_module_id(UINT32_MAX));
    CALL(hlthunk_get_pci_bus_id_from_fd(fd, bus, sizeof(bus)));
    CALL(hlthunk_get_pci_bus_id_from_fd(fd, bus, 0));
    CALL(hlthunk_get_pci_bus_id_from_fd(fd, bus, 5));
    CALL(hlthunk_get_pci_bus_id_from_fd(fd, bus, 13));
    CALL(hlthunk_get_pci_bus_id_from_fd(fd, bus, 12));
    CALL(hlthunk_get_pci_bus_id_from_fd(fd, bus, -1));
    CALL(hlthunk_get_pci_bus_id_from_fd(fd, NULL, 20));
    CALL(hlthunk_get_pci_bus_id_from_fd(0, bus, sizeof(bus)));
    CALL(hlthunk_get_pci_bus_id_from_fd(-1, bus, sizeof(bus)));
    CALL(hlthunk_get_pci_bus_id_from_fd(fd, bus, sizeof(bus)));
    CALL(hlthunk_get_device_index_from_pci_bus_id(bus));
    CALL(hlthunk_get_device_index_from_pci_bus_id(bus + 5));
    CALL(hlthunk_get_device_index_from_pci_bus_id(""));
    CALL(hlthunk_get_device_index_from_pci_bus_id(NULL));
    CALL(hlthunk_get_device_index_from_pci_bus_id("0000:ff:1f.0"));
    CALL(hlthunk_get_device_index_from_module_id(0));
    CALL(hlthunk_get_device_index_from_module_id(99));
    for (int name = -2; name < 8; name++)
        CALL(hlthunk_get_device_count((enum hlthunk_device_name)name));
    CALL(hlthunk_get_device_name_from_fd(fd));
    CALL(hlthunk_get_device_name_from_fd(0));
    CALL(hlthunk_get_device_name_from_fd(-1));
    CALL(hlthunk_get_device_id_from_fd(fd));
    CALL(hlthunk_get_device_id_from_fd(-1));
    SOME(control = hlthunk_open_control(0, NULL));
    CALL(hlthunk_open_control(7, NULL));
    CALL(hlthunk_open_control(-1, NULL));
    CALL(hlthunk_open_control(0, "0000:ff:1f.0"));
    CALL(hlthunk_open_control_by_bus_id("0000:ff:1f.0"));
    CALL(hlthunk_open_control_by_bus_id(NULL));
    CALL(hlthunk_open_control_by_module_id(99));
    CALL(hlthunk_open_control_by_name(HLTHUNK_DEVICE_INVALID, NULL));
    CALL(hlthunk_get_device_name_from_fd(control));
    CALL(hlthunk_get_device_id_from_fd(control));
    CALL(hlthunk_close(-1));
    CALL(hlthunk_close(900));
}

/* Every query on a good descriptor, the control node's, none, and one of something else. */
static void queries(int on, const char *which)
{
    struct hlthunk_hw_ip_info ip;
    struct hlthunk_open_stats_info stats;
    struct hlthunk_hw_asic_status status;
    struct hlthunk_dram_usage_info usage;
    struct hlthunk_engines_idle_info idle;
    struct hlthunk_pll_frequency_info pll;
    struct hlthunk_reset_count_info resets;
    struct hlthunk_time_sync_info times;
    struct hlthunk_sync_manager_info sm;
    struct hl_info_cs_counters counters;
    struct hlthunk_pci_counters_info pci;
    struct hlthunk_clk_throttle_info throttle;
    struct hlthunk_energy_info energy;
    struct hlthunk_power_info power;
    struct hlthunk_dram_replaced_rows_info rows;
    struct hlthunk_page_fault_info fault = { 0 };
    struct hlthunk_user_mapping mappings[4];
    static uint32_t events[4096];
    static char text[1 << 16], record[512];
    uint32_t rate, current, max, pending;
    uint64_t orders;
    int size;

    printf("on %s\n", which);
    memset(&stats, 0, sizeof(stats));
    memset(&usage, 0, sizeof(usage));
    CALL(hlthunk_get_hw_ip_info(on, &ip));
    CALL(hlthunk_get_hw_ip_info(on, NULL));
    CALL(hlthunk_get_open_stats(on, &stats));
    VALUE(stats.is_compute_ctx_active);
    CALL(hlthunk_get_open_stats(on, NULL));
    CALL(hlthunk_get_hw_asic_status(on, &status));
    VALUE(status.valid);
    CALL(hlthunk_get_hw_asic_status(on, NULL));
    CALL(hlthunk_get_dram_usage(on, &usage));
    VALUE(usage.dram_free_mem);
    VALUE(usage.ctx_dram_mem);
    CALL(hlthunk_get_dram_usage(on, NULL));
    CALL(hlthunk_get_device_status_info(on));
    CALL(hlthunk_is_device_idle(on));
    CALL(hlthunk_get_busy_engines_mask(on, &idle));
    CALL(hlthunk_get_busy_engines_mask(on, NULL));
    CALL(hlthunk_get_pll_frequency(on, 0, &pll));
    CALL(hlthunk_get_pll_frequency(on, 0, NULL));
    CALL(hlthunk_get_device_utilization(on, 100, &rate));
    CALL(hlthunk_get_device_utilization(on, 100, NULL));
    CALL(hlthunk_get_hw_events_arr(on, false, sizeof(events), events));
    CALL(hlthunk_get_hw_events_arr(on, true, 4, events));
    CALL(hlthunk_get_hw_events_arr(on, true, 0, events));
    CALL(hlthunk_get_hw_events_arr(on, true, 4, NULL));
    CALL(hlthunk_get_clk_rate(on, &current, &max));
    CALL(hlthunk_get_clk_rate(on, NULL, &max));
    CALL(hlthunk_get_clk_rate(on, &current, NULL));
    CALL(hlthunk_get_reset_count_info(on, &resets));
    CALL(hlthunk_get_reset_count_info(on, NULL));
    CALL(hlthunk_get_time_sync_info(on, &times));
    CALL(hlthunk_get_time_sync_info(on, NULL));
    for (int dcore = -1; dcore < 10; dcore++) {
        memset(&sm, 0, sizeof(sm));
        CALL(hlthunk_get_sync_manager_info(on, dcore, &sm));
        VALUE(sm.first_available_sync_object);
        VALUE(sm.first_available_monitor);
    }
    CALL(hlthunk_get_sync_manager_info(on, 0, NULL));
    CALL(hlthunk_get_cs_counters_info(on, &counters));
    CALL(hlthunk_get_cs_counters_info(on, NULL));
    CALL(hlthunk_get_pci_counters_info(on, &pci));
    CALL(hlthunk_get_pci_counters_info(on, NULL));
    CALL(hlthunk_get_clk_throttle_info(on, &throttle));
    CALL(hlthunk_get_clk_throttle_info(on, NULL));
    CALL(hlthunk_get_total_energy_consumption_info(on, &energy));
    CALL(hlthunk_get_total_energy_consumption_info(on, NULL));
    CALL(hlthunk_get_power_info(on, &power));
    CALL(hlthunk_get_power_info(on, NULL));
    CALL(hlthunk_get_dram_replaced_rows_info(on, &rows));
    CALL(hlthunk_get_dram_replaced_rows_info(on, NULL));
    CALL(hlthunk_get_dram_pending_rows_info(on, &pending));
    CALL(hlthunk_get_dram_pending_rows_info(on, NULL));
    CALL(hlthunk_get_dev_memalloc_page_orders(on, &orders));
    CALL(hlthunk_get_dev_memalloc_page_orders(on, NULL));
    CALL(hlthunk_get_engine_status(on, text, sizeof(text), &size));
    CALL(hlthunk_get_engine_status(on, text, 1023, &size));
    CALL(hlthunk_get_engine_status(on, text, 0, &size));
    CALL(hlthunk_get_engine_status(on, NULL, sizeof(text), &size));
    for (int id = -1; id < 10; id++)
        CALL(hlthunk_get_event_record(on, (enum hlthunk_event_record_id)id, record));
    CALL(hlthunk_get_event_record(on, HLTHUNK_OPEN_DEV, NULL));
    fault.mappings_buf = mappings;
    CALL(hlthunk_get_page_fault_info(on, &fault, 4));
    VALUE(fault.num_of_mappings);
    CALL(hlthunk_get_page_fault_info(on, &fault, 0));
    CALL(hlthunk_get_page_fault_info(on, NULL, 4));
    for (uint32_t op = 0; op < 44; op++) {
        static char bytes[8192];
        struct hl_info_args args = { .op = op,
                                     .return_pointer = (uintptr_t)bytes,
                                     .return_size = sizeof(bytes) };

        if (op != HL_INFO_REGISTER_EVENTFD)
            CALL(hlthunk_get_info(on, &args));
    }
    CALL(hlthunk_get_info(on, NULL));
}

static void memory(void)
{
    static char host[8192] __attribute__((aligned(4096)));
    uint64_t h = 0, h2 = 0, va = 0, va2 = 0, block = 0;
    uint32_t size = 0;
    int a, b;

    CALL(hlthunk_device_memory_alloc(fd, 0, 0, false, false));
    CALL(hlthunk_device_memory_alloc(fd, UINT64_MAX, 0, false, false));
    CALL(hlthunk_device_memory_alloc(fd, 1ull << 45, 0, true, true));
    CALL(hlthunk_device_memory_alloc(-1, 4096, 0, false, false));
    CALL(hlthunk_device_memory_alloc(control, 4096, 0, false, false));
    CALL(h = hlthunk_device_memory_alloc(fd, 4096, 0, false, false));
    CALL(h2 = hlthunk_device_memory_alloc(fd, 4096, 12345, true, true));
    CALL(va = hlthunk_device_memory_map(fd, h, 0));
    CALL(va2 = hlthunk_device_memory_map(fd, h2, 0));
    CALL(hlthunk_device_memory_map(fd, 0x7777, 0));
    CALL(hlthunk_device_memory_map(control, h, 0));
    CALL(hlthunk_device_memory_map(-1, h, 0));
    CALL(hlthunk_device_memory_free(fd, 0x7777));
    CALL(hlthunk_device_memory_free(-1, h));
    if (va)
        CALL(hlthunk_device_memory_free(fd, h));
    if (!va)
        va = va2 = 0x20000000;
    SOME(a = hlthunk_device_memory_export_dmabuf_fd(fd, va, 1 << 20, O_RDWR | O_CLOEXEC));
    SOME(b = hlthunk_device_mapped_memory_export_dmabuf_fd(fd, va2, 1 << 20, 0, O_RDONLY));
    CALL(hlthunk_device_mapped_memory_export_dmabuf_fd(fd, va, 4095, 0, O_RDWR));
    CALL(hlthunk_device_mapped_memory_export_dmabuf_fd(fd, va, 0, 0, O_RDWR));
    CALL(hlthunk_device_mapped_memory_export_dmabuf_fd(fd, va + 1, 4096, 0, O_RDWR));
    CALL(hlthunk_device_mapped_memory_export_dmabuf_fd(fd, va, 4096, 1, O_RDWR));
    CALL(hlthunk_device_mapped_memory_export_dmabuf_fd(fd, va, 1ull << 40, 0, O_RDWR));
    CALL(hlthunk_device_mapped_memory_export_dmabuf_fd(fd, va, 4096, 1ull << 40, O_RDWR));
    CALL(hlthunk_device_mapped_memory_export_dmabuf_fd(fd, va, -4096ull, 4096, O_RDWR));
    CALL(hlthunk_device_mapped_memory_export_dmabuf_fd(fd, 0, 4096, 0, O_RDWR));
    CALL(hlthunk_device_mapped_memory_export_dmabuf_fd(control, va, 4096, 0, O_RDWR));
    CALL(hlthunk_device_memory_export_dmabuf_fd(-1, va, 4096, O_RDWR));
    if (asic == 0x1000)
        va = va2 = 0;
    CALL(hlthunk_memory_unmap(fd, va));
    if (a >= 0)
        close(a);
    if (b >= 0)
        close(b);
    CALL(hlthunk_memory_unmap(fd, va));
    CALL(hlthunk_memory_unmap(fd, va2));
    CALL(hlthunk_memory_unmap(fd, 0));
    CALL(hlthunk_memory_unmap(fd, UINT64_MAX));
    CALL(hlthunk_memory_unmap(control, va));
    CALL(hlthunk_memory_unmap(-1, va));
    CALL(hlthunk_device_memory_free(fd, asic == 0x1000 ? 4096 : h));
    CALL(hlthunk_device_memory_free(fd, asic == 0x1000 ? 4096 : h2));
    CALL(hlthunk_device_memory_free(fd, asic == 0x1000 ? 4096 : h2));

    madvise(host, sizeof(host), MADV_NOHUGEPAGE);
    host[0] = host[4096] = 1;
    CALL(va = hlthunk_host_memory_map(fd, host, 0, 4096));
    CALL(va2 = hlthunk_host_memory_map_flags(fd, host, va, 4096, 0));
    CALL(hlthunk_host_memory_map_flags(fd, host, va, 4096, HL_MEM_FORCE_HINT));
    CALL(hlthunk_host_memory_map_flags(fd, host, 0, 4096, 0x80000000));
    CALL(hlthunk_host_memory_map(fd, host, 0, 0));
    CALL(hlthunk_host_memory_map(fd, NULL, 0, 4096));
    CALL(hlthunk_host_memory_map(fd, (void *)8, 0, 4096));
    CALL(hlthunk_host_memory_map(fd, host, 0, UINT64_MAX));
    CALL(hlthunk_host_memory_map(control, host, 0, 4096));
    CALL(hlthunk_memory_unmap(fd, va2));
    CALL(hlthunk_memory_unmap(fd, va + 1));
    CALL(hlthunk_memory_unmap(fd, va));
    CALL(hlthunk_get_hw_block(fd, 0, &size, &block));
    CALL(hlthunk_get_hw_block(fd, 0x1000007ffc300000ull, &size, &block));
    VALUE(size);
    CALL(hlthunk_get_hw_block(fd, 0x1000007ffc300000ull, NULL, &block));
    CALL(hlthunk_get_hw_block(fd, 0x1000007ffc300000ull, &size, NULL));
    CALL(hlthunk_allocate_timestamp_elements(fd, 1, &h));
    CALL(hlthunk_allocate_timestamp_elements(fd, 0, &h));
    CALL(hlthunk_allocate_timestamp_elements(fd, UINT32_MAX, &h));
    CALL(hlthunk_allocate_timestamp_elements(fd, 1, NULL));
    CALL(hlthunk_allocate_timestamp_elements(control, 1, &h));
}

static void buffers(void)
{
    uint64_t h = 0, va = 0;
    uint32_t used = 7;

    CALL(hlthunk_request_command_buffer(fd, 4096, &h));
    CALL(hlthunk_get_cb_usage_count(fd, h, &used));
    VALUE(used);
    CALL(hlthunk_get_cb_usage_count(fd, h, NULL));
    CALL(hlthunk_get_cb_usage_count(fd, 0, &used));
    CALL(hlthunk_get_cb_usage_count(control, h, &used));
    CALL(hlthunk_get_mapped_cb_device_va_by_handle(fd, h, &va));
    CALL(hlthunk_destroy_command_buffer(fd, h));
    CALL(hlthunk_destroy_command_buffer(fd, h));
    CALL(hlthunk_destroy_command_buffer(fd, 0));
    CALL(hlthunk_destroy_command_buffer(-1, h));
    CALL(hlthunk_request_command_buffer(fd, 0, &h));
    CALL(hlthunk_request_command_buffer(fd, HL_MAX_CB_SIZE, &h));
    CALL(hlthunk_request_command_buffer(fd, HL_MAX_CB_SIZE + 1, &h));
    CALL(hlthunk_request_command_buffer(fd, 4096, NULL));
    CALL(hlthunk_request_command_buffer(control, 4096, &h));
    CALL(hlthunk_request_mapped_command_buffer(fd, 4096, &h));
    CALL(hlthunk_get_mapped_cb_device_va_by_handle(fd, h, &va));
    VALUE(va);
    CALL(hlthunk_get_mapped_cb_device_va_by_handle(fd, h, NULL));
}

/* Refused submissions and waits: the driver's errors as the functions give them. */
static void submissions(void)
{
    struct hl_cs_chunk chunk = { .queue_index = 5000, .cb_size = 8 };
    struct hlthunk_cs_in in = { .chunks_execute = &chunk, .num_chunks_execute = 1 };
    struct hlthunk_cs_out out = { 0 };
    struct hlthunk_signal_in signal_in = { 0 };
    struct hlthunk_signal_out signal_out = { 0 };
    uint64_t seqs[40] = { 1, 2 }, timestamp = 0;
    struct hlthunk_wait_for_signal_data data = { .signal_seq_arr = seqs, .signal_seq_nr = 1 };
    struct hlthunk_wait_in wait_in = { .hlthunk_wait_for_signal = (uint64_t *)(void *)&data,
                                       .num_wait_for_signal = 1 };
    struct hlthunk_wait_out wait_out = { 0 };
    struct hlthunk_wait_multi_cs_in multi_in = { .seq = seqs, .seq_len = 2 };
    struct hlthunk_wait_multi_cs_out multi_out = { 0 };
    uint32_t status = 9, engines[2] = { 60000, 60001 };

    CALL(hlthunk_command_submission(fd, &in, &out));
    CALL(hlthunk_command_submission(fd, &in, NULL));
    CALL(hlthunk_command_submission(fd, NULL, &out));
    CALL(hlthunk_command_submission(control, &in, &out));
    CALL(hlthunk_command_submission(-1, &in, &out));
    in.num_chunks_execute = 0;
    CALL(hlthunk_command_submission(fd, &in, &out));
    in.num_chunks_execute = 513;
    CALL(hlthunk_command_submission(fd, &in, &out));
    in.num_chunks_execute = 1;
    in.chunks_execute = NULL;
    CALL(hlthunk_command_submission(fd, &in, &out));
    in.chunks_execute = &chunk;
    in.flags = 0x80000000;
    CALL(hlthunk_command_submission(fd, &in, &out));
    in.flags = 0;
    CALL(hlthunk_command_submission_timeout(fd, &in, &out, 5));
    CALL(hlthunk_staged_command_submission(fd, 1, &in, &out));
    in.flags = HL_CS_FLAGS_STAGED_SUBMISSION | HL_CS_FLAGS_STAGED_SUBMISSION_FIRST;
    CALL(hlthunk_staged_command_submission(fd, 1, &in, &out));
    CALL(hlthunk_staged_command_submission_encaps_signals(fd, 1, &in, &out));
    for (uint32_t q = 0; q < 12; q += 11) {
        signal_in.queue_index = q;
        CALL(hlthunk_signal_submission(fd, &signal_in, &signal_out));
    }
    CALL(hlthunk_signal_submission(fd, NULL, &signal_out));
    CALL(hlthunk_wait_for_signal(fd, &wait_in, &wait_out));
    wait_in.num_wait_for_signal = 2;
    CALL(hlthunk_wait_for_signal(fd, &wait_in, &wait_out));
    wait_in.num_wait_for_signal = 0;
    CALL(hlthunk_wait_for_signal(fd, &wait_in, &wait_out));
    wait_in.num_wait_for_signal = 1;
    data.signal_seq_nr = 2;
    CALL(hlthunk_wait_for_signal(fd, &wait_in, &wait_out));
    CALL(hlthunk_wait_for_signal(fd, NULL, &wait_out));
    data.signal_seq_nr = 1;
    CALL(hlthunk_wait_for_collective_signal(fd, &wait_in, &wait_out));
    CALL(hlthunk_engine_cores_set_mode(fd, engines, 2, HL_ENGINE_CORE_HALT));
    CALL(hlthunk_engine_cores_set_mode(fd, engines, 0, HL_ENGINE_CORE_HALT));
    CALL(hlthunk_engine_cores_set_mode(fd, NULL, 2, HL_ENGINE_CORE_HALT));
    CALL(hlthunk_engine_cores_set_mode(fd, engines, 2, 99));
    CALL(hlthunk_engines_command(fd, engines, 2, HL_ENGINE_STALL));
    CALL(hlthunk_engines_command(fd, engines, 0, HL_ENGINE_STALL));
    CALL(hlthunk_engines_command(fd, NULL, 2, HL_ENGINE_STALL));
    CALL(hlthunk_engines_command(fd, engines, 2, (enum hl_engine_command)99));
    CALL(hlthunk_wait_for_cs(fd, 0, 0, &status));
    CALL(hlthunk_wait_for_cs(fd, 1, 0, &status));
    CALL(hlthunk_wait_for_cs(fd, UINT64_MAX, 0, &status));
    CALL(hlthunk_wait_for_cs(fd, 1000, 1000, &status));
    CALL(hlthunk_wait_for_cs(fd, 1, 0, NULL));
    CALL(hlthunk_wait_for_cs(control, 1, 0, &status));
    CALL(hlthunk_wait_for_cs_with_timestamp(fd, 1, 0, &status, &timestamp));
    CALL(hlthunk_wait_for_cs_with_timestamp(fd, 1, 0, &status, NULL));
    CALL(hlthunk_wait_for_multi_cs(fd, &multi_in, &multi_out));
    multi_in.seq_len = 33;
    CALL(hlthunk_wait_for_multi_cs(fd, &multi_in, &multi_out));
    multi_in.seq_len = 0;
    CALL(hlthunk_wait_for_multi_cs(fd, &multi_in, &multi_out));
    multi_in.seq_len = 2;
    multi_in.seq = NULL;
    CALL(hlthunk_wait_for_multi_cs(fd, &multi_in, &multi_out));
    CALL(hlthunk_wait_for_multi_cs(fd, NULL, &multi_out));
    CALL(hlthunk_cs_flush_pci_hbw_writes(control));
}

static void interrupts(void)
{
    static const uint32_t ids[] = { 0,   9,     10,    47,    48,     111,     112,
                                    257, 0xffd, 0xffe, 0xfff, 0x1000, UINT_MAX };
    uint64_t word = 5, timestamp, cb = 0;
    uint32_t status;

    CALL(hlthunk_request_command_buffer(fd, 4096, &cb));
    for (unsigned i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        printf("interrupt %u\n", ids[i]);
        CALL(hlthunk_wait_for_interrupt(fd, &word, 5, ids[i], 0, &status));
        CALL(hlthunk_wait_for_interrupt(fd, &word, 6, ids[i], 1000, &status));
        CALL(hlthunk_wait_for_interrupt_with_timestamp(fd, &word, 5, ids[i], 0, &status,
                                                       &timestamp));
        CALL(hlthunk_wait_for_interrupt_by_handle(fd, cb, 0, 0, ids[i], 0, &status));
        CALL(hlthunk_wait_for_interrupt_by_handle(fd, cb, 512, 0, ids[i], 0, &status));
        CALL(hlthunk_wait_for_interrupt_by_handle(fd, 0, 0, 0, ids[i], 0, &status));
        CALL(hlthunk_wait_for_interrupt_by_handle_with_timestamp(fd, cb, 0, 1, ids[i], 1000,
                                                                 &status, &timestamp));
    }
    CALL(hlthunk_wait_for_interrupt(fd, NULL, 5, 48, 0, &status));
    CALL(hlthunk_wait_for_interrupt(fd, (void *)8, 5, 48, 0, &status));
    CALL(hlthunk_wait_for_interrupt(fd, &word, 5, 48, 0, NULL));
    CALL(hlthunk_register_timestamp_interrupt(fd, 48, cb, 0, 1, 0, 0));
    CALL(hlthunk_register_timestamp_interrupt(fd, 4000, cb, 0, 1, 0, 0));
}

static void the_rest(void)
{
    struct hlthunk_debugfs d = { .addr_fd = -1, .data_fd = -1, .clk_gate_fd = -1 };
    struct hl_debug_args args = { .op = HL_DEBUG_OP_SET_MODE };
    uint64_t events = 0, number = 9;
    uint32_t value;
    int n, other;

    SOME(n = hlthunk_notifier_create(fd));
    SOME(other = hlthunk_notifier_create(fd));
    if (other >= 0)
        close(other);
    CALL(hlthunk_notifier_create(-1));
    CALL(hlthunk_notifier_recv(fd, n, &events, &number, 0, 0));
    CALL(hlthunk_notifier_recv(fd, n, NULL, &number, 0, 0));
    CALL(hlthunk_notifier_recv(fd, n, &events, NULL, 0, 0));
    CALL(hlthunk_notifier_recv(fd, -1, &events, &number, 0, 0));
    CALL(hlthunk_notifier_recv(-1, n, &events, &number, 0, 0));
    CALL(hlthunk_notifier_release(fd, -1));
    CALL(hlthunk_notifier_release(fd, n));
    CALL(hlthunk_notifier_release(fd, n));
    SOME(n = hlthunk_notifier_create(control));
    if (n >= 0)
        CALL(hlthunk_notifier_release(control, n));
    CALL(hlthunk_debug(fd, NULL));
    CALL(hlthunk_debug(fd, &args));
    args.enable = 1;
    CALL(hlthunk_debug(fd, &args));
    CALL(hlthunk_debug(fd, &args));
    for (uint32_t op = 0; op < 9; op++) {
        args = (struct hl_debug_args){ .op = op };
        /* not the first two: they wait for trace units, which the emulated device has not */
        if (op != HL_DEBUG_OP_SET_MODE && op > HL_DEBUG_OP_ETF)
            CALL(hlthunk_debug(fd, &args));
    }
    args = (struct hl_debug_args){ .op = HL_DEBUG_OP_SET_MODE };
    CALL(hlthunk_debug(fd, &args));
    CALL(hlthunk_debug(control, &args));
    CALL(hlthunk_debugfs_read(&d, 0, &value));
    CALL(hlthunk_debugfs_close(&d));
    CALL(hlthunk_debugfs_open(-1, &d));
    CALL(hlthunk_debugfs_open(fd, NULL));
    CALL(hlthunk_profiler_start(fd));
    CALL(hlthunk_profiler_stop(fd));
    CALL(hlthunk_deprecated_func3(fd, 0, NULL));
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    opening();
    if (fd < 0)
        return 1;
    asic = hlthunk_get_device_id_from_fd(fd);
    queries(fd, "the device");
    queries(control, "the control node");
    queries(-1, "nothing");
    queries(open("/dev/null", O_RDWR | O_CLOEXEC), "another file");
    memory();
    buffers();
    submissions();
    interrupts();
    the_rest();
    CALL(hlthunk_close(control));
    CALL(hlthunk_close(fd));
    CALL(hlthunk_close(fd));
    printf("%u calls\n", count);
    return 0;
}
