/* SPDX-License-Identifier: MIT */
#include "lib/kernel/map.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/error.h"
#include "lib/kernel/errno.h"

int hl_map_node(int fd, uint64_t handle, size_t size, void **address)
{
    void *p;
    int rc;

    /* such a program passes the offset in pages, in 32 bits: the bits that say what it is are above
     */
    if (sizeof(void *) == 4 && handle >> 44)
        return hl_err(-EOPNOTSUPP,
                      "handle %#llx cannot be mapped by a 32-bit program: mmap() takes offsets "
                      "of 44 bits there",
                      (unsigned long long)handle);
    p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)handle);

    if (p == MAP_FAILED) {
        rc = hl_errno();
        return hl_err(rc, "handle %#llx, %zu bytes, cannot be mapped: %s",
                      (unsigned long long)handle, size, strerror(-rc));
    }
    *address = p;
    return 0;
}

void hl_unmap(void *address, size_t size)
{
    munmap(address, size);
}
