/* SPDX-License-Identifier: MIT */
/*
 * The driver's one notifier of a device file, shared by an event notifier and reset watches: when
 * it is registered, what one fetches and another finds, and who is woken.
 */
#include "tests/mock/mock.h"

#include <poll.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <hlthunk/error.h>
#include <hlthunk/notifier.h>
#include <hlthunk/reset.h>

#include "lib/core/attachment.h"
#include "lib/device/device.h"
#include "lib/device/events.h"
#include "lib/device/stale.h"
#include "lib/error.h"

#define BIT(n) (1ull << (n))

static struct hlthunk_device d;
static _Atomic int watched_ms = -7; /* for how long the watch's thread sleeps */

int poll(struct pollfd *p, nfds_t n, int ms)
{
    const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l };

    if (n == 2)
        watched_ms = ms;
    return ppoll(p, n, ms < 0 ? NULL : &t, NULL);
}

static unsigned joins; /* linked with --wrap */
int __real_pthread_join(pthread_t t, void **out);
int __wrap_pthread_join(pthread_t t, void **out);

int __wrap_pthread_join(pthread_t t, void **out)
{
    joins++;
    return __real_pthread_join(t, out);
}

static bool stale_before_threads; /* linked with --wrap */
int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*run)(void *), void *arg)
{
    if (stale_before_threads)
        atomic_store(&d.base.stale, HLTHUNK_STALE_RESET);
    return __real_pthread_create(t, a, run, arg);
}

FIXTURE(fresh)
{
    memset(&d, 0, sizeof(d));
    d.fd = 9;
    snprintf(d.name, sizeof(d.name), "0000:0d:00.0");
    return hl_parent_init(&d.base, NULL);
}

FIXTURE(gone)
{
    hl_attachments_destroy(&d.base);
    return 0;
}

/* An INFO operation about an eventfd, or with a mask as its answer. */
static void expect_info(uint32_t op, int error, const void *data, size_t size)
{
    mock_expect(&(struct mock_call){
        .request = HL_REQ_D_INFO, .op = op, .error = error, .data = data, .data_size = size });
}

static void expect_registration(int error)
{
    expect_info(HL_INFO_REGISTER_EVENTFD, error, NULL, 0);
}

static void expect_refused_end(int error)
{
    expect_info(HL_INFO_UNREGISTER_EVENTFD, error, NULL, 0);
}

static void expect_end(void)
{
    expect_refused_end(0);
}

static void fetch(const uint64_t *mask)
{
    expect_info(HL_INFO_GET_EVENTS, 0, mask, sizeof(*mask));
    assert_int_equal(hl_events_fetch(&d), 0);
    mock_end();
}

static bool readable(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };

    return poll(&p, 1, 0) == 1 && p.revents == POLLIN;
}

static void count_up(int fd)
{
    const uint64_t one = 1;

    assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
}

static void join(bool notifier, bool first)
{
    if (first)
        expect_registration(0);
    assert_int_equal(hl_events_join(&d, notifier), 0);
    mock_end();
}

static void leave(bool notifier, bool last)
{
    if (last && !d.base.stale)
        expect_end();
    hl_events_leave(&d, notifier);
    mock_end();
}

TEST(the_first_registers_and_the_last_ends)
{
    int fd;

    for (int round = 0; round < 2; round++) {
        join(false, true);
        fd = hl_events_fd(&d);
        assert_true(fd > 2);
        join(true, false);
        join(false, false);
        assert_int_equal(hl_events_fd(&d), fd);
        leave(false, false);
        leave(true, false);
        assert_false(readable(fd));
        leave(false, true);
        assert_int_equal(hl_events_fd(&d), -1);
    }
}

/* Nothing is asked of the driver any more; the registration ends with the device's file. */
TEST(nobody_tells_a_lost_device)
{
    int fd;

    join(true, true);
    fd = hl_events_fd(&d);
    hl_device_mark_stale(&d, HLTHUNK_STALE_RESET);
    leave(true, true);
    assert_int_equal(close(fd), -1);
}

/* In a reset 6.1 keeps the registration of the last user: the next one ends or takes it. */
TEST(a_registration_that_the_driver_keeps)
{
    int fd;

    join(true, true);
    fd = hl_events_fd(&d);
    count_up(fd);
    hl_err(-EINVAL, "before");
    expect_refused_end(EBUSY);
    hl_events_leave(&d, true);
    mock_end();
    /* the reset is not over */
    expect_refused_end(EBUSY);
    join(true, false);
    assert_string_equal(hlthunk_last_error(), "before");
    assert_int_equal(hl_events_fd(&d), fd);
    assert_false(readable(fd)); /* what came before is not for this one */
    expect_refused_end(EBUSY);
    hl_events_leave(&d, true);
    mock_end();
    /* it is */
    expect_end();
    join(true, true);
    leave(true, true);
    assert_int_equal(hl_events_fd(&d), -1);
}

/* The program closed what it does not know, and has an eventfd of its own there. */
TEST(an_eventfd_that_the_program_takes)
{
    const uint64_t mask = BIT(3);
    uint64_t count;
    int mine = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), fd;

    join(false, true);
    fd = hl_events_fd(&d);
    assert_int_equal(dup2(mine, fd), fd);
    count_up(mine);
    fetch(&mask);
    assert_int_equal(read(fd, &count, sizeof(count)), sizeof(count));
    assert_int_equal(count, 1);
    assert_int_equal(hl_events_fd(&d), -1); /* nobody listens there any more */
    expect_end();
    join(true, true); /* another one is registered, and has what was fetched */
    assert_true(readable(hl_events_fd(&d)));
    assert_int_equal(hl_events_take(&d), 3);
    leave(true, false);
    leave(false, true);
    assert_int_equal(close(fd), 0);
    close(mine);
}

TEST(one_notifier_at_a_time)
{
    join(true, true);
    assert_int_equal(hl_events_join(&d, true), -EBUSY);
    assert_non_null(strstr(hlthunk_last_error(), "already has a notifier"));
    join(false, false);
    leave(true, false);
    join(true, false);
    leave(true, false);
    leave(false, true); /* the refused one was not counted */
}

TEST(a_refused_registration)
{
    for (size_t i = 0; i < mock_errno_count; i++) {
        int error = mock_errnos[i], told = error == EINVAL ? EBUSY : error;
        int next = dup(0);

        close(next);
        expect_registration(error);
        assert_int_equal(hl_events_join(&d, false), -told);
        mock_end();
        if (told == EBUSY && error == EINVAL)
            assert_non_null(strstr(hlthunk_last_error(), "already has a notifier"));
        assert_int_equal(hl_events_fd(&d), -1);
        assert_int_equal(dup(0), next); /* its eventfd is closed */
        close(next);
    }
    join(false, true);
    leave(false, true);
}

/* A watch fetches for itself, and what it does not know what to do with waits for the notifier. */
TEST(what_one_has_fetched_the_other_finds)
{
    const uint64_t first = BIT(3) | BIT(5), second = BIT(9);
    int fd;

    join(false, true);
    fd = hl_events_fd(&d);
    count_up(fd);
    fetch(&first);
    assert_false(readable(fd)); /* taken: nobody else reads it */
    join(true, false);
    assert_true(readable(fd)); /* there is something for it */
    fetch(&second);
    assert_true(readable(fd)); /* its user takes the count */
    assert_int_equal(hl_events_take(&d), 3);
    assert_int_equal(hl_events_take(&d), 5);
    assert_int_equal(hl_events_take(&d), 9);
    assert_int_equal(hl_events_take(&d), -1);
    leave(true, false);
    /* again a watch alone */
    fetch(&second);
    assert_false(readable(fd));
    leave(false, true);
    /* and nothing of that for those who come later */
    join(true, true);
    assert_false(readable(hl_events_fd(&d)));
    assert_int_equal(hl_events_take(&d), -1);
    leave(true, true);
}

TEST(nothing_pending_wakes_nobody)
{
    join(false, true);
    join(true, false);
    assert_false(readable(hl_events_fd(&d)));
    leave(true, false);
    leave(false, true);
}

TEST(a_reset_is_learnt_from_the_mask)
{
    const uint64_t harmless = BIT(1), reset = HL_NOTIFIER_EVENT_DEVICE_RESET;

    join(false, true);
    fetch(&harmless);
    assert_int_equal(hlthunk_device_get_stale_reason(&d), HLTHUNK_STALE_NOT);
    fetch(&reset);
    assert_int_equal(hlthunk_device_get_stale_reason(&d), HLTHUNK_STALE_RESET);
    leave(false, true);
}

/* Where the mask cannot be fetched the status is asked for, as after any call. */
TEST(a_mask_that_is_refused)
{
    const struct hl_info_device_status lost = { .status = HL_DEVICE_STATUS_MALFUNCTION };

    join(false, true);
    expect_info(HL_INFO_GET_EVENTS, ENOMEM, NULL, 0);
    assert_int_equal(hl_events_fetch(&d), -ENOMEM);
    mock_end();
    expect_info(HL_INFO_GET_EVENTS, EBUSY, NULL, 0);
    expect_info(HL_INFO_DEVICE_STATUS, 0, &lost, sizeof(lost));
    assert_int_equal(hl_events_fetch(&d), -ENODEV);
    mock_end();
    assert_int_equal(hlthunk_device_get_stale_reason(&d), HLTHUNK_STALE_GONE);
    assert_int_equal(hl_events_take(&d), -1);
    leave(false, true);
}

/* Who listens is woken once the device is lost, wherever it stands in the list. */
TEST(listeners)
{
    for (unsigned gone_one = 0; gone_one < 3; gone_one++) {
        struct hl_listener l[3], stranger = { .next = NULL };

        fresh(NULL);
        for (unsigned i = 0; i < 3; i++) {
            assert_int_equal(hl_eventfd_open(&l[i].wake), 0);
            hl_stale_add_listener(&d, &l[i]);
        }
        hl_stale_remove_listener(&d, &stranger);
        hl_stale_remove_listener(&d, &l[gone_one]);
        hl_device_mark_stale(&d, HLTHUNK_STALE_RESET);
        for (unsigned i = 0; i < 3; i++) {
            assert_int_equal(readable(l[i].wake.fd), i != gone_one);
            hl_eventfd_close(&l[i].wake);
        }
    }
}

/* A wait that is refused: also "operational" is a reset then, which the driver has announced. */
TEST(after_a_wait)
{
    static const struct {
        uint32_t status;
        enum hlthunk_stale_reason stale;
        enum hlthunk_generation generation;
    } answers[] = {
        { HL_DEVICE_STATUS_OPERATIONAL, HLTHUNK_STALE_RESET, HLTHUNK_GENERATION_ACCEL },
        { HL_DEVICE_STATUS_OPERATIONAL, HLTHUNK_STALE_RESET, HLTHUNK_GENERATION_DRM },
        /* before 6.3 it announces none: one of only the engines has ended since the wait */
        { HL_DEVICE_STATUS_OPERATIONAL, HLTHUNK_STALE_NOT, HLTHUNK_GENERATION_MISC },
        { HL_DEVICE_STATUS_IN_RESET, HLTHUNK_STALE_RESET, HLTHUNK_GENERATION_MISC },
        { HL_DEVICE_STATUS_IN_RESET, HLTHUNK_STALE_RESET, HLTHUNK_GENERATION_DRM },
        { HL_DEVICE_STATUS_MALFUNCTION, HLTHUNK_STALE_GONE, HLTHUNK_GENERATION_DRM },
        { HL_DEVICE_STATUS_IN_DEVICE_CREATION, HLTHUNK_STALE_NOT, HLTHUNK_GENERATION_DRM },
    };

    for (unsigned i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct hl_info_device_status s = { .status = answers[i].status };

        fresh(NULL);
        d.props.generation = answers[i].generation;
        expect_info(HL_INFO_DEVICE_STATUS, 0, &s, sizeof(s));
        assert_int_equal(hl_device_ask_after_wait(&d), answers[i].stale != HLTHUNK_STALE_NOT);
        assert_int_equal(hlthunk_device_get_stale_reason(&d), answers[i].stale);
        mock_end();
    }
    fresh(NULL);
    expect_info(HL_INFO_DEVICE_STATUS, ENOMEM, NULL, 0);
    assert_false(hl_device_ask_after_wait(&d));
    mock_end();
}

static struct hlthunk_event next_event(struct hlthunk_event_notifier *n, unsigned kind, uint32_t op,
                                       int error, const void *data, size_t size)
{
    struct hlthunk_event e = { .struct_size = sizeof(e) };
    uint64_t mask = BIT(kind);

    expect_info(HL_INFO_GET_EVENTS, 0, &mask, sizeof(mask));
    if (op)
        expect_info(op, error, data, size);
    count_up(hlthunk_event_notifier_borrow_fd(n));
    assert_int_equal(hlthunk_event_notifier_wait(n, 0, &e), 0);
    assert_int_equal(e.kind, kind);
    mock_end();
    return e;
}

/* What the driver has recorded of each kind of event. */
TEST(records)
{
    const struct hl_info_undefined_opcode_event opcode = {
        .timestamp = 11, .cq_addr = 0x1234000, .cq_size = 64, .engine_id = 7, .stream_id = 2
    };
    const struct hl_info_cs_timeout_event timeout = { .timestamp = 12, .seq = 99 };
    const struct hl_info_engine_err_event engine = { .timestamp = 13,
                                                     .engine_id = 8,
                                                     .error_count = 5 };
    const struct hl_info_razwi_event razwi = {
        .timestamp = 14,
        .addr = 0x5000,
        .engine_id = { 3, 4 },
        .num_of_possible_engines = 2,
        .flags = HL_RAZWI_WRITE,
    };
    const struct hl_page_fault_info fault = { .timestamp = 15,
                                              .addr = 0x6000,
                                              .engine_id = HL_RAZWI_NA_ENG_ID };
    const struct hl_info_hw_err_event hw = { .timestamp = 16, .event_id = 501 };
    struct hl_info_fw_err_event fw = { .timestamp = 17,
                                       .err_type = HL_INFO_FW_REPORTED_ERR,
                                       .event_id = 502 };
    static const struct {
        unsigned kind;
        uint32_t op;
    } refused[] = {
        { HLTHUNK_EVENT_UNDEFINED_OPCODE, HL_INFO_UNDEFINED_OPCODE_EVENT },
        { HLTHUNK_EVENT_CS_TIMEOUT, HL_INFO_CS_TIMEOUT_EVENT },
        { HLTHUNK_EVENT_ENGINE_ERROR, HL_INFO_USER_ENGINE_ERR_EVENT },
        { HLTHUNK_EVENT_RAZWI, HL_INFO_RAZWI_EVENT },
        { HLTHUNK_EVENT_PAGE_FAULT, HL_INFO_PAGE_FAULT_EVENT },
        { HLTHUNK_EVENT_CRITICAL_HW_ERROR, HL_INFO_HW_ERR_EVENT },
        { HLTHUNK_EVENT_CRITICAL_FW_ERROR, HL_INFO_FW_ERR_EVENT },
    };
    struct hlthunk_event_notifier *n;
    struct hlthunk_event e;

    expect_registration(0);
    assert_int_equal(hlthunk_event_notifier_create(&d, NULL, &n), 0);
    mock_end();
    e = next_event(n, HLTHUNK_EVENT_UNDEFINED_OPCODE, HL_INFO_UNDEFINED_OPCODE_EVENT, 0, &opcode,
                   sizeof(opcode));
    assert_true(e.recorded);
    assert_int_equal(e.timestamp_ns, 11);
    assert_int_equal(e.address, 0x1234000);
    assert_int_equal(e.count, 64);
    assert_int_equal(e.stream, 2);
    assert_int_equal(e.engine_count, 1);
    assert_int_equal(e.engines[0], 7);
    e = next_event(n, HLTHUNK_EVENT_CS_TIMEOUT, HL_INFO_CS_TIMEOUT_EVENT, 0, &timeout,
                   sizeof(timeout));
    assert_true(e.recorded);
    assert_int_equal(e.timestamp_ns, 12);
    assert_int_equal(e.sequence, 99);
    e = next_event(n, HLTHUNK_EVENT_ENGINE_ERROR, HL_INFO_USER_ENGINE_ERR_EVENT, 0, &engine,
                   sizeof(engine));
    assert_int_equal(e.timestamp_ns, 13);
    assert_int_equal(e.count, 5);
    assert_int_equal(e.engines[0], 8);
    e = next_event(n, HLTHUNK_EVENT_RAZWI, HL_INFO_RAZWI_EVENT, 0, &razwi, sizeof(razwi));
    assert_int_equal(e.timestamp_ns, 14);
    assert_int_equal(e.address, 0x5000);
    assert_true(e.write && !e.read);
    assert_int_equal(e.engine_count, 2);
    assert_int_equal(e.engines[1], 4);
    e = next_event(n, HLTHUNK_EVENT_PAGE_FAULT, HL_INFO_PAGE_FAULT_EVENT, 0, &fault, sizeof(fault));
    assert_int_equal(e.timestamp_ns, 15);
    assert_int_equal(e.address, 0x6000);
    assert_int_equal(e.engine_count, 0);
    e = next_event(n, HLTHUNK_EVENT_CRITICAL_HW_ERROR, HL_INFO_HW_ERR_EVENT, 0, &hw, sizeof(hw));
    assert_int_equal(e.timestamp_ns, 16);
    assert_int_equal(e.number, 501);
    e = next_event(n, HLTHUNK_EVENT_CRITICAL_FW_ERROR, HL_INFO_FW_ERR_EVENT, 0, &fw, sizeof(fw));
    assert_int_equal(e.timestamp_ns, 17);
    assert_int_equal(e.number, 502);
    assert_false(e.heartbeat_lost);
    fw.err_type = HL_INFO_FW_HEARTBEAT_ERR;
    e = next_event(n, HLTHUNK_EVENT_CRITICAL_FW_ERROR, HL_INFO_FW_ERR_EVENT, 0, &fw, sizeof(fw));
    assert_true(e.heartbeat_lost);
    fw.timestamp = 0; /* nothing recorded: the type's 0 does not mean heartbeat */
    e = next_event(n, HLTHUNK_EVENT_CRITICAL_FW_ERROR, HL_INFO_FW_ERR_EVENT, 0, &fw, sizeof(fw));
    assert_false(e.heartbeat_lost || e.recorded);
    e = next_event(n, HLTHUNK_EVENT_TPC_ASSERT, 0, 0, NULL, 0);
    assert_false(e.recorded);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        hl_err(-EINVAL, "before");
        e = next_event(n, refused[i].kind, refused[i].op, ENOMEM, NULL, 0);
        assert_false(e.recorded || e.heartbeat_lost);
        assert_string_equal(hlthunk_last_error(), "before");
    }
    expect_end();
    hlthunk_event_notifier_unref(n);
    mock_end();
}

/* Nothing is reported when the mask cannot be read. */
TEST(a_wait_whose_mask_is_refused)
{
    struct hlthunk_event e = { .struct_size = sizeof(e), .number = 7 };
    struct hlthunk_event_notifier *n;

    expect_registration(0);
    assert_int_equal(hlthunk_event_notifier_create(&d, NULL, &n), 0);
    mock_end();
    assert_int_equal(hlthunk_event_notifier_wait(n, 0, &e), -ETIMEDOUT);
    expect_info(HL_INFO_GET_EVENTS, ENOMEM, NULL, 0);
    count_up(hlthunk_event_notifier_borrow_fd(n));
    assert_int_equal(hlthunk_event_notifier_wait(n, 0, &e), -ENOMEM);
    mock_end();
    assert_int_equal(e.number, 7);
    expect_end();
    hlthunk_event_notifier_unref(n);
    mock_end();
}

static void nothing(struct hlthunk_device *device, enum hlthunk_stale_reason why, void *user)
{
    (void)device, (void)why, (void)user;
}

/* The thread of a watch asks the driver as often as the program wants. */
TEST(intervals_of_watches)
{
    static const struct {
        uint64_t ns;
        int ms;
    } intervals[] = { { 0, 100 }, { 7000000, 7 } };

    for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++) {
        struct hlthunk_reset_watch_options o = { .struct_size = sizeof(o),
                                                 .interval_ns = intervals[i].ns };
        const struct hl_info_device_status fine = { .status = HL_DEVICE_STATUS_OPERATIONAL };
        struct hlthunk_reset_watch *w;

        expect_registration(EBUSY); /* somebody else has the events: there is only the status */
        for (unsigned n = 0; n < 2; n++)
            expect_info(HL_INFO_DEVICE_STATUS, 0, &fine, sizeof(fine));
        expect_info(HL_INFO_DEVICE_STATUS, ENODEV, NULL, 0);
        watched_ms = -7;
        hl_err(-EINVAL, "before");
        assert_int_equal(hlthunk_reset_watch_create(&d, nothing, NULL, &o, &w), 0);
        assert_string_equal(hlthunk_last_error(), "before");
        while (hlthunk_device_get_stale_reason(&d) == HLTHUNK_STALE_NOT)
            usleep(1000);
        assert_int_equal(watched_ms, intervals[i].ms);
        hlthunk_reset_watch_unref(w);
        mock_end();
        atomic_store(&d.base.stale, HLTHUNK_STALE_NOT);
    }
}

static void post(struct hlthunk_device *device, enum hlthunk_stale_reason why, void *user)
{
    (void)device;
    assert_int_equal(why, HLTHUNK_STALE_RESET);
    sem_post(user);
}

/* A reset that another thread finds out while the watch is made is told at once. */
TEST(a_reset_before_there_is_a_watch)
{
    struct hlthunk_reset_watch_options o = { .struct_size = sizeof(o), .interval_ns = UINT64_MAX };
    const struct hl_info_device_status lost = { .status = HL_DEVICE_STATUS_IN_RESET };
    struct hlthunk_reset_watch *w;
    sem_t told;

    sem_init(&told, 0, 0);
    expect_registration(0);
    expect_info(HL_INFO_DEVICE_STATUS, 0, &lost, sizeof(lost));
    watched_ms = -7;
    stale_before_threads = true;
    assert_int_equal(hlthunk_reset_watch_create(&d, post, &told, &o, &w), 0);
    stale_before_threads = false;
    assert_int_equal(sem_wait(&told), 0);
    assert_int_equal(watched_ms, -7); /* it has not slept */
    hlthunk_reset_watch_unref(w);
    mock_end();
    sem_destroy(&told);
}

/* Without the driver's events there is no watch, and no thread to wait for. */
TEST(a_watch_that_cannot_begin)
{
    const struct hl_info_device_status fine = { .status = HL_DEVICE_STATUS_OPERATIONAL };
    struct hlthunk_reset_watch *w = (void *)1;

    joins = 0;
    expect_registration(EIO);
    expect_info(HL_INFO_DEVICE_STATUS, 0, &fine, sizeof(fine));
    assert_int_equal(hlthunk_reset_watch_create(&d, nothing, NULL, NULL, &w), -EIO);
    mock_end();
    assert_ptr_equal(w, (void *)1);
    assert_int_equal(joins, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fresh, gone)
    const struct CMUnitTest tests[] = {
        CASE(the_first_registers_and_the_last_ends),
        CASE(nobody_tells_a_lost_device),
        CASE(a_registration_that_the_driver_keeps),
        CASE(an_eventfd_that_the_program_takes),
        CASE(one_notifier_at_a_time),
        CASE(a_refused_registration),
        CASE(what_one_has_fetched_the_other_finds),
        CASE(nothing_pending_wakes_nobody),
        CASE(a_reset_is_learnt_from_the_mask),
        CASE(a_mask_that_is_refused),
        CASE(listeners),
        CASE(after_a_wait),
        CASE(records),
        CASE(intervals_of_watches),
        CASE(a_reset_before_there_is_a_watch),
        CASE(a_watch_that_cannot_begin),
        CASE(a_wait_whose_mask_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
