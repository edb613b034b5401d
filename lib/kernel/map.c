/* SPDX-License-Identifier: MIT */
#include "lib/kernel/map.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/error.h"

int hl_map_node(int fd, uint64_t handle, size_t size, void **address)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)handle);

    if (p == MAP_FAILED)
        return hl_err(-errno, "handle %#llx, %zu bytes, cannot be mapped: %s",
                      (unsigned long long)handle, size, strerror(errno));
    *address = p;
    return 0;
}

void hl_unmap(void *address, size_t size)
{
    munmap(address, size);
}
