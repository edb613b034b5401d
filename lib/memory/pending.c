/* SPDX-License-Identifier: MIT */
#include "lib/memory/pending.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hot.h"
#include "lib/kernel/sysfs.h"
#include "lib/log.h"
#include "lib/device/device.h"
#include "lib/memory/dmabuf.h"
#include "lib/op/op_mem.h"

bool hl_dmabuf_is_shared(int fd)
{
    char path[48], text[512];
    const char *count;

    /* dma_buf_show_fdinfo(): "count" is the file's references without procfs's own */
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
    if (hl_sysfs_read(path, text, sizeof(text)))
        return true; /* cannot be known: assume the worst */
    count = strstr(text, "count:");
    return !count || strtol(count + strlen("count:"), NULL, 10) > 1;
}

void hl_watches_drop(struct hlthunk_dmabuf *w)
{
    while (w) {
        struct hlthunk_dmabuf *next = w->next;

        hl_fd_close(w->fd, &w->id);
        free(w);
        w = next;
    }
}

struct hlthunk_dmabuf *hl_watches_look(struct hlthunk_dmabuf *w)
{
    struct hlthunk_dmabuf *rest = NULL, *next;

    for (; w; w = next) {
        next = w->next;
        if (hl_dmabuf_is_shared(w->fd)) {
            w->next = rest;
            rest = w;
        } else {
            w->next = NULL;
            hl_watches_drop(w);
        }
    }
    return rest;
}

/* -EINVAL: still exported.  Everything else is over: done, or gone with the device. */
static int unmap(struct hlthunk_device *d, struct hl_memory *m)
{
    int rc = hl_mem_unmap(d->fd, m->address);

    if (rc && rc != -EINVAL)
        hl_device_ask(d);
    return rc;
}

static void free_memory(struct hlthunk_device *d, const struct hl_memory *m)
{
    int rc = hl_mem_free(d->fd, m->physical ? m->granted : m->handle);

    if (rc && !hl_device_ask(d))
        hl_log(HLTHUNK_LOG_WARNING, "%s: %llu bytes of device memory stay allocated: %s",
               d->props.pci_address, (unsigned long long)m->granted, strerror(-rc));
}

/*
 * Does as much as can be done now and clears it in *m.  True when nothing is left.  A stale device
 * is asked nothing: its memory goes with its file, and nobody can get its address again.
 */
HL_HOT static bool release(struct hlthunk_device *d, struct hl_memory *m,
                           struct hlthunk_dmabuf **watches)
{
    if (atomic_load(&d->stale)) {
        hl_watches_drop(*watches);
        *watches = NULL;
        return true;
    }
    if (*watches)
        *watches = hl_watches_look(*watches);
    if (*watches)
        return false;
    if (m->ours_to_unmap) {
        if (unmap(d, m) == -EINVAL)
            return false;
        m->ours_to_unmap = false;
    }
    if (m->ours_to_free) {
        if (!atomic_load(&d->stale))
            free_memory(d, m);
        m->ours_to_free = false;
    }
    if (m->physical) {
        pthread_mutex_lock(&d->lock);
        hl_ranges_free(&d->ranges, m->address);
        pthread_mutex_unlock(&d->lock);
    }
    return true;
}

static __attribute__((cold, noinline)) void
postpone(struct hlthunk_device *d, const struct hl_memory *m, struct hlthunk_dmabuf *watches)
{
    struct hl_pending *p;

    hl_log(HLTHUNK_LOG_WARNING,
           "%s: %llu bytes of device memory at %#llx cannot be released yet: a dma-buf of them is "
           "still open in some process",
           d->props.pci_address, (unsigned long long)m->granted, (unsigned long long)m->address);
    p = malloc(sizeof(*p));
    if (!p) {
        /* the range stays taken until the device's file is closed: lost for us, never reused */
        hl_log(HLTHUNK_LOG_ERROR, "no memory to remember it: it is released with the device");
        hl_watches_drop(watches);
        return;
    }
    p->memory = *m;
    p->watches = watches;
    pthread_mutex_lock(&d->lock);
    p->next = d->pending;
    __atomic_store_n(&d->pending, p, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&d->lock);
}

HL_HOT void hl_memory_release(struct hlthunk_device *d, struct hl_memory *m,
                              struct hlthunk_dmabuf *watches)
{
    if (!release(d, m, &watches))
        postpone(d, m, watches);
}

HL_HOT void hl_pending_retry(struct hlthunk_device *d)
{
    struct hl_pending *list, *p, *next, *rest = NULL;

    if (!__atomic_load_n(&d->pending, __ATOMIC_RELAXED))
        return; /* nearly always; what another thread adds just now is tried next time */
    pthread_mutex_lock(&d->lock);
    list = d->pending;
    __atomic_store_n(&d->pending, NULL, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&d->lock);
    for (p = list; p; p = next) {
        next = p->next;
        if (release(d, &p->memory, &p->watches)) {
            free(p);
        } else {
            p->next = rest;
            rest = p;
        }
    }
    if (!rest)
        return;
    pthread_mutex_lock(&d->lock);
    for (p = rest; p->next; p = p->next)
        ;
    p->next = d->pending;
    __atomic_store_n(&d->pending, rest, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&d->lock);
}

void hl_pending_forget(struct hlthunk_device *d)
{
    struct hl_pending *p, *next;

    for (p = d->pending; p; p = next) {
        next = p->next;
        hl_watches_drop(p->watches);
        free(p);
    }
    d->pending = NULL;
}

void hl_pending_drop(struct hlthunk_device *d)
{
    struct hl_pending *p, *next;

    for (p = d->pending; p; p = next) {
        next = p->next;
        hl_log(HLTHUNK_LOG_WARNING,
               "%s is closed while a dma-buf of its memory (%llu bytes at %#llx) is open "
               "elsewhere: the device stays busy until the last such file is closed",
               d->props.pci_address, (unsigned long long)p->memory.granted,
               (unsigned long long)p->memory.address);
        hl_watches_drop(p->watches);
        free(p);
    }
    d->pending = NULL;
}
