/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>

#include "sim/preload/preload.h"

/* Not as system calls: ThreadSanitizer must see that memory comes and goes. */
DECLARE_REAL(mmap);
DECLARE_REAL(munmap);

void *scratch_take(size_t size)
{
    void *p = REAL(mmap)(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

void scratch_give(void *p, size_t size)
{
    REAL(munmap)(p, size);
}
