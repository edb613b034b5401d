/* SPDX-License-Identifier: MIT */
/*
 * What an upper layer keeps with a parent, which knows nothing about it: created when the layer
 * first asks for it, and destroyed with the parent.
 */
#ifndef HL_CORE_ATTACHMENT_H
#define HL_CORE_ATTACHMENT_H

#include <stdbool.h>
#include <stddef.h>

struct hl_attachment;
struct hl_parent;

/* Operations that are NULL do nothing. */
struct hl_attachment_ops {
    size_t size; /* of the layer's struct, whose first member is the struct hl_attachment */
    /* It is zeroed; no other thread sees it yet, the parent's lock is held. */
    void (*init)(struct hl_attachment *a, struct hl_parent *parent);
    /*
     * Nobody has the parent any more, all was settled, and attachments made later are gone: this
     * one asks for no other.  Not ours: in a forked child, which frees only its copies.
     */
    void (*destroy)(struct hl_attachment *a, struct hl_parent *parent, bool ours);
    /* Finishes what could not be finished before; returns how much is left. */
    size_t (*settle)(struct hl_attachment *a, struct hl_parent *parent);
};

struct hl_attachment {
    struct hl_attachment *next;
    const struct hl_attachment_ops *ops;
};

/* The parent's attachment of this kind; NULL if it does not exist yet. */
void *hl_attachment_find(struct hl_parent *parent, const struct hl_attachment_ops *ops);

/* The same, created if needed; NULL without memory.  Takes the parent's lock. */
void *hl_attachment_get(struct hl_parent *parent, const struct hl_attachment_ops *ops);

/* Calls settle() on all; returns the sum. */
size_t hl_attachments_settle(struct hl_parent *parent);

/* Settles, while all of them are there; then destroys all, the latest first. */
void hl_attachments_destroy(struct hl_parent *parent);

#endif
