/* SPDX-License-Identifier: MIT */
/* What the drivers of 6.1 and 6.12 answer, from the model alone: no supervisor, no executor. */
#include "tests/test.h"

#include <errno.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "sim/lock.h"
#include "sim/model/block.h"
#include "sim/model/errors.h"
#include "sim/model/submission.h"
#include "uapi/habanalabs_ids.h"

#define MiB (1024ull * 1024)

static struct sim_state *s;
static struct sim_device *d;
static struct sim_env env;

static int copy_in(void *to, uint64_t user, size_t n)
{
    memcpy(to, (const void *)(uintptr_t)user, n);
    return 0;
}

static int copy_out(uint64_t user, const void *from, size_t n)
{
    memcpy((void *)(uintptr_t)user, from, n);
    return 0;
}

static int pin(const struct sim_state *state, uint64_t user, uint64_t size)
{
    (void)state, (void)user, (void)size;
    return 0;
}

static void clear_buffer(struct sim_state *state, struct sim_device *device, uint32_t index)
{
    (void)state, (void)device, (void)index;
}

/* A new simulation with one device, whose lock this thread has. */
static void begin(enum sim_asic_id asic, enum hl_generation generation)
{
    static pid_t simulation;
    struct sim_submit *u;

    s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
             -1, 0);
    assert_true(s != MAP_FAILED);
    s->supervisor = ++simulation;
    s->generation = generation;
    memset(s->file_buckets, 0xff, sizeof(s->file_buckets));
    sim_lock_init(s);
    sim_lock(s);
    s->device_count = 1;
    d = &s->devices[0];
    sim_device_init(s, d, asic, 0);
    d->submit_fd = memfd_create("submissions", MFD_CLOEXEC);
    assert_true(d->submit_fd >= 0);
    assert_int_equal(ftruncate(d->submit_fd, (off_t)sim_sub_size(submission_props(s, d))), 0);
    u = submission_of(s, d);
    assert_non_null(u);
    assert_int_equal(sim_sub_init(u, submission_props(s, d)), 0);
    env = (struct sim_env){ .state = s,
                            .copy_in = copy_in,
                            .copy_out = copy_out,
                            .pin = pin,
                            .clear_buffer = clear_buffer };
}

static void end(void)
{
    close(d->submit_fd);
    sim_unlock(s);
    munmap(s, sizeof(*s));
}

static uint32_t open_file(bool control)
{
    static uint64_t inode;
    uint32_t f;

    assert_int_equal(sim_open_check(s, d, control), 0);
    f = sim_file_new(s, control ? SIM_FILE_CONTROL : SIM_FILE_PRIMARY, ++inode);
    sim_opened(s, f);
    return f;
}

/* A reset takes a moment. */
static void wait_for_the_device(void)
{
    for (unsigned i = 0; sim_open_check(s, d, false) == -EAGAIN; i++) {
        assert_true(i < 10000);
        usleep(1000);
    }
}

static int info(uint32_t file, uint32_t op, void *out, uint32_t size)
{
    struct hl_info_args a = { .op = op, .return_pointer = (uintptr_t)out, .return_size = size };

    return sim_info(&env, file, &a);
}

static uint32_t hard_resets(uint32_t control)
{
    struct hl_info_reset_count r = { 0 };

    assert_int_equal(info(control, HL_INFO_RESET_COUNT, &r, sizeof(r)), 0);
    return r.hard_reset_cnt;
}

static const enum sim_asic_id asics[] = { SIM_ASIC_GOYA, SIM_ASIC_GAUDI, SIM_ASIC_GAUDI2 };
static const enum hl_generation kernels[] = { HL_GENERATION_MISC, HL_GENERATION_DRM };

#define EACH_ASIC(a)                                                                               \
    for (unsigned a##_ = 0; a##_ < 3; a##_++)                                                      \
        for (enum sim_asic_id a = asics[a##_], *a##__ = &a; a##__; a##__ = NULL)
#define EACH_KERNEL(k)                                                                             \
    for (unsigned k##_ = 0; k##_ < 2; k##_++)                                                      \
        for (enum hl_generation k = kernels[k##_], *k##__ = &k; k##__; k##__ = NULL)

/* ---- resets ---- */

/* It is counted when it is over; one that comes meanwhile is none. */
TEST(a_reset_is_counted_at_its_end)
{
    EACH_ASIC(asic) EACH_KERNEL(kernel)
    {
        uint32_t file, control;

        begin(asic, kernel);
        file = open_file(false);
        control = open_file(true);
        sim_device_reset(s, d);
        assert_int_equal(sim_device_status(d), HL_DEVICE_STATUS_IN_RESET);
        assert_int_equal(hard_resets(control), 0);
        sim_device_reset(s, d);
        sim_released(s, file);
        wait_for_the_device();
        assert_int_equal(hard_resets(control), 1);
        end();
    }
}

/* What its engines have taken too long for; the executor has no lock then. */
static void time_out(uint64_t seq)
{
    struct submission_call c = { NULL, s, d };

    sim_unlock(s);
    submission_env.timed_out(&c, seq, true);
    sim_lock(s);
}

/* Only a failure of the firmware is told as one. */
TEST(events_of_resets)
{
    EACH_ASIC(asic) EACH_KERNEL(kernel)
    {
        uint32_t file;

        begin(asic, kernel);
        file = open_file(false);
        sim_device_reset(s, d);
        assert_int_equal(s->files[file].events, 0);
        sim_released(s, file);
        wait_for_the_device();
        file = open_file(false);
        time_out(1);
        assert_int_equal(s->files[file].events,
                         HL_NOTIFIER_EVENT_CS_TIMEOUT | HL_NOTIFIER_EVENT_DEVICE_RESET);
        sim_released(s, file);
        wait_for_the_device();
        file = open_file(false);
        sim_device_fail(s, d);
        assert_int_equal(s->files[file].events,
                         HL_NOTIFIER_EVENT_DEVICE_UNAVAILABLE | HL_NOTIFIER_EVENT_DEVICE_RESET);
        end();
    }
}

/* 6.1 resets Goya's engines, and its user goes on. */
TEST(a_reset_that_the_user_survives)
{
    EACH_ASIC(asic) EACH_KERNEL(kernel)
    {
        bool soft = asic == SIM_ASIC_GOYA && kernel == HL_GENERATION_MISC;
        struct hl_info_reset_count r = { 0 };
        uint32_t file, control;

        begin(asic, kernel);
        file = open_file(false);
        control = open_file(true);
        submission_of(s, d)->ctx_switched = submission_of(s, d)->ctx_restored = true;
        time_out(1);
        assert_int_equal(sim_device_status(d), soft ? HL_DEVICE_STATUS_IN_RESET_AFTER_DEVICE_RELEASE
                                                    : HL_DEVICE_STATUS_IN_RESET);
        assert_int_equal(info(control, HL_INFO_RESET_COUNT, &r, sizeof(r)), 0);
        assert_int_equal(r.hard_reset_cnt + r.soft_reset_cnt, 0);
        for (unsigned i = 0; soft && !sim_device_operational(d); i++) {
            assert_true(i < 10000);
            usleep(1000);
        }
        assert_int_equal(sim_device_operational(d), soft);
        assert_false(submission_of(s, d)->ctx_switched);
        assert_non_null(sim_context_of(s, file));
        if (soft) { /* the second timeout is not told */
            s->files[file].events = 0;
            time_out(2);
            assert_int_equal(s->files[file].events, 0);
        }
        sim_released(s, file);
        wait_for_the_device();
        assert_int_equal(info(control, HL_INFO_RESET_COUNT, &r, sizeof(r)), 0);
        assert_int_equal(r.hard_reset_cnt, soft ? 0 : 1);
        assert_int_equal(r.soft_reset_cnt, soft ? 2 : 0);
        end();
    }
}

/* While the engines are reset a hard reset is made, too; any other that comes meanwhile is none. */
TEST(resets_that_come_during_one)
{
    struct hl_info_reset_count r = { 0 };
    uint32_t file, control;

    begin(SIM_ASIC_GOYA, HL_GENERATION_MISC);
    file = open_file(false);
    control = open_file(true);
    time_out(1);
    sim_device_reset(s, d);
    time_out(2);
    sim_released(s, file);
    wait_for_the_device();
    assert_int_equal(info(control, HL_INFO_RESET_COUNT, &r, sizeof(r)), 0);
    assert_int_equal(r.hard_reset_cnt, 1);
    assert_int_equal(r.soft_reset_cnt, 1);
    end();

    begin(SIM_ASIC_GAUDI2, HL_GENERATION_DRM);
    file = open_file(false);
    control = open_file(true);
    s->files[file].eventfd = true;
    sim_device_reset(s, d);
    time_out(1); /* its time was over before */
    sim_released(s, file);
    wait_for_the_device();
    assert_int_equal(hard_resets(control), 1);
    end();
}

/* What runs still when its user closes the device costs a hard reset. */
TEST(a_close_with_work_in_flight)
{
    for (unsigned a = 1; a < 3; a++) {
        struct hl_cs_chunk k = { .queue_index = 0 };
        union hl_cs_args cs = { .in = { .chunks_execute = (uintptr_t)&k,
                                        .num_chunks_execute = 1,
                                        .cs_flags = HL_CS_FLAGS_SIGNAL } };
        uint32_t file, control;

        begin(asics[a], HL_GENERATION_DRM);
        file = open_file(false);
        control = open_file(true);
        assert_int_equal(sim_cs(&env, file, &cs), 0);
        sim_released(s, file);
        assert_int_equal(sim_device_status(d), HL_DEVICE_STATUS_IN_RESET);
        assert_int_equal(sim_open_check(s, d, false), -EAGAIN);
        assert_int_equal(hard_resets(control), 0);
        wait_for_the_device();
        assert_int_equal(hard_resets(control), 1);
        end();
    }
}

/* What took too long is over when its user, who was told of it, closes the device: the reset that
 * was postponed is of the engines alone where the driver can do that, and Gaudi2's is the one of
 * every close. */
TEST(a_close_after_a_postponed_reset)
{
    EACH_ASIC(asic)
    {
        bool hard = asic == SIM_ASIC_GAUDI;
        struct hl_info_reset_count r = { 0 };
        uint32_t file, control;

        begin(asic, HL_GENERATION_DRM);
        file = open_file(false);
        control = open_file(true);
        s->files[file].eventfd = true;
        time_out(1);
        assert_true(sim_device_operational(d));
        sim_released(s, file);
        if (asic != SIM_ASIC_GAUDI2) /* whose release is the supervisor's */
            assert_int_equal(sim_device_status(d),
                             hard ? HL_DEVICE_STATUS_IN_RESET
                                  : HL_DEVICE_STATUS_IN_RESET_AFTER_DEVICE_RELEASE);
        wait_for_the_device();
        assert_int_equal(info(control, HL_INFO_RESET_COUNT, &r, sizeof(r)), 0);
        assert_int_equal(r.hard_reset_cnt, hard ? 1 : 0);
        assert_int_equal(r.soft_reset_cnt, asic == SIM_ASIC_GOYA ? 1 : 0);
        end();
    }
}

/* A user who was told of a reset has half a minute to close the device. */
TEST(a_user_who_does_not_close)
{
    struct sim_submit *u;
    struct sim_sub_call call;
    struct submission_call c;
    uint32_t file;
    int64_t now, at;

    begin(SIM_ASIC_GAUDI2, HL_GENERATION_DRM);
    file = open_file(false);
    s->files[file].eventfd = true;
    u = submission_of(s, d);
    c = (struct submission_call){ NULL, s, d };
    call = (struct sim_sub_call){
        .s = u, .p = submission_props(s, d), .env = &submission_env, .priv = &c
    };
    time_out(1);
    sim_unlock(s);
    now = submission_env.now_ns(NULL);
    at = sim_sub_timers(&call);
    assert_uint_in_range(at - now, 20000000000, 30000000000);
    assert_true(sim_device_operational(d));
    u->overdue_ns = now;
    assert_int_equal(sim_sub_timers(&call), 0);
    sim_lock(s);
    assert_int_equal(sim_device_status(d), HL_DEVICE_STATUS_IN_RESET);
    sim_released(s, file);
    wait_for_the_device();
    assert_int_equal(sim_device_hard_resets(d), 1);
    end();
}

/* ---- memory ---- */

static int alloc(uint32_t file, uint64_t size)
{
    union hl_mem_args a = { .in = { .op = HL_MEM_OP_ALLOC, .alloc = { .mem_size = size } } };

    return sim_memory(&env, file, &a);
}

/* The driver's rounding wraps around. */
TEST(sizes_near_the_end_of_all)
{
    static const uint64_t page[] = { 2 * MiB, 0, 768 * MiB };

    EACH_ASIC(asic) EACH_KERNEL(kernel)
    {
        uint64_t most = UINT64_MAX - page[asic_] + 1; /* that can be rounded up */
        uint32_t file;

        if (!page[asic_])
            continue;
        begin(asic, kernel);
        file = open_file(false);
        assert_int_equal(alloc(file, most), -ENOMEM);
        assert_int_equal(alloc(file, most + 1), -EINVAL);
        assert_int_equal(alloc(file, UINT64_MAX), -EINVAL);
        end();
    }
}

static uint64_t map_host(uint32_t file, uint64_t address, uint64_t size)
{
    union hl_mem_args a = { .in = { .op = HL_MEM_OP_MAP,
                                    .flags = HL_MEM_USERPTR,
                                    .map_host = { .host_virt_addr = address, .mem_size = size } } };

    assert_int_equal(sim_memory(&env, file, &a), 0);
    return a.out.device_virt_addr;
}

/* Memory of the host at a large page's boundary is at one for the device, too. */
TEST(large_pages_of_the_host)
{
    EACH_ASIC(asic) EACH_KERNEL(kernel)
    {
        uint32_t file;
        uint64_t va;

        begin(asic, kernel);
        file = open_file(false);
        map_host(file, 0x7000000000, 4096); /* what comes next would not be aligned by itself */
        va = map_host(file, 0x7000200000, 4096);
        assert_int_equal(va % (2 * MiB), 0);
        assert_true(asic != SIM_ASIC_GAUDI2 || va < 0xFFF0800000000000);
        va = map_host(file, 0x7000400000, 2 * MiB);
        assert_int_equal(va % (2 * MiB), 0);
        assert_true(asic != SIM_ASIC_GAUDI2 || va >= 0xFFF0800000000000);
        assert_int_not_equal(map_host(file, 0x7000001000, 4096) % (2 * MiB), 0);
        end();
    }
}

static uint64_t create_cb(uint32_t file, uint32_t size, uint64_t *va)
{
    union hl_cb_args a = { .in = {
                               .op = HL_CB_OP_CREATE, .cb_size = size, .flags = HL_CB_FLAGS_MAP } };
    uint64_t handle;

    assert_int_equal(sim_cb(&env, file, &a), 0);
    handle = a.out.cb_handle;
    a = (union hl_cb_args){
        .in = { .op = HL_CB_OP_INFO, .cb_handle = handle, .flags = HL_CB_FLAGS_GET_DEVICE_VA }
    };
    assert_int_equal(sim_cb(&env, file, &a), 0);
    *va = a.out.device_va;
    return handle;
}

static void destroy_cb(uint32_t file, uint64_t handle)
{
    union hl_cb_args a = { .in = { .op = HL_CB_OP_DESTROY, .cb_handle = handle } };

    assert_int_equal(sim_cb(&env, file, &a), 0);
}

/* The first gap that is large enough, not the best one. */
TEST(addresses_of_command_buffers)
{
    EACH_KERNEL(kernel)
    {
        uint64_t handle[4], va[4], again;
        uint32_t file;

        begin(SIM_ASIC_GAUDI2, kernel);
        file = open_file(false);
        for (unsigned i = 0; i < 4; i++)
            handle[i] = create_cb(file, i ? 4096 : 16384, &va[i]);
        destroy_cb(file, handle[0]);
        destroy_cb(file, handle[2]);
        create_cb(file, 4096, &again);
        assert_int_equal(again, va[0]);
        end();
    }
}

/* ---- errors ---- */

static uint64_t fault_at(uint64_t address)
{
    struct eng_report r = { .what = ENG_FAULT_ADDRESS, .addr = address, .error = -EFAULT };

    return sim_errors_report(s, d, 0, &r);
}

static uint32_t mappings(uint32_t file, struct hl_user_mapping *m, uint32_t size)
{
    struct hl_info_args a = { .op = HL_INFO_USER_MAPPINGS,
                              .return_pointer = (uintptr_t)m,
                              .return_size = size };

    assert_int_equal(sim_info(&env, file, &a), 0);
    return a.array_size;
}

/* Those of the moment of the fault, whatever became of them. */
TEST(mappings_at_a_page_fault)
{
    struct hl_user_mapping m[4];
    uint32_t file, control;
    union hl_mem_args a;
    uint64_t va[2];

    begin(SIM_ASIC_GAUDI2, HL_GENERATION_DRM);
    file = open_file(false);
    control = open_file(true);
    va[0] = map_host(file, 0x7000001000, 4096);
    va[1] = map_host(file, 0x7000003000, 100);
    fault_at(0xFFF0000000001000);
    a = (union hl_mem_args){ .in = { .op = HL_MEM_OP_UNMAP,
                                     .unmap = { .device_virt_addr = va[0] } } };
    assert_int_equal(sim_memory(&env, file, &a), 0);
    map_host(file, 0x7000005000, 4096);
    map_host(file, 0x7000007000, 4096);
    for (unsigned closed = 0; closed < 2; closed++) {
        assert_int_equal(mappings(control, m, sizeof(m)), 2);
        assert_int_equal(m[0].dev_va, va[0]);
        assert_int_equal(m[1].dev_va, va[1]);
        assert_int_equal(m[1].size, 100);
        if (!closed)
            sim_released(s, file);
    }
    wait_for_the_device();
    open_file(false);
    assert_int_equal(mappings(control, m, sizeof(m)), 0);
    end();
}

/* Gaudi2's driver records the MMU's errors as an engine's, which has no number. */
TEST(a_page_fault_is_an_engines_error)
{
    struct hl_info_engine_err_event e = { 0 };
    uint32_t file;

    begin(SIM_ASIC_GAUDI2, HL_GENERATION_DRM);
    file = open_file(false);
    assert_true(fault_at(0x1000) & HL_NOTIFIER_EVENT_USER_ENGINE_ERR);
    assert_int_equal(info(file, HL_INFO_USER_ENGINE_ERR_EVENT, &e, sizeof(e)), 0);
    assert_true(e.timestamp != 0);
    assert_int_equal(e.engine_id, 0xFFFF);
    assert_int_equal(e.error_count, 1);
    end();
}

#define ENGINE HL_NOTIFIER_EVENT_USER_ENGINE_ERR
#define RESET HL_NOTIFIER_EVENT_DEVICE_RESET
#define OPCODE HL_NOTIFIER_EVENT_UNDEFINED_OPCODE
#define FAULT HL_NOTIFIER_EVENT_PAGE_FAULT
#define RAZWI HL_NOTIFIER_EVENT_RAZWI

/* A lower command processor's errors come with its QMAN's first queue. */
static uint64_t error_of(enum eng_fault what, bool lower)
{
    static const struct eng_queue stream = { .stream = 0 }, lower_cp = { .stream = 4 };
    static const struct eng_cb cb = { .addr = 0x1234000, .len = 24 };
    bool manager = what == ENG_FAULT_SOB_OVERFLOW;
    struct eng_report r = { .what = what,
                            .queue = manager ? NULL
                                     : lower ? &lower_cp
                                             : &stream,
                            .cb = manager ? NULL : &cb };

    return sim_errors_report(s, d, manager ? -1 : 4, &r);
}

/*
 * gaudi2_irq_map_table[] says which of Gaudi2's errors reset the device; gaudi_handle_eqe() tells
 * of a reset that it does not make; Goya's driver says nothing.
 */
static const struct {
    enum sim_asic_id asic;
    enum hl_generation kernel;
    enum eng_fault what;
    bool lower;
    uint64_t events;
    bool resets, opcode; /* the opcode is recorded */
} errors[] = {
    { SIM_ASIC_GOYA, HL_GENERATION_MISC, ENG_FAULT_ADDRESS, false, 0, false, false },
    { SIM_ASIC_GOYA, HL_GENERATION_MISC, ENG_FAULT_OPCODE, false, 0, false, false },
    { SIM_ASIC_GOYA, HL_GENERATION_DRM, ENG_FAULT_OPCODE, false, 0, false, false },
    { SIM_ASIC_GAUDI, HL_GENERATION_MISC, ENG_FAULT_ADDRESS, false, ENGINE, false, false },
    { SIM_ASIC_GAUDI, HL_GENERATION_MISC, ENG_FAULT_OPCODE, false, ENGINE | RESET | OPCODE, false,
      true },
    { SIM_ASIC_GAUDI, HL_GENERATION_MISC, ENG_FAULT_FENCE_OVERFLOW, false, ENGINE | RESET, false,
      false },
    { SIM_ASIC_GAUDI, HL_GENERATION_MISC, ENG_FAULT_SOB_OVERFLOW, false, ENGINE, false, false },
    { SIM_ASIC_GAUDI, HL_GENERATION_DRM, ENG_FAULT_ADDRESS, false, ENGINE | FAULT | RAZWI, false,
      false },
    { SIM_ASIC_GAUDI, HL_GENERATION_DRM, ENG_FAULT_OPCODE, false, ENGINE | RESET | OPCODE, false,
      true },
    { SIM_ASIC_GAUDI, HL_GENERATION_DRM, ENG_FAULT_OPCODE, true, ENGINE | RESET | OPCODE, false,
      true },
    { SIM_ASIC_GAUDI, HL_GENERATION_DRM, ENG_FAULT_FENCE_OVERFLOW, false, ENGINE | RESET, false,
      false },
    { SIM_ASIC_GAUDI, HL_GENERATION_DRM, ENG_FAULT_SOB_OVERFLOW, false, ENGINE, false, false },
    { SIM_ASIC_GAUDI2, HL_GENERATION_MISC, ENG_FAULT_ADDRESS, false, ENGINE | RESET, true, false },
    { SIM_ASIC_GAUDI2, HL_GENERATION_MISC, ENG_FAULT_OPCODE, false, ENGINE, false, false },
    { SIM_ASIC_GAUDI2, HL_GENERATION_MISC, ENG_FAULT_OPCODE, true, ENGINE, false, false },
    { SIM_ASIC_GAUDI2, HL_GENERATION_MISC, ENG_FAULT_FENCE_OVERFLOW, false, ENGINE, false, false },
    { SIM_ASIC_GAUDI2, HL_GENERATION_MISC, ENG_FAULT_SOB_OVERFLOW, false, ENGINE | RESET, true,
      false },
    { SIM_ASIC_GAUDI2, HL_GENERATION_DRM, ENG_FAULT_ADDRESS, false, ENGINE | FAULT, false, false },
    { SIM_ASIC_GAUDI2, HL_GENERATION_DRM, ENG_FAULT_OPCODE, false, ENGINE | RESET, true, false },
    { SIM_ASIC_GAUDI2, HL_GENERATION_DRM, ENG_FAULT_OPCODE, true, ENGINE | RESET | OPCODE, true,
      true },
    { SIM_ASIC_GAUDI2, HL_GENERATION_DRM, ENG_FAULT_FENCE_OVERFLOW, false, ENGINE | RESET, true,
      false },
    { SIM_ASIC_GAUDI2, HL_GENERATION_DRM, ENG_FAULT_SOB_OVERFLOW, false, ENGINE | RESET, true,
      false },
};

/* Whoever has no notifier loses the device at once. */
TEST(what_an_engines_error_does)
{
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        struct hl_info_undefined_opcode_event o = { 0 };
        uint32_t file, control;

        begin(errors[i].asic, errors[i].kernel);
        file = open_file(false);
        control = open_file(true);
        assert_int_equal(error_of(errors[i].what, errors[i].lower), errors[i].events);
        assert_int_equal(s->files[file].events, errors[i].events);
        assert_int_equal(sim_device_status(d), errors[i].resets ? HL_DEVICE_STATUS_IN_RESET
                                                                : HL_DEVICE_STATUS_OPERATIONAL);
        assert_int_equal(info(control, HL_INFO_UNDEFINED_OPCODE_EVENT, &o, sizeof(o)), 0);
        assert_int_equal(o.timestamp != 0, errors[i].opcode);
        sim_released(s, file);
        wait_for_the_device();
        assert_int_equal(hard_resets(control), errors[i].resets);
        end();
    }
}

/* Who listens to events has time to close the device, but on 6.1; a close of Gaudi2 is a reset. */
TEST(an_engines_error_with_a_notifier)
{
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        bool at_once = errors[i].resets && errors[i].kernel == HL_GENERATION_MISC;
        uint32_t file, control;

        begin(errors[i].asic, errors[i].kernel);
        file = open_file(false);
        control = open_file(true);
        s->files[file].eventfd = true;
        assert_int_equal(error_of(errors[i].what, errors[i].lower), errors[i].events);
        assert_int_equal(s->files[file].events, errors[i].events);
        assert_int_equal(sim_device_status(d),
                         at_once ? HL_DEVICE_STATUS_IN_RESET : HL_DEVICE_STATUS_OPERATIONAL);
        assert_int_equal(d->watchdog, errors[i].resets && !at_once);
        sim_released(s, file);
        wait_for_the_device();
        assert_int_equal(hard_resets(control), at_once);
        end();
    }
}

/* Gaudi's driver tells of the first undefined opcode alone, Gaudi2's of each in a lower queue. */
TEST(a_second_undefined_opcode)
{
    for (unsigned gaudi2 = 0; gaudi2 < 2; gaudi2++) {
        begin(gaudi2 ? SIM_ASIC_GAUDI2 : SIM_ASIC_GAUDI, HL_GENERATION_DRM);
        s->files[open_file(false)].eventfd = true;
        assert_int_equal(error_of(ENG_FAULT_OPCODE, true), ENGINE | RESET | OPCODE);
        assert_int_equal(error_of(ENG_FAULT_OPCODE, true), ENGINE | RESET | (gaudi2 ? OPCODE : 0));
        end();
    }
}

/* handle_lower_qman_data_on_err() keeps no addresses of streams, gaudi_handle_last_pqes_on_err().
 */
TEST(the_record_of_an_undefined_opcode)
{
    for (unsigned gaudi2 = 0; gaudi2 < 2; gaudi2++) {
        struct hl_info_undefined_opcode_event o = { 0 };
        uint32_t file;

        begin(gaudi2 ? SIM_ASIC_GAUDI2 : SIM_ASIC_GAUDI, HL_GENERATION_DRM);
        file = open_file(false);
        error_of(ENG_FAULT_OPCODE, gaudi2);
        assert_int_equal(info(file, HL_INFO_UNDEFINED_OPCODE_EVENT, &o, sizeof(o)), 0);
        assert_int_equal(o.engine_id, gaudi2 ? GAUDI2_ENGINE_ID_PDMA_1 : GAUDI_ENGINE_ID_DMA_1);
        assert_int_equal(o.stream_id, gaudi2 ? 4 : 0);
        assert_int_equal(o.cq_addr, 0x1234000);
        assert_int_equal(o.cq_size, 24);
        assert_int_equal(o.cb_addr_streams_len, !gaudi2);
        end();
    }
}

static uint16_t engine_in_error(int queue, enum eng_fault what)
{
    struct eng_report r = { .what = what };
    struct hl_info_engine_err_event e = { 0 };
    uint32_t file;

    begin(SIM_ASIC_GAUDI2, HL_GENERATION_DRM);
    file = open_file(false);
    sim_errors_report(s, d, queue, &r);
    assert_int_equal(info(file, HL_INFO_USER_ENGINE_ERR_EVENT, &e, sizeof(e)), 0);
    assert_int_equal(e.error_count, 1);
    end();
    return e.engine_id;
}

/* event_id_to_engine_id() knows neither sync managers nor the 25th TPC. */
TEST(the_engine_of_an_error)
{
    assert_int_equal(engine_in_error(0, ENG_FAULT_OPCODE), GAUDI2_ENGINE_ID_PDMA_0);
    assert_int_equal(engine_in_error(GAUDI2_QUEUE_ID_DCORE1_EDMA_1_2, ENG_FAULT_OPCODE),
                     GAUDI2_DCORE1_ENGINE_ID_EDMA_1);
    assert_int_equal(engine_in_error(GAUDI2_QUEUE_ID_DCORE0_TPC_5_0, ENG_FAULT_FENCE_OVERFLOW),
                     GAUDI2_DCORE0_ENGINE_ID_TPC_5);
    assert_int_equal(engine_in_error(GAUDI2_QUEUE_ID_DCORE0_TPC_6_0, ENG_FAULT_OPCODE), 0xFFFF);
    assert_int_equal(engine_in_error(-1, ENG_FAULT_SOB_OVERFLOW), 0xFFFF);
}

/* gaudi_queue_id_to_engine_id[]: the queue of the device's CPU has no engine, and two MMEs none. */
TEST(the_engines_of_gaudis_queues)
{
    static const uint16_t of[][3] = {
        /* queue, engine, stream */
        { GAUDI_QUEUE_ID_DMA_1_3, GAUDI_ENGINE_ID_DMA_1, 3 },
        { GAUDI_QUEUE_ID_DMA_2_0, GAUDI_ENGINE_ID_DMA_2, 0 },
        { GAUDI_QUEUE_ID_DMA_7_3, GAUDI_ENGINE_ID_DMA_7, 3 },
        { GAUDI_QUEUE_ID_MME_0_1, GAUDI_ENGINE_ID_MME_0, 1 },
        { GAUDI_QUEUE_ID_MME_1_0, GAUDI_ENGINE_ID_MME_2, 0 },
        { GAUDI_QUEUE_ID_TPC_0_0, GAUDI_ENGINE_ID_TPC_0, 0 },
        { GAUDI_QUEUE_ID_TPC_7_2, GAUDI_ENGINE_ID_TPC_7, 2 },
        { GAUDI_QUEUE_ID_NIC_0_0, GAUDI_ENGINE_ID_NIC_0, 0 },
        { GAUDI_QUEUE_ID_NIC_9_3, GAUDI_ENGINE_ID_NIC_9, 3 },
    };

    for (unsigned i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
        struct eng_report r = { .what = ENG_FAULT_OPCODE };
        struct hl_info_undefined_opcode_event o = { 0 };
        uint32_t file;

        begin(SIM_ASIC_GAUDI, HL_GENERATION_DRM);
        file = open_file(false);
        sim_errors_report(s, d, of[i][0], &r);
        assert_int_equal(info(file, HL_INFO_UNDEFINED_OPCODE_EVENT, &o, sizeof(o)), 0);
        assert_int_equal(o.engine_id, of[i][1]);
        assert_int_equal(o.stream_id, of[i][2]);
        end();
    }
}

/* The MMU of device memory tells where to 64 MiB. */
TEST(the_address_of_a_page_fault)
{
    struct hl_page_fault_info f = { 0 };

    for (unsigned device = 0; device < 2; device++) {
        uint64_t address = device ? 0x1001200012345678 : 0xFFF0000012345678;
        uint32_t file;

        begin(SIM_ASIC_GAUDI2, HL_GENERATION_DRM);
        file = open_file(false);
        fault_at(address);
        assert_int_equal(info(file, HL_INFO_PAGE_FAULT_EVENT, &f, sizeof(f)), 0);
        assert_int_equal(f.addr, device ? 0x1001200010000000 : address);
        end();
    }
}

/* 6.1 keeps a user's records until the next one has some of its own. */
TEST(records_after_a_close)
{
    EACH_KERNEL(kernel)
    {
        struct eng_report r = { .what = ENG_FAULT_OPCODE };
        struct hl_info_cs_timeout_event t = { 0 };
        struct hl_info_undefined_opcode_event o = { 0 };
        bool kept = kernel == HL_GENERATION_MISC;
        uint32_t file;

        begin(SIM_ASIC_GAUDI, kernel);
        file = open_file(false);
        assert_true(sim_errors_timeout(d, 7));
        assert_false(sim_errors_timeout(d, 8));
        sim_errors_report(s, d, 4, &r);
        fault_at(0x1000);
        sim_released(s, file);
        wait_for_the_device();
        file = open_file(false);
        assert_int_equal(info(file, HL_INFO_CS_TIMEOUT_EVENT, &t, sizeof(t)), 0);
        assert_int_equal(t.seq, kept ? 7 : 0);
        assert_int_equal(info(file, HL_INFO_UNDEFINED_OPCODE_EVENT, &o, sizeof(o)), 0);
        assert_int_equal(o.timestamp != 0, kept);
        assert_int_equal(d->errors.razwi_valid, kept);
        assert_true(sim_errors_timeout(d, 9));
        assert_int_equal(info(file, HL_INFO_CS_TIMEOUT_EVENT, &t, sizeof(t)), 0);
        assert_int_equal(t.seq, 9);
        end();
    }
}

/* ---- registers ---- */

/* Of the offset only the block's number is looked at. */
TEST(offsets_of_blocks)
{
    uint64_t handle, at, other;
    uint32_t size;

    begin(SIM_ASIC_GAUDI2, HL_GENERATION_DRM);
    assert_int_equal(sim_block_find(d, 0x1000007FF8000000 + 0x4e90000, &handle, &size), 0);
    assert_int_equal(sim_block_mmap(d, handle, size, &at), 0);
    assert_int_equal(sim_block_mmap(d, handle | 1ull << 45, size, &other), 0);
    assert_int_equal(other, at);
    assert_int_equal(sim_block_mmap(d, handle | 1ull << 58, size, &other), 0);
    assert_int_equal(sim_block_mmap(d, handle | 1ull << 44, size, &other), 0); /* 32 bits of it */
    assert_int_equal(sim_block_mmap(d, handle | 1ull << 43, size, &other), -EINVAL);
    end();
}

/* ---- trace units ---- */

static int debug(uint32_t file, uint32_t op, bool enable, const void *in, uint32_t size)
{
    struct hl_debug_args a = {
        .op = op, .enable = enable, .input_ptr = (uintptr_t)in, .input_size = size
    };

    return sim_debug(&env, file, &a);
}

static int etr(uint32_t file, uint64_t address)
{
    struct hl_debug_params_etr in = { .buffer_address = address, .buffer_size = 4096 };
    int rc = debug(file, HL_DEBUG_OP_ETR, true, &in, sizeof(in));

    assert_int_equal(debug(file, HL_DEBUG_OP_ETR, false, NULL, 0), 0);
    return rc;
}

/* *_etr_validate_address() */
TEST(where_a_trace_may_go)
{
    static const struct {
        uint64_t address;
        int rc[3]; /* Goya, Gaudi, Gaudi2 */
    } cases[] = {
        { 0x800000000, { 0, -EINVAL, -EINVAL } },           /* Goya's memory, mapped */
        { 0x1000000000000, { -EINVAL, 0, -EINVAL } },       /* Goya's and Gaudi's host */
        { 0x3000000000000, { -EINVAL, -EINVAL, -EINVAL } }, /* Gaudi's mapped memory */
        { 0x1001000000000000, { -EINVAL, -EINVAL, 0 } },    /* Gaudi2's memory */
        { 0xFFF0000000000000, { -EINVAL, -EINVAL, 0 } },    /* ... and host */
    };

    EACH_ASIC(asic) EACH_KERNEL(kernel)
    {
        const struct sim_sub_props *p;
        uint32_t file;

        begin(asic, kernel);
        file = open_file(false);
        p = submission_props(s, d);
        assert_int_equal(debug(file, HL_DEBUG_OP_SET_MODE, true, NULL, 0), 0);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
            assert_int_equal(etr(file, cases[i].address), cases[i].rc[asic_]);
        assert_int_equal(etr(file, sim_sub_sram(p).start), asic == SIM_ASIC_GOYA ? -EINVAL : 0);
        if (asic != SIM_ASIC_GAUDI2)
            assert_int_equal(etr(file, d->asic == SIM_ASIC_GOYA
                                           ? 512 * MiB
                                           : p->asic->chip->memory_base + 512 * MiB),
                             asic == SIM_ASIC_GOYA ? -EINVAL : 0);
        end();
    }
}

/* A unit that is on already is left alone; on 6.1 it is set up again. */
TEST(units_that_are_on)
{
    EACH_ASIC(asic) EACH_KERNEL(kernel)
    {
        bool again = kernel == HL_GENERATION_MISC;
        struct hl_debug_params_etf in = { .sink_mode = 1 };
        struct hl_debug_params_etr where = {
            .buffer_address = asic == SIM_ASIC_GOYA    ? 0x800000000
                              : asic == SIM_ASIC_GAUDI ? 0x1000000000000
                                                       : 0xFFF0000000000000,
            .buffer_size = 4096,
        };
        uint32_t file;

        begin(asic, kernel);
        file = open_file(false);
        assert_int_equal(debug(file, HL_DEBUG_OP_SET_MODE, true, NULL, 0), 0);
        assert_int_equal(debug(file, HL_DEBUG_OP_ETF, true, &in, sizeof(in)), 0);
        assert_int_equal(debug(file, HL_DEBUG_OP_ETF, true, NULL, 0), again ? -EINVAL : 0);
        assert_int_equal(debug(file, HL_DEBUG_OP_ETR, true, &where, sizeof(where)), 0);
        where.buffer_address = 0x1000;
        assert_int_equal(debug(file, HL_DEBUG_OP_ETR, true, &where, sizeof(where)),
                         again ? -EINVAL : 0);
        assert_int_equal(debug(file, HL_DEBUG_OP_ETR, false, NULL, 0), 0);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reset_is_counted_at_its_end),
        cmocka_unit_test(events_of_resets),
        cmocka_unit_test(a_reset_that_the_user_survives),
        cmocka_unit_test(resets_that_come_during_one),
        cmocka_unit_test(a_close_with_work_in_flight),
        cmocka_unit_test(a_close_after_a_postponed_reset),
        cmocka_unit_test(a_user_who_does_not_close),
        cmocka_unit_test(sizes_near_the_end_of_all),
        cmocka_unit_test(large_pages_of_the_host),
        cmocka_unit_test(addresses_of_command_buffers),
        cmocka_unit_test(mappings_at_a_page_fault),
        cmocka_unit_test(a_page_fault_is_an_engines_error),
        cmocka_unit_test(what_an_engines_error_does),
        cmocka_unit_test(an_engines_error_with_a_notifier),
        cmocka_unit_test(a_second_undefined_opcode),
        cmocka_unit_test(the_record_of_an_undefined_opcode),
        cmocka_unit_test(the_engine_of_an_error),
        cmocka_unit_test(the_engines_of_gaudis_queues),
        cmocka_unit_test(the_address_of_a_page_fault),
        cmocka_unit_test(records_after_a_close),
        cmocka_unit_test(offsets_of_blocks),
        cmocka_unit_test(where_a_trace_may_go),
        cmocka_unit_test(units_that_are_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
