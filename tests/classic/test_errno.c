/* SPDX-License-Identifier: MIT */
/*
 * Every classic function with every errno: the function returns it, errno says the same, the text
 * says why (to the log too), and not a byte of the outputs is written.  (Defects 2, 8, 12, 13, 20.)
 */
#include "tests/classic/calls.h"

#include <stdio.h>

#include <hlthunk/log.h>

#define KERNEL_ENOTSUPP 524 /* which programs know as EOPNOTSUPP */

static const int errnos[] = { EPERM,      EIO,       EAGAIN, ENOMEM,         EACCES, EFAULT,
                              EBUSY,      ENODEV,    EINVAL, ENFILE,         EMFILE, ENOSPC,
                              EOPNOTSUPP, ETIMEDOUT, EBADF,  KERNEL_ENOTSUPP };

#define UNTOUCHED 0x5a

static union outputs out;

/* What was promised to be written on failure: hidden from the comparison, after a look at it. */
static void check_promised(const struct call *c, int error)
{
    uint32_t fate = error == ETIMEDOUT ? HL_WAIT_CS_STATUS_TIMEDOUT : HL_WAIT_CS_STATUS_ABORTED;

    if (!strcmp(c->name, "get_hw_asic_status")) {
        assert_int_equal(out.asic_status.valid, 0);
        memset(&out.asic_status.valid, UNTOUCHED, sizeof(out.asic_status.valid));
    }
    if (c->op != OP_WAIT_CS || (error != ETIMEDOUT && error != EIO) ||
        !strcmp(c->name, "register_timestamp_interrupt"))
        return;
    if (!strncmp(c->name, "wait_for_multi", 14)) {
        assert_int_equal(out.multi.out.status, fate);
        memset(&out.multi.out.status, UNTOUCHED, 4);
    } else {
        assert_int_equal(out.waited.status, fate);
        memset(&out.waited.status, UNTOUCHED, 4);
    }
}

static char logged[400];

static void log_text(enum hlthunk_log_level level, const char *message, void *user)
{
    (void)user;
    if (level == HLTHUNK_LOG_ERROR)
        snprintf(logged, sizeof(logged), "%s", message);
}

/* What mainline refuses as unknown is explained as missing. */
static int expected(const struct call *c, int error)
{
    static const char *const vendors[] = { "get_time_sync_per_die_info", "set_memory_consumption",
                                           "device_memory_read_block_experimental" };

    for (size_t i = 0; i < sizeof(vendors) / sizeof(vendors[0]); i++)
        if (error == EINVAL && !strcmp(c->name, vendors[i]))
            return EOPNOTSUPP;
    return error == KERNEL_ENOTSUPP ? EOPNOTSUPP : error;
}

static void fail_one(const struct call *c, int error)
{
    int64_t rc;

    memset(&out, UNTOUCHED, sizeof(out));
    door_open(KERNEL_6_12, door_fails);
    door_error = error;
    errno = 0;
    *logged = 0;
    rc = c->run(&out);
    error = expected(c, error);
    if (door_calls < 1)
        fail_msg("%s: the driver was not asked", c->name);
    if (errno != error)
        fail_msg("%s: errno %d, not %d", c->name, errno, error);
    if (rc != (c->kind == RETURNS_U64 ? 0 : -error))
        fail_msg("%s: %lld for errno %d", c->name, (long long)rc, error);
    if (!*hlthunk_last_error())
        fail_msg("%s: no text for errno %d", c->name, error);
    if (strcmp(logged, hlthunk_last_error()))
        fail_msg("%s: errno %d logged \"%s\", not \"%s\"", c->name, error, logged,
                 hlthunk_last_error());
    check_promised(c, error);
    for (size_t i = 0; i < sizeof(out); i++)
        if (out.bytes[i] != UNTOUCHED)
            fail_msg("%s: errno %d wrote to byte %zu of the outputs", c->name, error, i);
}

TEST(every_errno)
{
    hlthunk_log_set(log_text, NULL, HLTHUNK_LOG_ERROR);
    for (size_t i = 0; i < call_count; i++)
        for (size_t e = 0; e < sizeof(errnos) / sizeof(errnos[0]); e++)
            if (calls[i].op != OP_CS || errnos[e] != EAGAIN) /* a full queue: test_room.c */
                fail_one(&calls[i], errnos[e]);
    hlthunk_log_set(NULL, NULL, HLTHUNK_LOG_ERROR);
}

TEST(nulls_are_refused_before_the_driver)
{
    for (size_t i = 0; i < call_count; i++) {
        const struct call *c = &calls[i];

        if (!c->run_null)
            continue;
        door_open(KERNEL_6_12, door_answers_zero);
        errno = 0;
        if (c->run_null() != -EINVAL || errno != EINVAL)
            fail_msg("%s: NULL was not refused", c->name);
        if (door_calls)
            fail_msg("%s: the driver was called with a NULL output", c->name);
    }
}

/* Each pointer has a check of its own: one NULL among others that are right. */
TEST(one_null_is_enough)
{
    struct hlthunk_debugfs debugfs = { .addr_fd = -1, .data_fd = -1, .clk_gate_fd = -1 };
    struct hlthunk_cs_in cs = { .flags = HL_CS_FLAGS_STAGED_SUBMISSION };
    struct hlthunk_wait_multi_cs_in multi = { .seq = &(uint64_t){ 1 }, .seq_len = 1 };
    struct hlthunk_signal_in signal = { 0 };
    struct hlthunk_sig_res_in reserve = { 0 };
    struct reserve_sig_handle handle = { 0 };
    struct hlthunk_wait_in wait = { .num_wait_for_signal = 1 };
    uint32_t a;
    uint64_t b;

    door_open(KERNEL_6_12, door_answers_zero);
#define REFUSED(call)                                                                              \
    do {                                                                                           \
        errno = 0;                                                                                 \
        if ((call) != -EINVAL || errno != EINVAL || door_calls)                                    \
            fail_msg("%s was not refused", #call);                                                 \
    } while (0)
    REFUSED(hlthunk_get_clk_rate(FD, NULL, &a));
    REFUSED(hlthunk_get_clk_rate(FD, &a, NULL));
    REFUSED(hlthunk_get_hw_block(FD, 0x1000, NULL, &b));
    REFUSED(hlthunk_get_hw_block(FD, 0x1000, &a, NULL));
    REFUSED(hlthunk_notifier_recv(FD, FD, NULL, &b, 0, 1));
    REFUSED(hlthunk_notifier_recv(FD, FD, &b, NULL, 0, 1));
    REFUSED(hlthunk_debugfs_read(NULL, 0, &a));
    REFUSED(hlthunk_debugfs_read(&debugfs, 0, NULL));
    REFUSED(hlthunk_debugfs_write(NULL, 0, 0));
    REFUSED(hlthunk_command_submission(FD, NULL, &out.cs));
    REFUSED(hlthunk_command_submission(FD, &cs, NULL));
    REFUSED(hlthunk_staged_command_submission(FD, 1, NULL, &out.cs));
    REFUSED(hlthunk_staged_command_submission(FD, 1, &cs, NULL));
    REFUSED(hlthunk_signal_submission(FD, NULL, &out.signal));
    REFUSED(hlthunk_signal_submission(FD, &signal, NULL));
    REFUSED(hlthunk_wait_for_signal(FD, NULL, &out.wait));
    REFUSED(hlthunk_wait_for_signal(FD, &wait, NULL));
    REFUSED(hlthunk_wait_for_signal(FD, &wait, &out.wait)); /* the list in it is NULL */
    REFUSED(hlthunk_reserve_encaps_signals(FD, NULL, &out.reserve));
    REFUSED(hlthunk_reserve_encaps_signals(FD, &reserve, NULL));
    REFUSED(hlthunk_unreserve_encaps_signals(FD, NULL, &a));
    REFUSED(hlthunk_unreserve_encaps_signals(FD, &handle, NULL));
    REFUSED(hlthunk_wait_for_cs_with_timestamp(FD, 1, 0, NULL, &b));
    REFUSED(hlthunk_wait_for_cs_with_timestamp(FD, 1, 0, &a, NULL));
    REFUSED(hlthunk_wait_for_multi_cs_with_timestamp(FD, NULL, &out.multi.out, &b));
    REFUSED(hlthunk_wait_for_multi_cs_with_timestamp(FD, &multi, NULL, &b));
    REFUSED(hlthunk_wait_for_multi_cs_with_timestamp(FD, &multi, &out.multi.out, NULL));
    REFUSED(hlthunk_wait_for_interrupt(FD, NULL, 1, 100, 0, &a));
    REFUSED(hlthunk_wait_for_interrupt(FD, &b, 1, 100, 0, NULL));
#undef REFUSED
    /* what returns an address says so with 0, and errno is the library's: no ioctl has set it */
    errno = 0;
    assert_int_equal(hlthunk_host_memory_map(FD, &b, 0, 0), 0);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(door_calls, 0);
}

/* 'H' and 'd': the same argument in both families. */
TEST(both_families)
{
    unsigned char first[sizeof(door_last)];

    for (size_t i = 0; i < call_count; i++) {
        const struct call *c = &calls[i];

        if (c->op == OP_INFO || c->kind == RETURNS_FD)
            continue; /* pointers to the stack, and fds that are none */
        door_open(KERNEL_6_12, door_answers_zero);
        c->run(&out);
        memcpy(first, door_last, sizeof(first));
        assert_true(door_calls > 0);
        door_open(KERNEL_6_6, door_answers_zero);
        c->run(&out);
        if (!strncmp(c->name, "signal", 6) || strstr(c->name, "wait_for_") == c->name)
            continue; /* the chunk is on the stack */
        if (memcmp(first, door_last, sizeof(first)))
            fail_msg("%s: other bytes for type 'H'", c->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_errno),
        cmocka_unit_test(nulls_are_refused_before_the_driver),
        cmocka_unit_test(one_null_is_enough),
        cmocka_unit_test(both_families),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
