/* SPDX-License-Identifier: MIT */
#include "lib/fork.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * The epoch lives in a page that the kernel clears in a child (MADV_WIPEONFORK, Linux 4.14):
 * unlike pthread_atfork() handlers this sees clone() as well.  Where the advice is refused, the
 * process ID is asked each time.
 *
 * The page is one of the library's own, which goes with it when it is unloaded: a whole one lies in
 * twice the size of any, behind what the file fills.  Only that one is ever touched.
 */
#define LARGEST_PAGE 65536u
static _Atomic uint64_t room[2 * LARGEST_PAGE / sizeof(uint64_t)];
static _Atomic uint64_t never;                            /* stays 0 */
_Atomic(_Atomic uint64_t *) hl_process_epoch_at = &never; /* the page, where there is one */
static _Atomic uint64_t last_epoch; /* survives the fork: the child takes the next one */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void set_up(void)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    _Atomic uint64_t *p = room + (-(uintptr_t)room & (size - 1)) / sizeof(*p);

    if (size <= LARGEST_PAGE && madvise((void *)p, size, MADV_WIPEONFORK) == 0)
        atomic_store_explicit(&hl_process_epoch_at, p, memory_order_release);
}

/* First call in this process, or the first after a fork. */
uint64_t hl_process_epoch_new(void)
{
    _Atomic uint64_t *page;
    uint64_t none = 0, next;

    pthread_once(&once, set_up);
    page = atomic_load_explicit(&hl_process_epoch_at, memory_order_acquire);
    if (page == &never)
        return (uint64_t)getpid();
    next = atomic_fetch_add(&last_epoch, 1) + 1;
    if (atomic_compare_exchange_strong(page, &none, next))
        return next;
    return none; /* another thread was first */
}

static _Atomic uint64_t forks;
static atomic_bool unseen;
static pthread_once_t counting = PTHREAD_ONCE_INIT;

/* Before and after: what is looked at during a fork() differs from one of the two. */
static void count_fork(void)
{
    atomic_fetch_add(&forks, 1);
}

static void begin_counting(void)
{
    if (pthread_atfork(count_fork, count_fork, NULL))
        atomic_store(&unseen, true);
}

uint64_t hl_fork_count(void)
{
    pthread_once(&counting, begin_counting);
    if (atomic_load(&unseen)) /* there may have been one */
        count_fork();
    return atomic_load(&forks);
}
