/* SPDX-License-Identifier: MIT */
#include "lib/fork.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * The epoch lives in a page that the kernel clears in a child (MADV_WIPEONFORK, Linux 4.14):
 * unlike pthread_atfork() handlers this sees clone() as well.  Where the advice is refused, the
 * process ID is asked each time.
 */
static _Atomic uint64_t *page;       /* written once, before page_ready */
static _Atomic int page_state;       /* 0 not yet, 1 wiped on fork, 2 by process ID */
static _Atomic uint64_t last_epoch;  /* survives the fork: the child takes the next one */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void set_up(void)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p != MAP_FAILED && madvise(p, size, MADV_WIPEONFORK) == 0) {
        page = p;
        atomic_store_explicit(&page_state, 1, memory_order_release);
        return;
    }
    if (p != MAP_FAILED)
        munmap(p, size);
    atomic_store_explicit(&page_state, 2, memory_order_release);
}

/* First call in this process, or the first after a fork. */
static __attribute__((cold, noinline)) uint64_t slow(void)
{
    uint64_t none = 0, next;

    pthread_once(&once, set_up);
    if (atomic_load_explicit(&page_state, memory_order_acquire) == 2)
        return (uint64_t)getpid();
    next = atomic_fetch_add(&last_epoch, 1) + 1;
    if (atomic_compare_exchange_strong(page, &none, next))
        return next;
    return none; /* another thread was first */
}

uint64_t hl_process_epoch(void)
{
    uint64_t e;

    if (atomic_load_explicit(&page_state, memory_order_acquire) != 1)
        return slow();
    e = atomic_load_explicit(page, memory_order_relaxed);
    return e ? e : slow();
}
