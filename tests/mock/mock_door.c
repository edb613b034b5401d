/* SPDX-License-Identifier: MIT */
/* Families of request numbers, retries, arguments that the driver overwrites. */
#include "tests/mock/mock.h"

#include <hlthunk/error.h>

#include "lib/error.h"
#include "lib/kernel/door.h"

static const struct hl_info_args query = { .return_pointer = 1, .return_size = 2, .op = 3 };

static int ask(struct hl_info_args *args)
{
    *args = query;
    return hl_ioctl(7, HL_CALL_INFO, args);
}

/* A kernel of the other kind refuses without a look at the argument. */
static void expect_refusal(unsigned long request)
{
    struct mock_call c = { .request = request, .size = sizeof(query), .error = ENOTTY };

    memcpy(c.in, &query, sizeof(query));
    memcpy(c.out, &query, sizeof(query));
    mock_expect(&c);
}

/* Runs first: nothing is known, type 'd' is tried, then 'H', which is remembered. */
TEST(an_old_kernel_is_found)
{
    struct hl_info_args args;

    assert_false(hl_door_is_drm());
    expect_refusal(HL_REQ_D_INFO);
    mock_ok(HL_REQ_H_INFO, &query, &query, sizeof(query));
    assert_int_equal(ask(&args), 0);
    mock_ok(HL_REQ_H_INFO, &query, &query, sizeof(query));
    assert_int_equal(ask(&args), 0);
    assert_false(hl_door_is_drm());
    mock_end();
}

TEST(a_new_kernel_is_found)
{
    struct hl_info_args args;

    expect_refusal(HL_REQ_H_INFO);
    mock_ok(HL_REQ_D_INFO, &query, &query, sizeof(query));
    assert_int_equal(ask(&args), 0);
    assert_true(hl_door_is_drm());
    mock_ok(HL_REQ_D_INFO, &query, &query, sizeof(query));
    assert_int_equal(ask(&args), 0);
    mock_end();
}

TEST(neither_is_no_device)
{
    struct hl_info_args args;

    expect_refusal(HL_REQ_D_INFO);
    expect_refusal(HL_REQ_H_INFO);
    assert_int_equal(ask(&args), -ENOTTY);
    assert_true(hl_door_is_drm()); /* what was known is still known */
    mock_end();
}

/* EINTR is the caller's, who builds the argument again. */
TEST(interrupted)
{
    struct hl_info_args args;

    mock_fail(HL_REQ_D_INFO, &query, sizeof(query), EINTR);
    assert_int_equal(ask(&args), -EINTR);
    mock_end();
}

/* Requests of other drivers: they say what they were as they are. */
TEST(interrupted_with_any_request)
{
    struct hl_info_args args = query;

    mock_expect(&(struct mock_call){ .request = 0x1234, .error = EINTR });
    mock_expect(&(struct mock_call){ .request = 0x1234 });
    assert_int_equal(hl_ioctl_raw(7, 0x1234, &args), 0);
    mock_end();
    for (size_t i = 0; i < mock_errno_count; i++) {
        mock_expect(&(struct mock_call){ .request = 0x1234, .error = mock_errnos[i] });
        assert_int_equal(hl_ioctl_raw(7, 0x1234, &args), -mock_errnos[i]);
        mock_end();
    }
}

TEST(every_error_comes_through)
{
    struct hl_info_args args;

    for (size_t i = 0; i < mock_errno_count; i++) {
        mock_fail(HL_REQ_D_INFO, &query, sizeof(query), mock_errnos[i]);
        assert_int_equal(ask(&args), -mock_errnos[i]);
        mock_end();
    }
}

/* What the kernel keeps to itself, and no program has a name for, is told in errnos that are known.
 */
static int expected(int internal)
{
    switch (internal) {
    case 515: /* ENOIOCTLCMD */
        return -ENOTTY;
    case 524: /* ENOTSUPP */
        return -EOPNOTSUPP;
    default:
        return -EIO;
    }
}

static bool restarts(int internal)
{
    return internal >= 512 && internal <= 516 && internal != 515;
}

TEST(the_kernels_own_errnos)
{
    struct hl_info_args args;
    char number[16];

    for (int error = 512; error <= 530; error++) {
        snprintf(number, sizeof(number), "answered %d", error);
        if (restarts(error)) {
            mock_fail(HL_REQ_D_INFO, &query, sizeof(query), error);
            assert_int_equal(ask(&args), -EINTR);
            mock_expect(&(struct mock_call){ .request = 0x1234, .error = error });
            mock_expect(&(struct mock_call){ .request = 0x1234 });
            assert_int_equal(hl_ioctl_raw(7, 0x1234, &args), 0);
            mock_end();
            continue;
        }
        mock_fail(HL_REQ_D_INFO, &query, sizeof(query), error);
        if (expected(error) == -ENOTTY)
            mock_expect(&(struct mock_call){ .request = HL_REQ_H_INFO, .error = error });
        assert_int_equal(ask(&args), expected(error));
        mock_end();
        hl_err(-E2BIG, "another error");
        assert_string_equal(hlthunk_last_error(), "another error");
        mock_expect(&(struct mock_call){ .request = 0x1234, .error = error });
        assert_int_equal(hl_ioctl_raw(7, 0x1234, &args), expected(error));
        mock_end();
        hl_err(expected(error), "refused");
        assert_non_null(strstr(hlthunk_last_error(), "refused"));
        assert_non_null(strstr(hlthunk_last_error(), number));
        hl_err(expected(error), "refused");
        assert_string_equal(hlthunk_last_error(), "refused");
    }
    for (int error = 511; error <= 531; error += 20) {
        mock_fail(HL_REQ_D_INFO, &query, sizeof(query), error);
        assert_int_equal(ask(&args), -error);
        mock_end();
    }
}

/* Of a failure that was not told, nothing is left for the next. */
TEST(an_old_answer_is_not_told)
{
    struct hl_info_args args;

    mock_fail(HL_REQ_D_INFO, &query, sizeof(query), 524);
    assert_int_equal(ask(&args), -EOPNOTSUPP);
    mock_fail(HL_REQ_D_INFO, &query, sizeof(query), EOPNOTSUPP);
    assert_int_equal(ask(&args), -EOPNOTSUPP);
    hl_err(-EOPNOTSUPP, "refused");
    assert_string_equal(hlthunk_last_error(), "refused");
    mock_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_old_kernel_is_found),       cmocka_unit_test(a_new_kernel_is_found),
        cmocka_unit_test(neither_is_no_device),         cmocka_unit_test(interrupted),
        cmocka_unit_test(interrupted_with_any_request), cmocka_unit_test(every_error_comes_through),
        cmocka_unit_test(the_kernels_own_errnos),       cmocka_unit_test(an_old_answer_is_not_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
