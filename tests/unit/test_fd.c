/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/kernel/sysfs.h"

TEST(a_copy_is_above_2_and_closed_on_exec)
{
    int saved = fcntl(0, F_DUPFD_CLOEXEC, 3), fd;

    close(0);
    fd = hl_fd_dup(1);
    assert_true(fd > 2);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    close(fd);
    assert_int_equal(hl_fd_dup(fd), -EBADF);
    dup2(saved, 0);
    close(saved);
}

/* A limit below the first descriptor that is wanted: the kernel says EINVAL. */
TEST(none_is_left_above_2)
{
    struct rlimit was, small;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
    small = was;
    small.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &small), 0);
    assert_int_equal(hl_fd_dup(1), -EMFILE);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
}

TEST(what_is_taken_over_is_made_so)
{
    int saved = fcntl(0, F_DUPFD_CLOEXEC, 3), fd, pipes[2];

    assert_int_equal(pipe(pipes), 0);
    fd = hl_fd_sanitize(pipes[0]);
    assert_int_equal(fd, pipes[0]);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(dup2(pipes[1], 0), 0);
    close(pipes[1]);
    fd = hl_fd_sanitize(0);
    assert_true(fd > 2);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(fcntl(0, F_GETFD), -1);
    close(fd);
    close(pipes[0]);
    assert_int_equal(hl_fd_sanitize(pipes[0]), -EBADF);
    dup2(saved, 0);
    close(saved);
}

/* The kernel gives a file in as many pieces as it likes. */
TEST(a_file_is_read_to_its_end)
{
    char path[32], value[16];
    int pipes[2];

    assert_int_equal(pipe2(pipes, O_DIRECT | O_CLOEXEC), 0); /* a piece for each write */
    snprintf(path, sizeof(path), "/proc/self/fd/%d", pipes[0]);
    assert_int_equal(write(pipes[1], "0000:", 5), 5);
    assert_int_equal(write(pipes[1], "0d:00", 5), 5);
    assert_int_equal(write(pipes[1], ".0\n", 3), 3);
    close(pipes[1]);
    assert_int_equal(hl_sysfs_read(path, value, sizeof(value)), 0);
    assert_string_equal(value, "0000:0d:00.0");
    close(pipes[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_is_above_2_and_closed_on_exec),
        cmocka_unit_test(none_is_left_above_2),
        cmocka_unit_test(what_is_taken_over_is_made_so),
        cmocka_unit_test(a_file_is_read_to_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
