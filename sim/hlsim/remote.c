/* SPDX-License-Identifier: MIT */
#include "sim/hlsim/remote.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define LARGE (1u << 20)   /* from this size on several threads share it */
#define PIECE (256u << 10) /* what one of them takes at a time: whole pages */
#define MAX_HELPERS 3u

struct remote {
    pthread_mutex_t lock;
    pthread_cond_t work, idle;
    pthread_t helper[MAX_HELPERS];
    unsigned helpers, working;
    bool started, open, stop; /* open: there may be a piece left */
    /* the transfer; the next piece is taken with an atomic addition */
    struct remote_place place;
    uint8_t *buf;
    uint64_t len, next;
    bool out, missed;
};

/* A system that forbids it (Yama, a container) makes DMA with host memory impossible: report it. */
static void refused(int error)
{
    static bool told;

    if (error != EPERM || __atomic_exchange_n(&told, true, __ATOMIC_RELAXED))
        return;
    fputs("hlsim: this system does not let hlsim reach its program's memory: DMA with host memory "
          "moves nothing\n",
          stderr);
}

static bool move(const struct remote_place *p, uint64_t offset, uint8_t *buf, uint64_t len,
                 bool out)
{
    struct iovec local = { buf, len };
    struct iovec remote = { (void *)(uintptr_t)(p->user + offset), len };
    ssize_t n = out ? process_vm_writev(p->pid, &local, 1, &remote, 1, 0)
                    : process_vm_readv(p->pid, &local, 1, &remote, 1, 0);

    if (n < 0) {
        refused(errno);
        n = 0;
    }
    if (!out)
        memset(buf + n, 0, len - (uint64_t)n);
    return (uint64_t)n == len || !p->on_demand;
}

static void take_pieces(struct remote *r)
{
    for (;;) {
        uint64_t at = __atomic_fetch_add(&r->next, PIECE, __ATOMIC_RELAXED);
        uint64_t n = at < r->len ? r->len - at : 0;

        if (!n)
            return;
        n = n < PIECE ? n : PIECE;
        if (!move(&r->place, at, r->buf + at, n, r->out))
            __atomic_store_n(&r->missed, true, __ATOMIC_RELAXED);
    }
}

static void *help(void *arg)
{
    struct remote *r = arg;

    pthread_mutex_lock(&r->lock);
    while (!r->stop) {
        if (!r->open) {
            pthread_cond_wait(&r->work, &r->lock);
            continue;
        }
        r->working++;
        pthread_mutex_unlock(&r->lock);
        take_pieces(r);
        pthread_mutex_lock(&r->lock);
        r->open = false;
        if (!--r->working)
            pthread_cond_signal(&r->idle);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

static void start_helpers(struct remote *r)
{
    long more = sysconf(_SC_NPROCESSORS_ONLN) - 1;

    r->started = true;
    while (r->helpers < MAX_HELPERS && r->helpers < more) {
        if (pthread_create(&r->helper[r->helpers], NULL, help, r))
            return; /* fewer do */
        r->helpers++;
    }
}

static bool move_large(struct remote *r, const struct remote_place *p, uint8_t *buf, uint64_t len,
                       bool out)
{
    pthread_mutex_lock(&r->lock);
    r->place = *p;
    r->buf = buf;
    r->len = len;
    r->next = 0;
    r->out = out;
    r->missed = false;
    r->open = true;
    pthread_cond_broadcast(&r->work);
    pthread_mutex_unlock(&r->lock);
    take_pieces(r);
    pthread_mutex_lock(&r->lock);
    r->open = false;
    while (r->working)
        pthread_cond_wait(&r->idle, &r->lock);
    pthread_mutex_unlock(&r->lock);
    return !r->missed;
}

static bool bytes(struct remote *r, const struct remote_place *p, uint8_t *buf, uint64_t len,
                  bool out)
{
    if (len >= LARGE && !r->started)
        start_helpers(r);
    return len >= LARGE && r->helpers ? move_large(r, p, buf, len, out) : move(p, 0, buf, len, out);
}

bool remote_read(struct remote *r, const struct remote_place *from, void *buf, uint64_t len)
{
    return bytes(r, from, buf, len, false);
}

bool remote_write(struct remote *r, const struct remote_place *to, const void *buf, uint64_t len)
{
    return bytes(r, to, (uint8_t *)(uintptr_t)buf, len, true);
}

struct remote *remote_new(void)
{
    struct remote *r = calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->work, NULL);
    pthread_cond_init(&r->idle, NULL);
    return r;
}

void remote_end(struct remote *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->stop = true;
    pthread_cond_broadcast(&r->work);
    pthread_mutex_unlock(&r->lock);
    for (unsigned i = 0; i < r->helpers; i++)
        pthread_join(r->helper[i], NULL);
    pthread_cond_destroy(&r->idle);
    pthread_cond_destroy(&r->work);
    pthread_mutex_destroy(&r->lock);
    free(r);
}
