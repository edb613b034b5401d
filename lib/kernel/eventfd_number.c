/* SPDX-License-Identifier: MIT */
#include "lib/kernel/eventfd_number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/kernel/sysfs.h"

int hl_eventfd_number(int fd, int64_t *number)
{
    char path[48], text[512];
    const char *at;
    int rc;

    *number = -1;
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
    rc = hl_sysfs_read(path, text, sizeof(text));
    if (rc == -ENOSPC) /* what there is to say of an eventfd is short */
        return -ENOENT;
    if (rc)
        return rc == -ENOENT ? -EBADF : rc;
    if (!strstr(text, "eventfd-count:"))
        return -ENOENT;
    at = strstr(text, "eventfd-id:");
    if (at)
        *number = strtoll(at + strlen("eventfd-id:"), NULL, 10);
    return 0;
}
