/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fork.h"
#include "tests/unit/wiped.h"

static int child_says(long pid, uint64_t parents)
{
    int status;

    if (pid == 0) {
        uint64_t mine = hl_process_epoch();

        _exit(mine && mine != parents && mine == hl_process_epoch() ? 0 : 1);
    }
    assert_int_equal(waitpid((pid_t)pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(a_child_is_another)
{
    uint64_t mine = hl_process_epoch();

    assert_int_not_equal(mine, 0);
    assert_int_equal(child_says(fork(), mine), 0);
    assert_int_equal(hl_process_epoch(), mine);
}

/* clone() runs no atfork handlers. */
TEST(a_raw_clone_is_another)
{
    uint64_t mine = hl_process_epoch();

    assert_int_equal(child_says(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL), mine), 0);
}

TEST(forks_are_counted)
{
    uint64_t before = hl_fork_count(), mine = hl_process_epoch();

    assert_int_equal(hl_fork_count(), before);
    assert_int_equal(child_says(fork(), mine), 0);
    assert_int_not_equal(hl_fork_count(), before);
}

static void *ask(void *result)
{
    *(uint64_t *)result = hl_process_epoch();
    return NULL;
}

TEST(threads_agree)
{
    uint64_t results[8];
    pthread_t t[8];

    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&t[i], NULL, ask, &results[i]), 0);
    for (int i = 0; i < 8; i++) {
        pthread_join(t[i], NULL);
        assert_int_equal(results[i], hl_process_epoch());
    }
}

/* A number of the library's own, not one that the kernel may give to another process. */
TEST(process_ids_are_not_needed)
{
    void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int refused = madvise(p, 4096, MADV_WIPEONFORK);

    munmap(p, 4096);
    if (refused)
        skip(); /* qemu-user, for one */
    assert_int_equal(hl_process_epoch(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(process_ids_are_not_needed), cmocka_unit_test(threads_agree),
        cmocka_unit_test(a_child_is_another),         cmocka_unit_test(a_raw_clone_is_another),
        cmocka_unit_test(forks_are_counted),
    };

    if (advice_is_ignored())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
