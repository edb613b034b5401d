/* SPDX-License-Identifier: MIT */
#include "lib/core/registry.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "lib/fork.h"

#define BUCKETS 256 /* by inode: a process may export thousands of dma-bufs */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the table */
static struct hl_registered *table[BUCKETS];
/* of the process whose objects these are; of the one whose first thread prepares them */
static _Atomic uint64_t epoch, claimed;

static struct hl_registered **bucket(const struct hl_file_id *id)
{
    return &table[(id->ino ^ id->ino >> 8) % BUCKETS];
}

/*
 * Locks.  In a forked child the parent's entries are forgotten first, and its lock, which one of
 * the parent's other threads may have held.
 */
static void enter(void)
{
    uint64_t now = hl_process_epoch(), was = atomic_load(&claimed);

    if (atomic_load(&epoch) != now) {
        if (was != now && atomic_compare_exchange_strong(&claimed, &was, now)) {
            pthread_mutex_init(&lock, NULL);
            memset(table, 0, sizeof(table));
            atomic_store(&epoch, now);
        }
        while (atomic_load(&epoch) != now) /* another thread was first */
            sched_yield();
    }
    pthread_mutex_lock(&lock);
}

static void leave(void)
{
    pthread_mutex_unlock(&lock);
}

void hl_registry_add(struct hl_registered *r, struct hl_object *object)
{
    struct hl_registered **head = bucket(&r->id);

    enter();
    r->object = object;
    r->next = *head;
    r->link = head;
    if (*head)
        (*head)->link = &r->next;
    *head = r;
    leave();
}

void hl_registry_remove(struct hl_registered *r)
{
    if (!r->object)
        return;
    enter();
    *r->link = r->next;
    if (r->next)
        r->next->link = r->link;
    r->object = NULL;
    leave();
}

struct hl_object *hl_registry_find(const struct hl_file_id *id, const struct hl_object_ops *ops,
                                   bool (*fits)(const struct hl_object *object))
{
    struct hl_object *o = NULL;

    enter();
    for (const struct hl_registered *r = *bucket(id); r && !o; r = r->next) {
        if (r->object->ops == ops && hl_file_id_equal(&r->id, id) && (!fits || fits(r->object)) &&
            hl_object_try_get(r->object))
            o = r->object;
    }
    leave();
    return o;
}
