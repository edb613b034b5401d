/* SPDX-License-Identifier: MIT */
#include "lib/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fork.h"
#include "lib/process_lock.h"

#define TEXT_MAX 512

static const char *const level_names[] = { "error", "warning", "info", "debug" };

struct receiver {
    hlthunk_log_fn fn;
    void *user;
    enum hlthunk_log_level level;
};

/*
 * Held for reading while a receiver runs.  A forked child has its own: another thread of its parent
 * may have been in a receiver, or have changed the one that is not in use.
 */
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static struct hl_process_once fresh;
static struct receiver receivers[2];
static struct receiver *_Atomic current = &receivers[0];

/* A message that is kept. */
struct kept {
    struct kept *next;
    enum hlthunk_log_level level;
    char text[];
};

static _Thread_local unsigned holds;
static _Thread_local struct kept *first, **last;

static pthread_once_t env_once = PTHREAD_ONCE_INIT;
static int env_level = -1; /* of HLTHUNK_LOG; written once */

static void read_env(void)
{
    const char *s = secure_getenv("HLTHUNK_LOG");

    for (unsigned i = 0; s && i < sizeof(level_names) / sizeof(level_names[0]); i++) {
        if (!strcmp(s, level_names[i]))
            env_level = (int)i;
    }
}

static void make_fresh(void *arg)
{
    pthread_rwlock_init(arg, NULL);
}

void hlthunk_log_set(hlthunk_log_fn fn, void *user, enum hlthunk_log_level level)
{
    struct receiver *next;

    hl_process_once(&fresh, make_fresh, &lock);
    pthread_rwlock_wrlock(&lock);
    next = &receivers[atomic_load(&current) == &receivers[0]];
    *next = (struct receiver){ .fn = fn, .user = user, .level = level };
    atomic_store(&current, next);
    pthread_rwlock_unlock(&lock);
}

/* The process whose lock it is: a receiver may return in a child that it has forked. */
static uint64_t begin(void)
{
    hl_process_once(&fresh, make_fresh, &lock);
    pthread_rwlock_rdlock(&lock);
    return hl_process_epoch();
}

static void end(uint64_t process)
{
    if (hl_epoch_is_ours(process))
        pthread_rwlock_unlock(&lock);
}

/* For the person who asked for it: one write, so that lines of threads do not mix. */
static void to_stderr(enum hlthunk_log_level level, const char *text)
{
    char line[TEXT_MAX + sizeof("hlthunk: warning: \n")];
    int n = snprintf(line, sizeof(line), "hlthunk: %s: %s\n", level_names[level], text);

    if (write(STDERR_FILENO, line, (size_t)n) < 0)
        return; /* nowhere to report it */
}

/* What the receiver calls may have an error text of its own. */
static void tell(const struct receiver *r, enum hlthunk_log_level level, const char *text)
{
    struct hl_err_kept kept;

    hl_err_begin(&kept);
    r->fn(level, text, r->user);
    hl_err_end(&kept, 0);
}

/* With the lock held for reading, as the next. */
static bool is_wanted(enum hlthunk_log_level level)
{
    const struct receiver *r = atomic_load(&current);

    return r->fn ? level <= r->level : (int)level <= env_level;
}

static void deliver(enum hlthunk_log_level level, const char *text)
{
    const struct receiver *r = atomic_load(&current);

    if (!is_wanted(level))
        return;
    if (r->fn)
        tell(r, level, text);
    else
        to_stderr(level, text);
}

static void keep(enum hlthunk_log_level level, const char *text)
{
    size_t size = strlen(text) + 1;
    struct kept *k = malloc(sizeof(*k) + size);

    if (!k)
        return;
    k->next = NULL;
    k->level = level;
    memcpy(k->text, text, size);
    *(first ? last : &first) = k;
    last = &k->next;
}

void hl_log_hold(void)
{
    holds++;
}

void hl_log_release(void)
{
    int saved = errno;
    uint64_t process;
    struct kept *k;

    if (--holds)
        return;
    while ((k = first)) {
        first = k->next;
        process = begin();
        deliver(k->level, k->text);
        end(process);
        free(k);
    }
    errno = saved;
}

void hl_log(enum hlthunk_log_level level, const char *fmt, ...)
{
    int saved = errno;
    char text[TEXT_MAX];
    uint64_t process;
    va_list ap;

    pthread_once(&env_once, read_env);
    process = begin();
    if (is_wanted(level)) {
        va_start(ap, fmt);
        vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        if (holds)
            keep(level, text);
        else
            deliver(level, text);
    }
    end(process);
    errno = saved;
}
