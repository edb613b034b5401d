/* SPDX-License-Identifier: MIT */
/* Whose a descriptor is, when its number is another file's by now. */
#include "tests/test.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fork.h"
#include "lib/kernel/eventfd.h"
#include "lib/kernel/owned.h"
#include "tests/unit/wiped.h"

/* The first is closed behind the library's back; the second gets its number. */
TEST(a_number_that_is_used_again_is_the_second_ones)
{
    struct hl_file_id first, second;
    uint64_t epoch = hl_process_epoch();
    int fd = memfd_create("first", MFD_CLOEXEC), again, status;
    pid_t pid;

    assert_int_equal(hl_owned_adopt(fd, &first), fd);
    close(fd);
    again = memfd_create("second", MFD_CLOEXEC);
    assert_int_equal(again, fd);
    assert_int_equal(hl_owned_adopt(again, &second), again);
    pid = fork();
    if (pid == 0) {
        if (hl_owned_take(fd, &first, epoch))
            _exit(1);
        if (!hl_owned_take(fd, &second, epoch))
            _exit(2); /* taken for the first one before */
        _exit(hl_owned_take(fd, &second, epoch) ? 3 : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    hl_owned_close(again, &second, epoch);
    assert_int_equal(close(again), -1);
}

/* The child lets go of what it inherited, and opens the same file again under the same number. */
TEST(a_file_that_the_child_opens_again_is_its_own)
{
    struct hl_file_id id;
    uint64_t epoch = hl_process_epoch();
    int fd = memfd_create("shared", MFD_CLOEXEC), again = dup(fd), status;
    pid_t pid;

    assert_int_equal(hl_owned_adopt(fd, &id), fd);
    pid = fork();
    if (pid == 0) {
        if (hl_owned_close_inherited() != 1 || close(fd) == 0)
            _exit(1);
        if (dup2(again, fd) != fd || !hl_fd_is(fd, &id))
            _exit(2);
        if (hl_owned_close_inherited() || !hl_fd_is(fd, &id))
            _exit(3);
        hl_owned_close(fd, &id, epoch); /* of the object that the parent made */
        _exit(hl_fd_is(fd, &id) ? 0 : 4);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    hl_owned_close(fd, &id, epoch);
    assert_false(hl_fd_is(fd, &id));
    close(again);
}

/* Where more descriptors are open than most programs have. */
TEST(a_high_number)
{
    const int high = 2050;
    struct rlimit most;
    struct hl_file_id id;
    uint64_t epoch = hl_process_epoch();
    int low = memfd_create("high", MFD_CLOEXEC), fd, status;
    pid_t pid;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &most), 0);
    if (most.rlim_cur <= (rlim_t)high)
        most.rlim_cur = most.rlim_max;
    setrlimit(RLIMIT_NOFILE, &most);
    fd = fcntl(low, F_DUPFD_CLOEXEC, high);
    close(low);
    if (fd < 0)
        skip(); /* the limit is lower */
    assert_int_equal(hl_owned_adopt(fd, &id), fd);
    pid = fork();
    if (pid == 0)
        _exit(hl_owned_close_inherited() != 1 || close(fd) == 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    hl_owned_close(fd, &id, epoch);
    assert_int_equal(close(fd), -1);
}

/* The child's: from here on no descriptor is free. */
static void use_up_descriptors(void)
{
    struct rlimit few = { .rlim_cur = 64, .rlim_max = 64 };

    if (setrlimit(RLIMIT_NOFILE, &few))
        _exit(9);
    while (dup(STDOUT_FILENO) >= 0)
        ;
}

/* An eventfd is looked at in /proc, for which what was closed before it makes room. */
TEST(an_eventfd_is_let_go_of_where_no_descriptor_is_free)
{
    struct hl_file_id id;
    struct hl_eventfd e;
    uint64_t epoch = hl_process_epoch();
    int fd, status;
    pid_t pid;

    assert_int_equal(hl_eventfd_open(&e), 0);
    fd = hl_owned_adopt(memfd_create("behind it", MFD_CLOEXEC), &id);
    assert_true(fd > e.fd);
    pid = fork();
    if (pid == 0) {
        use_up_descriptors();
        _exit(hl_owned_close_inherited() != 2 || close(e.fd) == 0 || close(fd) == 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    hl_owned_close(fd, &id, epoch);
    pid = fork();
    if (pid == 0) {
        use_up_descriptors();
        if (hl_owned_close_inherited())
            _exit(1);
        close(STDOUT_FILENO);
        _exit(hl_owned_close_inherited() == 1 && close(e.fd) < 0 ? 0 : 2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    hl_eventfd_close(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_that_is_used_again_is_the_second_ones),
        cmocka_unit_test(a_file_that_the_child_opens_again_is_its_own),
        cmocka_unit_test(a_high_number),
        cmocka_unit_test(an_eventfd_is_let_go_of_where_no_descriptor_is_free),
    };

    if (advice_is_ignored())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
