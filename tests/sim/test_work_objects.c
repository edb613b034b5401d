/* SPDX-License-Identifier: MIT */
/* The objects around work: command buffers and the event notifier. */
#include "tests/sim/support.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "uapi/habanalabs_accel.h"

static void event(unsigned long long mask)
{
    char command[96];

    /* within the simulation, so the command finds it by itself */
    snprintf(command, sizeof(command), "\"$HLSIM_PROGRAM\" ctl event 0 %#llx", mask);
    assert_int_equal(system(command), 0);
}

static bool is_operational(struct hlthunk_device *d)
{
    enum hlthunk_status status;

    ok(hlthunk_device_get_status(d, &status));
    return status == HLTHUNK_STATUS_OPERATIONAL;
}

TEST(command_buffers_work)
{
    struct hlthunk_command_buffer_options o = { .struct_size = sizeof(o),
                                                .device_mapped = true,
                                                .label = "packets" };
    struct hlthunk_device *d = open_device();
    struct hlthunk_command_buffer *cb, *mapped = NULL;
    uint32_t uses = 9;
    uint8_t *p;

    ok(hlthunk_command_buffer_create(d, 100, NULL, &cb));
    assert_true(hlthunk_command_buffer_get_size(cb) >= 100);
    assert_int_equal(hlthunk_command_buffer_get_address(cb), 0);
    assert_true(hlthunk_command_buffer_borrow_handle(cb) != 0);
    p = hlthunk_command_buffer_borrow_data(cb);
    for (uint32_t i = 0; i < hlthunk_command_buffer_get_size(cb); i++)
        assert_int_equal(p[i], 0);
    memset(p, 0x77, hlthunk_command_buffer_get_size(cb));
    ok(hlthunk_command_buffer_get_usage(cb, &uses));
    assert_true(uses <= 1); /* nothing but, perhaps, the buffer itself */
    if (on_asic("gaudi2")) {
        ok(hlthunk_command_buffer_create(d, 4096, &o, &mapped));
        assert_true(hlthunk_command_buffer_get_address(mapped) != 0);
    } else {
        refused(hlthunk_command_buffer_create(d, 4096, &o, &mapped), EOPNOTSUPP, "address");
        assert_null(mapped);
    }
    refused(hlthunk_command_buffer_create(d, 0, NULL, &mapped), EINVAL, "size_bytes");
    refused(hlthunk_command_buffer_create(d, 2 << 20, NULL, &mapped), EINVAL, "size_bytes");
    refused(hlthunk_command_buffer_create(d, 64, NULL, NULL), EINVAL, "NULL");
    refused(hlthunk_command_buffer_get_usage(cb, NULL), EINVAL, "NULL");
    /* the largest */
    hlthunk_command_buffer_unref(cb);
    ok(hlthunk_command_buffer_create(d, HL_MAX_CB_SIZE, NULL, &cb));
    ((uint8_t *)hlthunk_command_buffer_borrow_data(cb))[HL_MAX_CB_SIZE - 1] = 1;
    /* a reference keeps it, and it keeps the device */
    assert_ptr_equal(hlthunk_command_buffer_ref(cb), cb);
    hlthunk_command_buffer_unref(cb);
    assert_int_equal(hlthunk_device_close(d), mapped ? 2 : 1);
    ok(hlthunk_command_buffer_get_usage(cb, &uses));
    hlthunk_command_buffer_unref(cb);
    hlthunk_command_buffer_unref(mapped);
    hlthunk_command_buffer_unref(NULL);
    d = open_device();
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* A queue executes what is in one. */
TEST(a_command_buffer_is_executed)
{
    struct hlthunk_command_buffer_options o = { .struct_size = sizeof(o),
                                                .device_mapped = on_asic("gaudi2") };
    struct hl_cs_chunk chunk = { .queue_index = on_asic("goya") ? 1 : 0, .cb_size = 8 };
    struct hlthunk_cs_in in = { .chunks_execute = &chunk, .num_chunks_execute = 1 };
    struct hlthunk_device *d = open_device();
    struct hlthunk_command_buffer *cb;
    struct hlthunk_cs_out out;
    uint32_t status = 9;
    int fd = hlthunk_device_borrow_fd(d);

    ok(hlthunk_command_buffer_create(d, 4096, &o, &cb));
    ((uint32_t *)hlthunk_command_buffer_borrow_data(cb))[1] = 0xAu << 24; /* NOP */
    chunk.cb_handle = hlthunk_command_buffer_borrow_handle(cb);
    if (o.device_mapped) {
        chunk.cb_handle = hlthunk_command_buffer_get_address(cb);
        chunk.cs_chunk_flags = HL_CS_CHUNK_FLAGS_USER_ALLOC_CB;
    }
    ok(hlthunk_command_submission(fd, &in, &out));
    ok(hlthunk_wait_for_cs(fd, out.seq, 5000000, &status));
    assert_int_equal(status, HL_WAIT_CS_STATUS_COMPLETED);
    /* the same without the classic structs */
    status = 9;
    ok(hlthunk_command_buffer_submit(cb, chunk.queue_index, 8, &out.seq));
    ok(hlthunk_wait_for_cs(fd, out.seq, 5000000, &status));
    assert_int_equal(status, HL_WAIT_CS_STATUS_COMPLETED);
    hlthunk_command_buffer_unref(cb);
    if (o.device_mapped) {
        ok(hlthunk_command_buffer_create(d, 4096, NULL, &cb));
        refused(hlthunk_command_buffer_submit(cb, 0, 8, &out.seq), EINVAL, ".device_mapped");
        hlthunk_command_buffer_unref(cb);
    }
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(buffers_and_notifiers_leave_no_traces)
{
    struct hlthunk_device *d = open_device();
    unsigned before;

    before = count_fds();
    for (int i = 0; i < 200; i++) {
        struct hlthunk_command_buffer *cb;
        struct hlthunk_event_notifier *n;

        ok(hlthunk_command_buffer_create(d, 8192, NULL, &cb));
        ok(hlthunk_event_notifier_create(d, NULL, &n));
        hlthunk_event_notifier_unref(n);
        hlthunk_command_buffer_unref(cb);
    }
    assert_int_equal(count_fds(), before);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(events_come_one_by_one)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_event e = { .struct_size = sizeof(e) };
    struct hlthunk_event_notifier_options o = { .struct_size = sizeof(o), .label = "errors" };
    struct hlthunk_event_notifier *n, *second = NULL;
    struct pollfd p = { .events = POLLIN };

    ok(hlthunk_event_notifier_create(d, &o, &n));
    refused(hlthunk_event_notifier_create(d, NULL, &second), EBUSY, "already");
    assert_null(second);
    refused(hlthunk_event_notifier_wait(n, 0, &e), ETIMEDOUT, "no event");
    refused(hlthunk_event_notifier_wait(n, 20000000, &e), ETIMEDOUT, "no event");
    refused(hlthunk_event_notifier_wait(n, 0, NULL), EINVAL, "NULL");
    e.struct_size = 4;
    refused(hlthunk_event_notifier_wait(n, 0, &e), EINVAL, "size");
    e.struct_size = sizeof(e);

    event(HL_NOTIFIER_EVENT_GENERAL_HW_ERR | HL_NOTIFIER_EVENT_TPC_ASSERT);
    p.fd = hlthunk_event_notifier_borrow_fd(n);
    assert_int_equal(poll(&p, 1, 5000), 1);
    ok(hlthunk_event_notifier_wait(n, 5000000000, &e));
    assert_int_equal(e.kind, HLTHUNK_EVENT_TPC_ASSERT);
    assert_false(e.recorded);
    assert_int_equal(e.struct_size, sizeof(e));
    ok(hlthunk_event_notifier_wait(n, 0, &e));
    assert_int_equal(e.kind, HLTHUNK_EVENT_GENERAL_HW_ERROR);
    assert_string_equal(hlthunk_event_kind_get_name(e.kind), "hardware error");
    refused(hlthunk_event_notifier_wait(n, 0, &e), ETIMEDOUT, "no event");
    /* a kind whose record was never filled, or which this kernel does not have */
    event(1ull << HLTHUNK_EVENT_CRITICAL_FW_ERROR | 1ull << 40);
    ok(hlthunk_event_notifier_wait(n, 5000000000, &e));
    assert_int_equal(e.kind, HLTHUNK_EVENT_CRITICAL_FW_ERROR);
    assert_false(e.recorded);
    assert_false(e.heartbeat_lost);
    ok(hlthunk_event_notifier_wait(n, 0, &e));
    assert_int_equal(e.kind, 40);
    assert_string_equal(hlthunk_event_kind_get_name(e.kind), "unknown");
    /* the last reference lets another one in */
    hlthunk_event_notifier_unref(n);
    ok(hlthunk_event_notifier_create(d, NULL, &n));
    assert_int_equal(hlthunk_device_close(d), 1);
    hlthunk_event_notifier_unref(n);
    hlthunk_event_notifier_unref(NULL);
}

/* An access to nowhere: the record says where. */
TEST(a_page_fault_has_a_record)
{
    uint64_t bad = on_asic("gaudi2") ? 0xFFF0123450000000 : 0x1000000ABCD000;
    struct hlthunk_command_buffer_options o = { .struct_size = sizeof(o),
                                                .device_mapped = on_asic("gaudi2") };
    struct hl_cs_chunk chunk = { .cb_size = 24 };
    struct hlthunk_cs_in in = { .chunks_execute = &chunk, .num_chunks_execute = 1 };
    struct hlthunk_event e = { .struct_size = sizeof(e) };
    struct hlthunk_event_notifier *n;
    struct hlthunk_command_buffer *cb;
    struct hlthunk_device *d;
    struct hlthunk_buffer *b;
    struct hlthunk_cs_out out;
    uint32_t *p;
    uint64_t words[2];

    if (on_asic("goya"))
        skip();
    d = open_device();
    ok(hlthunk_event_notifier_create(d, NULL, &n));
    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
    ok(hlthunk_command_buffer_create(d, 4096, &o, &cb));
    p = hlthunk_command_buffer_borrow_data(cb);
    p[0] = 4096; /* LIN_DMA: size, control, source, destination */
    p[1] = 9u << 24 | 3u << 30 | (on_asic("gaudi") ? 8 : 0);
    words[0] = bad;
    words[1] = hlthunk_buffer_get_address(b);
    memcpy(p + 2, words, sizeof(words));
    chunk.cb_handle = hlthunk_command_buffer_borrow_handle(cb);
    if (o.device_mapped) {
        chunk.cb_handle = hlthunk_command_buffer_get_address(cb);
        chunk.cs_chunk_flags = HL_CS_CHUNK_FLAGS_USER_ALLOC_CB;
    }
    ok(hlthunk_command_submission(hlthunk_device_borrow_fd(d), &in, &out));
    do {
        ok(hlthunk_event_notifier_wait(n, 5000000000, &e));
    } while (e.kind != (on_kernel("6.1") ? HLTHUNK_EVENT_ENGINE_ERROR : HLTHUNK_EVENT_PAGE_FAULT));
    if (on_kernel("6.1")) {
        assert_false(e.recorded); /* that driver keeps none, and does not tell what it was */
    } else {
        assert_true(e.recorded);
        assert_int_equal(e.address, bad);
        assert_true(e.timestamp_ns > 0);
    }
    hlthunk_command_buffer_unref(cb);
    hlthunk_buffer_unref(b);
    if (on_kernel("6.1") && on_asic("gaudi2")) /* and resets this device for it */
        refused(hlthunk_buffer_alloc(d, MIB, NULL, &b), ENODEV, "reset");
    else
        assert_true(is_operational(d));
    hlthunk_event_notifier_unref(n);
    hlthunk_device_close(d);
    d = open_device();
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* Gaudi2: work for the first queue, and its number. */
static struct hlthunk_command_buffer *run(struct hlthunk_device *d, const void *packets,
                                          uint32_t size, uint64_t *seq)
{
    struct hlthunk_command_buffer_options o = { .struct_size = sizeof(o), .device_mapped = true };
    struct hlthunk_command_buffer *cb;

    ok(hlthunk_command_buffer_create(d, 4096, &o, &cb));
    memcpy(hlthunk_command_buffer_borrow_data(cb), packets, size);
    ok(hlthunk_command_buffer_submit(cb, 0, size, seq));
    return cb;
}

/* A packet that is none. */
static const uint32_t no_packet[2] = { 0, 0x1fu << 24 };

static uint32_t fate(struct hlthunk_device *d, uint64_t seq, uint64_t timeout_us)
{
    uint32_t status = 9;

    (void)hlthunk_wait_for_cs(hlthunk_device_borrow_fd(d), seq, timeout_us, &status);
    return status;
}

/* 6.1's driver lets the queue stand still; later ones reset the device. */
TEST(an_undefined_opcode_costs_the_device)
{
    struct hlthunk_command_buffer *cb;
    struct hlthunk_device *d;
    struct hlthunk_buffer *b;
    uint64_t seq;

    /* elsewhere the driver reads the packets before it queues them, and refuses */
    if (!on_asic("gaudi2"))
        skip();
    d = open_device();
    cb = run(d, no_packet, sizeof(no_packet), &seq);
    if (on_kernel("6.1")) {
        assert_int_equal(fate(d, seq, 300000), HL_WAIT_CS_STATUS_BUSY);
        ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
        hlthunk_buffer_unref(b);
    } else {
        /* it may be in reset before the wait begins */
        assert_int_not_equal(fate(d, seq, 5000000), HL_WAIT_CS_STATUS_BUSY);
        refused(hlthunk_buffer_alloc(d, MIB, NULL, &b), ENODEV, "reset");
    }
    hlthunk_command_buffer_unref(cb);
    hlthunk_device_close(d);
    d = open_device();
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* Who listens to events is told, and has time to close the device. */
TEST(an_undefined_opcode_is_an_engines_error)
{
    struct hlthunk_event e = { .struct_size = sizeof(e) };
    struct hlthunk_event_notifier *n;
    struct hlthunk_command_buffer *cb;
    struct hlthunk_device *d;
    uint64_t seq;

    if (!on_asic("gaudi2"))
        skip();
    d = open_device();
    ok(hlthunk_event_notifier_create(d, NULL, &n));
    cb = run(d, no_packet, sizeof(no_packet), &seq);
    if (!on_kernel("6.1")) {
        /* aborted, or refused where the wait begins too late */
        assert_int_not_equal(fate(d, seq, 5000000), HL_WAIT_CS_STATUS_BUSY);
        assert_true(is_operational(d));
        ok(hlthunk_event_notifier_wait(n, 5000000000, &e));
        assert_int_equal(e.kind, HLTHUNK_EVENT_DEVICE_RESET);
    }
    ok(hlthunk_event_notifier_wait(n, 5000000000, &e));
    assert_int_equal(e.kind, HLTHUNK_EVENT_ENGINE_ERROR);
    assert_int_equal(e.recorded, !on_kernel("6.1"));
    if (e.recorded) {
        assert_int_equal(e.engine_count, 1);
        assert_int_equal(e.engines[0], GAUDI2_ENGINE_ID_PDMA_0);
        assert_int_equal(e.count, 1);
    }
    refused(hlthunk_event_notifier_wait(n, 0, &e), ETIMEDOUT, "no event");
    hlthunk_command_buffer_unref(cb);
    hlthunk_event_notifier_unref(n);
    hlthunk_device_close(d);
    d = open_device();
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* Of one in a lower queue, 6.12 records which engine stumbled, and over which buffer. */
TEST(an_undefined_opcode_in_a_lower_queue_has_a_record)
{
    struct hlthunk_command_buffer_options o = { .struct_size = sizeof(o), .device_mapped = true };
    struct hlthunk_event e = { .struct_size = sizeof(e) };
    struct hlthunk_command_buffer *lower, *upper;
    struct hlthunk_event_notifier *n;
    struct hlthunk_device *d;
    struct {
        uint32_t size, control;
        uint64_t address;
    } cp_dma = { sizeof(no_packet), 5u << 24, 0 };
    uint64_t seq;

    if (!on_asic("gaudi2") || on_kernel("6.1"))
        skip();
    d = open_device();
    ok(hlthunk_event_notifier_create(d, NULL, &n));
    ok(hlthunk_command_buffer_create(d, 4096, &o, &lower));
    memcpy(hlthunk_command_buffer_borrow_data(lower), no_packet, sizeof(no_packet));
    cp_dma.address = hlthunk_command_buffer_get_address(lower);
    upper = run(d, &cp_dma, sizeof(cp_dma), &seq);
    ok(hlthunk_event_notifier_wait(n, 5000000000, &e));
    assert_int_equal(e.kind, HLTHUNK_EVENT_UNDEFINED_OPCODE);
    assert_true(e.recorded);
    assert_true(e.timestamp_ns > 0);
    assert_int_equal(e.engine_count, 1);
    assert_int_equal(e.engines[0], GAUDI2_ENGINE_ID_PDMA_0);
    assert_int_equal(e.stream, 4);
    assert_int_equal(e.count, sizeof(no_packet));
    assert_int_equal(e.address, cp_dma.address);
    ok(hlthunk_event_notifier_wait(n, 0, &e));
    assert_int_equal(e.kind, HLTHUNK_EVENT_DEVICE_RESET);
    ok(hlthunk_event_notifier_wait(n, 0, &e));
    assert_int_equal(e.kind, HLTHUNK_EVENT_ENGINE_ERROR);
    hlthunk_command_buffer_unref(upper);
    hlthunk_command_buffer_unref(lower);
    hlthunk_event_notifier_unref(n);
    hlthunk_device_close(d);
}

TEST(a_child_ends_nothing_of_its_parents)
{
    struct hlthunk_event e = { .struct_size = sizeof(e) };
    struct hlthunk_device *d = open_device();
    struct hlthunk_command_buffer *cb;
    struct hlthunk_event_notifier *n;
    uint32_t uses;
    int status;
    pid_t pid;

    ok(hlthunk_command_buffer_create(d, 4096, NULL, &cb));
    ok(hlthunk_event_notifier_create(d, NULL, &n));
    pid = fork();
    if (pid == 0) {
        int failures = hlthunk_command_buffer_get_usage(cb, &uses) != -EPERM;

        failures += hlthunk_event_notifier_wait(n, 0, &e) != -EPERM;
        hlthunk_command_buffer_unref(cb);
        hlthunk_event_notifier_unref(n);
        _exit(failures);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    ((uint8_t *)hlthunk_command_buffer_borrow_data(cb))[0] = 1;
    ok(hlthunk_command_buffer_get_usage(cb, &uses));
    event(HL_NOTIFIER_EVENT_GENERAL_HW_ERR);
    ok(hlthunk_event_notifier_wait(n, 5000000000, &e));
    hlthunk_event_notifier_unref(n);
    hlthunk_command_buffer_unref(cb);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(a_control_node_has_neither)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o), .control = true };
    struct hlthunk_command_buffer *cb;
    struct hlthunk_event_notifier *n;
    struct hlthunk_device *d;

    ok(hlthunk_device_open(&o, &d));
    refused(hlthunk_command_buffer_create(d, 64, NULL, &cb), EPERM, "control");
    if (on_kernel("6.12") || on_kernel("vendor"))
        refused(hlthunk_event_notifier_create(d, NULL, &n), EOPNOTSUPP, "control");
    assert_int_equal(hlthunk_device_close(d), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_buffers_work),
        cmocka_unit_test(a_command_buffer_is_executed),
        cmocka_unit_test(buffers_and_notifiers_leave_no_traces),
        cmocka_unit_test(events_come_one_by_one),
        cmocka_unit_test(a_page_fault_has_a_record),
        cmocka_unit_test(an_undefined_opcode_costs_the_device),
        cmocka_unit_test(an_undefined_opcode_is_an_engines_error),
        cmocka_unit_test(an_undefined_opcode_in_a_lower_queue_has_a_record),
        cmocka_unit_test(a_child_ends_nothing_of_its_parents),
        cmocka_unit_test(a_control_node_has_neither),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
