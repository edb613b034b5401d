/* SPDX-License-Identifier: MIT */
#include "lib/core/registry.h"

#include <pthread.h>
#include <string.h>

#include "lib/fork.h"
#include "lib/hot.h"
#include "lib/device/device.h"
#include "lib/memory/dmabuf.h"

#define BUCKETS 256 /* of dma-bufs, by inode: a process may export thousands */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all below */
static struct hlthunk_device *devices;
static struct hlthunk_dmabuf *dmabufs[BUCKETS];
static uint64_t epoch; /* of the process whose objects these are */
static pthread_once_t once = PTHREAD_ONCE_INIT;

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

/* Everything that was exported up to now goes into the table. */
static void identify_exports(void)
{
    struct hlthunk_dmabuf *m;

    for (struct hlthunk_device *d = devices; d; d = d->next) {
        pthread_mutex_lock(&d->lock);
        while ((m = d->unidentified)) {
            unlink_from(m);
            hl_file_id(m->fd, &m->id); /* a program that has closed our descriptor: all zero */
            atomic_store_explicit(&m->identified, true, memory_order_release);
            link_in(bucket(&m->id), m);
        }
        pthread_mutex_unlock(&d->lock);
    }
}

/* Locks; in a forked child the parent's entries are forgotten first. */
static void lock_own(void)
{
    uint64_t now = hl_process_epoch();

    pthread_mutex_lock(&lock);
    if (epoch != now) {
        devices = NULL;
        memset(dmabufs, 0, sizeof(dmabufs));
        epoch = now;
    }
}

/* The child can close its copies when it knows what they are. */
static void before_fork(void)
{
    lock_own();
    identify_exports();
}

static void leave(void)
{
    pthread_mutex_unlock(&lock);
}

/* A child must not find the lock held by a thread that it does not have. */
static void set_up(void)
{
    pthread_atfork(before_fork, leave, leave);
}

static void enter(void)
{
    pthread_once(&once, set_up);
    lock_own();
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
    identify_exports();
    for (m = *bucket(id); m; m = m->index_next) {
        if (hl_file_id_equal(&m->id, id) && hl_refs_try_get(&m->object.refs))
            break;
    }
    leave();
    return m;
}

bool hl_registry_has_dmabuf_fd(int fd)
{
    const struct hlthunk_dmabuf *m = NULL;

    enter();
    identify_exports();
    for (unsigned i = 0; i < BUCKETS && !m; i++) {
        for (m = dmabufs[i]; m && m->fd != fd; m = m->index_next)
            ;
    }
    leave();
    return m != NULL;
}

HL_HOT void hl_registry_add_export(struct hlthunk_dmabuf *m)
{
    link_in(&m->object.device->unidentified, m);
}

HL_HOT bool hl_registry_remove_export(struct hlthunk_dmabuf *m)
{
    if (atomic_load_explicit(&m->identified, memory_order_relaxed))
        return false;
    unlink_from(m);
    return true;
}
