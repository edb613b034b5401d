/* SPDX-License-Identifier: MIT */
#ifndef TESTS_EARLY_H
#define TESTS_EARLY_H

#include <stdbool.h>

/* Has its constructor opened a node? */
__attribute__((visibility("default"))) bool early_opened(void);

#endif
