/* SPDX-License-Identifier: MIT */
/*
 * What the original library got wrong, by the numbers of docs/coming-from-the-original.md: each
 * test fails on the old behaviour.  Waits are in test_wait.c, a full queue in test_room.c, finding
 * devices and debugfs in test_discovery.c, NULLs and errnos of all functions in test_errno.c.
 */
#include "tests/classic/calls.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "lib/classic/convert.h"
#include "lib/kernel/discovery.h"
#include "lib/op/op_event.h"
#include "uapi/habanalabs_6_1.h"

/* An INFO driver: answers of given bytes. */
static struct {
    uint32_t op;
    const void *data;
    size_t size;
    int rc;
    uint32_t array_size;
} info[8];

static int info_driver(enum door_op op, void *arg)
{
    struct hl_info_args *a = arg;

    assert_int_equal(op, OP_INFO);
    for (size_t i = 0; i < sizeof(info) / sizeof(info[0]); i++) {
        if (info[i].op != a->op || (!info[i].data && !info[i].rc && !info[i].size))
            continue;
        if (info[i].data)
            memcpy((void *)(uintptr_t)a->return_pointer, info[i].data,
                   info[i].size < a->return_size ? info[i].size : a->return_size);
        if (info[i].array_size)
            a->array_size = info[i].array_size;
        return info[i].rc;
    }
    return -EINVAL;
}

static void info_answers(unsigned i, uint32_t op, const void *data, size_t size, int rc)
{
    if (i == 0)
        memset(info, 0, sizeof(info));
    info[i].op = op;
    info[i].data = data;
    info[i].size = size;
    info[i].rc = rc;
}

TEST(defect_1_an_asic_status_that_failed_is_not_valid)
{
    struct hlthunk_hw_asic_status s;
    struct hl_info_device_status status = { .status = HL_DEVICE_STATUS_OPERATIONAL };
    struct hl_info_clk_throttle throttle = { .clk_throttling_reason = 2 };
    struct hl_open_stats_info stats = { .open_counter = 9 };
    struct hl_power_info power = { .power = 123 };

    memset(&s, 0xff, sizeof(s));
    door_open(KERNEL_6_12, info_driver);
    info_answers(0, HL_INFO_DEVICE_STATUS, NULL, 0, -ENODEV);
    assert_int_equal(hlthunk_get_hw_asic_status(FD, &s), -ENODEV);
    assert_int_equal(s.valid, 0);

    info_answers(0, HL_INFO_DEVICE_STATUS, &status, sizeof(status), 0);
    info_answers(1, HL_INFO_CLK_THROTTLE_REASON, &throttle, sizeof(throttle), 0);
    info_answers(2, HL_INFO_OPEN_STATS, NULL, 0, -EFAULT);
    assert_int_equal(hlthunk_get_hw_asic_status(FD, &s), -EFAULT);
    assert_int_equal(s.valid, 0);

    info_answers(2, HL_INFO_OPEN_STATS, &stats, sizeof(stats), 0);
    info_answers(3, HL_INFO_POWER, &power, sizeof(power), 0);
    assert_int_equal(hlthunk_get_hw_asic_status(FD, &s), 0);
    assert_int_equal(s.valid, 1);
    assert_int_equal(s.status, HL_DEVICE_STATUS_OPERATIONAL);
    assert_int_equal(s.power.power, 123);
    assert_int_equal(s.throttle.clk_throttle_reason_bitmask, 2);
    assert_int_equal(s.open_stats.open_counter, 9);
    assert_true(s.timestamp_sec > 1600000000);

    info_answers(3, HL_INFO_POWER, NULL, 0, -EIO);
    assert_int_equal(hlthunk_get_hw_asic_status(FD, &s), -EIO);
    assert_int_equal(s.valid, 0);

    /* in reset there is no power to ask for */
    status.status = HL_DEVICE_STATUS_IN_RESET;
    info_answers(3, HL_INFO_POWER, NULL, 0, -EBUSY);
    assert_int_equal(hlthunk_get_hw_asic_status(FD, &s), 0);
    assert_int_equal(s.status, HL_DEVICE_STATUS_IN_RESET);
}

/* Operational when it was asked, and in reset by the time of the next question. */
static int reset_begins(enum door_op op, void *arg)
{
    struct hl_info_args *a = arg;
    static unsigned asked;

    (void)op;
    if (a->op == HL_INFO_POWER)
        return -EBUSY;
    if (a->op == HL_INFO_DEVICE_STATUS) {
        struct hl_info_device_status s = { .status = asked++ ? HL_DEVICE_STATUS_IN_RESET
                                                             : HL_DEVICE_STATUS_OPERATIONAL };

        memcpy((void *)(uintptr_t)a->return_pointer, &s, sizeof(s));
    }
    return 0;
}

TEST(an_asic_status_while_a_reset_begins)
{
    struct hlthunk_hw_asic_status s = { .valid = 0 };

    door_open(KERNEL_6_12, reset_begins);
    assert_int_equal(hlthunk_get_hw_asic_status(FD, &s), 0);
    assert_int_equal(s.valid, 1);
    assert_int_equal(s.status, HL_DEVICE_STATUS_IN_RESET);
    assert_int_equal(s.power.power, 0);
}

/* A signal comes first, and the driver has overwritten the argument by then. */
static int interrupted(enum door_op op, void *arg)
{
    if (door_calls == 1) {
        memset(arg, 0xff, door_size(op));
        return -EINTR;
    }
    return door_answers_zero(op, arg);
}

TEST(defect_6_retries_start_from_the_argument_as_it_was)
{
    static const char *const once[] = { "device_memory_export_dmabuf_fd",
                                        "device_mapped_memory_export_dmabuf_fd", "notifier_release",
                                        "notifier_create" };
    static union outputs out;

    for (size_t i = 0; i < call_count; i++) {
        unsigned char first[64];
        bool skip = calls[i].op == OP_WAIT_CS; /* test_wait.c */

        for (size_t k = 0; k < sizeof(once) / sizeof(once[0]); k++)
            skip |= !strcmp(calls[i].name, once[k]);
        /* these ask more than one question */
        skip |= !strcmp(calls[i].name, "get_hw_asic_status");
        if (skip)
            continue;
        door_open(KERNEL_6_12, interrupted);
        calls[i].run(&out);
        if (door_calls != 2)
            fail_msg("%s: %u calls", calls[i].name, door_calls);
        memcpy(first, door_last, sizeof(first));
        door_open(KERNEL_6_12, door_answers_zero);
        calls[i].run(&out);
        if (memcmp(first, door_last, door_size(calls[i].op)) && calls[i].op != OP_INFO &&
            !strstr(calls[i].name, "signal"))
            fail_msg("%s: the second try has other bytes", calls[i].name);
        if (first[0] == 0xff && first[1] == 0xff && first[2] == 0xff)
            fail_msg("%s: the second try has the driver's leftovers", calls[i].name);
    }
}

TEST(defect_8_a_failed_allocation_leaves_the_handle_alone)
{
    uint64_t handle = 77;

    door_open(KERNEL_6_12, door_fails);
    door_error = ENOMEM;
    assert_int_equal(hlthunk_allocate_timestamp_elements(FD, 8, &handle), -ENOMEM);
    assert_int_equal(hlthunk_allocate_timestamp_elements(FD, 0, &handle), -EINVAL);
    assert_int_equal(hlthunk_allocate_timestamp_elements(FD, (1u << 20) + 1, &handle), -EINVAL);
    assert_int_equal(handle, 77);
    assert_int_equal(door_calls, 1);
}

TEST(defect_9_a_razwi_record_names_no_more_engines_than_fit)
{
    struct {
        struct hlthunk_event_record_razwi_event event;
        unsigned char guard[64];
    } out;
    struct hl_info_razwi_event in = {
        .timestamp = 5,
        .addr = 6,
        .num_of_possible_engines = 4000,
        .flags = HL_RAZWI_READ,
    };

    in.engine_id[127] = 9;
    memset(&out, 0x5a, sizeof(out));
    door_open(KERNEL_6_12, info_driver);
    info_answers(0, HL_INFO_RAZWI_EVENT, &in, sizeof(in), 0);
    assert_int_equal(hlthunk_get_event_record(FD, HLTHUNK_RAZWI_EVENT, &out.event), 0);
    assert_int_equal(out.event.num_of_possible_engines, 128);
    assert_int_equal(out.event.engine_id[127], 9);
    assert_int_equal(out.event.flags, HL_RAZWI_READ);
    for (size_t i = 0; i < sizeof(out.guard); i++)
        assert_int_equal(out.guard[i], 0x5a);
    hl_razwi_from_uapi(&in, &out.event);
    assert_int_equal(out.event.num_of_possible_engines, 128);
    /* nothing happened: 6.12 succeeds and writes nothing */
    info_answers(0, HL_INFO_RAZWI_EVENT, &in, 0, 0);
    info[0].data = &in;
    assert_int_equal(hlthunk_get_event_record(FD, HLTHUNK_RAZWI_EVENT, &out.event), 0);
    assert_int_equal(out.event.timestamp, 0);
    assert_int_equal(out.event.num_of_possible_engines, 0);
}

TEST(a_razwi_of_6_1_is_translated)
{
    struct hlthunk_event_record_razwi_event out;
    struct hl_6_1_razwi_event in = {
        .timestamp = 5,
        .addr = 0xabc,
        .engine_id_1 = 3,
        .engine_id_2 = 0xffff,
    };

    assert_int_equal(sizeof(in), 24);
    door_open(KERNEL_6_1, info_driver);
    info_answers(0, HL_INFO_RAZWI_EVENT, &in, sizeof(in), 0);
    assert_int_equal(hlthunk_get_event_record(FD, HLTHUNK_RAZWI_EVENT, &out), 0);
    assert_int_equal(out.timestamp, 5);
    assert_int_equal(out.addr, 0xabc);
    assert_int_equal(out.num_of_possible_engines, 1);
    assert_int_equal(out.engine_id[0], 3);
    assert_int_equal(out.flags, 0);
    in.engine_id_2 = 7;
    assert_int_equal(hlthunk_get_event_record(FD, HLTHUNK_RAZWI_EVENT, &out), 0);
    assert_int_equal(out.num_of_possible_engines, 2);
    assert_int_equal(out.engine_id[1], 7);
    in.engine_id_1 = in.engine_id_2 = 0xffff;
    in.no_engine_id = 1;
    assert_int_equal(hlthunk_get_event_record(FD, HLTHUNK_RAZWI_EVENT, &out), 0);
    assert_int_equal(out.num_of_possible_engines, 0);
    memset(&in, 0, sizeof(in)); /* 6.1 writes zeros when there was none */
    assert_int_equal(hlthunk_get_event_record(FD, HLTHUNK_RAZWI_EVENT, &out), 0);
    assert_int_equal(out.timestamp, 0);
    assert_int_equal(out.num_of_possible_engines, 0);
}

TEST(defect_10_an_allocation_without_mmu_is_not_a_failure)
{
    uint64_t handle;
    union hl_mem_args last;

    door_open(KERNEL_6_12, door_answers_zero); /* Gaudi: success with handle 0 */
    handle = hlthunk_device_memory_alloc(FD, 0x300000, 0, false, false);
    assert_int_not_equal(handle, 0);
    assert_int_equal(hlthunk_device_memory_free(FD, handle), 0);
    memcpy(&last, door_last, sizeof(last));
    /* what the driver takes for the bytes to give back */
    assert_int_equal(last.in.alloc.mem_size, 0x300000);
    errno = 0;
    door_open(KERNEL_6_12, door_fails);
    door_error = ENOMEM;
    assert_int_equal(hlthunk_device_memory_alloc(FD, 0x300000, 0, false, false), 0);
    assert_int_equal(errno, ENOMEM);
}

TEST(defect_11_mappings_stay_in_their_array)
{
    struct hlthunk_user_mapping mappings[4];
    struct hl_user_mapping in[2] = { { 0x1000, 0x2000 }, { 0x3000, 0x4000 } };
    struct hl_page_fault_info fault = { .timestamp = 3, .addr = 4, .engine_id = 5 };
    struct hlthunk_page_fault_info pf = { .mappings_buf = mappings };
    struct hl_info_args last;

    memset(mappings, 0x5a, sizeof(mappings));
    door_open(KERNEL_6_12, info_driver);
    info_answers(0, HL_INFO_PAGE_FAULT_EVENT, &fault, sizeof(fault), 0);
    info_answers(1, HL_INFO_USER_MAPPINGS, in, sizeof(in), 0);
    info[1].array_size = 2;
    assert_int_equal(hlthunk_get_page_fault_info(FD, &pf, 3), 0);
    memcpy(&last, door_last, sizeof(last));
    assert_int_equal(last.return_size, 3 * sizeof(mappings[0]));
    assert_int_equal(pf.timestamp, 3);
    assert_int_equal(pf.engine_id, 5);
    assert_int_equal(pf.num_of_mappings, 2);
    assert_int_equal(mappings[1].size, 0x4000);
    /* a driver that claims more than it was given room for */
    info[1].array_size = 1000000;
    assert_int_equal(hlthunk_get_page_fault_info(FD, &pf, 3), 0);
    assert_int_equal(pf.num_of_mappings, 3);
    /* more than fit: how many is told */
    info_answers(1, HL_INFO_USER_MAPPINGS, NULL, 0, -ENOMEM);
    info[1].array_size = 9;
    pf.timestamp = 0;
    assert_int_equal(hlthunk_get_page_fault_info(FD, &pf, 3), -ENOMEM);
    assert_int_equal(pf.num_of_mappings, 9);
    assert_int_equal(pf.timestamp, 3); /* the fault is told all the same */
    /* 16 times this is 2^32: the size would become 0 */
    door_calls = 0;
    assert_int_equal(hlthunk_get_page_fault_info(FD, &pf, 1u << 28), -EINVAL);
    assert_int_equal(pf.num_of_mappings, UINT32_MAX);
    assert_int_equal(door_calls, 1);
}

TEST(defect_12_nothing_is_submitted_without_a_place_for_the_answer)
{
    struct hl_cs_chunk chunk = { .cb_handle = CB_HANDLE };
    struct hlthunk_cs_in in = { .chunks_execute = &chunk,
                                .num_chunks_execute = 1,
                                .flags = HL_CS_FLAGS_STAGED_SUBMISSION };
    struct hlthunk_signal_in signal = { 0 };

    door_open(KERNEL_6_12, door_answers_zero);
    assert_int_equal(hlthunk_command_submission(FD, &in, NULL), -EINVAL);
    assert_int_equal(hlthunk_command_submission_timeout(FD, &in, NULL, 3), -EINVAL);
    assert_int_equal(hlthunk_staged_command_submission(FD, 1, &in, NULL), -EINVAL);
    assert_int_equal(hlthunk_staged_command_submission_encaps_signals(FD, 1, &in, NULL), -EINVAL);
    assert_int_equal(hlthunk_signal_submission(FD, &signal, NULL), -EINVAL);
    assert_int_equal(door_calls, 0);
}

TEST(defect_14_an_encaps_handle_is_not_cut)
{
    struct hlthunk_cs_in in = { .flags = HL_CS_FLAGS_STAGED_SUBMISSION };
    struct hlthunk_cs_out out;
    union hl_cs_args last;

    door_open(KERNEL_6_12, door_answers_zero);
    assert_int_equal(
        hlthunk_staged_command_submission_encaps_signals(FD, (1ull << 32) + 5, &in, &out), -EINVAL);
    assert_int_equal(door_calls, 0);
    assert_int_equal(hlthunk_staged_command_submission_encaps_signals(FD, 5, &in, &out), 0);
    memcpy(&last, door_last, sizeof(last));
    assert_int_equal(last.in.encaps_sig_handle_id, 5);
    assert_int_equal(last.in.cs_flags, HL_CS_FLAGS_STAGED_SUBMISSION | HL_CS_FLAGS_ENCAP_SIGNALS);
}

static uint64_t events = HL_NOTIFIER_EVENT_RAZWI;

static void *receive(void *arg)
{
    uint64_t mask = 0, count = 77;
    int rc = hlthunk_notifier_recv(FD, *(int *)arg, &mask, &count, 0, 200);

    return (void *)(uintptr_t)(rc ? 1000 : count);
}

/* What the next poll() says without looking: nothing special; there is an event, which another
 * receiver takes before the read(); a signal came. */
static enum { POLL_LOOKS, POLL_LIES, POLL_INTERRUPTED } next_poll;
static _Atomic int poll_timeout_ms; /* of the last */
static _Atomic unsigned polls;

int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
    struct timespec t = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };

    polls++;
    poll_timeout_ms = timeout_ms;
    if (next_poll == POLL_LIES) {
        next_poll = POLL_LOOKS;
        fds[0].revents = POLLIN;
        return 1;
    }
    if (next_poll == POLL_INTERRUPTED) {
        errno = EINTR;
        return -1;
    }
    return ppoll(fds, n, timeout_ms < 0 ? NULL : &t, NULL);
}

TEST(defect_27_a_notifier_never_hangs)
{
    int fd = eventfd(0, EFD_CLOEXEC), pipes[2];
    uint64_t mask = 77, count = 77, one = 1;
    struct iovec v = { &one, sizeof(one) };
    pthread_t threads[2];
    void *got[2];

    door_open(KERNEL_6_12, info_driver);
    info_answers(0, HL_INFO_GET_EVENTS, &events, sizeof(events), 0);
    /* one event, two receivers: one gets it, the other's time is over */
    assert_int_equal(write(fd, &one, 8), 8);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, receive, &fd);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], &got[i]);
    assert_int_equal((uintptr_t)got[0] + (uintptr_t)got[1], 1);
    /* a timeout is success with nothing */
    assert_int_equal(hlthunk_notifier_recv(FD, fd, &mask, &count, 0, 10), 0);
    assert_int_equal(count, 0);
    assert_int_equal(mask, 77);
    /* nor does it wait in a read() for what another one took, where the kernel can tell */
    if (preadv2(fd, &v, 1, -1, RWF_NOWAIT) < 0 && errno == EAGAIN) {
        next_poll = POLL_LIES;
        assert_int_equal(hlthunk_notifier_recv(FD, fd, &mask, &count, 0, 10), 0);
        assert_int_equal(count, 0);
    }
    /* the mask comes with the count */
    one = 3;
    assert_int_equal(write(fd, &one, 8), 8);
    assert_int_equal(hlthunk_notifier_recv(FD, fd, &mask, &count, 0, 10), 0);
    assert_int_equal(count, 3);
    assert_int_equal(mask, HL_NOTIFIER_EVENT_RAZWI);
    /* POLLERR and no fd at all are errors, not a wait */
    assert_int_equal(pipe(pipes), 0);
    close(pipes[0]);
    polls = 0;
    assert_int_equal(hlthunk_notifier_recv(FD, pipes[1], &mask, &count, 0, 1000), -EIO);
    close(pipes[1]);
    assert_int_equal(hlthunk_notifier_recv(FD, 999, &mask, &count, 0, 1000), -EBADF);
    assert_uint_in_range(polls, 1, 2); /* at most one look at each */
    /* above INT_MAX ms is long, but neither indefinite nor an error; a signal ends it */
    next_poll = POLL_INTERRUPTED;
    assert_int_equal(hlthunk_notifier_recv(FD, fd, &mask, &count, 0, 0x80000000u), -EINTR);
    assert_int_equal(poll_timeout_ms, INT_MAX);
    assert_int_equal(hlthunk_notifier_recv(FD, fd, &mask, &count, 0, UINT32_MAX), -EINTR);
    assert_true(poll_timeout_ms < 0);
    next_poll = POLL_LOOKS;
    close(fd);
}

TEST(a_notifier_has_a_descriptor_like_others)
{
    int saved = fcntl(0, F_DUPFD_CLOEXEC, 3), fd, next;

    close(0);
    door_open(KERNEL_6_12, door_answers_zero);
    fd = hlthunk_notifier_create(FD);
    assert_true(fd > 2);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(fcntl(0, F_GETFD), -1);
    assert_int_equal(hlthunk_notifier_release(FD, fd), 0);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    /* a driver that refuses it: nothing stays open */
    assert_int_equal(dup2(saved, 0), 0);
    close(saved);
    next = dup(0);
    close(next);
    door_open(KERNEL_6_12, door_fails);
    door_error = EINVAL;
    assert_int_equal(hlthunk_notifier_create(FD), -EINVAL);
    fd = dup(0);
    assert_int_equal(fd, next);
    close(fd);
}

TEST(defect_28_there_is_no_profiler_plug_in)
{
    uint64_t size = 7, entries = 8;

    setenv("HABANA_PROFILE", "1", 1);
    door_open(KERNEL_6_12, door_answers_zero);
    assert_int_equal(hlthunk_profiler_start(FD), -EOPNOTSUPP);
    assert_int_equal(errno, EOPNOTSUPP);
    assert_int_equal(hlthunk_profiler_stop(FD), -EOPNOTSUPP);
    assert_int_equal(hlthunk_profiler_get_trace(FD, NULL, &size, &entries), -EOPNOTSUPP);
    assert_int_equal(size, 7);
    hlthunk_profiler_destroy();
    assert_int_equal(door_calls, 0);
    unsetenv("HABANA_PROFILE");
}

TEST(a_kernel_that_lacks_a_query_says_so)
{
    static const int lacking[] = { HLTHUNK_HW_ERR_OPCODE, HLTHUNK_FW_ERR_OPCODE,
                                   HLTHUNK_ENGINE_EVENT };
    struct hl_info_device_status status = { 0 };
    static union outputs out;

    door_open(KERNEL_6_1, info_driver);
    info_answers(0, HL_INFO_DEVICE_STATUS, &status, sizeof(status), 0);
    for (size_t i = 0; i < sizeof(lacking) / sizeof(lacking[0]); i++)
        assert_int_equal(hlthunk_get_event_record(FD, lacking[i], &out), -EOPNOTSUPP);
    assert_int_equal(hlthunk_get_dev_info_signed(FD, 1, &out.dev_signed), -EOPNOTSUPP);
    assert_int_equal(hlthunk_fw_send_generic_request(FD, &out, 8, 1), -EOPNOTSUPP);
    assert_int_equal(hlthunk_get_page_fault_info(FD, (struct hlthunk_page_fault_info *)&out, 1),
                     -EOPNOTSUPP);
    /* bad input is another thing */
    assert_int_equal(hlthunk_get_pll_frequency(FD, 99, &out.pll), -EINVAL);
}

static int driver_6_1(enum door_op op, void *arg)
{
    const struct hl_info_args *a = arg;

    if (op == OP_INFO)
        return a->op == HL_INFO_DEVICE_STATUS ? door_answers_zero(op, arg) : -EINVAL;
    if (op == OP_CS)
        fail_msg("6.1 ignores the flag: it must not get the call");
    return 0;
}

TEST(flags_that_6_1_ignores_are_not_sent_there)
{
    static const uint32_t ids[] = { 1 };

    door_open(KERNEL_6_1, driver_6_1);
    assert_int_equal(hlthunk_cs_flush_pci_hbw_writes(FD), -EOPNOTSUPP);
    assert_int_equal(hlthunk_engines_command(FD, ids, 1, HL_ENGINE_STALL), -EOPNOTSUPP);
}

/* A caller of 2023 has 16 bytes. */
TEST(time_sync_stays_within_16_bytes)
{
    struct {
        struct hlthunk_time_sync_info info;
        uint64_t guard;
    } out = { .guard = 77 };
    struct hl_info_time_sync in = { 1, 2, 3 };

    assert_int_equal(sizeof(out.info), 16);
    door_open(KERNEL_6_12, info_driver);
    info_answers(0, HL_INFO_TIME_SYNC, &in, sizeof(in), 0);
    assert_int_equal(hlthunk_get_time_sync_info(FD, &out.info), 0);
    assert_int_equal(out.info.device_time, 1);
    assert_int_equal(out.info.host_time, 2);
    assert_int_equal(out.guard, 77);
}

/* A kernel that fills a part of the struct: the rest is zero, not what was on the stack. */
TEST(short_answers_end_in_zeros)
{
    struct hlthunk_hw_ip_info out;
    struct hl_info_hw_ip_info in;

    memset(&in, 0x11, sizeof(in));
    memset(&out, 0x5a, sizeof(out));
    door_open(KERNEL_6_1, info_driver);
    info_answers(0, HL_INFO_HW_IP_INFO, &in, HL_6_1_HW_IP_INFO_SIZE, 0);
    assert_int_equal(hlthunk_get_hw_ip_info(FD, &out), 0);
    assert_int_equal(out.dram_page_size, 0x1111111111111111);
    assert_int_equal(out.reserved_dram_size, 0);
    assert_int_equal(out.revision_id, 0);
    assert_int_equal(out.rotator_enabled_mask, 0);
}

TEST(exports_have_the_flags_of_the_original)
{
    union hl_mem_args last;
    int closed[3], fd;

    door_open(KERNEL_6_12, door_fails);
    door_error = EMFILE;
    assert_int_equal(
        hlthunk_device_mapped_memory_export_dmabuf_fd(FD, 0x10000, 0x10000, 0, O_CLOEXEC), -EINVAL);
    assert_int_equal(door_calls, 0);
    hlthunk_device_memory_export_dmabuf_fd(FD, 0x10000, 0x10000, 0);
    memcpy(&last, door_last, sizeof(last));
    assert_int_equal(last.in.flags, O_RDWR | O_CLOEXEC);
    assert_int_equal(last.in.export_dmabuf_fd.addr, 0x10000);
    hlthunk_device_mapped_memory_export_dmabuf_fd(FD, 0x10000, 0x20000, 0x10000,
                                                  O_RDWR | O_CLOEXEC);
    memcpy(&last, door_last, sizeof(last));
    assert_int_equal(last.in.export_dmabuf_fd.offset, 0x10000);
    assert_int_equal(last.in.export_dmabuf_fd.mem_size, 0x20000);
    /* the driver answers 0, which programs take for no dma-buf: stdin saved, then a file there */
    for (int i = 0; i < 3; i++)
        closed[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
    close(0);
    assert_int_equal(open("/dev/null", O_RDWR), 0);
    door_open(KERNEL_6_12, door_answers_zero);
    fd = hlthunk_device_memory_export_dmabuf_fd(FD, 0x10000, 0x10000, 0);
    for (int i = 0; i < 3; i++) {
        dup2(closed[i], i);
        close(closed[i]);
    }
    assert_true(fd > 2);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
}

TEST(handles_of_timestamps_are_no_command_buffers)
{
    struct hl_cs_chunk chunk = { .cb_handle = TS_HANDLE };
    struct hlthunk_cs_in in = { .chunks_execute = &chunk, .num_chunks_execute = 1 };
    struct hlthunk_cs_out out;
    uint32_t count;
    uint64_t va;

    door_open(KERNEL_6_1, door_answers_zero);
    assert_int_equal(hlthunk_get_device_status_info(FD), 0); /* which kernel it is, is known now */
    door_calls = 0;
    assert_int_equal(hlthunk_get_cb_usage_count(FD, TS_HANDLE, &count), -EINVAL);
    assert_int_equal(hlthunk_get_mapped_cb_device_va_by_handle(FD, TS_HANDLE, &va), -EINVAL);
    assert_int_equal(hlthunk_destroy_command_buffer(FD, TS_HANDLE), -EINVAL);
    assert_int_equal(hlthunk_command_submission(FD, &in, &out), -EINVAL);
    assert_int_equal(door_calls, 0);
    chunk.cs_chunk_flags = HL_CS_CHUNK_FLAGS_USER_ALLOC_CB; /* then it is an address */
    assert_int_equal(hlthunk_command_submission(FD, &in, &out), 0);
}

/* Each chunk of both arrays is looked at, and none past their ends. */
TEST(every_chunk_is_looked_at)
{
    static const uint32_t counts[] = { 1, 3, HL_MAX_JOBS_PER_CS };
    struct hl_cs_chunk chunks[HL_MAX_JOBS_PER_CS + 1];
    struct hlthunk_cs_in execute = { .chunks_execute = chunks };
    struct hlthunk_cs_in restore = { .chunks_restore = chunks };
    struct hlthunk_cs_out out;

    memset(chunks, 0, sizeof(chunks));
    for (size_t i = 0; i <= HL_MAX_JOBS_PER_CS; i++)
        chunks[i].cb_handle = CB_HANDLE;
    door_open(KERNEL_6_1, door_answers_zero);
    assert_int_equal(hlthunk_get_device_status_info(FD), 0);
    for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
        uint32_t n = counts[c];

        execute.num_chunks_execute = restore.num_chunks_restore = n;
        /* just past the end: not this submission's */
        chunks[n].cb_handle = TS_HANDLE;
        assert_int_equal(hlthunk_command_submission(FD, &execute, &out), 0);
        assert_int_equal(hlthunk_command_submission(FD, &restore, &out), 0);
        chunks[n].cb_handle = CB_HANDLE;
        for (uint32_t i = 0; i < n; i++) {
            chunks[i].cb_handle = TS_HANDLE;
            assert_int_equal(hlthunk_command_submission(FD, &execute, &out), -EINVAL);
            assert_int_equal(hlthunk_command_submission(FD, &restore, &out), -EINVAL);
            chunks[i].cb_handle = CB_HANDLE;
        }
    }
    execute.num_chunks_execute = restore.num_chunks_restore = HL_MAX_JOBS_PER_CS + 1;
    assert_int_equal(hlthunk_command_submission(FD, &execute, &out), -EINVAL);
    assert_int_equal(hlthunk_command_submission(FD, &restore, &out), -EINVAL);
}

/* The library reads the caller's arrays as the kernel would. */
TEST(a_bad_address_is_an_error)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    char *page = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct hl_cs_chunk *chunks = (void *)(page + size - 20 * sizeof(*chunks));
    struct hlthunk_cs_in in = { .chunks_execute = (void *)64, .num_chunks_execute = 1 };
    struct hl_debug_args debug = { .op = HL_DEBUG_OP_READBLOCK,
                                   .input_ptr = 64,
                                   .input_size = sizeof(struct hl_debug_params_read_block) };
    struct hlthunk_cs_out out;
    struct iovec none = { NULL, 0 };

    if (process_vm_readv(getpid(), &none, 1, &none, 1, 0) < 0)
        skip(); /* not allowed: the library reads as any program does, and faults */
    assert_ptr_not_equal(page, MAP_FAILED);
    assert_int_equal(mprotect(page + size, size, PROT_NONE), 0);
    door_open(KERNEL_6_1, door_answers_zero);
    assert_int_equal(hlthunk_get_device_status_info(FD), 0);
    assert_int_equal(hlthunk_command_submission(FD, &in, &out), -EFAULT);
    in.chunks_execute = chunks;
    in.num_chunks_execute = 20;
    assert_int_equal(hlthunk_command_submission(FD, &in, &out), 0);
    in.num_chunks_execute = 21;
    assert_int_equal(hlthunk_command_submission(FD, &in, &out), -EFAULT);
    assert_non_null(strstr(hlthunk_last_error(), "chunks_execute: 21 chunks at"));
    assert_int_equal(hlthunk_debug(FD, &debug), -EFAULT);
    munmap(page, 2 * size);
}

TEST(debug_operations_of_the_vendor_pass)
{
    uint32_t words[4];
    struct hl_debug_params_read_block block = {
        .cfg_address = 0x1000,
        .user_address = (uintptr_t)words,
        .size = sizeof(words),
    };
    struct hl_debug_args args = {
        .op = HL_DEBUG_OP_READBLOCK,
        .input_ptr = (uintptr_t)&block,
        .input_size = sizeof(block),
    };
    struct hl_debug_args last;

    door_open(KERNEL_VENDOR, door_answers_zero);
    assert_int_equal(hlthunk_debug(FD, &args), 0);
    memcpy(&last, door_last, sizeof(last));
    assert_int_equal(last.op, 1032);
    assert_int_equal(last.input_ptr, (uintptr_t)&block);
    args.op = HL_DEBUG_OP_READBLOCK;
    args.input_ptr = (uintptr_t)&block;
    args.input_size = sizeof(block);
    block.size = 16384 + 4;
    assert_int_equal(hlthunk_debug(FD, &args), -EINVAL);
    block.size = 6;
    assert_int_equal(hlthunk_debug(FD, &args), -EINVAL);
    assert_int_equal(door_calls, 1);
}

TEST(names_of_asics)
{
    assert_int_equal(hl_device_name(hl_asic_of_pci_id(0x0001), 0), HLTHUNK_DEVICE_GOYA);
    assert_int_equal(hl_device_name(hl_asic_of_pci_id(0x1000), 0), HLTHUNK_DEVICE_GAUDI);
    assert_int_equal(hl_device_name(hl_asic_of_pci_id(0x1010), 0), HLTHUNK_DEVICE_GAUDI);
    assert_int_equal(hl_device_name(hl_asic_of_pci_id(0x1020), 0), HLTHUNK_DEVICE_GAUDI2);
    assert_int_equal(hl_device_name(hl_asic_of_pci_id(0x1020), 1), HLTHUNK_DEVICE_GAUDI2);
    assert_int_equal(hl_device_name(hl_asic_of_pci_id(0x1020), 2), HLTHUNK_DEVICE_GAUDI2B);
    assert_int_equal(hl_device_name(hl_asic_of_pci_id(0x1020), 4), HLTHUNK_DEVICE_GAUDI2D);
    assert_int_equal(hl_device_name(hl_asic_of_pci_id(0x4444), 0), HLTHUNK_DEVICE_INVALID);
    assert_true(hl_device_name_fits(HLTHUNK_DEVICE_GAUDI2C, HLTHUNK_DEVICE_GAUDI2));
    assert_false(hl_device_name_fits(HLTHUNK_DEVICE_GAUDI2, HLTHUNK_DEVICE_GAUDI2C));
    assert_int_equal(HLTHUNK_DEVICE_MAX, 9);
}

TEST(the_rest)
{
    unsigned char *zeros = hlthunk_malloc(100);
    char *version = hlthunk_get_version();
    uint32_t status;
    uint64_t handle;

    for (int i = 0; i < 100; i++)
        assert_int_equal(zeros[i], 0);
    hlthunk_free(zeros);
    hlthunk_free(NULL);
    assert_true(version[0] >= '0' && version[0] <= '9');
    hlthunk_free(version);
    assert_int_equal(hlthunk_deprecated_func1(FD, 0, 0, &status, &handle), -EPERM);
    assert_int_equal(hlthunk_deprecated_func2(FD, 0, 0, 0, 0, 0, 0), -EPERM);
    assert_int_equal(hlthunk_deprecated_func3(FD, 0, &handle), -EPERM);
    assert_int_equal(errno, EPERM);
    door_open(KERNEL_6_12, door_fails);
    door_error = EBUSY;
    assert_false(hlthunk_is_device_idle(FD));
    assert_int_equal((int)hlthunk_get_device_status_info(FD), -EBUSY);
    assert_int_equal(hlthunk_get_device_id_from_fd(FD), 0);
    assert_int_equal(hlthunk_get_device_name_from_fd(FD), HLTHUNK_DEVICE_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defect_1_an_asic_status_that_failed_is_not_valid),
        cmocka_unit_test(an_asic_status_while_a_reset_begins),
        cmocka_unit_test(defect_6_retries_start_from_the_argument_as_it_was),
        cmocka_unit_test(defect_8_a_failed_allocation_leaves_the_handle_alone),
        cmocka_unit_test(defect_9_a_razwi_record_names_no_more_engines_than_fit),
        cmocka_unit_test(a_razwi_of_6_1_is_translated),
        cmocka_unit_test(defect_10_an_allocation_without_mmu_is_not_a_failure),
        cmocka_unit_test(defect_11_mappings_stay_in_their_array),
        cmocka_unit_test(defect_12_nothing_is_submitted_without_a_place_for_the_answer),
        cmocka_unit_test(defect_14_an_encaps_handle_is_not_cut),
        cmocka_unit_test(defect_27_a_notifier_never_hangs),
        cmocka_unit_test(a_notifier_has_a_descriptor_like_others),
        cmocka_unit_test(defect_28_there_is_no_profiler_plug_in),
        cmocka_unit_test(a_kernel_that_lacks_a_query_says_so),
        cmocka_unit_test(flags_that_6_1_ignores_are_not_sent_there),
        cmocka_unit_test(time_sync_stays_within_16_bytes),
        cmocka_unit_test(short_answers_end_in_zeros),
        cmocka_unit_test(exports_have_the_flags_of_the_original),
        cmocka_unit_test(handles_of_timestamps_are_no_command_buffers),
        cmocka_unit_test(every_chunk_is_looked_at),
        cmocka_unit_test(a_bad_address_is_an_error),
        cmocka_unit_test(debug_operations_of_the_vendor_pass),
        cmocka_unit_test(names_of_asics),
        cmocka_unit_test(the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
