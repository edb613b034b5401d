/* SPDX-License-Identifier: MIT */
/*
 * Disjoint spans of addresses, found by any address within them in logarithmic time.  Pure
 * bookkeeping without locks or memory of its own: a span is part of what it describes.
 *
 * A treap: a search tree by start and a heap by a hash of it.  The hash makes the depth that of a
 * random tree, whatever the order and the pattern in which spans come.
 */
#ifndef HL_CORE_SPANS_H
#define HL_CORE_SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hl_span {
    uint64_t start, size; /* not changed while it is in */
    struct hl_span *left, *right;
};

struct hl_spans {
    struct hl_span *root;
};

/* The span that has the address, or NULL. */
struct hl_span *hl_spans_find(const struct hl_spans *spans, uint64_t address);

/* False, and nothing changes, when part of it is in another one.  size is not 0. */
bool hl_spans_insert(struct hl_spans *spans, struct hl_span *span);

/* One that is in. */
void hl_spans_remove(struct hl_spans *spans, struct hl_span *span);

#endif
