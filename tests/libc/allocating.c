/* SPDX-License-Identifier: MIT */
/* A program with an allocator of its own. */
#include "tests/libc/allocator.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    int fd = open("/dev/accel/accel_controlD0", O_RDWR);

    if (allocator_asked_within())
        puts("memory was asked for while the allocator began");
    if (fd < 0)
        perror("/dev/accel/accel_controlD0");
    return allocator_asked_within() || fd < 0 || close(fd);
}
