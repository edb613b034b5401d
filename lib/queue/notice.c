/* SPDX-License-Identifier: MIT */
/*
 * Fences that notify.  Eventfds are signalled by the thread that finds out that the fence is over;
 * callbacks are called on the queue's thread, which also sees to it that somebody finds out.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/device/device.h"
#include "lib/queue/queue.h"
#include "lib/thread.h"

void hl_queue_fire(struct hlthunk_queue *q, struct hl_notice *notices)
{
    struct hl_notice *next;

    for (; notices; notices = next) {
        bool here = !notices->fn;

        next = notices->next;
        hl_errand_begin(&notices->errand, q->object.parent, here ? pthread_self() : q->thread);
        q->unfired--;
        if (here) {
            notices->next = q->due;
            q->due = notices;
        } else {
            notices->next = NULL;
            *q->fired_end = notices;
            q->fired_end = &notices->next;
            pthread_cond_signal(&q->work);
        }
    }
}

/* The queue may be gone afterwards, if the caller has no reference. */
static void tell(struct hl_notice *w)
{
    if (w->fn)
        w->fn(w->fence, w->user);
    else
        hl_eventfd_signal_and_close(&w->eventfd);
    hlthunk_fence_unref(w->fence);
    hl_errand_end(&w->errand);
    free(w);
}

void hl_notices_tell(struct hl_notice *notices)
{
    struct hl_notice *next;

    for (; notices; notices = next) {
        next = notices->next;
        tell(notices);
    }
}

static struct hl_notice *take_fired(struct hlthunk_queue *q)
{
    struct hl_notice *w = q->fired;

    if (w) {
        q->fired = w->next;
        if (!q->fired)
            q->fired_end = &q->fired;
    }
    return w;
}

/*
 * The thread has no reference: what runs without the lock, the program's code, may destroy the
 * queue.  Nothing of the kind is left to hl_queue_look() or to a sleep, which release the lock.
 */
static void *run(void *arg)
{
    struct hlthunk_queue *q = arg;
    unsigned pause = 0;
    bool gone = false;

    hl_queue_lock(q);
    q->gone = &gone;
    for (;;) {
        struct hl_notice *w = take_fired(q);

        if (w || pause || q->let_go || q->due || q->quiet) {
            hl_queue_unlock(q);
            if (w)
                tell(w);
            if (pause)
                hl_queue_pause(pause);
            if (gone)
                return NULL;
            pause = 0;
            hl_queue_lock(q);
        } else if (q->stop) {
            break;
        } else if (q->unfired && q->head != q->tail) {
            pause = hl_queue_look(q, q->head, HL_GLANCE_US);
        } else {
            pthread_cond_wait(&q->work, &q->lock);
        }
    }
    hl_queue_unlock(q);
    return NULL;
}

void hl_queue_stop_thread(struct hlthunk_queue *q)
{
    if (!q->threaded)
        return;
    if (pthread_equal(q->thread, pthread_self())) {
        *q->gone = true;
        pthread_detach(q->thread);
        return;
    }
    hl_queue_lock(q);
    q->stop = true;
    pthread_cond_signal(&q->work);
    hl_queue_unlock(q);
    pthread_join(q->thread, NULL);
}

static int start_thread(struct hlthunk_queue *q)
{
    int rc;

    if (q->threaded)
        return 0;
    rc = hl_thread_start(&q->thread, run, q);
    if (rc)
        return hl_err(rc, "no thread to watch a fence: %s", strerror(-rc));
    q->threaded = true;
    return 0;
}

/* Takes over the eventfd on success. */
static int add_notice(struct hlthunk_fence *f, hlthunk_fence_fn fn, void *user,
                      const struct hl_eventfd *eventfd)
{
    struct hlthunk_queue *q = f->queue;
    struct hl_notice *w = calloc(1, sizeof(*w));
    int rc;

    if (!w)
        return hl_err(-ENOMEM, "no memory to watch a fence");
    w->fn = fn;
    w->user = user;
    w->eventfd = *eventfd;
    hl_queue_lock(q);
    rc = start_thread(q);
    if (rc == 0) {
        w->fence = hlthunk_fence_ref(f);
        q->unfired++;
        if (f->status != HLTHUNK_FENCE_PENDING) {
            hl_queue_fire(q, w);
        } else {
            w->next = f->notices;
            f->notices = w;
            pthread_cond_signal(&q->work);
        }
    }
    hl_queue_unlock(q);
    if (rc)
        free(w);
    return rc;
}

int hlthunk_fence_set_callback(struct hlthunk_fence *f, hlthunk_fence_fn fn, void *user)
{
    int rc = hl_fence_check(f);

    if (rc)
        return rc;
    if (!fn)
        return hl_err(-EINVAL, "fn is NULL");
    return add_notice(f, fn, user, &HL_EVENTFD_NONE);
}

/* A duplicate of an eventfd: it stays open until the fence is over. */
static int signal_duplicate(struct hlthunk_fence *f, int fd)
{
    struct hl_eventfd own;
    int rc = hl_eventfd_dup(&own, fd);

    if (rc == -EINVAL)
        return hl_err(rc, "fd %d is not an eventfd", fd);
    if (rc)
        return hl_err(rc, "fd %d cannot be duplicated: %s", fd, strerror(-rc));
    rc = add_notice(f, NULL, NULL, &own);
    if (rc)
        hl_eventfd_close(&own);
    return rc;
}

int hlthunk_fence_signal_eventfd(struct hlthunk_fence *f, int fd)
{
    int rc = hl_fence_check(f);

    return rc ? rc : signal_duplicate(f, fd);
}

int hlthunk_fence_create_eventfd(struct hlthunk_fence *f, int *fd)
{
    int rc = hl_fence_check(f), own;

    if (rc)
        return rc;
    if (!fd)
        return hl_err(-EINVAL, "fd is NULL");
    own = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    own = own < 0 ? -errno : hl_fd_sanitize(own);
    if (own < 0)
        return hl_err(own, "no eventfd: %s", strerror(-own));
    rc = signal_duplicate(f, own);
    if (rc)
        close(own);
    else
        *fd = own;
    return rc;
}
