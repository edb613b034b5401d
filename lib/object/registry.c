/* SPDX-License-Identifier: MIT */
#include "lib/object/registry.h"

#include <pthread.h>
#include <string.h>

#include "lib/fork.h"
#include "lib/object/device.h"
#include "lib/object/dmabuf.h"

#define BUCKETS 256 /* of dma-bufs, by inode: a process may export thousands */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all below */
static struct hlthunk_device *devices;
static struct hlthunk_dmabuf *dmabufs[BUCKETS];
static uint64_t epoch; /* of the process whose objects these are */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void before_fork(void)
{
    pthread_mutex_lock(&lock);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&lock);
}

/* A child must not find the lock held by a thread that it does not have. */
static void set_up(void)
{
    pthread_atfork(before_fork, after_fork, after_fork);
}

/* Locks; in a forked child the parent's entries are forgotten first. */
static void enter(void)
{
    uint64_t now = hl_process_epoch();

    pthread_once(&once, set_up);
    pthread_mutex_lock(&lock);
    if (epoch != now) {
        devices = NULL;
        memset(dmabufs, 0, sizeof(dmabufs));
        epoch = now;
    }
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

static struct hlthunk_dmabuf **bucket(const struct hl_file_id *id)
{
    return &dmabufs[(id->ino ^ id->ino >> 8) % BUCKETS];
}

void hl_registry_add_dmabuf(struct hlthunk_dmabuf *b)
{
    struct hlthunk_dmabuf **p;

    enter();
    p = bucket(&b->id);
    b->hash_next = *p;
    *p = b;
    leave();
}

void hl_registry_remove_dmabuf(struct hlthunk_dmabuf *b)
{
    enter();
    for (struct hlthunk_dmabuf **p = bucket(&b->id); *p; p = &(*p)->hash_next) {
        if (*p == b) {
            *p = b->hash_next;
            break;
        }
    }
    leave();
}

struct hlthunk_dmabuf *hl_registry_find_dmabuf(const struct hl_file_id *id)
{
    struct hlthunk_dmabuf *b;

    enter();
    for (b = *bucket(id); b; b = b->hash_next) {
        if (hl_file_id_equal(&b->id, id) && hl_refs_try_get(&b->object.refs))
            break;
    }
    leave();
    return b;
}
