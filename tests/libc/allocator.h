/* SPDX-License-Identifier: MIT */
#ifndef TESTS_ALLOCATOR_H
#define TESTS_ALLOCATOR_H

#include <stdbool.h>

/* Was memory asked for while the allocator began? */
__attribute__((visibility("default"))) bool allocator_asked_within(void);

#endif
