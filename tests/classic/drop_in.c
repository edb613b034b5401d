/* SPDX-License-Identifier: MIT */
/*
 * Somebody's program: written against the names of the original library only, in the common part
 * of C99 and C++11, built with nothing but the two folders.  It calls every function on the device
 * that it finds and says what is not as it should be.  TEST_ASIC and TEST_KERNEL tell what it runs
 * on; HLTHUNK_RIG that it is the real driver over an emulated device, which has no firmware to sign
 * with, counts no events and may not execute what a Gaudi2's queues are given.
 */
#include <hlthunk.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int failures;
static int is_goya, is_gaudi, is_gaudi2, on_6_1, on_vendor, emulated;
static int fd, control;

#define CHECK(what)                                                                                \
    do {                                                                                           \
        errno = 0;                                                                                 \
        if (!(what)) {                                                                             \
            printf("%s:%d: %s (errno %d, %s)\n", __FILE__, __LINE__, #what, errno,                 \
                   strerror(errno));                                                               \
            failures++;                                                                            \
        }                                                                                          \
    } while (0)

/* 0 here, that error elsewhere. */
static int ok_or(int rc, int here, int error)
{
    return here ? rc == 0 : rc == -error;
}

/* The node that fd has open, by its name. */
static int is_node(int index)
{
    char path[64], name[64], link[64];
    ssize_t n;

    snprintf(path, sizeof(path),
             on_6_1 ? HLTHUNK_DEV_NAME_PRIMARY_LEGACY : HLTHUNK_DEV_NAME_PRIMARY, index);
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    n = readlink(name, link, sizeof(link) - 1);
    link[n > 0 ? n : 0] = '\0';
    return strcmp(link, path) == 0;
}

/* By the module's number; the device is open again afterwards. */
static void by_module(int index)
{
    struct hlthunk_hw_ip_info ip;
    int other, i;

    CHECK(hlthunk_get_hw_ip_info(fd, &ip) == 0);
    other = hlthunk_open_control_by_module_id(ip.module_id);
    CHECK(other > 2 && hlthunk_close(other) == 0);
    CHECK(hlthunk_get_device_index_from_module_id(ip.module_id) == index);
    CHECK(hlthunk_open_by_module_id(ip.module_id) == -EBUSY);
    CHECK(hlthunk_open_by_module_id(ip.module_id + 77) == -ENODEV);
    /* the name of 2023 and -1, as programs retry on */
    CHECK(hlthunk_close(fd) == 0);
    for (i = 0; i < 50; i++) {
        fd = hlthunk_open_by_module_id(ip.module_id);
        if (fd != -EAGAIN && fd != -EBUSY)
            break;
        usleep(100000);
    }
    CHECK(fd > 2);
}

static void open_and_close(void)
{
    char bus[32], small[4];
    int index, other;

    fd = hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, NULL);
    CHECK(fd > 2);
    CHECK(hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, NULL) == -1 && errno == EBUSY);
    CHECK(hlthunk_get_pci_bus_id_from_fd(fd, bus, sizeof(bus)) == 0);
    CHECK(hlthunk_get_pci_bus_id_from_fd(fd, small, sizeof(small)) == -ENOSPC);
    index = hlthunk_get_device_index_from_pci_bus_id(bus);
    CHECK(index >= 0);
    CHECK(hlthunk_get_device_index_from_pci_bus_id("0000:ff:1f.7") == -ENODEV);
    CHECK(is_node(index));
    CHECK(hlthunk_get_device_name_from_fd(fd) == (is_goya    ? HLTHUNK_DEVICE_GOYA
                                                  : is_gaudi ? HLTHUNK_DEVICE_GAUDI
                                                             : HLTHUNK_DEVICE_GAUDI2));
    CHECK(hlthunk_get_device_id_from_fd(fd) == (is_goya ? 1u : is_gaudi ? 0x1000u : 0x1020u));
    CHECK(hlthunk_get_device_count(HLTHUNK_DEVICE_DONT_CARE) == 1);
    CHECK(hlthunk_get_device_count(HLTHUNK_DEVICE_GAUDI) == is_gaudi);

    control = hlthunk_open_control(index, NULL);
    CHECK(control > 2);
    other = hlthunk_open_control_by_bus_id(bus);
    CHECK(other > 2 && hlthunk_close(other) == 0);
    other = hlthunk_open_control(0, bus);
    CHECK(other > 2 && hlthunk_close(other) == 0);
    other = hlthunk_open_control_by_name(HLTHUNK_DEVICE_DONT_CARE, NULL);
    CHECK(other > 2 && hlthunk_close(other) == 0);
    by_module(index);
    CHECK(hlthunk_close(-1) == -EBADF && errno == EBADF);
}

/* 0, or that this ASIC or its kernel does not have it. */
static int has_or_lacks(int rc)
{
    return rc == 0 || rc == -EOPNOTSUPP;
}

static void states(void)
{
    struct hlthunk_hw_ip_info ip;
    struct hlthunk_open_stats_info stats;
    struct hlthunk_hw_asic_status status;
    struct hlthunk_dram_usage_info usage;
    struct hlthunk_engines_idle_info idle;

    memset(&ip, 0xff, sizeof(ip));
    CHECK(hlthunk_get_hw_ip_info(fd, &ip) == 0);
    CHECK(ip.dram_size > 0 && ip.dram_enabled);
    CHECK(!on_6_1 || (ip.reserved_dram_size == 0 && ip.revision_id == 0));
    CHECK(hlthunk_get_open_stats(fd, &stats) == 0 && stats.is_compute_ctx_active == 1);
    memset(&status, 0xff, sizeof(status));
    CHECK(hlthunk_get_hw_asic_status(fd, &status) == 0 && status.valid == 1 &&
          status.status == HL_DEVICE_STATUS_OPERATIONAL);
    CHECK(hlthunk_get_hw_asic_status(control, &status) == 0);
    CHECK(hlthunk_get_hw_asic_status(-1, &status) == -EBADF && status.valid == 0);
    CHECK(hlthunk_get_dram_usage(fd, &usage) == 0 && usage.dram_free_mem > 0);
    CHECK(hlthunk_get_device_status_info(fd) == HL_DEVICE_STATUS_OPERATIONAL);
    CHECK((int)hlthunk_get_device_status_info(-1) == -EBADF);
    CHECK(hlthunk_get_busy_engines_mask(fd, &idle) == 0);
    CHECK(hlthunk_is_device_idle(fd) == !!idle.is_idle);
    CHECK(!hlthunk_is_device_idle(-1));
}

static void measurements(void)
{
    struct hlthunk_pll_frequency_info pll;
    struct hlthunk_time_sync_info times;
    struct hlthunk_clk_throttle_info throttle;
    struct hlthunk_energy_info energy;
    struct hlthunk_power_info power;
    uint32_t rate, cur, max;
    int rc;

    rc = hlthunk_get_pll_frequency(fd, 0, &pll);
    CHECK(has_or_lacks(rc) || rc == -EINVAL);
    rc = hlthunk_get_device_utilization(fd, 500, &rate);
    CHECK(rc == 0 || rc == -EINVAL);
    CHECK(hlthunk_get_clk_rate(fd, &cur, &max) == 0 && max >= cur);
    CHECK(hlthunk_get_time_sync_info(fd, &times) == 0 && times.host_time > 0);
    CHECK(hlthunk_get_clk_throttle_info(fd, &throttle) == 0);
    CHECK(has_or_lacks(hlthunk_get_total_energy_consumption_info(fd, &energy)));
    CHECK(hlthunk_get_power_info(fd, &power) == 0);
}

static void counts(void)
{
    struct hlthunk_reset_count_info resets;
    struct hlthunk_sync_manager_info sm;
    struct hl_info_cs_counters counters;
    struct hlthunk_pci_counters_info pci;
    struct hlthunk_dram_replaced_rows_info rows;
    static uint32_t events[4096];
    uint32_t pending;
    uint64_t orders;
    int rc;

    CHECK(hlthunk_get_hw_events_arr(fd, false, sizeof(events), events) == 0);
    CHECK(hlthunk_get_hw_events_arr(fd, true, sizeof(events), events) == 0);
    CHECK(hlthunk_get_hw_events_arr(fd, true, 0, events) == -EINVAL);
    CHECK(strstr(hlthunk_last_error(), "query"));
    CHECK(hlthunk_get_reset_count_info(fd, &resets) == 0);
    CHECK(hlthunk_get_sync_manager_info(fd, 0, &sm) == 0);
    CHECK(hlthunk_get_sync_manager_info(fd, 99, &sm) == -EINVAL);
    CHECK(hlthunk_get_cs_counters_info(fd, &counters) == 0);
    CHECK(hlthunk_get_pci_counters_info(fd, &pci) == 0);
    rc = hlthunk_get_dram_replaced_rows_info(fd, &rows);
    CHECK((rc == 0 && rows.num_replaced_rows <= DRAM_ROW_REPLACE_MAX) || rc == -EOPNOTSUPP);
    CHECK(has_or_lacks(hlthunk_get_dram_pending_rows_info(fd, &pending)));
    CHECK(hlthunk_get_dev_memalloc_page_orders(fd, &orders) == 0);
}

static void bare_queries(void)
{
    struct hl_info_args args;
    struct hl_info_device_status raw;

    memset(&args, 0, sizeof(args));
    args.op = HL_INFO_DEVICE_STATUS;
    args.return_pointer = (__u64)(uintptr_t)&raw;
    args.return_size = sizeof(raw);
    CHECK(hlthunk_get_info(fd, &args) == 0 && raw.status == HL_DEVICE_STATUS_OPERATIONAL);
    args.op = 200;
    CHECK(hlthunk_get_info(fd, &args) == -EINVAL);
}

static void secrets_and_texts(void)
{
    static struct hlthunk_sec_attest_info attest;
    static struct hlthunk_dev_info_signed info;
    static char text[1 << 16];
    unsigned char data[64];
    int size = 0, rc;
    char *version;
    void *p;

    rc = hlthunk_get_sec_attest_info(fd, 7, &attest);
    CHECK((rc == 0 && (attest.nonce == 7 || emulated)) || rc == -EOPNOTSUPP || rc == -EINVAL);
    rc = hlthunk_get_dev_info_signed(fd, 7, &info);
    CHECK(on_6_1 ? rc == -EOPNOTSUPP : rc == 0 || rc == -EOPNOTSUPP || rc == -EINVAL);
    rc = hlthunk_get_engine_status(fd, text, sizeof(text), &size);
    CHECK(rc == 0 && size >= 0 && size <= (int)sizeof(text));
    CHECK(hlthunk_get_engine_status(fd, text, sizeof(text), NULL) == 0);
    CHECK(hlthunk_get_engine_status(fd, text, 16, &size) == -EINVAL);
    memset(data, 0, sizeof(data));
    rc = hlthunk_fw_send_generic_request(fd, data, sizeof(data), 1);
    CHECK(on_6_1 ? rc == -EOPNOTSUPP : rc <= 0);
    version = hlthunk_get_version();
    CHECK(version && version[0] >= '0' && version[0] <= '9');
    hlthunk_free(version);
    p = hlthunk_malloc(64);
    CHECK(p && *(char *)p == 0);
    hlthunk_free(p);
    CHECK(hlthunk_profiler_start(fd) == -EOPNOTSUPP && errno == EOPNOTSUPP);
    CHECK(hlthunk_profiler_stop(fd) == -EOPNOTSUPP);
    CHECK(hlthunk_profiler_get_trace(fd, NULL, NULL, NULL) == -EOPNOTSUPP);
    hlthunk_profiler_destroy();
    CHECK(hlthunk_deprecated_func1(fd, 0, 0, NULL, NULL) == -EPERM);
    CHECK(hlthunk_deprecated_func2(fd, 0, 0, 0, 0, 0, 0) == -EPERM);
    CHECK(hlthunk_deprecated_func3(fd, 0, NULL) == -EPERM);
}

static void records(void)
{
    union {
        struct hlthunk_event_record_open_dev_time open_time;
        struct hlthunk_event_record_cs_timeout timeout;
        struct hlthunk_event_record_razwi_event razwi;
        struct hlthunk_event_record_undefined_opcode opcode;
        struct hlthunk_event_record_critical_hw_err hw;
        struct hlthunk_event_record_critical_fw_err fw;
        struct hlthunk_event_record_engine_err engine;
    } r;
    struct hlthunk_user_mapping mappings[4];
    struct hlthunk_page_fault_info fault;

    CHECK(hlthunk_get_event_record(fd, HLTHUNK_OPEN_DEV, &r) == 0);
    CHECK(hlthunk_get_event_record(fd, HLTHUNK_CS_TIMEOUT, &r) == 0 && r.timeout.timestamp == 0);
    CHECK(hlthunk_get_event_record(fd, HLTHUNK_RAZWI_EVENT, &r) == 0 && r.razwi.timestamp == 0 &&
          r.razwi.num_of_possible_engines == 0);
    CHECK(hlthunk_get_event_record(fd, HLTHUNK_UNDEFINED_OPCODE, &r) == 0);
    CHECK(ok_or(hlthunk_get_event_record(fd, HLTHUNK_HW_ERR_OPCODE, &r), !on_6_1, EOPNOTSUPP));
    CHECK(ok_or(hlthunk_get_event_record(fd, HLTHUNK_FW_ERR_OPCODE, &r), !on_6_1, EOPNOTSUPP));
    CHECK(ok_or(hlthunk_get_event_record(fd, HLTHUNK_ENGINE_EVENT, &r), !on_6_1, EOPNOTSUPP));
    CHECK(hlthunk_get_event_record(fd, (enum hlthunk_event_record_id)99, &r) == -EINVAL);
    memset(&fault, 0, sizeof(fault));
    fault.mappings_buf = mappings;
    CHECK(ok_or(hlthunk_get_page_fault_info(fd, &fault, 4), !on_6_1, EOPNOTSUPP));
    CHECK(on_6_1 ? fault.num_of_mappings == 0xffffffff : fault.num_of_mappings == 0);
}

static void notifier(void)
{
    uint64_t events = 0, count = 9;
    int n = hlthunk_notifier_create(fd);

    CHECK(n > 2);
    CHECK(hlthunk_notifier_create(fd) == -EINVAL);
    CHECK(hlthunk_notifier_recv(fd, n, &events, &count, 0, 0) == 0 && count == 0);
    CHECK(hlthunk_notifier_recv(fd, n, &events, &count, 0, 20) == 0 && count == 0);
    CHECK(hlthunk_notifier_release(fd, n) == 0);
    CHECK(hlthunk_notifier_release(fd, n) == -EINVAL);
}

/* Exports: the physical one is Gaudi's, the mapped one the others'. */
static void exports(uint64_t va, uint64_t size)
{
    int dmabuf, whole = hlthunk_device_memory_export_dmabuf_fd(fd, va, size, 0);

    CHECK(hlthunk_device_mapped_memory_export_dmabuf_fd(fd, va, size, 0, O_CLOEXEC) == -EINVAL);
    if (is_gaudi) {
        dmabuf = hlthunk_device_mapped_memory_export_dmabuf_fd(fd, va + 65536, 65536, 0,
                                                               O_RDWR | O_CLOEXEC);
        CHECK(whole > 2 && dmabuf > 2);
    } else {
        CHECK(on_6_1 ? whole == -EOPNOTSUPP : whole > 2);
        dmabuf =
            hlthunk_device_mapped_memory_export_dmabuf_fd(fd, va, 65536, 65536, O_RDWR | O_CLOEXEC);
        CHECK(on_6_1 ? dmabuf < 0 : dmabuf > 2);
    }
    if (dmabuf > 2) {
        CHECK(lseek(dmabuf, 0, SEEK_END) == 65536);
        CHECK(fcntl(dmabuf, F_GETFD) & FD_CLOEXEC);
        CHECK((fcntl(dmabuf, F_GETFL) & O_ACCMODE) == O_RDWR);
        close(dmabuf);
        close(whole);
    }
}

static void device_memory(void)
{
    const uint64_t size = 1 << 20;
    struct hlthunk_hw_ip_info ip;
    uint64_t handle, va;

    CHECK(hlthunk_get_hw_ip_info(fd, &ip) == 0);
    handle = hlthunk_device_memory_alloc(fd, size, 0, false, true);
    CHECK(handle != 0);
    CHECK(hlthunk_device_memory_alloc(fd, 0, 0, false, false) == 0 && errno == EINVAL);
    if (is_gaudi) {
        va = ip.dram_base_address;
        CHECK(hlthunk_device_memory_map(fd, handle, 0) == 0 && errno == EINVAL);
    } else {
        va = hlthunk_device_memory_map(fd, handle, 0);
        CHECK(va != 0);
        CHECK(hlthunk_device_memory_map(fd, 0x7777, 0) == 0 && errno == EINVAL);
    }
    exports(va, size);
    if (!is_gaudi)
        CHECK(hlthunk_memory_unmap(fd, va) == 0);
    CHECK(hlthunk_memory_unmap(fd, 0x1234) == -EINVAL);
    CHECK(hlthunk_device_memory_free(fd, handle) == 0);
}

static void host_memory(void)
{
    const uint64_t size = 1 << 20;
    uint64_t host_va;
    void *host;

    host = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    host_va = hlthunk_host_memory_map(fd, host, 0, size);
    CHECK(host_va != 0 && hlthunk_memory_unmap(fd, host_va) == 0);
    host_va = hlthunk_host_memory_map_flags(fd, host, 0, size, 0);
    CHECK(host_va != 0 && hlthunk_memory_unmap(fd, host_va) == 0);
    CHECK(hlthunk_host_memory_map(fd, host, 0, 0) == 0 && errno == EINVAL);
    munmap(host, size);
}

static void register_blocks(void)
{
    volatile uint32_t *registers;
    uint32_t block_size;
    uint64_t block;

    if (!is_gaudi2) {
        CHECK(hlthunk_get_hw_block(fd, 0x1000, &block_size, &block) == -EPERM);
        return;
    }
    CHECK(hlthunk_get_hw_block(fd, 0x77, &block_size, &block) == -EINVAL);
    /* sync objects of the second dcore: one of them written and read */
    CHECK(hlthunk_get_hw_block(fd, 0x1000007ffc300000ull, &block_size, &block) == 0 &&
          block_size >= 0x4000);
    registers = (volatile uint32_t *)mmap(NULL, block_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                                          (off_t)block);
    CHECK((void *)registers != MAP_FAILED);
    registers[1000] = 5;
    CHECK(registers[1000] == 5);
    registers[1000] = 0;
    CHECK(munmap((void *)registers, block_size) == 0);
}

static struct hl_cs_chunk chunk;
static uint64_t cb_handle, cb_va;
static uint32_t *cb;
static uint32_t queue_down, queue_up;

/* One packet that does nothing, in what this ASIC's queues take for a command buffer. */
static void command_buffers(void)
{
    uint64_t handle = 0, va = 0;
    uint32_t count = 9;
    int rc;

    CHECK(hlthunk_request_command_buffer(fd, 4096, &cb_handle) == 0);
    CHECK(hlthunk_request_command_buffer(fd, 0x200000, &handle) == -EINVAL && handle == 0);
    CHECK(hlthunk_get_cb_usage_count(fd, cb_handle, &count) == 0);
    CHECK(hlthunk_get_cb_usage_count(fd, 0x123, &count) == -EINVAL);
    rc = hlthunk_request_mapped_command_buffer(fd, 4096, &handle);
    CHECK(ok_or(rc, is_gaudi2, ENOMEM));
    if (rc == 0) {
        CHECK(hlthunk_get_mapped_cb_device_va_by_handle(fd, handle, &va) == 0 && va != 0);
        CHECK(hlthunk_destroy_command_buffer(fd, handle) == 0);
    }
    CHECK(hlthunk_get_mapped_cb_device_va_by_handle(fd, cb_handle, &va) == -EINVAL);
    cb = (uint32_t *)mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                          is_gaudi2 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, is_gaudi2 ? -1 : fd,
                          is_gaudi2 ? 0 : (off_t)cb_handle);
    CHECK(cb != MAP_FAILED);
    if (is_gaudi2)
        cb_va = hlthunk_host_memory_map(fd, cb, 0, 4096);
    cb[0] = 0;
    cb[1] = 0xAu << 24; /* NOP */
    cb[2] = 0;
    cb[3] = 0xAu << 24;
    memset(&chunk, 0, sizeof(chunk));
    chunk.cb_handle = is_gaudi2 ? cb_va : cb_handle;
    chunk.cs_chunk_flags = is_gaudi2 ? HL_CS_CHUNK_FLAGS_USER_ALLOC_CB : 0;
    chunk.cb_size = 16;
    queue_down = is_goya ? 1 : 0;
    queue_up = is_goya ? 2 : 4;
    chunk.queue_index = queue_down;
}

static void one_by_one(struct hlthunk_cs_in *in, uint64_t *seqs)
{
    int stuck = emulated && is_gaudi2;
    uint64_t timestamp = 0, wait_us = stuck ? 100000 : 5000000;
    struct hlthunk_cs_out out;
    uint32_t status = 9;

    memset(&out, 0, sizeof(out));
    CHECK(hlthunk_command_submission(fd, in, &out) == 0 && out.seq > 0);
    seqs[0] = out.seq;
    CHECK(hlthunk_wait_for_cs(fd, out.seq, wait_us, &status) == 0 &&
          (status == HL_WAIT_CS_STATUS_COMPLETED || stuck));
    in->flags = HL_CS_FLAGS_TIMESTAMP;
    CHECK(hlthunk_command_submission_timeout(fd, in, &out, 5) == 0 && out.seq == seqs[0] + 1);
    seqs[1] = out.seq;
    CHECK(hlthunk_wait_for_cs_with_timestamp(fd, out.seq, wait_us, &status, &timestamp) == 0 &&
          ((status == HL_WAIT_CS_STATUS_COMPLETED && timestamp > 0) || stuck));
    status = 9;
    CHECK(hlthunk_wait_for_cs(fd, out.seq + 100, 0, &status) == -EINVAL && status == 9);
    in->flags = 0;
    chunk.queue_index = 5000;
    CHECK(hlthunk_command_submission(fd, in, &out) == -EINVAL);
    chunk.queue_index = queue_down;
}

static void several(uint64_t *seqs)
{
    struct hlthunk_wait_multi_cs_in in;
    struct hlthunk_wait_multi_cs_out out;
    uint64_t timestamp = 0;
    int rc;

    memset(&in, 0, sizeof(in));
    in.seq = seqs;
    in.seq_len = 2;
    in.timeout_us = 1000000;
    rc = hlthunk_wait_for_multi_cs(fd, &in, &out);
    CHECK(ok_or(rc, is_gaudi, EPERM));
    CHECK(rc || (out.seq_set == 3 && out.completed == 2));
    rc = hlthunk_wait_for_multi_cs_with_timestamp(fd, &in, &out, &timestamp);
    CHECK(ok_or(rc, is_gaudi, EPERM));
}

static void staged(struct hlthunk_cs_in *in)
{
    struct hlthunk_cs_out out;
    uint32_t status = 9;
    int rc;

    memset(&out, 0, sizeof(out));
    in->flags = HL_CS_FLAGS_STAGED_SUBMISSION | HL_CS_FLAGS_STAGED_SUBMISSION_FIRST;
    rc = hlthunk_staged_command_submission(fd, 0, in, &out);
    CHECK(ok_or(rc, is_gaudi, EPERM));
    in->flags = HL_CS_FLAGS_STAGED_SUBMISSION | HL_CS_FLAGS_STAGED_SUBMISSION_LAST;
    if (rc == 0) {
        CHECK(hlthunk_staged_command_submission_timeout(fd, out.seq, in, &out, 5) == 0);
        CHECK(hlthunk_wait_for_cs(fd, out.seq, 5000000, &status) == 0 &&
              status == HL_WAIT_CS_STATUS_COMPLETED);
    } else {
        CHECK(hlthunk_staged_command_submission_timeout(fd, 1, in, &out, 5) == -EPERM);
    }
    in->flags = 0;
    CHECK(hlthunk_staged_command_submission(fd, 0, in, &out) == -EINVAL);
}

static void engines(void)
{
    uint32_t core = 0;
    int rc = hlthunk_cs_flush_pci_hbw_writes(fd);

    CHECK(ok_or(rc, !on_6_1 && !is_goya, EOPNOTSUPP));
    rc = hlthunk_engine_cores_set_mode(fd, &core, 1, HL_ENGINE_CORE_RUN);
    CHECK(is_gaudi2 ? rc == 0 || rc == -EINVAL || emulated : rc == -EPERM || rc == -EINVAL);
    rc = hlthunk_engines_command(fd, &core, 1, HL_ENGINE_STALL);
    CHECK(on_6_1      ? rc == -EOPNOTSUPP
          : is_gaudi2 ? rc == 0 || rc == -EINVAL || emulated
                      : rc == -EPERM);
    CHECK(hlthunk_engines_command(fd, &core, 1, HL_ENGINE_COMMAND_MAX) == -EINVAL);
}

static void submissions(void)
{
    struct hlthunk_cs_in in;
    uint64_t seqs[2];

    memset(&in, 0, sizeof(in));
    in.chunks_execute = &chunk;
    in.num_chunks_execute = 1;
    one_by_one(&in, seqs);
    several(seqs);
    staged(&in);
    engines();
}

static void signals(void)
{
    struct hlthunk_signal_in in;
    struct hlthunk_signal_out out;
    struct hlthunk_wait_for_signal_data data;
    struct hlthunk_wait_in wait_in;
    struct hlthunk_wait_out wait_out;
    struct hlthunk_sig_res_in res_in;
    struct hlthunk_sig_res_out res_out;
    struct hlthunk_cs_in cs_in;
    struct hlthunk_cs_out cs_out;
    uint64_t seq;
    uint32_t status = 9;
    int rc, here = !is_goya;

    memset(&in, 0, sizeof(in));
    in.queue_index = queue_down;
    rc = hlthunk_signal_submission(fd, &in, &out);
    CHECK(ok_or(rc, here, EINVAL));
    seq = rc ? 1 : out.seq;
    memset(&data, 0, sizeof(data));
    data.signal_seq_arr = &seq;
    data.signal_seq_nr = 1;
    data.queue_index = queue_up;
    memset(&wait_in, 0, sizeof(wait_in));
    wait_in.hlthunk_wait_for_signal = (uint64_t *)&data;
    wait_in.num_wait_for_signal = 1;
    CHECK(ok_or(hlthunk_wait_for_signal(fd, &wait_in, &wait_out), here, EINVAL));
    CHECK(ok_or(hlthunk_signal_submission_timeout(fd, &in, &out, 5), here, EINVAL));
    seq = here ? out.seq : 1;
    CHECK(ok_or(hlthunk_wait_for_signal_timeout(fd, &wait_in, &wait_out, 5), here, EINVAL));
    rc = hlthunk_wait_for_collective_signal(fd, &wait_in, &wait_out);
    CHECK(rc <= 0);
    rc = hlthunk_wait_for_collective_signal_timeout(fd, &wait_in, &wait_out, 5);
    CHECK(rc <= 0);
    wait_in.num_wait_for_signal = 2;
    CHECK(hlthunk_wait_for_signal(fd, &wait_in, &wait_out) == -EINVAL);
    wait_in.num_wait_for_signal = 1;

    res_in.queue_index = queue_down;
    res_in.count = 4;
    memset(&res_out, 0, sizeof(res_out));
    rc = hlthunk_reserve_encaps_signals(fd, &res_in, &res_out);
    CHECK(ok_or(rc, here, EINVAL));
    CHECK(rc || (res_out.handle.id > 0 && res_out.handle.count >= 4));
    rc = hlthunk_unreserve_encaps_signals(fd, &res_out.handle, &status);
    CHECK(ok_or(rc, here, EINVAL));
    memset(&cs_in, 0, sizeof(cs_in));
    cs_in.chunks_execute = &chunk;
    cs_in.num_chunks_execute = 1;
    cs_in.flags = HL_CS_FLAGS_STAGED_SUBMISSION | HL_CS_FLAGS_STAGED_SUBMISSION_FIRST |
                  HL_CS_FLAGS_STAGED_SUBMISSION_LAST;
    rc = hlthunk_reserve_encaps_signals(fd, &res_in, &res_out);
    rc = hlthunk_staged_command_submission_encaps_signals(fd, res_out.handle.id, &cs_in, &cs_out);
    CHECK(is_gaudi ? rc == 0 : rc < 0);
    CHECK(hlthunk_staged_command_submission_encaps_signals(fd, 1ull << 40, &cs_in, &cs_out) ==
          -EINVAL);
    data.encaps_signal_seq = rc ? 1 : cs_out.seq;
    data.encaps_signal_offset = 1;
    rc = hlthunk_wait_for_reserved_encaps_signals(fd, &wait_in, &wait_out);
    CHECK(is_gaudi ? rc == 0 : rc <= 0);
    rc = hlthunk_wait_for_reserved_encaps_collective_signals(fd, &wait_in, &wait_out);
    CHECK(rc <= 0);
}

static void interrupts(void)
{
    struct hlthunk_hw_ip_info ip;
    uint64_t *word, timestamp = 0, ts = 0;
    uint32_t status = 9, id;

    CHECK(hlthunk_get_hw_ip_info(fd, &ip) == 0);
    id = ip.first_available_interrupt_id;
    word = (uint64_t *)hlthunk_malloc(8);
    *word = 5;
    if (!is_gaudi2) {
        CHECK(hlthunk_wait_for_interrupt(fd, word, 5, 0, 0, &status) == -EPERM && status == 9);
        CHECK(hlthunk_wait_for_interrupt_with_timestamp(fd, word, 5, 0, 0, &status, &timestamp) ==
              -EPERM);
        CHECK(hlthunk_wait_for_interrupt_by_handle(fd, cb_handle, 0, 5, 0, 0, &status) == -EPERM);
        CHECK(hlthunk_wait_for_interrupt_by_handle_with_timestamp(fd, cb_handle, 0, 5, 0, 0,
                                                                  &status, &timestamp) == -EPERM);
    } else {
        CHECK(hlthunk_wait_for_interrupt(fd, word, 5, id, 0, &status) == 0 &&
              status == HL_WAIT_CS_STATUS_COMPLETED);
        CHECK(hlthunk_wait_for_interrupt(fd, word, 6, UINT_MAX, 20000, &status) == 0 &&
              status == HL_WAIT_CS_STATUS_BUSY);
        CHECK(hlthunk_wait_for_interrupt_with_timestamp(fd, word, 5, id, 0, &status, &timestamp) ==
                  0 &&
              timestamp > 0);
        CHECK(hlthunk_wait_for_interrupt(fd, word, 5, 0xffd, 0, &status) == -EINVAL);
        CHECK(hlthunk_wait_for_interrupt_by_handle(fd, cb_handle, 0, 0, id, 0, &status) == 0 &&
              status == HL_WAIT_CS_STATUS_COMPLETED);
        CHECK(hlthunk_wait_for_interrupt_by_handle_with_timestamp(fd, cb_handle, 0, 1, id, 20000,
                                                                  &status, &timestamp) == 0 &&
              status == HL_WAIT_CS_STATUS_BUSY);
    }
    hlthunk_free(word);
    CHECK(hlthunk_allocate_timestamp_elements(fd, 8, &ts) == 0 && ts != 0);
    CHECK(hlthunk_allocate_timestamp_elements(fd, 0, &ts) == -EINVAL);
    CHECK(
        ok_or(hlthunk_register_timestamp_interrupt(fd, id < 0xfff ? id : 0, cb_handle, 0, 1, ts, 0),
              is_gaudi2, EPERM));
}

static void debugging(void)
{
    struct hl_debug_params_read_block block;
    struct hl_debug_params_spmu spmu;
    struct hl_debug_args args;
    struct hlthunk_debugfs d;
    uint64_t counters[8];
    uint32_t value, words[64];
    int rc;

    memset(&args, 0, sizeof(args));
    args.op = HL_DEBUG_OP_SET_MODE;
    args.enable = 1;
    rc = hlthunk_debug(fd, &args);
    CHECK(rc == 0);
    args.op = HL_DEBUG_OP_SET_MODE;
    args.enable = 1;
    CHECK(hlthunk_debug(fd, &args) == -EFAULT);
    /* as a profiler does: events of a unit counted for a while */
    memset(&spmu, 0, sizeof(spmu));
    spmu.event_types_num = 3;
    spmu.event_types[0] = 5;
    memset(&args, 0, sizeof(args));
    args.op = HL_DEBUG_OP_SPMU;
    args.enable = 1;
    args.input_ptr = (__u64)(uintptr_t)&spmu;
    args.input_size = sizeof(spmu);
    CHECK(hlthunk_debug(fd, &args) == 0);
    usleep(1000);
    memset(counters, 0, sizeof(counters));
    memset(&args, 0, sizeof(args));
    args.op = HL_DEBUG_OP_SPMU;
    args.output_ptr = (__u64)(uintptr_t)counters;
    args.output_size = 5 * 8;
    CHECK(hlthunk_debug(fd, &args) == 0 && (counters[0] > 0 || emulated));
    /* what only the vendor's driver has */
    memset(&block, 0, sizeof(block));
    block.cfg_address = is_goya    ? 0x7ffc000000ull
                        : is_gaudi ? 0x7ffc000000ull
                                   : 0x1000007ffc000000ull;
    block.user_address = (__u64)(uintptr_t)words;
    block.size = sizeof(words);
    memset(&args, 0, sizeof(args));
    args.op = HL_DEBUG_OP_READBLOCK;
    args.input_ptr = (__u64)(uintptr_t)&block;
    args.input_size = sizeof(block);
    rc = hlthunk_debug(fd, &args);
    CHECK(on_vendor ? rc == 0 : rc == -EOPNOTSUPP);
    rc = 0;
    memset(&args, 0, sizeof(args));
    args.op = HL_DEBUG_OP_SET_MODE;
    CHECK(hlthunk_debug(fd, &args) == 0);
    memset(&args, 0, sizeof(args));
    args.op = 7777;
    rc = hlthunk_debug(fd, &args);
    CHECK(on_vendor ? rc < 0 : rc == -EOPNOTSUPP || rc == -EINVAL || rc == -EFAULT);
    /* not mounted for everybody: success or a reason, and then closing twice is harmless */
    rc = hlthunk_debugfs_open(fd, &d);
    CHECK(rc <= 0);
    if (rc == 0) {
        rc = hlthunk_debugfs_write(&d, 0x1000007ff0000000ull, 5);
        CHECK(rc <= 0 && rc != -ESPIPE);
        rc = hlthunk_debugfs_read(&d, 0x1000007ff0000000ull, &value);
        CHECK(rc <= 0 && rc != -ESPIPE);
        CHECK(hlthunk_debugfs_close(&d) == 0);
        CHECK(hlthunk_debugfs_close(&d) == 0);
    } else {
        d.addr_fd = d.data_fd = d.clk_gate_fd = -1;
        d.clk_gate_val[0] = '\0';
        CHECK(hlthunk_debugfs_read(&d, 0, &value) == -EBADF);
        CHECK(hlthunk_debugfs_write(&d, 0, 0) == -EBADF);
        CHECK(hlthunk_debugfs_close(&d) == 0);
    }
}

static void leave(void)
{
    munmap(cb, 4096);
    if (is_gaudi2)
        CHECK(hlthunk_memory_unmap(fd, cb_va) == 0);
    CHECK(hlthunk_destroy_command_buffer(fd, cb_handle) == 0);
    /* 6.1 gives 0 while a submission holds it */
    CHECK(hlthunk_destroy_command_buffer(fd, cb_handle) == -EINVAL || (emulated && is_gaudi2));
    CHECK(hlthunk_close(control) == 0);
    CHECK(hlthunk_close(fd) == 0);
}

int main(void)
{
    const char *asic = getenv("TEST_ASIC"), *kernel = getenv("TEST_KERNEL");

    is_goya = asic && !strcmp(asic, "goya");
    is_gaudi = asic && !strcmp(asic, "gaudi");
    is_gaudi2 = !is_goya && !is_gaudi;
    on_6_1 = kernel && !strcmp(kernel, "6.1");
    emulated = getenv("HLTHUNK_RIG") != NULL;
    on_vendor = kernel && !strcmp(kernel, "vendor");
    open_and_close();
    if (fd < 0)
        return 1;
    states();
    measurements();
    counts();
    bare_queries();
    secrets_and_texts();
    records();
    notifier();
    device_memory();
    host_memory();
    register_blocks();
    command_buffers();
    submissions();
    signals();
    interrupts();
    debugging();
    leave();
    printf("%d failures on %s, %s\n", failures, asic ? asic : "?", kernel ? kernel : "?");
    return failures != 0;
}
