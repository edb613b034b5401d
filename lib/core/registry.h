/* SPDX-License-Identifier: MIT */
/*
 * This process's objects by the identity of their files, so that opening or importing the same
 * file again finds the object. Entries hold no reference; what is found is one more.
 */
#ifndef HL_CORE_REGISTRY_H
#define HL_CORE_REGISTRY_H

#include <stdbool.h>

#include "lib/core/object.h"
#include "lib/fd.h"

/* Part of an object that has a file. */
struct hl_registered {
    struct hl_file_id id;
    struct hl_object *object;
    struct hl_registered *next, **link; /* guarded by the registry's lock */
};

/* r->id is set. */
void hl_registry_add(struct hl_registered *r, struct hl_object *object);

/*
 * The same, unless hl_registry_find() finds one by now: that, one more reference, and nothing was
 * added.  NULL: it was.
 */
struct hl_object *hl_registry_join(struct hl_registered *r, struct hl_object *object,
                                   bool (*fits)(const struct hl_object *object));
/* Does nothing if it was not added. */
void hl_registry_remove(struct hl_registered *r);

/*
 * The object with these operations and this file that fits (NULL: each does), one more reference;
 * NULL without one.
 */
struct hl_object *hl_registry_find(const struct hl_file_id *id, const struct hl_object_ops *ops,
                                   bool (*fits)(const struct hl_object *object));

#endif
