/* SPDX-License-Identifier: MIT */
/*
 * What every object is: a count of references, a table of operations, a parent that it holds and
 * that lists it while it lives, and where it was made.  A device is the parent of all others.
 */
#ifndef HL_CORE_OBJECT_H
#define HL_CORE_OBJECT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <hlthunk/leaks.h>

#include "lib/core/backtrace.h"
#include "lib/fork.h"
#include "lib/thread.h"

struct hl_attachment;
struct hl_object;
struct hl_parent;
struct hlthunk_device;

/* An entry of a report (hlthunk/leaks.h): an object, or a pool's buffers of one kind. */
struct hlthunk_live_object {
    const char *kind;          /* "buffer", ... */
    uint64_t count;            /* how many this stands for */
    uint64_t size_bytes;       /* of all of them */
    uint64_t offset;           /* dma-buf: within its buffer */
    uint64_t address;          /* in the device's address space; 0 where it has none */
    uint64_t age_ns;           /* of the oldest */
    const char *label;         /* NULL: none */
    const void *creator;       /* code address of the call that made it */
    const void *const *frames; /* return addresses from there on; NULL without a backtrace */
    size_t frame_count;
};

#define HL_LABEL_SIZE 32

/* Operations that are NULL do nothing. */
struct hl_object_ops {
    const char *kind; /* "buffer", ... */
    /*
     * The last reference is gone, and the object is in no list: releases what it has, whatever
     * of it was built, and ends with hl_object_free().  In a forked child (hl_object_is_ours()) it
     * frees only the copies.  The parent is put after it.
     */
    void (*destroy)(struct hl_object *object);
    /* Called before that, still listed.  True: the object ends later, by hl_object_end(). */
    bool (*linger)(struct hl_object *object);
    /* Fills size, offset and address for a report; with the parent's lock held. */
    void (*describe)(const struct hl_object *object, struct hlthunk_live_object *live);
    /* Lists what it consists of, for a report.  The same lock; visit() takes none. */
    int (*parts)(const struct hl_object *object, hlthunk_live_object_fn visit, void *user);
    /* Returns to the device what it only keeps for later: how many bytes.  Without locks. */
    uint64_t (*reclaim)(struct hl_object *object);
    /*
     * Lets go of other objects whose use is over: were there any?  With the parent's lock held,
     * which it releases.  Without a reference, since who drops the last one may have to wait.
     */
    bool (*settle)(struct hl_object *object);
    /* Bytes that are free within what reclaim() has to leave.  With the parent's lock held. */
    uint64_t (*kept)(const struct hl_object *object);
    /* Called as it joins its parent's list, and before it leaves it.  The same lock. */
    void (*listed)(struct hl_object *object);
    void (*unlisted)(struct hl_object *object);
};

struct hl_object {
    atomic_uint refs;
    bool holds_parent, listed;
    const struct hl_object_ops *ops;
    union { /* NULL for a device and a foreign dma-buf */
        struct hl_parent *parent;
        struct hlthunk_device *device; /* the same: its first member is the struct hl_parent */
    };
    struct hl_object *prev, *next; /* guarded by the parent's lock; of a pool: by its shard's */
    uint64_t epoch;                /* of the process that made it */
    uint64_t created_ns;
    const void *creator;
    struct hl_backtrace *backtrace; /* NULL: backtraces are off */
    char label[HL_LABEL_SIZE];
};

/* An object that others have as their parent. */
struct hl_parent {
    struct hl_object object;
    atomic_int stale;                    /* not 0: its children's handles are no longer valid */
    pthread_mutex_t lock;                /* guards the list and what the layers keep with it */
    struct hl_object *first, *last;      /* children, the oldest first */
    struct hl_attachment *_Atomic parts; /* attachment.h */
};

/* Zeroed memory for one, of the size of the struct that it is the first member of. */
void *hl_object_new(size_t size);

/* A report has one line for an object: control characters become '?'. */
void hl_object_copy_label(struct hl_object *o, const char *label);
static inline void hl_object_set_label(struct hl_object *o, const char *label)
{
    o->label[0] = '\0';
    if (label)
        hl_object_copy_label(o, label);
}

/* @o must be zeroed.  Starts with one reference, takes one of the parent, and is not listed. */
void hl_object_init(struct hl_object *o, const struct hl_object_ops *ops, struct hl_parent *parent,
                    const char *label, const void *creator);

/* 0 or -errno without a text. */
int hl_parent_init(struct hl_parent *p, const struct hl_object_ops *ops);

/* Adds it to its parent's list.  It must be complete: other threads may look at it from now on. */
void hl_object_list(struct hl_object *o);

/* Frees it and what hl_object_init() allocated: the last line of a destroy(). */
void hl_object_free(struct hl_object *o);

/* The second half of that, for memory that lives on as something else. */
void hl_object_fini(struct hl_object *o);

static inline void hl_object_get(struct hl_object *o)
{
    atomic_fetch_add_explicit(&o->refs, 1, memory_order_relaxed);
}

/* A reference to an object in a list: false if its last one is being dropped. */
bool hl_object_try_get(struct hl_object *o);

/* NULL is allowed.  The last reference destroys it, or lets it linger. */
void hl_object_put(struct hl_object *o);

/* Removes it from the list, destroys it and puts its parent. */
void hl_object_end(struct hl_object *o);

/* Was it created by this process, rather than by a parent that forked? */
static inline bool hl_object_is_ours(const struct hl_object *o)
{
    return hl_epoch_is_ours(o->epoch);
}

/*
 * The check at the start of a call: 0; -EINVAL (NULL, name says what); -EPERM (made by the parent
 * of this process); -ENODEV (the device was reset or removed under it).
 */
int hl_object_check(const struct hl_object *o, const char *name);

/* Has every child return what it only keeps: bytes.  Without locks. */
uint64_t hl_parent_reclaim(struct hl_parent *p);
/* Has every child let go of objects whose use is over: were there any?  Without locks. */
bool hl_parent_settle(struct hl_parent *p);

#endif
