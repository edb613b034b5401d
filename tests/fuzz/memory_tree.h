/* SPDX-License-Identifier: MIT */
/*
 * A recorded machine in memory, in place of lib/kernel/tree.c: what a file holds, and where a link
 * leads, is what an input says.
 */
#ifndef TESTS_FUZZ_MEMORY_TREE_H
#define TESTS_FUZZ_MEMORY_TREE_H

#include <stddef.h>
#include <stdint.h>

#define MEMORY_ROOT "/recorded"

/* How many files, links and folders there are. */
size_t memory_tree_count(void);
/* All is as on a machine without faults. */
void memory_tree_reset(void);
/* Entry i is something else: what it holds, or its name in its folder, is not copied. */
void memory_tree_put(size_t i, const uint8_t *bytes, size_t size);
void memory_tree_rename(size_t i, const uint8_t *name, size_t size);
/* Each look at it fails; error: an errno. */
void memory_tree_fail(size_t i, int error);
/* What it holds on a machine without faults. */
const uint8_t *memory_tree_usual(size_t i, size_t *size);

#endif
