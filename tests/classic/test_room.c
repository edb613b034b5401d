/* SPDX-License-Identifier: MIT */
/*
 * A full queue (defect 7 of the original library, which spun): every call that submits waits until
 * there is room, asleep, over signals, and gives up when the driver says anything else.
 */
#include "tests/classic/calls.h"

#include <signal.h>
#include <sys/time.h>

#include "lib/classic/room.h"
#include "lib/op/op_cs.h"
#include "tests/clock.h"

static union outputs out;
static unsigned char first[sizeof(union hl_cs_args)];
static uint64_t room_at_us;
static unsigned room_at_call;
static int end_error;

/* Full until the time, or the call, has come; each attempt must have the first one's argument. */
static int full(enum door_op op, void *arg)
{
    if (op != OP_CS)
        return door_answers_zero(op, arg);
    if (door_calls == 1)
        memcpy(first, arg, sizeof(first));
    assert_memory_equal(first, arg, sizeof(first));
    memset(arg, 0xff, sizeof(union hl_cs_args));
    if (room_at_call ? door_calls < room_at_call : now_us() < room_at_us)
        return -EAGAIN;
    if (end_error)
        return -end_error;
    memset(arg, 0, sizeof(union hl_cs_args));
    return 0;
}

/* The chunk of a signal is on the stack, at the same place in each attempt. */
TEST(every_submission_waits_for_room)
{
    unsigned tested = 0;

    room_at_call = 4;
    end_error = 0;
    for (size_t i = 0; i < call_count; i++) {
        if (calls[i].op != OP_CS)
            continue;
        door_open(KERNEL_6_12, full);
        assert_int_equal(hlthunk_close(-1), -EBADF);
        if (calls[i].run(&out))
            fail_msg("%s failed: %s", calls[i].name, hlthunk_last_error());
        if (strstr(hlthunk_last_error(), "full"))
            fail_msg("%s succeeded, and left: %s", calls[i].name, hlthunk_last_error());
        if (door_calls != 4)
            fail_msg("%s: %u attempts, not 4", calls[i].name, door_calls);
        tested++;
    }
    assert_uint_in_range(tested, 15, 30);
}

static int submit(void)
{
    struct hl_cs_chunk chunk = { .cb_handle = CB_HANDLE };
    struct hlthunk_cs_in in = { .chunks_execute = &chunk, .num_chunks_execute = 1 };

    return hlthunk_command_submission(FD, &in, &out.cs);
}

/* A spinning call makes tens of thousands of attempts in this time. */
TEST(the_processor_is_left_alone)
{
    room_at_call = 0;
    end_error = 0;
    room_at_us = now_us() + 100000;
    door_open(KERNEL_6_12, full);
    assert_int_equal(submit(), 0);
    assert_uint_in_range(door_calls, 2, 200);
}

/* They grow, but not without end. */
TEST(pauses_stay_short)
{
    struct hl_room room = { 0 };
    uint32_t before = 0;

    for (unsigned i = 0; i < 10; i++) {
        hl_room_wait(&room);
        assert_true(room.pause_us > before || room.pause_us == 1000);
        before = room.pause_us;
    }
    assert_int_equal(room.pause_us, 1000);
}

TEST(a_reset_ends_it)
{
    static const int ends[] = { EBUSY, ENODEV, EIO, EINVAL, ENOMEM };

    room_at_call = 3;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        end_error = ends[i];
        out.cs.seq = 77;
        door_open(KERNEL_6_12, full);
        assert_int_equal(submit(), -ends[i]);
        assert_int_equal(door_calls, 3);
        assert_int_equal(out.cs.seq, 77);
    }
}

static volatile sig_atomic_t alarms;

static void on_alarm(int number)
{
    (void)number;
    alarms++;
}

/* As with the original: handlers run, and the call goes on. */
TEST(signals_do_not_end_it)
{
    const struct itimerval fast = { { 0, 1000 }, { 0, 1000 } }, off = { { 0, 0 }, { 0, 0 } };
    struct sigaction act = { .sa_handler = on_alarm }, old;

    room_at_call = 0;
    end_error = 0;
    room_at_us = now_us() + 50000;
    door_open(KERNEL_6_12, full);
    sigaction(SIGALRM, &act, &old);
    setitimer(ITIMER_REAL, &fast, NULL);
    assert_int_equal(submit(), 0);
    setitimer(ITIMER_REAL, &off, NULL);
    sigaction(SIGALRM, &old, NULL);
    assert_true(alarms > 0);
    assert_true(now_us() >= room_at_us);
}

/* What the objects are built on does not wait. */
TEST(the_operation_itself_says_full)
{
    struct hl_cs_in in = { .num_chunks_execute = 0 };
    struct hl_cs_out answer;

    room_at_call = 10;
    door_open(KERNEL_6_12, full);
    assert_int_equal(hl_cs_submit(FD, &in, 0, &answer), -EAGAIN);
    assert_int_equal(door_calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_submission_waits_for_room),
        cmocka_unit_test(the_processor_is_left_alone),
        cmocka_unit_test(pauses_stay_short),
        cmocka_unit_test(a_reset_ends_it),
        cmocka_unit_test(signals_do_not_end_it),
        cmocka_unit_test(the_operation_itself_says_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
