/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/preload/preload.h"

char *read_below(const char *path)
{
    size_t n = 0, room = 1 << 14;
    long fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC), got = 1;
    char *text = fd < 0 ? NULL : malloc(room), *more;

    while (text && got > 0) {
        got = syscall(SYS_read, fd, text + n, room - n - 1);
        n += got > 0 ? (size_t)got : 0;
        if (n + 1 < room)
            continue;
        more = realloc(text, room *= 2);
        if (!more) {
            free(text);
            text = NULL;
        } else {
            text = more;
        }
    }
    if (fd >= 0)
        syscall(SYS_close, fd);
    if (text)
        text[n] = '\0';
    return text;
}
