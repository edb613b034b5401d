/* SPDX-License-Identifier: MIT */
#include "lib/core/registry.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "lib/fork.h"
#include "lib/device/device.h"
#include "lib/memory/dmabuf.h"

#define BUCKETS 256 /* of dma-bufs, by inode: a process may export thousands */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all below */
static struct hlthunk_device *devices;
static struct hlthunk_dmabuf *dmabufs[BUCKETS];
/* of the process whose objects these are; of the one whose first thread prepares them */
static _Atomic uint64_t epoch, claimed;

static struct hlthunk_dmabuf **bucket(const struct hl_file_id *id)
{
    return &dmabufs[(id->ino ^ id->ino >> 8) % BUCKETS];
}

static void link_in(struct hlthunk_dmabuf **head, struct hlthunk_dmabuf *m)
{
    m->index_next = *head;
    m->index_link = head;
    if (*head)
        (*head)->index_link = &m->index_next;
    *head = m;
}

static void unlink_from(struct hlthunk_dmabuf *m)
{
    *m->index_link = m->index_next;
    if (m->index_next)
        m->index_next->index_link = m->index_link;
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
            devices = NULL;
            memset(dmabufs, 0, sizeof(dmabufs));
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

void hl_registry_add_device(struct hlthunk_device *d)
{
    enter();
    d->next = devices;
    devices = d;
    leave();
}

void hl_registry_remove_device(struct hlthunk_device *d)
{
    enter();
    for (struct hlthunk_device **p = &devices; *p; p = &(*p)->next) {
        if (*p == d) {
            *p = d->next;
            break;
        }
    }
    leave();
}

struct hlthunk_device *hl_registry_find_device(const struct hl_file_id *id)
{
    struct hlthunk_device *d;

    enter();
    for (d = devices; d; d = d->next) {
        if (hl_file_id_equal(&d->id, id) && !atomic_load(&d->stale) && hl_refs_try_get(&d->refs))
            break;
    }
    leave();
    return d;
}

void hl_registry_add_dmabuf(struct hlthunk_dmabuf *m)
{
    enter();
    link_in(bucket(&m->id), m);
    leave();
}

void hl_registry_remove_dmabuf(struct hlthunk_dmabuf *m)
{
    enter();
    unlink_from(m);
    leave();
}

struct hlthunk_dmabuf *hl_registry_find_dmabuf(const struct hl_file_id *id)
{
    struct hlthunk_dmabuf *m;

    enter();
    for (m = *bucket(id); m; m = m->index_next) {
        if (hl_file_id_equal(&m->id, id) && hl_refs_try_get(&m->object.refs))
            break;
    }
    leave();
    return m;
}
