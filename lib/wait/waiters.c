/* SPDX-License-Identifier: MIT */
#include "lib/wait/waiters.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/core/attachment.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/kernel/deadline.h"
#include "lib/device/device.h"
#include "lib/thread.h"

#define SLICE_US 20000u        /* of a wait: how long a cancellation may take */
#define CROWDED_SLICE_US 8000u /* while there are entries that no thread has */
#define LOOK_PAUSE_NS 8000000u /* between two looks at those, at least */
#define LOOK_SHARE 20u         /* and so many times as long as one look takes */

struct hl_waiters {
    struct hl_attachment part;
    pthread_mutex_t lock;       /* guards all below */
    pthread_cond_t work, ended; /* an entry without a thread; an entry left by its thread */
    struct hl_wait *first, *last;
    unsigned untaken; /* entries that a thread could take */
    unsigned idle, threads;
    bool looking; /* a thread goes over what no thread has */
    uint64_t next_look_ns;
    bool stop;
    pthread_t thread[HL_WAITER_THREADS];
};

void hl_waiters_lock(struct hl_waiters *w)
{
    pthread_mutex_lock(&w->lock);
}

void hl_waiters_unlock(struct hl_waiters *w)
{
    pthread_mutex_unlock(&w->lock);
}

/* ---- with the lock held ---- */

static void take_off(struct hl_waiters *w, struct hl_wait *x)
{
    if (x->prev)
        x->prev->next = x->next;
    else
        w->first = x->next;
    if (x->next)
        x->next->prev = x->prev;
    else
        w->last = x->prev;
}

/* Asks for one entry, without the lock; returns the next one. */
static struct hl_wait *ask(struct hl_waiters *w, struct hl_wait *x, uint64_t timeout_us)
{
    struct hl_wait *next;
    bool over;

    x->taken = true;
    w->untaken--;
    pthread_mutex_unlock(&w->lock);
    over = x->ask(x, timeout_us);
    pthread_mutex_lock(&w->lock);
    next = x->next;
    x->taken = false;
    if (over && !x->cancelled) {
        x->ended = true;
        take_off(w, x);
        x->over(x);
    } else if (!x->cancelled) {
        w->untaken++;
        return next;
    }
    pthread_cond_broadcast(&w->ended);
    return next;
}

/* Over all that no thread has, when it is time and nobody else does. */
static void look(struct hl_waiters *w)
{
    uint64_t start = hl_now_ns(), took;
    struct hl_wait *x = w->first;

    if (w->looking || start < w->next_look_ns)
        return;
    w->looking = true;
    while (x && !w->stop)
        x = x->taken || x->cancelled ? x->next : ask(w, x, 0);
    w->looking = false;
    took = hl_now_ns() - start;
    w->next_look_ns =
        start + took + (took * LOOK_SHARE > LOOK_PAUSE_NS ? took * LOOK_SHARE : LOOK_PAUSE_NS);
}

static struct hl_wait *oldest(const struct hl_waiters *w)
{
    struct hl_wait *x = w->first;

    while (x && (x->taken || x->cancelled))
        x = x->next;
    return x;
}

/* A thread of waiters: the program's code that it was in has released their device. */
static _Thread_local bool gone;

/*
 * What is to be logged meanwhile is told with nothing in hand: the receiver may release what was
 * waited for, and the device.
 */
static void *run(void *arg)
{
    struct hl_waiters *w = arg;
    struct hl_wait *x;

    pthread_mutex_lock(&w->lock);
    while (!w->stop) {
        x = w->untaken ? oldest(w) : NULL;
        if (!x) {
            w->idle++;
            pthread_cond_wait(&w->work, &w->lock);
            w->idle--;
            continue;
        }
        hl_log_hold();
        ask(w, x, w->untaken > 1 ? CROWDED_SLICE_US : SLICE_US);
        if (w->untaken > 1)
            look(w);
        pthread_mutex_unlock(&w->lock);
        hl_log_release();
        if (gone)
            return NULL;
        pthread_mutex_lock(&w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* ---- without ---- */

int hl_waiters_add(struct hl_waiters *w, struct hl_wait *x)
{
    int rc = 0;

    pthread_mutex_lock(&w->lock);
    if (w->threads < HL_WAITER_THREADS && w->idle <= w->untaken) {
        rc = hl_thread_start(&w->thread[w->threads], run, w);
        if (rc == 0)
            w->threads++;
        else if (w->threads)
            rc = 0; /* the other threads must suffice */
        else
            hl_err(rc, "no thread to wait for completions: %s", strerror(-rc));
    }
    if (rc == 0) {
        x->prev = w->last;
        x->next = NULL;
        if (w->last)
            w->last->next = x;
        else
            w->first = x;
        w->last = x;
        w->untaken++;
        pthread_cond_signal(&w->work);
    }
    pthread_mutex_unlock(&w->lock);
    return rc;
}

void hl_waiters_cancel(struct hl_waiters *w, struct hl_wait *x)
{
    pthread_mutex_lock(&w->lock);
    if (!x->ended && !x->taken)
        w->untaken--;
    x->cancelled = true;
    while (x->taken)
        pthread_cond_wait(&w->ended, &w->lock);
    if (!x->ended)
        take_off(w, x);
    pthread_mutex_unlock(&w->lock);
}

bool hl_waiters_wait(struct hl_waiters *w, const struct hl_wait *x, uint64_t deadline_ns)
{
    struct timespec until = { .tv_sec = (time_t)(deadline_ns / 1000000000u),
                              .tv_nsec = (long)(deadline_ns % 1000000000u) };
    bool ended;
    int rc = 0;

    pthread_mutex_lock(&w->lock);
    while (!x->ended && !rc)
        rc = deadline_ns == UINT64_MAX ? pthread_cond_wait(&w->ended, &w->lock)
                                       : pthread_cond_timedwait(&w->ended, &w->lock, &until);
    ended = x->ended;
    pthread_mutex_unlock(&w->lock);
    return ended;
}

static void init(struct hl_attachment *a, struct hl_parent *parent)
{
    struct hl_waiters *w = (struct hl_waiters *)a;
    pthread_condattr_t monotonic;

    (void)parent;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, NULL);
    pthread_cond_init(&w->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

/* A thread cannot wait for itself. */
static void end_thread(pthread_t t)
{
    if (pthread_equal(t, pthread_self())) {
        pthread_detach(t);
        gone = true;
    } else {
        pthread_join(t, NULL);
    }
}

/* Without entries: ends the threads, which are the parent's in a forked child. */
static void destroy(struct hl_attachment *a, struct hl_parent *parent, bool ours)
{
    struct hl_waiters *w = (struct hl_waiters *)a;

    (void)parent;
    if (!ours)
        return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_broadcast(&w->work);
    pthread_mutex_unlock(&w->lock);
    for (unsigned i = 0; i < w->threads; i++)
        end_thread(w->thread[i]);
    pthread_cond_destroy(&w->work);
    pthread_cond_destroy(&w->ended);
    pthread_mutex_destroy(&w->lock);
}

static const struct hl_attachment_ops ops = {
    .size = sizeof(struct hl_waiters),
    .init = init,
    .destroy = destroy,
};

struct hl_waiters *hl_waiters_of(struct hlthunk_device *d)
{
    struct hl_waiters *w = hl_attachment_get(&d->base, &ops);

    if (!w)
        hl_err(-ENOMEM, "no memory to wait for completions");
    return w;
}
