/* SPDX-License-Identifier: MIT */
/* A library that a program is linked with: its constructor runs before that of the preloaded one.
 */
#include "tests/libc/early.h"

#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

static bool opened;

static __attribute__((constructor)) void start(void)
{
    int fd = open("/dev/accel/accel_controlD0", O_RDWR);

    if (fd < 0)
        fd = open("/dev/hl_controlD0", O_RDWR);
    opened = fd >= 0 && close(fd) == 0;
}

bool early_opened(void)
{
    return opened;
}
