/* SPDX-License-Identifier: MIT */
/*
 * Copies that survive SIGBUS. Whoever gave us a mapped file can shrink it at any time, and
 * an access past its end then raises SIGBUS. Call guard_install() once in a process; the copies
 * work in any thread and return false when part of the range is missing (some of it may be copied).
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
