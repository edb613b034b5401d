/* SPDX-License-Identifier: MIT */
#include "lib/core/errand.h"

#include <stdbool.h>
#include <time.h>

#include "lib/process_lock.h"

static void forget(void);

static struct hl_process_lock lock = HL_PROCESS_LOCK(forget); /* guards all below */
static struct hl_errand *errands;
static pthread_cond_t ended;

static void forget(void)
{
    pthread_condattr_t monotonic;

    errands = NULL;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

void hl_errand_begin(struct hl_errand *e, const struct hl_parent *parent, pthread_t thread)
{
    e->parent = parent;
    e->thread = thread;
    hl_process_lock(&lock);
    e->next = errands;
    e->link = &errands;
    if (errands)
        errands->link = &e->next;
    errands = e;
    hl_process_unlock(&lock);
}

void hl_errand_end(struct hl_errand *e)
{
    hl_process_lock(&lock);
    *e->link = e->next;
    if (e->next)
        e->next->link = e->link;
    pthread_cond_broadcast(&ended);
    hl_process_unlock(&lock);
}

static bool is_for(const struct hl_parent *parent)
{
    const struct hl_errand *e = errands;

    while (e && (e->parent != parent || pthread_equal(e->thread, pthread_self())))
        e = e->next;
    return e;
}

void hl_errands_wait(const struct hl_parent *parent, uint64_t deadline_ns)
{
    struct timespec until = { .tv_sec = (time_t)(deadline_ns / 1000000000u),
                              .tv_nsec = (long)(deadline_ns % 1000000000u) };

    hl_process_lock(&lock);
    while (is_for(parent) && pthread_cond_timedwait(&ended, &lock.mutex, &until) == 0)
        ;
    hl_process_unlock(&lock);
}
