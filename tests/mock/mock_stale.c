/* SPDX-License-Identifier: MIT */
/* What a call that fails makes of its errno: one question more, only where it may mean a reset. */
#include "tests/mock/mock.h"

#include <sys/wait.h>
#include <unistd.h>

#include <hlthunk/error.h>
#include <hlthunk/log.h>

#include "lib/core/attachment.h"
#include "lib/device/device.h"
#include "lib/device/stale.h"
#include "lib/error.h"
#include "lib/memory/deferred.h"
#include "lib/memory/pinned.h"
#include "lib/op/handle.h"
#include "tests/unit/wiped.h"

#define PAGES 0x10000u /* whole ones, whatever the machine's are */

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

/* 6.1 announces so what is a reset of only Goya's engines, and no other reset of a Goya. */
TEST(events_of_goya_decide)
{
    for (unsigned g = HLTHUNK_GENERATION_MISC; g <= HLTHUNK_GENERATION_DRM; g++) {
        bool misc = g == HLTHUNK_GENERATION_MISC;

        fresh(false);
        d.props.asic = HLTHUNK_ASIC_GOYA;
        d.props.generation = (enum hlthunk_generation)g;
        hl_device_learn_events(&d, HL_NOTIFIER_EVENT_CS_TIMEOUT | HL_NOTIFIER_EVENT_DEVICE_RESET);
        assert_int_equal(hlthunk_device_get_stale_reason(&d),
                         misc ? HLTHUNK_STALE_NOT : HLTHUNK_STALE_RESET);
        hl_device_learn_events(&d, HL_NOTIFIER_EVENT_DEVICE_UNAVAILABLE);
        assert_int_equal(hlthunk_device_get_stale_reason(&d), HLTHUNK_STALE_RESET);
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
    assert_true(hl_memory_release(&d, &m, NULL, (struct hl_released){ 0 }));
    assert_int_equal(mock_count(), 0);
    assert_int_equal(hl_attachments_settle(&d.base), 0);
}

static unsigned called;

static void count_call(void *user)
{
    assert_ptr_equal(user, &called);
    called++;
}

static const struct hl_info_device_status operational = { .status = HL_DEVICE_STATUS_OPERATIONAL };

/* A call of the kernel that must come; busy: a reset of the engines only, as it says when asked. */
static void expect_call(unsigned long request, bool busy)
{
    static const struct hl_info_device_status s = {
        .status = HL_DEVICE_STATUS_IN_RESET_AFTER_DEVICE_RELEASE
    };

    mock_expect(&(struct mock_call){ .request = request, .error = busy ? EBUSY : 0 });
    if (busy)
        expect_question(&s, 0);
}

/* Memory of the program's is its own again when the driver has let go of it. */
TEST(busy_with_host_memory)
{
    struct hl_released r = { .fn = count_call, .user = &called };
    struct hl_memory m = { .address = 0x1000, .granted = 4096, .ours_to_unmap = true };

    fresh(false);
    called = 0;
    expect_call(HL_REQ_D_MEMORY, true);
    assert_false(hl_memory_release(&d, &m, NULL, r));
    mock_end();
    hl_deferred_retry(&d); /* where locks may be held */
    mock_end();
    expect_call(HL_REQ_D_MEMORY, true);
    hl_deferred_call(&d);
    mock_end();
    assert_int_equal(called, 0);
    expect_call(HL_REQ_D_MEMORY, false);
    hl_deferred_call(&d);
    mock_end();
    assert_int_equal(called, 1);

    /* until the device is closed, which is then not busy */
    m = (struct hl_memory){ .address = 0x1000, .granted = 4096, .ours_to_unmap = true };
    for (unsigned i = 0; i < 3; i++)
        expect_call(HL_REQ_D_MEMORY, true);
    assert_false(hl_memory_release(&d, &m, NULL, r));
    assert_int_equal(hl_attachments_settle(&d.base), 0);
    hl_attachments_destroy(&d.base);
    mock_end();
    assert_int_equal(called, 2);
}

/* The driver would take a child's call for the parent's: a child gives back its copies alone. */
TEST(busy_in_a_child)
{
    struct hl_released r = { .fn = count_call, .user = &called };
    struct hl_memory m = { .address = 0x1000, .granted = 4096, .ours_to_unmap = true };
    int status;
    pid_t pid;

    if (advice_is_ignored())
        skip();
    fresh(false);
    called = 0;
    expect_call(HL_REQ_D_MEMORY, true);
    assert_false(hl_memory_release(&d, &m, NULL, r));
    mock_end();
    expect_call(HL_REQ_D_MEMORY, false);
    pid = fork();
    if (pid == 0) {
        hl_attachments_destroy(&d.base);
        _exit(mock_count() || called);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    hl_attachments_destroy(&d.base);
    mock_end();
    assert_int_equal(called, 1);
}

/* As a release function that allocates, and has a call that fails. */
static void release_the_other(void *user)
{
    count_call(user);
    expect_call(HL_REQ_D_MEMORY, false);
    hl_deferred_retry(&d);
    mock_end();
    hl_err(-EINVAL, "a failure of its own");
}

/* What waits without a release function is not out of reach while one runs. */
TEST(busy_with_memory_of_both_kinds)
{
    struct hl_released r = { .fn = release_the_other, .user = &called };
    struct hl_memory m[2] = { { .address = 0x1000, .granted = 4096, .ours_to_unmap = true },
                              { .address = 0x2000, .granted = 4096, .ours_to_unmap = true } };

    for (unsigned first = 0; first < 2; first++) {
        struct hl_memory both[2] = { m[0], m[1] };

        fresh(false);
        called = 0;
        for (unsigned i = 0; i < 2; i++) {
            expect_call(HL_REQ_D_MEMORY, true);
            assert_false(
                hl_memory_release(&d, &both[i], NULL, i == first ? r : (struct hl_released){ 0 }));
            mock_end();
        }
        hl_err(-EIO, "before");
        expect_call(HL_REQ_D_MEMORY, false);
        hl_deferred_call(&d);
        assert_int_equal(called, 1);
        assert_string_equal(hlthunk_last_error(), "before");
        hl_attachments_destroy(&d.base);
        mock_end();
    }
}

static unsigned warnings;

static void count_warning(enum hlthunk_log_level level, const char *text, void *user)
{
    (void)level;
    (void)user;
    warnings += strstr(text, "4096 bytes of device memory stay allocated") != NULL;
}

/* Only a mapping beside memory's own may be why other memory is not freed yet (address_range.c). */
TEST(busy_with_a_second_mapping)
{
    const struct hl_memory memory = { .handle = 6, .granted = 4096, .ours_to_free = true };

    for (unsigned second = 0; second < 2; second++) {
        struct hl_memory m = memory, mapping = {
            .address = 0x1000, .granted = 4096, .ours_to_unmap = true, .handle = second ? 6 : 0
        };

        fresh(false);
        expect_call(HL_REQ_D_MEMORY, true);
        assert_false(hl_memory_release(&d, &mapping, NULL, (struct hl_released){ 0 }));
        mock_expect(&(struct mock_call){ .request = HL_REQ_D_MEMORY, .error = EINVAL });
        if (!second)
            expect_question(&operational, 0);
        warnings = 0;
        hlthunk_log_set(count_warning, NULL, HLTHUNK_LOG_WARNING);
        assert_int_equal(hl_memory_release(&d, &m, NULL, (struct hl_released){ 0 }), !second);
        hlthunk_log_set(NULL, NULL, HLTHUNK_LOG_WARNING);
        assert_int_equal(warnings, !second);
        mock_end();
        for (unsigned i = 0; i <= second; i++)
            expect_call(HL_REQ_D_MEMORY, false);
        hl_deferred_retry(&d);
        mock_end();
        hl_attachments_destroy(&d.base);
    }
}

TEST(busy_with_a_command_buffer)
{
    struct hl_memory m = { .handle = (uint64_t)HL_HANDLE_CB << 59,
                           .ours_to_free = true,
                           .command_buffer = true };

    fresh(false);
    expect_call(HL_REQ_D_CB, true);
    assert_false(hl_memory_release(&d, &m, NULL, (struct hl_released){ 0 }));
    mock_end();
    expect_call(HL_REQ_D_CB, false);
    hl_deferred_retry(&d);
    mock_end();
    hl_attachments_destroy(&d.base);
    mock_end();
}

/* What the library keeps of host memory it keeps on. */
TEST(busy_with_kept_host_memory)
{
    struct hl_pinned *p, *again;

    fresh(false);
    expect_call(HL_REQ_D_MEMORY, false);
    assert_int_equal(hl_pinned_get(&d, PAGES, &p), 0);
    hl_pinned_put(&d, p);
    expect_call(HL_REQ_D_MEMORY, true);
    assert_int_equal(hl_pinned_trim(&d, 0), 0);
    mock_end();
    assert_int_equal(d.memory.host_reserved.current, PAGES);
    assert_int_equal(hl_pinned_get(&d, PAGES, &again), 0);
    assert_ptr_equal(p, again);
    memset(again->host, 1, PAGES);
    hl_pinned_put(&d, again);
    expect_call(HL_REQ_D_MEMORY, false);
    assert_int_equal(hl_pinned_trim(&d, 0), PAGES);
    mock_end();
    assert_int_equal(d.memory.host_reserved.current, 0);
    hl_attachments_destroy(&d.base);
}

/* An attempt that is made up for is no failure. */
TEST(the_text_stays_where_kept_host_memory_makes_room)
{
    struct hl_pinned *p;

    fresh(false);
    expect_call(HL_REQ_D_MEMORY, false);
    assert_int_equal(hl_pinned_get(&d, PAGES, &p), 0);
    hl_pinned_put(&d, p);
    hl_err(-EIO, "before");
    mock_expect(&(struct mock_call){ .request = HL_REQ_D_MEMORY, .error = ENOMEM });
    expect_call(HL_REQ_D_MEMORY, false); /* the kept memory */
    expect_call(HL_REQ_D_MEMORY, false);
    assert_int_equal(hl_pinned_get(&d, 1 << 20, &p), 0);
    mock_end();
    assert_string_equal(hlthunk_last_error(), "before");
    hl_pinned_put(&d, p);
    expect_call(HL_REQ_D_MEMORY, false);
    hl_attachments_destroy(&d.base);
    mock_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_errnos_ask_nothing),
        cmocka_unit_test(the_status_decides),
        cmocka_unit_test(every_errno_of_the_question),
        cmocka_unit_test(events_decide),
        cmocka_unit_test(events_of_goya_decide),
        cmocka_unit_test(the_first_reason_stays),
        cmocka_unit_test(releasing_asks_nothing),
        cmocka_unit_test(busy_with_host_memory),
        cmocka_unit_test(busy_in_a_child),
        cmocka_unit_test(busy_with_a_command_buffer),
        cmocka_unit_test(busy_with_a_second_mapping),
        cmocka_unit_test(busy_with_memory_of_both_kinds),
        cmocka_unit_test(busy_with_kept_host_memory),
        cmocka_unit_test(the_text_stays_where_kept_host_memory_makes_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
