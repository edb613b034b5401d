/* SPDX-License-Identifier: MIT */
/* What every CMocka test includes first. */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* CMocka 2's name; CMocka 1 has the other, which is deprecated there */
#ifndef assert_uint_in_range
#define assert_uint_in_range assert_in_range
#endif

/* The head of a test, and of a set-up or tear-down, that needs no state of CMocka's. */
#define TEST(name) static void name(void **state __attribute__((unused)))
#define FIXTURE(name) static int name(void **state __attribute__((unused)))

/* The head of what runs a file's tests: its program's main(), or a part of hlthunk-conformance. */
#ifdef HLTHUNK_SUITES
#define SUITE(name)                                                                                \
    int suite_##name(void);                                                                        \
    int suite_##name(void)
#else
#define SUITE(name) int main(void)
#endif

#endif
