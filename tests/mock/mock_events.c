/* SPDX-License-Identifier: MIT */
/*
 * The driver's one notifier of a device file, shared by an event notifier and reset watches: when
 * it is registered, what one fetches and another finds, and who is woken.
 */
#include "tests/mock/mock.h"

#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#include <hlthunk/error.h>

#include "lib/core/attachment.h"
#include "lib/device/device.h"
#include "lib/device/events.h"
#include "lib/device/stale.h"

#define BIT(n) (1ull << (n))

static struct hlthunk_device d;

FIXTURE(fresh)
{
    memset(&d, 0, sizeof(d));
    d.fd = 9;
    snprintf(d.props.pci_address, sizeof(d.props.pci_address), "0000:0d:00.0");
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

static void expect_end(void)
{
    expect_info(HL_INFO_UNREGISTER_EVENTFD, 0, NULL, 0);
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
    if (last)
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
    } answers[] = {
        { HL_DEVICE_STATUS_OPERATIONAL, HLTHUNK_STALE_RESET },
        { HL_DEVICE_STATUS_IN_RESET, HLTHUNK_STALE_RESET },
        { HL_DEVICE_STATUS_MALFUNCTION, HLTHUNK_STALE_GONE },
        { HL_DEVICE_STATUS_IN_DEVICE_CREATION, HLTHUNK_STALE_NOT },
    };

    for (unsigned i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct hl_info_device_status s = { .status = answers[i].status };

        fresh(NULL);
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

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fresh, gone)
    const struct CMUnitTest tests[] = {
        CASE(the_first_registers_and_the_last_ends),
        CASE(one_notifier_at_a_time),
        CASE(a_refused_registration),
        CASE(what_one_has_fetched_the_other_finds),
        CASE(nothing_pending_wakes_nobody),
        CASE(a_reset_is_learnt_from_the_mask),
        CASE(a_mask_that_is_refused),
        CASE(listeners),
        CASE(after_a_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
