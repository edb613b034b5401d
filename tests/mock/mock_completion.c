/* SPDX-License-Identifier: MIT */
/* Completions of a driver that refuses waits: what passes is asked again, the rest is the end. */
#include "tests/mock/mock.h"

#include <unistd.h>

#include <hlthunk/completion.h>
#include <hlthunk/error.h>

#include "lib/core/attachment.h"
#include "lib/device/device.h"
#include "lib/device/stale.h"
#include "lib/error.h"
#include "tests/clock.h"

static struct hlthunk_device *d;

FIXTURE(fresh)
{
    d = calloc(1, sizeof(*d));
    d->fd = 9;
    snprintf(d->name, sizeof(d->name), "0000:0d:00.0");
    assert_int_equal(hl_parent_init(&d->base, NULL), 0);
    atomic_store(&d->base.object.refs, 1000);
    return 0;
}

FIXTURE(gone)
{
    assert_int_equal(atomic_load(&d->base.object.refs), 1000);
    hl_attachments_destroy(&d->base);
    pthread_mutex_destroy(&d->base.lock);
    free(d);
    return 0;
}

static void expect_wait(int error, uint32_t status)
{
    const union hl_wait_cs_args answer = { .out = { .status = status } };
    struct mock_call c = { .request = HL_REQ_D_WAIT_CS,
                           .error = error,
                           .out_size = sizeof(answer) };

    memcpy(c.out, &answer, sizeof(answer));
    mock_expect(&c);
}

static const struct hl_info_device_status operational = { .status = HL_DEVICE_STATUS_OPERATIONAL };

static void expect_question(int error)
{
    mock_expect(&(struct mock_call){ .request = HL_REQ_D_INFO,
                                     .op = HL_INFO_DEVICE_STATUS,
                                     .error = error,
                                     .data = &operational,
                                     .data_size = sizeof(operational) });
}

static enum hlthunk_completion_status status_of(struct hlthunk_completion *c)
{
    struct hlthunk_completion_result r = { .struct_size = sizeof(r) };

    assert_int_equal(hlthunk_completion_get_result(c, &r), 0);
    return r.status;
}

/* The device was removed before anybody knew: no completion is made. */
TEST(a_device_that_is_gone)
{
    struct hlthunk_completion *c = (void *)1;
    uint64_t sequence = 5;

    expect_wait(ENODEV, 0);
    expect_question(ENODEV);
    assert_int_equal(hlthunk_completion_create_for_submissions(d, &sequence, 1, NULL, &c), -ENODEV);
    assert_non_null(strstr(hlthunk_last_error(), "was reset or removed"));
    mock_end();
    assert_ptr_equal(c, (void *)1);
    assert_int_equal(hlthunk_device_get_stale_reason(d), HLTHUNK_STALE_GONE);
}

/* The driver knows the device no more, and its status says nothing of that: the end is told. */
TEST(a_wait_that_is_lost_at_once)
{
    struct hlthunk_completion *c;
    uint64_t sequence = 5, count = 0;

    hl_err(-EINVAL, "before");
    expect_wait(ENODEV, 0);
    expect_question(0);
    assert_int_equal(hlthunk_completion_create_for_submissions(d, &sequence, 1, NULL, &c), 0);
    assert_string_equal(hlthunk_last_error(), "before");
    mock_end();
    assert_int_equal(status_of(c), HLTHUNK_COMPLETION_LOST);
    assert_int_equal(read(hlthunk_completion_borrow_fd(c), &count, sizeof(count)), sizeof(count));
    assert_int_equal(count, 1);
    hlthunk_completion_unref(c);
}

/* Two refusals in a row mean a reset that is over; with an answer in between they do not. */
TEST(refusals_in_a_row)
{
    const uint64_t sequences[2] = { 5, 6 };
    struct hlthunk_completion *c;

    hl_err(-EINVAL, "before");
    expect_wait(EBUSY, 0);
    expect_question(0);
    expect_wait(0, HL_WAIT_CS_STATUS_COMPLETED);
    expect_wait(EBUSY, 0);
    expect_question(0);
    expect_wait(0, HL_WAIT_CS_STATUS_COMPLETED);
    assert_int_equal(hlthunk_completion_create_for_submissions(d, sequences, 2, NULL, &c), 0);
    assert_string_equal(hlthunk_last_error(), "before");
    assert_int_equal(hlthunk_completion_wait(c, -1), 0);
    assert_int_equal(status_of(c), HLTHUNK_COMPLETION_DONE);
    hlthunk_completion_unref(c);
    mock_end();

    expect_wait(EBUSY, 0);
    expect_question(0);
    expect_wait(EBUSY, 0);
    expect_question(0);
    assert_int_equal(hlthunk_completion_create_for_submissions(d, sequences, 1, NULL, &c), 0);
    assert_int_equal(hlthunk_completion_wait(c, -1), 0);
    assert_int_equal(status_of(c), HLTHUNK_COMPLETION_LOST);
    hlthunk_completion_unref(c);
    mock_end();
    assert_int_equal(hlthunk_device_get_stale_reason(d), HLTHUNK_STALE_RESET);
}

/* A driver without room is not asked without pause: 5 ms at least lie between two attempts. */
TEST(attempts_have_pauses)
{
    struct hlthunk_completion *c;
    uint64_t start = now_us();
    uint64_t sequence = 5;

    for (unsigned i = 0; i < 21; i++)
        expect_wait(ENOMEM, 0);
    expect_wait(0, HL_WAIT_CS_STATUS_COMPLETED);
    assert_int_equal(hlthunk_completion_create_for_submissions(d, &sequence, 1, NULL, &c), 0);
    assert_int_equal(hlthunk_completion_wait(c, -1), 0);
    assert_true(now_us() - start >= 20 * 5000);
    assert_int_equal(status_of(c), HLTHUNK_COMPLETION_DONE);
    hlthunk_completion_unref(c);
    mock_end();
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fresh, gone)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_device_that_is_gone),
        CASE(a_wait_that_is_lost_at_once),
        CASE(refusals_in_a_row),
        CASE(attempts_have_pauses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
