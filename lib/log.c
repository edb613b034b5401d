/* SPDX-License-Identifier: MIT */
#include "lib/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/error.h"

#define TEXT_MAX 512

static const char *const level_names[] = { "error", "warning", "info", "debug" };

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER; /* guards the three below */
static hlthunk_log_fn receiver;
static void *receiver_user;
static enum hlthunk_log_level receiver_level;

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

void hlthunk_log_set(hlthunk_log_fn fn, void *user, enum hlthunk_log_level level)
{
    pthread_rwlock_wrlock(&lock);
    receiver = fn;
    receiver_user = user;
    receiver_level = level;
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
static void tell(enum hlthunk_log_level level, const char *text)
{
    char error[HL_ERROR_TEXT_SIZE];

    snprintf(error, sizeof(error), "%s", hl_error_text());
    receiver(level, text, receiver_user);
    hl_err(0, "%s", error);
}

/* With the lock held for reading. */
static void deliver(enum hlthunk_log_level level, const char *text)
{
    if (receiver ? level > receiver_level : (int)level > env_level)
        return;
    if (receiver)
        tell(level, text);
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
    struct kept *k;

    if (--holds)
        return;
    while ((k = first)) {
        first = k->next;
        pthread_rwlock_rdlock(&lock);
        deliver(k->level, k->text);
        pthread_rwlock_unlock(&lock);
        free(k);
    }
    errno = saved;
}

void hl_log(enum hlthunk_log_level level, const char *fmt, ...)
{
    int saved = errno;
    char text[TEXT_MAX];
    va_list ap;

    pthread_once(&env_once, read_env);
    pthread_rwlock_rdlock(&lock);
    if (receiver ? level <= receiver_level : (int)level <= env_level) {
        va_start(ap, fmt);
        vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        if (holds)
            keep(level, text);
        else
            deliver(level, text);
    }
    pthread_rwlock_unlock(&lock);
    errno = saved;
}
