/* SPDX-License-Identifier: MIT */
/* The text of an error is its thread's, and neither it nor a message touches errno. */
#include "tests/test.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hlthunk/error.h>
#include <hlthunk/log.h>

#include "lib/error.h"
#include "lib/log.h"
#include "tests/unit/wiped.h"

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

TEST(what_is_made_up_for_leaves_the_text)
{
    struct hl_err_kept outer, inner;

    for (int rc = -EIO; rc <= 0; rc -= -EIO) {
        hl_err(-EINVAL, "before");
        hl_err_begin(&outer);
        assert_int_equal(hl_err_end(&outer, rc), rc); /* nothing failed in between */
        assert_string_equal(hlthunk_last_error(), "before");
        hl_err_begin(&outer);
        hl_err(-EIO, "first");
        hl_err_begin(&inner);
        hl_err(-EIO, "second");
        hl_err(-EIO, "third");
        hl_err_end(&inner, 0);
        assert_string_equal(hlthunk_last_error(), "first");
        hl_err_end(&outer, rc);
        assert_string_equal(hlthunk_last_error(), rc ? "first" : "before");
        /* the inner one's failure is the first that changes it */
        hl_err(-EINVAL, "before");
        hl_err_begin(&outer);
        hl_err_begin(&inner);
        hl_err(-EIO, "inner");
        hl_err_end(&inner, -EIO);
        assert_string_equal(hlthunk_last_error(), "inner");
        hl_err_end(&outer, rc);
        assert_string_equal(hlthunk_last_error(), rc ? "inner" : "before");
    }
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

static int hold[2]; /* a pipe: the receiver stays as long as it is empty */
static atomic_bool inside;

static void stay(enum hlthunk_log_level level, const char *message, void *user)
{
    char byte;

    (void)level, (void)message, (void)user;
    inside = true;
    assert_int_equal(read(hold[0], &byte, 1), 1);
}

static void *log_a_line(void *arg)
{
    (void)arg;
    hl_log(HLTHUNK_LOG_ERROR, "a line");
    return NULL;
}

/* 0: logging works in this child, which a signal ends if it hangs. */
static int log_of_a_child(void)
{
    messages = 0;
    alarm(20);
    hlthunk_log_set(count, &messages, HLTHUNK_LOG_WARNING);
    hl_log(HLTHUNK_LOG_ERROR, "of a child");
    hlthunk_log_set(NULL, NULL, HLTHUNK_LOG_WARNING);
    return messages != 1;
}

static int status_of(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* While the receiver runs in another thread. */
TEST(a_child_has_a_log_of_its_own)
{
    pthread_t t;
    pid_t pid;

    if (advice_is_ignored())
        skip();
    assert_int_equal(pipe(hold), 0);
    hlthunk_log_set(stay, NULL, HLTHUNK_LOG_WARNING);
    assert_int_equal(pthread_create(&t, NULL, log_a_line, NULL), 0);
    while (!inside)
        sched_yield();
    pid = fork();
    if (pid == 0)
        _exit(log_of_a_child());
    assert_int_equal(status_of(pid), 0);
    assert_int_equal(write(hold[1], "", 1), 1);
    pthread_join(t, NULL);
    hlthunk_log_set(NULL, NULL, HLTHUNK_LOG_WARNING);
    close(hold[0]);
    close(hold[1]);
}

static void fork_here(enum hlthunk_log_level level, const char *message, void *user)
{
    (void)level, (void)message;
    *(pid_t *)user = fork();
}

/* What the child comes back to is the parent's call, which held the parent's log. */
TEST(a_receiver_may_fork)
{
    pid_t pid = -1;

#if defined(__SANITIZE_THREAD__)
    skip(); /* it takes the child's new lock for one that the thread holds */
#endif
    if (advice_is_ignored())
        skip();
    hlthunk_log_set(fork_here, &pid, HLTHUNK_LOG_WARNING);
    hl_log(HLTHUNK_LOG_ERROR, "fork");
    if (pid == 0)
        _exit(log_of_a_child());
    assert_int_equal(status_of(pid), 0);
    hlthunk_log_set(NULL, NULL, HLTHUNK_LOG_WARNING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_its_threads),
        cmocka_unit_test(a_text_leaves_errno_alone),
        cmocka_unit_test(what_is_made_up_for_leaves_the_text),
        cmocka_unit_test(messages_are_those_asked_for),
        cmocka_unit_test(a_child_has_a_log_of_its_own),
        cmocka_unit_test(a_receiver_may_fork),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
