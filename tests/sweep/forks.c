/* SPDX-License-Identifier: MIT */
/*
 * Every public function in a thread, again and again, while another one forks: at any point of the
 * call.  The child lets go of what it inherited and ends; the calls in the parent answer as they
 * did before, and nothing is left over.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sweep/inject.h"
#include "tests/sweep/sweep.h"

#define FORKS 8u
#define CALLS 64u
#define PATIENCE_S 120u

static const struct entry *entry;
static bool succeeds; /* without a fork */
static atomic_uint calls;
static atomic_bool enough;
/* A child has what was open until it ends: the device is busy, and nobody else closes it. */
static pthread_mutex_t with_a_child = PTHREAD_MUTEX_INITIALIZER;

/*
 * Whatever succeeds without a fork does so now; but the driver's queue can be full, and a device is
 * busy as long as a child has it.  With all that a call takes made and released around so many of
 * them: descriptors stay few.
 */
static void some_calls(struct context *c)
{
    unsigned n = entry->rules & RELEASES ? 1 : CALLS;

    for (unsigned i = 0; i < n && !atomic_load(&enough); i++) {
        long rc;
        int error;

        entry->prepare(c);
        rc = entry->call(c);
        error = rc == -1 ? errno : (int)-rc; /* the functions that open return -1 */
        if (!sweep_failed(entry, rc))
            entry->undo(c, rc);
        else if (succeeds && error != EAGAIN && error != EBUSY)
            sweep_finding("during a fork it returns %ld: %s", rc, hlthunk_last_error());
        atomic_fetch_add(&calls, 1);
    }
}

static void *call_again(void *unused)
{
    bool can = true;

    while (can && !atomic_load(&enough)) {
        struct context *c = sweep_fresh();

        pthread_mutex_lock(&with_a_child);
        can = sweep_make(c, entry->needs);
        pthread_mutex_unlock(&with_a_child);
        if (can)
            some_calls(c);
        pthread_mutex_lock(&with_a_child);
        sweep_unmake(c);
        pthread_mutex_unlock(&with_a_child);
    }
    atomic_store(&enough, true);
    return unused;
}

static void fork_once(void)
{
    unsigned before = atomic_load(&calls);
    int status = 0;
    pid_t child;

    /* not twice in the same call */
    while (atomic_load(&calls) == before && !atomic_load(&enough))
        sched_yield();
    pthread_mutex_lock(&with_a_child);
    child = fork();
    if (!child) {
        alarm(PATIENCE_S);
        hlthunk_release_inherited();
        inject_child_ends();
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        sweep_finding("no process");
    else if (status)
        sweep_finding("the child ends with status %#x", (unsigned)status);
    pthread_mutex_unlock(&with_a_child);
}

static void fork_during(void)
{
    pthread_t thread;

    atomic_store(&enough, false);
    if (pthread_create(&thread, NULL, call_again, NULL)) {
        sweep_finding("no thread");
        return;
    }
    for (unsigned i = 0; i < FORKS; i++)
        fork_once();
    atomic_store(&enough, true);
    pthread_join(thread, NULL);
}

unsigned sweep_forks(const struct entry *e)
{
    struct leftovers left;
    long rc;

    entry = e;
    /* twice: what the library keeps for good is there after the first time */
    if (!sweep_plain(e, &rc, &left) || !sweep_plain(e, &rc, &left))
        return 0;
    succeeds = !sweep_failed(e, rc);
    fork_during();
    sweep_same_as(left, "forks", FORKS);
    return FORKS;
}
