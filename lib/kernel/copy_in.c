/* SPDX-License-Identifier: MIT */
#include "lib/kernel/copy_in.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

int hl_copy_in(void *to, uint64_t address, size_t n)
{
    void *from = (void *)(uintptr_t)address;
    struct iovec here = { to, n }, there = { from, n };
    int saved = errno;
    ssize_t got = process_vm_readv(getpid(), &here, 1, &there, 1, 0);

    if (got < 0 && errno != EFAULT) { /* not allowed here: as any program reads */
        memcpy(to, from, n);
        got = (ssize_t)n;
    }
    errno = saved;
    return got == (ssize_t)n ? 0 : -EFAULT;
}
