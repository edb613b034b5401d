/* SPDX-License-Identifier: MIT */
/* How deep backtraces are, by the environment or the program, and what stands in their place. */
#include "tests/test.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include <hlthunk/leaks.h>

#include "lib/core/backtrace.h"

static bool refuse_memory;
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
    return refuse_memory ? NULL : __real_malloc(size);
}

static __attribute__((noinline)) struct hl_backtrace *capture(void)
{
    return hl_backtrace_capture(__builtin_return_address(0));
}

/* As a process that starts with this in its environment. */
static __attribute__((noinline)) size_t depth_with(const char *value)
{
    struct hl_backtrace *t;
    size_t n;

    if (value)
        setenv("HLTHUNK_BACKTRACE", value, 1);
    else
        unsetenv("HLTHUNK_BACKTRACE");
    atomic_store(&hl_backtrace_depth, -1);
    t = capture();
    n = t ? t->count : 0;
    free(t);
    return n;
}

TEST(of_the_environment)
{
    assert_int_equal(depth_with(NULL), 0);
    assert_int_equal(depth_with(""), 0);
    assert_int_equal(depth_with("0"), 0);
    assert_int_equal(depth_with("-1"), 0);
    assert_int_equal(depth_with("no"), 0);
    assert_int_equal(depth_with("1"), 1);
    assert_int_equal(depth_with("2"), 2);
    assert_int_equal(depth_with("/"), 0);
    assert_int_equal(depth_with(":"), 0);
    depth_with("99999");
    assert_int_equal(atomic_load(&hl_backtrace_depth), HLTHUNK_BACKTRACE_MAX);
}

TEST(of_the_program)
{
    setenv("HLTHUNK_BACKTRACE", "2", 1);
    hlthunk_backtrace_set_depth(0);
    assert_null(capture());
    hlthunk_backtrace_set_depth(UINT32_MAX);
    assert_int_equal(atomic_load(&hl_backtrace_depth), HLTHUNK_BACKTRACE_MAX);
    hlthunk_backtrace_set_depth(HLTHUNK_BACKTRACE_MAX);
    assert_int_equal(atomic_load(&hl_backtrace_depth), HLTHUNK_BACKTRACE_MAX);
}

/* Then the report has the creator's address alone. */
TEST(none)
{
    struct hl_backtrace *t;

    hlthunk_backtrace_set_depth(3);
    t = capture(); /* what the C library sets up at the first time is there */
    assert_non_null(t);
    free(t);
    assert_null(hl_backtrace_capture(&refuse_memory)); /* nobody called from there */
    refuse_memory = true;
    t = capture();
    refuse_memory = false;
    assert_null(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_the_environment),
        cmocka_unit_test(of_the_program),
        cmocka_unit_test(none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
