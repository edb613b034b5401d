/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/preload/preload.h"

void *scratch_take(size_t size)
{
    long p =
        syscall(SYS_mmap, NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return p == -1 ? NULL : (void *)p;
}

void scratch_give(void *p, size_t size)
{
    syscall(SYS_munmap, p, size);
}
