/* SPDX-License-Identifier: MIT */
/* What a call that fails makes of its errno: one question more, only where it may mean a reset. */
#include "tests/mock/mock.h"

#include <hlthunk/error.h>

#include "lib/core/attachment.h"
#include "lib/device/device.h"
#include "lib/device/stale.h"
#include "lib/memory/deferred.h"

static struct hlthunk_device d;

static void fresh(bool control)
{
    memset(&d, 0, sizeof(d));
    d.fd = 9;
    d.props.control = control;
    snprintf(d.name, sizeof(d.name), "0000:0d:00.0");
    assert_int_equal(hl_parent_init(&d.base, NULL), 0);
}

/* The question, whose argument is the library's own, and its answer: a status, or an errno. */
static void expect_question(const struct hl_info_device_status *status, int error)
{
    mock_expect(&(struct mock_call){
        .request = HL_REQ_D_INFO, .error = error, .data = status, .data_size = sizeof(*status) });
}

TEST(other_errnos_ask_nothing)
{
    for (size_t e = 0; e < mock_errno_count; e++) {
        int rc = -mock_errnos[e];

        if (rc == -EBUSY || rc == -ENODEV || rc == -EIO)
            continue;
        fresh(false);
        assert_int_equal(hl_device_failed(&d, rc), rc);
        assert_int_equal(mock_count(), 0);
        assert_int_equal(hlthunk_device_get_stale_reason(&d), HLTHUNK_STALE_NOT);
    }
    assert_int_equal(hl_device_result(&d, 0), 0);
    assert_int_equal(mock_count(), 0);
}

TEST(the_status_decides)
{
    static const struct {
        uint32_t status;
        enum hlthunk_stale_reason stale;
    } answers[] = {
        { HL_DEVICE_STATUS_OPERATIONAL, HLTHUNK_STALE_NOT },
        { HL_DEVICE_STATUS_IN_RESET, HLTHUNK_STALE_RESET },
        { HL_DEVICE_STATUS_MALFUNCTION, HLTHUNK_STALE_GONE },
        { HL_DEVICE_STATUS_NEEDS_RESET, HLTHUNK_STALE_RESET },
        { HL_DEVICE_STATUS_IN_DEVICE_CREATION, HLTHUNK_STALE_NOT },
        { HL_DEVICE_STATUS_IN_RESET_AFTER_DEVICE_RELEASE, HLTHUNK_STALE_NOT },
    };
    static const int errors[] = { EBUSY, ENODEV, EIO };

    for (size_t a = 0; a < sizeof(answers) / sizeof(answers[0]); a++) {
        for (size_t e = 0; e < sizeof(errors) / sizeof(errors[0]); e++) {
            for (int control = 0; control < 2; control++) {
                struct hl_info_device_status s = { .status = answers[a].status };
                enum hlthunk_stale_reason stale = answers[a].stale;

                if (control && stale == HLTHUNK_STALE_RESET)
                    stale = HLTHUNK_STALE_NOT;
                fresh(control);
                expect_question(&s, 0);
                assert_int_equal(hl_device_failed(&d, -errors[e]), stale ? -ENODEV : -errors[e]);
                assert_int_equal(mock_count(), 1);
                mock_end();
                assert_int_equal(hlthunk_device_get_stale_reason(&d), stale);
                if (stale)
                    assert_non_null(strstr(hlthunk_last_error(), "0000:0d:00.0 was reset or"));
            }
        }
    }
}

/* The question itself fails: only "no such device" is an answer. */
TEST(every_errno_of_the_question)
{
    struct hl_info_device_status s = { 0 };

    for (size_t e = 0; e < mock_errno_count; e++) {
        bool gone = mock_errnos[e] == ENODEV;

        fresh(false);
        expect_question(&s, mock_errnos[e]);
        assert_int_equal(hl_device_failed(&d, -EBUSY), gone ? -ENODEV : -EBUSY);
        assert_int_equal(hlthunk_device_get_stale_reason(&d),
                         gone ? HLTHUNK_STALE_GONE : HLTHUNK_STALE_NOT);
        mock_end();
    }
}

TEST(events_decide)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t mask = 1ull << bit;

        fresh(false);
        hl_device_learn_events(&d, mask);
        assert_int_equal(hlthunk_device_get_stale_reason(&d),
                         mask == HL_NOTIFIER_EVENT_DEVICE_RESET ||
                                 mask == HL_NOTIFIER_EVENT_DEVICE_UNAVAILABLE
                             ? HLTHUNK_STALE_RESET
                             : HLTHUNK_STALE_NOT);
    }
}

TEST(the_first_reason_stays)
{
    fresh(false);
    hl_device_mark_stale(&d, HLTHUNK_STALE_RESET);
    hl_device_mark_stale(&d, HLTHUNK_STALE_GONE);
    assert_int_equal(hlthunk_device_get_stale_reason(&d), HLTHUNK_STALE_RESET);
}

/* Its memory goes with its file: the kernel is not asked, and nothing is kept for later. */
TEST(releasing_asks_nothing)
{
    struct hl_memory m = {
        .handle = 1, .address = 0x1000, .granted = 4096, .ours_to_unmap = true, .ours_to_free = true
    };

    fresh(false);
    hl_device_mark_stale(&d, HLTHUNK_STALE_RESET);
    hl_memory_release(&d, &m, NULL);
    assert_int_equal(mock_count(), 0);
    assert_int_equal(hl_attachments_settle(&d.base), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_errnos_ask_nothing),    cmocka_unit_test(the_status_decides),
        cmocka_unit_test(every_errno_of_the_question), cmocka_unit_test(events_decide),
        cmocka_unit_test(the_first_reason_stays),      cmocka_unit_test(releasing_asks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
