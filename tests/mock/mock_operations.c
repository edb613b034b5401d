/* SPDX-License-Identifier: MIT */
/* Submissions, signals, debug operations and event counts: what is refused, and odd answers. */
#include "tests/mock/mock.h"

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <habanalabs/hlthunk.h>
#include <hlthunk/error.h>

#include "lib/kernel/deadline.h"
#include "lib/op/op_cs.h"
#include "lib/op/op_debug.h"
#include "lib/op/op_event.h"
#include "lib/op/op_mem.h"
#include "lib/op/op_signal.h"
#include "lib/op/op_wait.h"

#define FD 9

static int refuse_preadv; /* errno: a kernel or sandbox without it */

ssize_t preadv2(int fd, const struct iovec *iov, int n, off_t offset, int flags)
{
    (void)offset, (void)flags;
    if (refuse_preadv) {
        errno = refuse_preadv;
        return -1;
    }
    return readv(fd, iov, n);
}

static int poll_ms = -7; /* of the last one */

int poll(struct pollfd *p, nfds_t n, int ms)
{
    const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l };

    poll_ms = ms;
    return ppoll(p, n, ms < 0 ? NULL : &t, NULL);
}

static void says(int rc, int expected, const char *text)
{
    assert_int_equal(rc, expected);
    if (!strstr(hlthunk_last_error(), text))
        fail_msg("\"%s\" does not say \"%s\"", hlthunk_last_error(), text);
}

TEST(engines)
{
    const uint32_t one[1] = { 0 };

    says(hl_cs_engine_cores(FD, NULL, 1, HL_ENGINE_CORE_RUN), -EINVAL, "engine IDs is NULL");
    says(hl_cs_engine_cores(FD, one, 0, HL_ENGINE_CORE_RUN), -EINVAL, "number of engines is 0");
    says(hl_cs_engine_cores(FD, one, 1, 0), -EINVAL, "command 0 is neither halt nor run");
    says(hl_cs_engine_cores(FD, one, 1, 3), -EINVAL, "command 3 is neither halt nor run");
    says(hl_cs_engines(FD, NULL, 1, HL_ENGINE_CORE_RUN), -EINVAL, "engine IDs is NULL");
    says(hl_cs_engines(FD, one, 0, HL_ENGINE_CORE_RUN), -EINVAL, "number of engines is 0");
    says(hl_cs_engines(FD, one, 1, 0), -EINVAL, "command 0 is not one of");
    says(hl_cs_engines(FD, one, 1, HL_ENGINE_COMMAND_MAX), -EINVAL, "is not one of");
    assert_int_equal(mock_count(), 0);
}

TEST(chunks)
{
    struct hl_cs_in in = { .num_chunks_restore = 2 };
    struct hl_signal_common common = { .num_chunks_restore = 2 };
    struct hl_signal_wait wait = { .queue = 1 };
    struct hl_cs_chunk chunks[1] = { { .cb_handle = 0 } };
    struct hl_cs_out out = { .seq = 5 };

    says(hl_cs_check(FD, &in), -EINVAL, "chunks_restore is NULL with 2 chunks");
    in = (struct hl_cs_in){ .num_chunks_execute = 3 };
    says(hl_cs_check(FD, &in), -EINVAL, "chunks_execute is NULL with 3 chunks");
    in.chunks_execute = (uintptr_t)chunks;
    in.num_chunks_execute = HL_MAX_JOBS_PER_CS + 1;
    says(hl_cs_check(FD, &in), -EINVAL, "takes at most");
    in.num_chunks_execute = 1;
    assert_int_equal(hl_cs_check(FD, &in), 0);
    says(hl_signal_submit(FD, &common, 0, &out), -EINVAL, "chunks_restore is NULL with 2 chunks");
    says(hl_signal_wait(FD, &common, &wait, &out), -EINVAL, "signal to wait for is NULL");
    assert_int_equal(out.seq, 5);
    assert_int_equal(mock_count(), 0);
}

/* The driver took the call and did not do it. */
TEST(a_signal_with_another_status)
{
    const union hl_cs_args answer = { .out = { .seq = 8, .status = 3 } };
    const struct hl_signal_common common = { 0 };
    struct hl_cs_out out = { .seq = 5 };
    struct mock_call c = { .request = HL_REQ_D_CS, .out_size = sizeof(answer) };

    memcpy(c.out, &answer, sizeof(answer));
    mock_expect(&c);
    says(hl_signal_submit(FD, &common, 0, &out), -EINVAL, "status 3");
    mock_end();
    mock_expect(&c);
    says(hl_signal_reserve(FD, 0, 1, &out), -EINVAL, "status 3");
    mock_end();
    assert_int_equal(out.seq, 5);
}

TEST(blocks_of_registers)
{
    struct hl_debug_params_read_block block = { .size = 8 };
    struct hl_debug_args a = { .op = HL_DEBUG_OP_READBLOCK };

    says(hl_debug(FD, &a), -EINVAL, "needs a struct");
    a.input_ptr = (uintptr_t)&block;
    a.input_size = sizeof(block) - 1;
    says(hl_debug(FD, &a), -EINVAL, "needs a struct");
    a.input_size = sizeof(block);
    block.size = 0;
    says(hl_debug(FD, &a), -EINVAL, "block size 0");
    block.size = 6;
    says(hl_debug(FD, &a), -EINVAL, "block size 6");
    block.size = HL_DEBUG_MAX_READ_BLOCK_SIZE + 4;
    says(hl_debug(FD, &a), -EINVAL, "block size");
    block.size = 4;
    block.cfg_address = 2;
    says(hl_debug(FD, &a), -EINVAL, "register address 0x2");
    assert_int_equal(mock_count(), 0);
}

TEST(debug_refusals)
{
    static const struct {
        uint32_t op;
        int error;
        const char *text;
    } refusals[] = {
        { HL_DEBUG_OP_SET_MODE, EFAULT, "debug mode is on (or off) already" },
        { HL_DEBUG_OP_ETR, EFAULT, "not in debug mode" },
        { HL_DEBUG_OP_ETR, EPERM, "needs debug mode" },
        { HL_DEBUG_OP_READMEM, EPERM, "that the vendor simulates" },
        { HL_DEBUG_OP_MEMCPY, EPERM, "that the vendor simulates" },
        { HL_DEBUG_OP_ETR, EIO, "debug operation" },
    };

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct hl_debug_args a = { .op = refusals[i].op };

        mock_expect(&(struct mock_call){ .request = HL_REQ_D_DEBUG, .error = refusals[i].error });
        says(hl_debug(FD, &a), -refusals[i].error, refusals[i].text);
        mock_end();
    }
}

/* What may be wrong differs from kind to kind of submission. */
TEST(submissions_refused)
{
    static const struct {
        uint32_t flags;
        int error;
        const char *text;
    } refusals[] = {
        { 0, EINVAL, "a bad queue or command buffer" },
        { HL_CS_FLAGS_TIMESTAMP, EPERM, "a packet" },
        { HL_CS_FLAGS_STAGED_SUBMISSION, EPERM, "this ASIC does not support" },
        { 0, EFAULT, "an address" },
        { HL_CS_FLAGS_STAGED_SUBMISSION, EINVAL, "a first stage that there is not" },
        { HL_CS_FLAGS_SIGNAL, EINVAL, "a queue that there is not, or that cannot signal" },
        { HL_CS_FLAGS_SIGNAL, EPERM, "the device's reset has just begun" },
        { HL_CS_FLAGS_SIGNAL, EFAULT, "no memory for the driver's command buffer" },
        { HL_CS_FLAGS_WAIT, EINVAL, "a number or an offset that is not a signal's" },
        { HL_CS_FLAGS_COLLECTIVE_WAIT | HL_CS_FLAGS_ENCAP_SIGNALS, EINVAL, "no network ports" },
        { HL_CS_FLAGS_RESERVE_SIGNALS_ONLY, EINVAL, "32768 signals or more" },
        { HL_CS_FLAGS_UNRESERVE_SIGNALS_ONLY, EINVAL, "no such reservation" },
        { HL_CS_FLAGS_ENGINE_CORE_COMMAND, EINVAL, "an engine core" },
        { HL_CS_FLAGS_ENGINES_COMMAND, EINVAL, "an engine" },
        { HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES, EOPNOTSUPP, "this ASIC does not support" },
        { HL_CS_FLAGS_FORCE_RESTORE, ENOEXEC, "chunks_restore did not complete" },
        { 0, EIO, "Input/output error" },
    };

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        const struct hl_cs_in in = { .cs_flags = refusals[i].flags };
        struct hl_cs_out out = { .seq = 5 };

        mock_expect(&(struct mock_call){ .request = HL_REQ_D_CS, .error = refusals[i].error });
        says(hl_cs_submit(FD, &in, 1, &out), -refusals[i].error, refusals[i].text);
        mock_end();
        assert_int_equal(out.seq, 5);
    }
}

/* After an error the driver waits for its user to close the device, and says "operational" then. */
TEST(a_wait_before_a_reset)
{
    union hl_wait_cs_args out;

    mock_expect(&(struct mock_call){ .request = HL_REQ_D_WAIT_CS, .error = EBUSY });
    says(hl_wait_cs(FD, 7, 0, &out), -EBUSY, "or will be reset once it is closed");
    mock_end();
}

/* "It has none" is said only where the driver says that. */
TEST(blocks_refused)
{
    static const struct {
        int error;
        const char *text;
    } refusals[] = {
        { EINVAL, "the driver knows no hardware block at 0x1000" },
        { EPERM, "this ASIC offers no hardware blocks" },
        { EBUSY, "the driver refused the hardware block at 0x1000: " },
        { ENODEV, "the driver refused the hardware block at 0x1000: " },
    };

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        uint64_t handle = 5;
        uint32_t size = 6;

        mock_expect(&(struct mock_call){ .request = HL_REQ_D_MEMORY, .error = refusals[i].error });
        says(hl_mem_map_block(FD, 0x1000, &handle, &size), -refusals[i].error, refusals[i].text);
        mock_end();
        assert_int_equal(handle, 5);
        assert_int_equal(size, 6);
    }
}

/* What the driver gets, to the byte. */
TEST(bytes)
{
    const uint32_t two[2] = { 4, 9 };
    union hl_cs_args in = { .in = { .engine_cores = (uintptr_t)two,
                                    .num_engine_cores = 2,
                                    .core_command = HL_ENGINE_CORE_HALT,
                                    .cs_flags = HL_CS_FLAGS_ENGINE_CORE_COMMAND } };
    union hl_cs_args out = { .out = { .seq = 7, .sob_count_before_submission = 13 } };
    struct mock_call c = { .request = HL_REQ_D_CS, .size = sizeof(in.in) };
    union hl_mem_args map = { .in = { .map_device = { .handle = 5, .hint_addr = 0x10000000 },
                                      .op = HL_MEM_OP_MAP } };
    union hl_mem_args mapped = { .out = { .device_virt_addr = 0x20000000 } };
    const struct hl_signal_common common = { 0 };
    struct hlthunk_signal_in signal_in = { .queue_index = 3 };
    struct hlthunk_signal_out signal_out = { 0 };
    struct hl_cs_out answer;

    memcpy(c.in, &in, sizeof(in.in));
    mock_expect(&c);
    assert_int_equal(hl_cs_engine_cores(FD, two, 2, HL_ENGINE_CORE_HALT), 0);
    mock_end();
    in = (union hl_cs_args){ .in = { .engines = (uintptr_t)two,
                                     .num_engines = 2,
                                     .engine_command = HL_ENGINE_STALL,
                                     .cs_flags = HL_CS_FLAGS_ENGINES_COMMAND } };
    memcpy(c.in, &in, sizeof(in.in));
    mock_expect(&c);
    assert_int_equal(hl_cs_engines(FD, two, 2, HL_ENGINE_STALL), 0);
    mock_end();
    c = (struct mock_call){ .request = HL_REQ_D_CS, .out_size = sizeof(out) };
    memcpy(c.out, &out, sizeof(out));
    mock_expect(&c);
    assert_int_equal(hl_signal_submit(FD, &common, 3, &answer), 0);
    assert_int_equal(answer.seq, 7);
    assert_int_equal(answer.sob_count_before_submission, 13);
    mock_end();
    mock_expect(&c);
    assert_int_equal(hlthunk_signal_submission(FD, &signal_in, &signal_out), 0);
    assert_int_equal(signal_out.seq, 7);
    assert_int_equal(signal_out.sob_count_before_submission, 13);
    mock_end();
    mock_ok(HL_REQ_D_MEMORY, &map, &mapped, sizeof(map));
    assert_int_equal(hlthunk_device_memory_map(FD, 5, 0x10000000), 0x20000000);
    mock_end();
}

/* Why memory is not freed. */
TEST(frees_that_are_refused)
{
    mock_expect(&(struct mock_call){ .request = HL_REQ_D_MEMORY, .error = EINVAL });
    says(hl_mem_free(FD, 5), -EINVAL, "handle 0x5 cannot be freed: it is still mapped");
    mock_end();
    mock_expect(&(struct mock_call){ .request = HL_REQ_D_MEMORY, .error = EIO });
    says(hl_mem_free(FD, 5), -EIO, "the driver refused to free handle 0x5");
    mock_end();
}

/* The classic notifier's eventfd has nothing to tell at first. */
TEST(a_new_notifier)
{
    struct pollfd p = { .events = POLLIN };

    mock_expect(&(struct mock_call){ .request = HL_REQ_D_INFO, .op = HL_INFO_REGISTER_EVENTFD });
    p.fd = hlthunk_notifier_create(FD);
    assert_true(p.fd > 2);
    mock_end();
    assert_int_equal(poll(&p, 1, 0), 0);
    mock_expect(&(struct mock_call){ .request = HL_REQ_D_INFO, .op = HL_INFO_UNREGISTER_EVENTFD });
    assert_int_equal(hlthunk_notifier_release(FD, p.fd), 0);
    mock_end();
    assert_int_equal(fcntl(p.fd, F_GETFD), -1);
}

/* What is not an eventfd with a count. */
TEST(counts)
{
    uint64_t count = 5, value = 3;
    int pipes[2], nothing, e = eventfd(0, EFD_CLOEXEC);

    close(e);
    says(hl_event_wait_count(e, 0, &count), -EBADF, "waiting on eventfd");
    e = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    assert_int_equal(write(pipes[1], "abc", 3), 3);
    says(hl_event_wait_count(pipes[0], 0, &count), -EIO, "reading eventfd");
    close(pipes[1]);
    says(hl_event_wait_count(pipes[0], 0, &count), -EIO, "waiting on eventfd");
    close(pipes[0]);
    nothing = open("/dev/null", O_RDWR | O_CLOEXEC); /* readable, and at its end */
    errno = 0;
    says(hl_event_wait_count(nothing, 0, &count), -EIO, "reading eventfd");
    close(nothing);
    assert_int_equal(count, 5);
    assert_int_equal(hl_event_wait_count(e, hl_deadline_after(1), &count), 0);
    assert_int_equal(count, 0);
    assert_int_equal(write(e, &value, sizeof(value)), sizeof(value));
    refuse_preadv = EINVAL;
    says(hl_event_wait_count(e, 0, &count), -EINVAL, "reading eventfd");
    refuse_preadv = EOPNOTSUPP;
    assert_int_equal(hl_event_wait_count(e, 0, &count), 0);
    assert_int_equal(count, 3);
    assert_int_equal(write(e, &value, sizeof(value)), sizeof(value));
    refuse_preadv = ENOSYS;
    assert_int_equal(hl_event_wait_count(e, UINT64_MAX, &count), 0);
    assert_int_equal(count, 3);
    refuse_preadv = 0;
    close(e);
}

/* The kernel sleeps for as long as the caller said, and not longer. */
TEST(timeouts_of_events)
{
    const uint64_t mask = 4, one = 1;
    uint64_t seen = 0, count = 0;
    int e = eventfd(1, EFD_CLOEXEC);

    mock_expect(&(struct mock_call){
        .request = HL_REQ_D_INFO, .op = HL_INFO_GET_EVENTS, .data = &mask, .data_size = 8 });
    assert_int_equal(hl_event_wait(FD, e, 10000, &seen, &count), 0);
    mock_end();
    assert_int_equal(seen, 4);
    assert_int_equal(count, 1);
    assert_uint_in_range(poll_ms, 1, 10000);
    assert_int_equal(write(e, &one, sizeof(one)), sizeof(one));
    mock_expect(&(struct mock_call){
        .request = HL_REQ_D_INFO, .op = HL_INFO_GET_EVENTS, .data = &mask, .data_size = 8 });
    assert_int_equal(hl_event_wait(FD, e, UINT64_MAX, &seen, &count), 0);
    mock_end();
    assert_int_equal(poll_ms, -1);
    close(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engines),
        cmocka_unit_test(chunks),
        cmocka_unit_test(a_signal_with_another_status),
        cmocka_unit_test(submissions_refused),
        cmocka_unit_test(a_wait_before_a_reset),
        cmocka_unit_test(blocks_refused),
        cmocka_unit_test(blocks_of_registers),
        cmocka_unit_test(debug_refusals),
        cmocka_unit_test(bytes),
        cmocka_unit_test(frees_that_are_refused),
        cmocka_unit_test(a_new_notifier),
        cmocka_unit_test(counts),
        cmocka_unit_test(timeouts_of_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
