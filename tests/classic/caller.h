/* SPDX-License-Identifier: MIT */
/*
 * A thread that calls the classic functions as it comes, on a descriptor that it shares: what is
 * known of any device, and calls that make no sense.
 */
#ifndef TESTS_CLASSIC_CALLER_H
#define TESTS_CLASSIC_CALLER_H

#include "tests/work/work.h"

struct caller {
    struct work *w;
    uint64_t random;
};

/* Ends the program unless this is true: cmocka's assertions are for the test's own thread. */
#define must(right) must_be(right, #right, __FILE__, __LINE__)
void must_be(bool right, const char *what, const char *file, int line);

/* A random number below n. */
uint32_t below(struct caller *c, uint32_t n);

/* Any question, an open, a notifier, or nonsense; its answer must be right. */
void caller_ask(struct caller *c);

#endif
