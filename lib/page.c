/* SPDX-License-Identifier: MIT */
#include "lib/page.h"

#include <stdatomic.h>
#include <unistd.h>

uint64_t hl_page_size(void)
{
    static _Atomic uint64_t size; /* 0: not asked yet; every thread finds the same */
    uint64_t s = atomic_load_explicit(&size, memory_order_relaxed);

    if (!s) {
        s = (uint64_t)sysconf(_SC_PAGESIZE);
        atomic_store_explicit(&size, s, memory_order_relaxed);
    }
    return s;
}
