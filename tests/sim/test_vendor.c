/* SPDX-License-Identifier: MIT */
/*
 * What the vendor's driver adds, and that mainline drivers do not have it.  (Imports of dma-bufs:
 * test_import.c; block reads: tests/work/debug.c.)
 */
#include "tests/sim/support.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "uapi/habanalabs_accel.h"
#include "uapi/requests.h"

static bool vendor(void)
{
    return on_kernel("vendor");
}

static int info(struct hlthunk_device *d, uint32_t op, void *out, uint32_t size)
{
    struct hl_info_args a = { .return_pointer = (uintptr_t)out, .return_size = size, .op = op };
    bool h = on_kernel("6.1") || on_kernel("6.6");

    return ioctl(hlthunk_device_borrow_fd(d), h ? HL_REQ_H_INFO : HL_REQ_D_INFO, &a) ? -errno : 0;
}

static int debug(struct hlthunk_device *d, uint32_t op, bool enable, void *out, uint32_t size)
{
    struct hl_debug_args a = {
        .op = op, .enable = enable, .output_ptr = (uintptr_t)out, .output_size = size
    };

    return hlthunk_debug(hlthunk_device_borrow_fd(d), &a);
}

TEST(queries)
{
    struct hl_info_time_sync_per_die t = { .die_index = 0 };
    struct hl_info_memory_consumption m = { .used_mem = 0, .timestamp_sec = 1 };
    struct hlthunk_device *d = open_device();
    struct hl_info_module_params params;
    unsigned char bytes[512];
    struct hlthunk_buffer *b;

    memset(bytes, 0x5a, sizeof(bytes));
    assert_int_equal(info(d, HL_INFO_MODULE_PARAMS, bytes, sizeof(bytes)), vendor() ? 0 : -EINVAL);
    memcpy(&params, bytes, sizeof(params));
    assert_int_equal(params.mmu_enable, vendor() ? 1 : 0x5a5a5a5a);
    assert_int_equal(bytes[sizeof(bytes) - 1], 0x5a);
    assert_int_equal(info(d, HL_INFO_TIME_SYNC_PER_DIE, &t, sizeof(t)), vendor() ? 0 : -EINVAL);
    assert_true(!vendor() || (t.host_time && t.device_time));
    t.die_index = 1;
    assert_int_equal(info(d, HL_INFO_TIME_SYNC_PER_DIE, &t, sizeof(t)), -EINVAL);
    /* a report, not a question */
    assert_int_equal(info(d, HL_INFO_MEMORY_CONSUMPTION, &m, sizeof(m)), vendor() ? 0 : -EINVAL);
    m.used_mem = MIB;
    assert_int_equal(info(d, HL_INFO_MEMORY_CONSUMPTION, &m, sizeof(m)), -EINVAL);
    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
    assert_int_equal(info(d, HL_INFO_MEMORY_CONSUMPTION, &m, sizeof(m)), vendor() ? 0 : -EINVAL);
    assert_int_equal(info(d, HL_INFO_MEMORY_CONSUMPTION, &m, sizeof(m) + 8), -EINVAL);
    /* no network ports */
    assert_int_equal(info(d, HL_INFO_NIC_LINK_STATE, bytes, sizeof(bytes)), -EINVAL);
    assert_int_equal(info(d, HL_INFO_NIC_COUNTERS, bytes, sizeof(bytes)), -EINVAL);
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(more_in_old_structs)
{
    struct hl_info_args status = { .op = HL_INFO_DEVICE_STATUS, .pad = 1 };
    struct hl_open_stats_info stats = { 0 };
    struct hl_info_hw_ip_info ip = { 0 };
    struct hlthunk_device *d = open_device();
    static char host[8192] __attribute__((aligned(4096)));
    struct hlthunk_buffer *b;

    assert_int_equal(info(d, HL_INFO_HW_IP_INFO, &ip, sizeof(ip)), 0);
    assert_int_equal(ip.odp_supported, vendor() && on_asic("gaudi2"));
    assert_int_equal(ip.mme_enabled_mask != 0, vendor());
    assert_int_equal(ip.sched_arc_enabled_mask, vendor() && on_asic("gaudi2") ? 0x3F : 0);
    assert_int_equal(info(d, HL_INFO_OPEN_STATS, &stats, sizeof(stats)), 0);
    assert_int_equal(stats.pad[0], 0);
    ok(hlthunk_buffer_from_host(d, host, sizeof(host), NULL, &b));
    assert_int_equal(info(d, HL_INFO_OPEN_STATS, &stats, sizeof(stats)), 0);
    assert_int_equal(stats.pad[0], vendor()); /* compute_ctx_has_mapped_resources */
    hlthunk_buffer_unref(b);
    assert_int_equal(info(d, HL_INFO_OPEN_STATS, &stats, sizeof(stats)), 0);
    assert_int_equal(stats.pad[0], 0);
    /* soft_reset_stall is where mainline has its pad */
    if (on_kernel("6.12") || vendor()) {
        struct hl_info_device_status s;

        status.return_pointer = (uintptr_t)&s;
        status.return_size = sizeof(s);
        assert_int_equal(ioctl(hlthunk_device_borrow_fd(d), HL_REQ_D_INFO, &status),
                         vendor() ? 0 : -1);
    }
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(debug_operations)
{
    struct hlthunk_device *d = open_device();
    unsigned char bytes[64];
    uint32_t op;

    if (!vendor()) {
        static const uint32_t added[] = {
            HL_DEBUG_OP_FETCH_TRACE,      HL_DEBUG_OP_DIO,
            HL_DEBUG_OP_READMEM,          HL_DEBUG_OP_MEMCPY,
            HL_DEBUG_OP_SCHED_SUBMIT_BUF, HL_DEBUG_OP_ENABLE_ERR_INFO_CAPTURE,
        };

        for (size_t i = 0; i < sizeof(added) / sizeof(added[0]); i++)
            refused(debug(d, added[i], false, NULL, 0), EOPNOTSUPP, "vendor");
        assert_int_equal(hlthunk_device_close(d), 0);
        return;
    }
    for (op = 0; op < HL_DEBUG_OP_SET_MODE; op++)
        refused(debug(d, op, false, NULL, 0), EPERM, "needs debug mode");
    refused(debug(d, HL_DEBUG_OP_FETCH_TRACE, false, NULL, 0), EPERM, "needs debug mode");
    refused(debug(d, HL_DEBUG_OP_SCHED_SUBMIT_BUF, false, NULL, 0), EPERM, "needs debug mode");
    refused(debug(d, HL_DEBUG_OP_READMEM, false, NULL, 0), EPERM, "vendor simulates");
    refused(debug(d, HL_DEBUG_OP_MEMCPY, false, NULL, 0), EPERM, "vendor simulates");
    ok(debug(d, HL_DEBUG_OP_DIO, false, NULL, 0));
    ok(debug(d, HL_DEBUG_OP_SET_MODE, true, NULL, 0));
    memset(bytes, 0x5a, sizeof(bytes));
    ok(debug(d, HL_DEBUG_OP_FETCH_TRACE, false, bytes, 32));
    assert_int_equal(bytes[0] | bytes[31], 0);
    assert_int_equal(bytes[32], 0x5a);
    assert_int_equal(debug(d, HL_DEBUG_OP_SCHED_SUBMIT_BUF, false, NULL, 0), -EINVAL);
    ok(debug(d, HL_DEBUG_OP_SET_MODE, false, NULL, 0));
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* Host memory that is not pinned: pages may come later, and one that is not there is a fault. */
TEST(memory_on_demand)
{
    struct hlthunk_event e = { .struct_size = sizeof(e) };
    struct hlthunk_event_notifier *n;
    struct hlthunk_command_buffer *cb;
    struct hlthunk_buffer *memory;
    struct hlthunk_device *d;
    uint64_t va, seq, size = 4 * 4096;
    unsigned char *p;
    int fd;

    if (on_kernel("6.1")) /* it pins what a program may not even read */
        skip();
    d = open_device();
    fd = hlthunk_device_borrow_fd(d);
    p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(p, MAP_FAILED);
    assert_int_equal(hlthunk_host_memory_map(fd, p, 0, size), 0); /* 0: failed */
    va = hlthunk_host_memory_map_flags(fd, p, 0, size, HL_MEM_ODP);
    if (!vendor() || !on_asic("gaudi2")) {
        assert_int_equal(va, 0);
        munmap(p, size);
        assert_int_equal(hlthunk_device_close(d), 0);
        return;
    }
    assert_true(va != 0);
    assert_int_equal(mprotect(p, 8192, PROT_READ | PROT_WRITE), 0);
    ok(hlthunk_event_notifier_create(d, NULL, &n));
    ok(hlthunk_buffer_alloc(d, MIB, NULL, &memory));
    memset(p, 0x77, 8192);
    assert_int_equal(
        copy_by_device(d, va, hlthunk_buffer_get_address(memory), 4096, false, 10000000), 0);
    memset(p, 0, 8192);
    assert_int_equal(
        copy_by_device(d, hlthunk_buffer_get_address(memory), va + 4096, 4096, true, 10000000), 0);
    assert_int_equal(p[4096], 0x77);
    assert_int_equal(p[8191], 0x77);
    cb = copy_begin(d, va + 8192, hlthunk_buffer_get_address(memory), 4096, false, &seq);
    do {
        ok(hlthunk_event_notifier_wait(n, 5000000000, &e));
    } while (e.kind != HLTHUNK_EVENT_PAGE_FAULT);
    assert_int_equal(e.address, va + 8192);
    hlthunk_command_buffer_unref(cb);
    hlthunk_event_notifier_unref(n);
    hlthunk_buffer_unref(memory);
    munmap(p, size);
    hlthunk_device_unref(d);
}

/* Which driver it is can be told in reset, too. */
TEST(the_generation_is_known_in_reset)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o), .control = true };
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };
    struct hlthunk_device *d = open_device(), *control;

    if (on_kernel("6.1") || on_kernel("6.6")) {
        assert_int_equal(hlthunk_device_close(d), 0);
        skip();
    }
    assert_int_equal(system("\"$HLSIM_PROGRAM\" ctl reset 0"), 0);
    ok(hlthunk_device_open(&o, &control));
    ok(hlthunk_device_get_properties(control, &p));
    assert_int_equal(p.generation, vendor() ? HLTHUNK_GENERATION_VENDOR : HLTHUNK_GENERATION_DRM);
    hlthunk_device_unref(control);
    hlthunk_device_unref(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries),
        cmocka_unit_test(more_in_old_structs),
        cmocka_unit_test(debug_operations),
        cmocka_unit_test(memory_on_demand),
        cmocka_unit_test(the_generation_is_known_in_reset),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
