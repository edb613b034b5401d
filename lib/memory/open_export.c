/* SPDX-License-Identifier: MIT */
#include "lib/memory/open_export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/kernel/owned.h"
#include "lib/kernel/sysfs.h"

bool hl_dmabuf_is_shared(int fd)
{
    char path[48], text[512];
    const char *count;

    /* dma_buf_show_fdinfo(): "count" is the file's references without procfs's own */
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
    if (hl_sysfs_read(path, text, sizeof(text)))
        return true; /* cannot be known: assume the worst */
    count = strstr(text, "count:");
    return !count || strtol(count + strlen("count:"), NULL, 10) > 1;
}

void hl_open_exports_drop(struct hl_open_export *w)
{
    while (w) {
        struct hl_open_export *next = w->next;

        hl_owned_close(w->fd, &w->id, w->epoch);
        free(w->memory);
        w = next;
    }
}

struct hl_open_export *hl_open_exports_look(struct hl_open_export *w)
{
    struct hl_open_export *rest = NULL, *next;

    for (; w; w = next) {
        next = w->next;
        if (hl_dmabuf_is_shared(w->fd)) {
            w->next = rest;
            rest = w;
        } else {
            w->next = NULL;
            hl_open_exports_drop(w);
        }
    }
    return rest;
}
