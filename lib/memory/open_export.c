/* SPDX-License-Identifier: MIT */
#include "lib/memory/open_export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/kernel/owned.h"
#include "lib/kernel/sysfs.h"
#include "lib/memory/spare.h"

bool hl_dmabuf_is_shared(struct hlthunk_device *d, int fd)
{
    char path[48], text[512];
    const char *count;
    int rc;

    /* dma_buf_show_fdinfo(): "count" is the file's references without procfs's own */
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
    rc = hl_sysfs_read(path, text, sizeof(text));
    if (hl_is_exhausted(rc) && hl_spare_let_go(d)) {
        rc = hl_sysfs_read(path, text, sizeof(text));
        hl_spare_keep(d);
    }
    if (rc)
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

struct hl_open_export *hl_open_exports_look(struct hlthunk_device *d, struct hl_open_export *w)
{
    struct hl_open_export *rest = NULL, *next;

    for (; w; w = next) {
        next = w->next;
        if (hl_dmabuf_is_shared(d, w->fd)) {
            w->next = rest;
            rest = w;
        } else {
            w->next = NULL;
            hl_open_exports_drop(w);
        }
    }
    return rest;
}
