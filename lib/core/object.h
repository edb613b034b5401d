/* SPDX-License-Identifier: MIT */
/*
 * What all objects on a device have in common: a reference count, their place in the device's
 * list of live objects, and where they were made.
 */
#ifndef HL_CORE_OBJECT_H
#define HL_CORE_OBJECT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <hlthunk/leaks.h>

#include "lib/fork.h"
#include "lib/core/trace.h"
#include "lib/thread.h"

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
    const void *const *frames; /* return addresses from there on; NULL without a trace */
    size_t frame_count;
};

#define HL_LABEL_SIZE 32

struct hl_object {
    atomic_uint refs;
    const char *kind;              /* "buffer", … */
    struct hlthunk_device *device; /* held (a dma-buf: by its buffer); NULL for a foreign dma-buf */
    struct hl_object *prev, *next; /* guarded by device->lock; of a pool: by its shard's */
    uint64_t epoch;                /* of the process that made it */
    uint64_t created_ns;
    const void *creator;
    struct hl_trace *trace; /* NULL: traces are off */
    char label[HL_LABEL_SIZE];
    /* fills size, offset and address for a report; called with device->lock held */
    void (*describe)(const struct hl_object *object, struct hlthunk_live_object *live);
    /* lists what it consists of, for a report; NULL: nothing.  The same lock; visit() takes none */
    int (*parts)(const struct hl_object *object, hlthunk_live_object_fn visit, void *user);
};

/* Memory for one, all zero; NULL without.  (calloc() bypasses the thread's cache of freed blocks.)
 */
void *hl_object_new(size_t size);

static inline void hl_object_set_label(struct hl_object *o, const char *label)
{
    o->label[0] = '\0';
    if (label)
        strncat(o->label, label, sizeof(o->label) - 1);
}

/* Of zeros.  First reference; takes one of the device (which may be NULL). */
void hl_object_init(struct hl_object *o, const char *kind, struct hlthunk_device *device,
                    const char *label, const void *creator,
                    void (*describe)(const struct hl_object *, struct hlthunk_live_object *));

/*
 * On and off the device's list of live objects (hl_object_list() and _unlist() of device.h, with
 * the lock held), and nothing done to the list in a forked child.  An object is listed once it is
 * complete: another thread may look at it from then on.
 */
void hl_object_enlist(struct hl_object *o);
void hl_object_delist(struct hl_object *o);

/* Frees what hl_object_init() allocated: the last that happens to an object but for its memory. */
static inline void hl_object_fini(struct hl_object *o)
{
    if (__builtin_expect(o->trace != NULL, 0))
        free(o->trace);
    o->trace = NULL;
}

static inline void hl_refs_get(atomic_uint *refs)
{
    if (hl_single_threaded())
        atomic_store_explicit(refs, atomic_load_explicit(refs, memory_order_relaxed) + 1,
                              memory_order_relaxed);
    else
        atomic_fetch_add_explicit(refs, 1, memory_order_relaxed);
}

/* A reference from a list: false when the last one is just going away. */
bool hl_refs_try_get(atomic_uint *refs);

/* True for the last one. */
static inline bool hl_refs_put(atomic_uint *refs)
{
    unsigned before;

    if (hl_single_threaded()) {
        before = atomic_load_explicit(refs, memory_order_relaxed);
        atomic_store_explicit(refs, before - 1, memory_order_relaxed);
    } else {
        before = atomic_fetch_sub_explicit(refs, 1, memory_order_acq_rel);
    }
    return before == 1;
}

/*
 * The check at the start of a call: 0; -EINVAL (NULL, name says what); -EPERM (made by the parent
 * of this process); -ENODEV (the device was reset or removed under it).
 */
int hl_object_check(const struct hl_object *o, const char *name);

#endif
