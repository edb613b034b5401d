/* SPDX-License-Identifier: MIT */
/* The text of an error is its thread's, and neither it nor a message touches errno. */
#include "tests/test.h"

#include <pthread.h>

#include <hlthunk/error.h>
#include <hlthunk/log.h>

#include "lib/error.h"
#include "lib/log.h"

static void *fail_elsewhere(void *arg)
{
    (void)arg;
    hl_err(-EIO, "of the other thread");
    return NULL;
}

TEST(a_text_is_its_threads)
{
    pthread_t t;

    assert_int_equal(hl_err(-EINVAL, "of this %s", "thread"), -EINVAL);
    assert_int_equal(pthread_create(&t, NULL, fail_elsewhere, NULL), 0);
    pthread_join(t, NULL);
    assert_string_equal(hlthunk_last_error(), "of this thread");
}

TEST(a_text_leaves_errno_alone)
{
    errno = ENOSPC;
    hl_err(-EINVAL, "%s", "a text");
    assert_int_equal(errno, ENOSPC);
}

static unsigned messages;

static void count(enum hlthunk_log_level level, const char *message, void *user)
{
    (void)message;
    assert_true(level <= HLTHUNK_LOG_WARNING);
    assert_ptr_equal(user, &messages);
    messages++;
    errno = EIO;
}

TEST(messages_are_those_asked_for)
{
    hlthunk_log_set(count, &messages, HLTHUNK_LOG_WARNING);
    errno = ENOSPC;
    hl_log(HLTHUNK_LOG_ERROR, "an error");
    hl_log(HLTHUNK_LOG_WARNING, "a warning");
    hl_log(HLTHUNK_LOG_INFO, "more");
    hl_log(HLTHUNK_LOG_DEBUG, "much more");
    assert_int_equal(errno, ENOSPC);
    hlthunk_log_set(NULL, NULL, HLTHUNK_LOG_DEBUG);
    hl_log(HLTHUNK_LOG_ERROR, "nobody listens");
    assert_int_equal(messages, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_its_threads),
        cmocka_unit_test(a_text_leaves_errno_alone),
        cmocka_unit_test(messages_are_those_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
