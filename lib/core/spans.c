/* SPDX-License-Identifier: MIT */
#include "lib/core/spans.h"

/* Whose rank is higher is further up. */
static uint64_t rank(const struct hl_span *s)
{
    uint64_t x = s->start;

    x = (x ^ x >> 33) * 0xff51afd7ed558ccd;
    x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53;
    return x ^ x >> 33;
}

/* The last one that starts at or before an address. */
static struct hl_span *last_before(const struct hl_spans *t, uint64_t address)
{
    struct hl_span *best = NULL, *s = t->root;

    while (s) {
        if (s->start <= address) {
            best = s;
            s = s->right;
        } else {
            s = s->left;
        }
    }
    return best;
}

struct hl_span *hl_spans_find(const struct hl_spans *t, uint64_t address)
{
    struct hl_span *s = last_before(t, address);

    return s && address - s->start < s->size ? s : NULL;
}

bool hl_spans_insert(struct hl_spans *t, struct hl_span *s)
{
    const struct hl_span *before = last_before(t, s->start + s->size - 1);
    struct hl_span **at = &t->root, **left = &s->left, **right = &s->right, *below;
    uint64_t own = rank(s);

    if (before && (before->start >= s->start || s->start - before->start < before->size))
        return false;
    while (*at && rank(*at) >= own)
        at = s->start < (*at)->start ? &(*at)->left : &(*at)->right;
    below = *at;
    *at = s;
    /* what was there is split between its two sides */
    while (below) {
        if (below->start < s->start) {
            *left = below;
            left = &below->right;
            below = *left;
        } else {
            *right = below;
            right = &below->left;
            below = *right;
        }
    }
    *left = *right = NULL;
    return true;
}

void hl_spans_remove(struct hl_spans *t, struct hl_span *s)
{
    struct hl_span **at = &t->root, *left = s->left, *right = s->right;

    while (*at != s)
        at = s->start < (*at)->start ? &(*at)->left : &(*at)->right;
    /* its two sides become one */
    while (left && right) {
        if (rank(left) >= rank(right)) {
            *at = left;
            at = &left->right;
            left = *at;
        } else {
            *at = right;
            at = &right->left;
            right = *at;
        }
    }
    *at = left ? left : right;
}
