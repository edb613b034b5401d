/* SPDX-License-Identifier: MIT */
/*
 * Copies that survive SIGBUS. Whoever gave us a file for a mapping can shrink it at any time, and
 * an access past its end is then a signal. guard_install() once for the process; the copies work
 * in any thread and return false when a part of the range is not there (some of it may be copied).
 * The ranges may overlap.
 */
#ifndef RIG_EMU_GUARD_H
#define RIG_EMU_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int guard_install(void);
bool guard_copy(void *to, const void *from, size_t len);
bool guard_fill(void *to, uint64_t pattern, size_t len);

#endif
