/* SPDX-License-Identifier: MIT */
#include "lib/core/registry.h"

#include <string.h>

#include "lib/process_lock.h"

#define BUCKETS 256 /* by inode: a process may export thousands of dma-bufs */

static void forget(void);

static struct hl_process_lock lock = HL_PROCESS_LOCK(forget); /* guards the table */
static struct hl_registered *table[BUCKETS];

static void forget(void)
{
    memset(table, 0, sizeof(table));
}

static struct hl_registered **bucket(const struct hl_file_id *id)
{
    return &table[(id->ino ^ id->ino >> 8) % BUCKETS];
}

/* With the lock held. */
static void add(struct hl_registered *r, struct hl_object *object)
{
    struct hl_registered **head = bucket(&r->id);

    r->object = object;
    r->next = *head;
    r->link = head;
    if (*head)
        (*head)->link = &r->next;
    *head = r;
}

static struct hl_object *find(const struct hl_file_id *id, const struct hl_object_ops *ops,
                              bool (*fits)(const struct hl_object *object))
{
    for (const struct hl_registered *r = *bucket(id); r; r = r->next) {
        if (r->object->ops == ops && hl_file_id_equal(&r->id, id) && (!fits || fits(r->object)) &&
            hl_object_try_get(r->object))
            return r->object;
    }
    return NULL;
}

void hl_registry_add(struct hl_registered *r, struct hl_object *object)
{
    hl_process_lock(&lock);
    add(r, object);
    hl_process_unlock(&lock);
}

struct hl_object *hl_registry_join(struct hl_registered *r, struct hl_object *object,
                                   bool (*fits)(const struct hl_object *object))
{
    struct hl_object *o;

    hl_process_lock(&lock);
    o = find(&r->id, object->ops, fits);
    if (!o)
        add(r, object);
    hl_process_unlock(&lock);
    return o;
}

void hl_registry_remove(struct hl_registered *r)
{
    if (!r->object)
        return;
    hl_process_lock(&lock);
    *r->link = r->next;
    if (r->next)
        r->next->link = r->link;
    r->object = NULL;
    hl_process_unlock(&lock);
}

struct hl_object *hl_registry_find(const struct hl_file_id *id, const struct hl_object_ops *ops,
                                   bool (*fits)(const struct hl_object *object))
{
    struct hl_object *o;

    hl_process_lock(&lock);
    o = find(id, ops, fits);
    hl_process_unlock(&lock);
    return o;
}
