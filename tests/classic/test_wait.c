/* SPDX-License-Identifier: MIT */
/*
 * Waits: a deadline that signals do not move, timeouts of 64 bits, a fresh argument for each call,
 * outputs only when written.  (Defects 2 to 7.)
 */
#include "tests/classic/calls.h"

#include <limits.h>
#include <time.h>

#include "tests/clock.h"

static void sleep_us(uint64_t us)
{
    nanosleep(&(struct timespec){ (time_t)(us / 1000000), (long)(us % 1000000) * 1000 }, NULL);
}

/* What the driver was asked, call by call. */
static struct hl_wait_cs_in asked[4096];

static struct hl_wait_cs_in *note(void *arg)
{
    memcpy(&asked[door_calls - 1], arg, sizeof(asked[0]));
    return &asked[door_calls - 1];
}

static uint64_t timeout_of(const struct hl_wait_cs_in *in)
{
    return in->flags & HL_WAIT_CS_FLAGS_INTERRUPT ? in->interrupt_timeout_us : in->timeout_us;
}

static void answer(void *arg, uint32_t status)
{
    union hl_wait_cs_args *a = arg;

    memset(a, 0, sizeof(*a));
    a->out.status = status;
    a->out.cs_completion_map = 5;
    a->out.flags = HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD;
    a->out.timestamp_nsec = 1234567;
}

/* A signal every millisecond: EINTR, with the argument overwritten. */
static int interrupted_for_ever(enum door_op op, void *arg)
{
    assert_int_equal(op, OP_WAIT_CS);
    if (timeout_of(note(arg)) == 0) {
        answer(arg, HL_WAIT_CS_STATUS_BUSY);
        return 0;
    }
    sleep_us(1000);
    memset(arg, 0xff, sizeof(union hl_wait_cs_args));
    return -EINTR;
}

/* The fields that must be the same in every call. */
static void assert_rebuilt(unsigned n)
{
    for (unsigned i = 1; i < n; i++) {
        struct hl_wait_cs_in a = asked[0], b = asked[i];

        assert_true(timeout_of(&b) <= timeout_of(&a));
        if (a.flags & HL_WAIT_CS_FLAGS_INTERRUPT)
            a.interrupt_timeout_us = b.interrupt_timeout_us = 0;
        else
            a.timeout_us = b.timeout_us = 0;
        assert_memory_equal(&a, &b, sizeof(a));
    }
}

#define TIMEOUT_US 30000u
#define LONG_US 600000000u /* is not over on the busiest machine */

static int all_waits(unsigned which, uint64_t timeout_us, uint32_t *status)
{
    static uint64_t seq[] = { 3, 4 }, word;
    struct hlthunk_wait_multi_cs_in in = { .seq = seq, .seq_len = 2, .timeout_us = timeout_us };
    struct hlthunk_wait_multi_cs_out out = { .status = *status };
    int rc;

    switch (which) {
    case 0:
        return hlthunk_wait_for_cs(FD, 7, timeout_us, status);
    case 1:
        rc = hlthunk_wait_for_multi_cs(FD, &in, &out);
        *status = out.status;
        return rc;
    case 2:
        return hlthunk_wait_for_interrupt(FD, &word, 9, 100, timeout_us, status);
    default:
        return hlthunk_wait_for_interrupt_by_handle(FD, CB_HANDLE, 2, 9, 100, timeout_us, status);
    }
}

#define WAITS 4

TEST(signals_do_not_prolong_a_wait)
{
    for (unsigned w = 0; w < WAITS; w++) {
        uint32_t status = 77;
        uint64_t start = now_us();

        door_open(KERNEL_6_12, interrupted_for_ever);
        assert_int_equal(all_waits(w, TIMEOUT_US, &status), 0);
        assert_true(now_us() - start >= TIMEOUT_US);
        assert_int_equal(status, HL_WAIT_CS_STATUS_BUSY);
        assert_true(door_calls >= 2); /* how many more is the machine's affair */
        assert_rebuilt(door_calls);
    }
}

static int interrupted_once(enum door_op op, void *arg)
{
    (void)op;
    note(arg);
    if (door_calls == 1) {
        sleep_us(10000);
        memset(arg, 0xff, sizeof(union hl_wait_cs_args));
        return -EINTR;
    }
    answer(arg, HL_WAIT_CS_STATUS_COMPLETED);
    return 0;
}

TEST(an_interrupted_wait_goes_on_with_the_time_left)
{
    for (unsigned w = 0; w < WAITS; w++) {
        uint32_t status = 77;

        door_open(KERNEL_6_12, interrupted_once);
        assert_int_equal(all_waits(w, LONG_US, &status), 0);
        assert_int_equal(status, HL_WAIT_CS_STATUS_COMPLETED);
        assert_int_equal(door_calls, 2);
        assert_int_equal(timeout_of(&asked[0]), LONG_US);
        assert_uint_in_range(timeout_of(&asked[1]), 1, LONG_US - 10000);
        assert_rebuilt(2);
    }
}

/* Three slices without waiting, then done. */
static int busy_three_times(enum door_op op, void *arg)
{
    (void)op;
    note(arg);
    answer(arg, door_calls <= 3 ? HL_WAIT_CS_STATUS_BUSY : HL_WAIT_CS_STATUS_COMPLETED);
    return 0;
}

TEST(long_timeouts_are_waited_for_in_slices)
{
    static const uint64_t timeouts[] = { (1ull << 32) + 5, UINT64_MAX, UINT64_MAX / 1000 + 1 };

    for (unsigned w = 0; w < WAITS; w++) {
        for (unsigned t = 0; t < sizeof(timeouts) / sizeof(timeouts[0]); t++) {
            uint32_t status = 77;

            door_open(KERNEL_6_12, busy_three_times);
            assert_int_equal(all_waits(w, timeouts[t], &status), 0);
            assert_int_equal(status, HL_WAIT_CS_STATUS_COMPLETED);
            assert_int_equal(door_calls, 4);
            /* none is cut to 32 bits by the driver (1 << 32 + 5 would be 5) */
            for (unsigned i = 0; i < 4; i++)
                assert_uint_in_range(timeout_of(&asked[i]), 1000000, UINT32_MAX);
            assert_rebuilt(4);
        }
    }
}

static int busy(enum door_op op, void *arg)
{
    (void)op;
    note(arg);
    answer(arg, HL_WAIT_CS_STATUS_BUSY);
    return 0;
}

TEST(no_timeout_is_one_look)
{
    for (unsigned w = 0; w < WAITS; w++) {
        uint32_t status = 77;

        door_open(KERNEL_6_12, busy);
        assert_int_equal(all_waits(w, 0, &status), 0);
        assert_int_equal(status, HL_WAIT_CS_STATUS_BUSY);
        assert_int_equal(door_calls, 1);
    }
}

/* A future sequence number is EINVAL with the argument wiped: status 0 would read COMPLETED. */
static int wiped(enum door_op op, void *arg)
{
    (void)op;
    memset(arg, 0, sizeof(union hl_wait_cs_args));
    return -EINVAL;
}

TEST(defect_2_a_failed_wait_has_no_status)
{
    for (unsigned w = 0; w < WAITS; w++) {
        uint32_t status = 77;

        door_open(KERNEL_6_12, wiped);
        assert_int_equal(all_waits(w, 5, &status), -EINVAL);
        assert_int_equal(status, 77);
    }
}

TEST(defect_3_no_list_is_refused)
{
    struct hlthunk_wait_multi_cs_in in = { .seq = NULL, .seq_len = 3 };
    struct hlthunk_wait_multi_cs_out out = { .status = 77 };
    uint64_t timestamp = 88;

    door_open(KERNEL_6_12, busy);
    assert_int_equal(hlthunk_wait_for_multi_cs_with_timestamp(FD, NULL, &out, &timestamp), -EINVAL);
    assert_int_equal(hlthunk_wait_for_multi_cs_with_timestamp(FD, &in, &out, &timestamp), -EINVAL);
    assert_int_equal(timestamp, 88);
    assert_int_equal(out.status, 77);
    assert_int_equal(door_calls, 0);
}

TEST(defect_4_a_list_of_257_is_not_one_of_1)
{
    static uint64_t seq[257];
    struct hlthunk_wait_multi_cs_in in = { .seq = seq };
    struct hlthunk_wait_multi_cs_out out = { .status = 77 };

    for (in.seq_len = 33; in.seq_len <= 257; in.seq_len += 224) {
        door_open(KERNEL_6_12, busy);
        assert_int_equal(hlthunk_wait_for_multi_cs(FD, &in, &out), -EINVAL);
        assert_int_equal(door_calls, 0);
    }
    in.seq_len = 32;
    assert_int_equal(hlthunk_wait_for_multi_cs(FD, &in, &out), 0);
    assert_int_equal(asked[0].seq_arr_len, 32);
    assert_int_equal(asked[0].seq, (uintptr_t)seq);
    assert_int_equal(asked[0].flags, HL_WAIT_CS_FLAGS_MULTI_CS);
}

TEST(defect_5_interrupt_numbers_keep_their_flags)
{
    uint64_t word;
    uint32_t status;

    door_open(KERNEL_6_12, busy);
    assert_int_equal(hlthunk_wait_for_interrupt(FD, &word, 1, 0x1000, 0, &status), -EINVAL);
    assert_int_equal(hlthunk_wait_for_interrupt_by_handle(FD, CB_HANDLE, 0, 1, 0x12345, 0, &status),
                     -EINVAL);
    assert_int_equal(
        hlthunk_register_timestamp_interrupt(FD, 0x1000, CB_HANDLE, 0, 1, TS_HANDLE, 0), -EINVAL);
    assert_int_equal(door_calls, 0);
    assert_int_equal(hlthunk_wait_for_interrupt(FD, &word, 1, 0x123, 0, &status), 0);
    assert_int_equal(asked[0].flags, 0x12300000u | HL_WAIT_CS_FLAGS_INTERRUPT);
    assert_int_equal(hlthunk_wait_for_interrupt(FD, &word, 1, UINT_MAX, 0, &status), 0);
    assert_int_equal(asked[1].flags,
                     HL_WAIT_CS_FLAGS_ANY_CQ_INTERRUPT | HL_WAIT_CS_FLAGS_INTERRUPT);
    assert_int_equal(asked[1].addr, (uintptr_t)&word);
}

TEST(timestamps_only_when_valid)
{
    uint64_t timestamp = 88;
    uint32_t status;

    door_open(KERNEL_6_12, busy_three_times);
    assert_int_equal(hlthunk_wait_for_cs_with_timestamp(FD, 7, 0, &status, &timestamp), 0);
    assert_int_equal(timestamp, 1234567);
    timestamp = 88;
    door_open(KERNEL_6_12, door_answers_zero);
    assert_int_equal(hlthunk_wait_for_cs_with_timestamp(FD, 7, 0, &status, &timestamp), 0);
    assert_int_equal(timestamp, 88);
}

TEST(handles_of_another_kind_are_refused)
{
    uint32_t status;

    /* Linux 6.1 crashes on them */
    door_open(KERNEL_6_1, busy);
    assert_int_equal(hlthunk_wait_for_interrupt_by_handle(FD, TS_HANDLE, 0, 1, 100, 0, &status),
                     -EINVAL);
    /* places before a buffer, after the sum has wrapped around: a kernel crashes */
    assert_int_equal(
        hlthunk_register_timestamp_interrupt(FD, 100, CB_HANDLE, 0, 1, TS_HANDLE, UINT64_MAX),
        -EINVAL);
    assert_int_equal(
        hlthunk_register_timestamp_interrupt(FD, 100, CB_HANDLE, UINT64_MAX, 1, TS_HANDLE, 0),
        -EINVAL);
    assert_int_equal(hlthunk_register_timestamp_interrupt(FD, 100, CB_HANDLE, 0, 1, CB_HANDLE, 0),
                     -EINVAL);
    assert_int_equal(door_calls, 0);
}

/* What the driver answers, and what the original library then gave its caller. */
static const struct fate {
    int rc;
    uint32_t status, flags;
    /* the original's results: where its status was the kernel's, not a part of the input */
    int result;
    uint32_t given;
} fates[] = {
    { 0, HL_WAIT_CS_STATUS_COMPLETED, 0, 0, HL_WAIT_CS_STATUS_COMPLETED },
    { 0, HL_WAIT_CS_STATUS_COMPLETED, HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD, 0,
      HL_WAIT_CS_STATUS_COMPLETED },
    /* so old, or dropped, that the driver keeps no more of it than that it is over */
    { 0, HL_WAIT_CS_STATUS_COMPLETED, HL_WAIT_CS_STATUS_FLAG_GONE, 0, HL_WAIT_CS_STATUS_COMPLETED },
    { 0, HL_WAIT_CS_STATUS_BUSY, 0, 0, HL_WAIT_CS_STATUS_BUSY },
    { -ETIMEDOUT, HL_WAIT_CS_STATUS_TIMEDOUT, 0, -ETIMEDOUT, HL_WAIT_CS_STATUS_TIMEDOUT },
    { -EIO, HL_WAIT_CS_STATUS_ABORTED, 0, -EIO, HL_WAIT_CS_STATUS_ABORTED },
};
static const struct fate *fate;

static int meets_fate(enum door_op op, void *arg)
{
    union hl_wait_cs_args *a = arg;

    (void)op;
    memset(a, 0, sizeof(*a));
    a->out.status = fate->status;
    a->out.flags = fate->flags;
    return fate->rc;
}

TEST(statuses_are_the_original_s)
{
    for (size_t f = 0; f < sizeof(fates) / sizeof(fates[0]); f++) {
        fate = &fates[f];
        for (unsigned w = 0; w < WAITS; w++) {
            uint32_t status = 77;
            int rc;

            door_open(KERNEL_6_12, meets_fate);
            rc = all_waits(w, 0, &status);
            if (rc != fate->result || status != fate->given)
                fail_msg("wait %u, answer %zu: %d and status %u, not %d and %u", w, f, rc, status,
                         fate->result, fate->given);
        }
    }
}

TEST(multi_counts_what_completed)
{
    uint64_t seq[3] = { 1, 2, 3 };
    struct hlthunk_wait_multi_cs_in in = { .seq = seq, .seq_len = 3, .timeout_us = 9 };
    struct hlthunk_wait_multi_cs_out out;
    uint64_t timestamp = 0;

    door_open(KERNEL_6_12, interrupted_once);
    assert_int_equal(hlthunk_wait_for_multi_cs_with_timestamp(FD, &in, &out, &timestamp), 0);
    assert_int_equal(out.seq_set, 5);
    assert_int_equal(out.completed, 2);
    assert_int_equal(timestamp, 1234567);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_do_not_prolong_a_wait),
        cmocka_unit_test(an_interrupted_wait_goes_on_with_the_time_left),
        cmocka_unit_test(long_timeouts_are_waited_for_in_slices),
        cmocka_unit_test(no_timeout_is_one_look),
        cmocka_unit_test(defect_2_a_failed_wait_has_no_status),
        cmocka_unit_test(defect_3_no_list_is_refused),
        cmocka_unit_test(defect_4_a_list_of_257_is_not_one_of_1),
        cmocka_unit_test(defect_5_interrupt_numbers_keep_their_flags),
        cmocka_unit_test(timestamps_only_when_valid),
        cmocka_unit_test(handles_of_another_kind_are_refused),
        cmocka_unit_test(statuses_are_the_original_s),
        cmocka_unit_test(multi_counts_what_completed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
