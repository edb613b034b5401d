/* SPDX-License-Identifier: MIT */
#include <hlthunk/sync.h>

#include "lib/error.h"
#include "lib/memory/dmabuf.h"
#include "lib/op/op_dmabuf.h"
#include "uapi/dma_buf.h"

_Static_assert((int)HLTHUNK_ACCESS_READ == DMA_BUF_SYNC_READ &&
                   (int)HLTHUNK_ACCESS_WRITE == DMA_BUF_SYNC_WRITE &&
                   (int)HLTHUNK_ACCESS_READ_WRITE == DMA_BUF_SYNC_RW,
               "the kernel's values");

static int check(const struct hlthunk_dmabuf *m)
{
    return hl_object_check(m ? &m->object : NULL, "dmabuf");
}

int hlthunk_dmabuf_begin_cpu_access(struct hlthunk_dmabuf *m, enum hlthunk_access access)
{
    int rc = check(m);

    return rc ? rc : hl_dmabuf_cpu_access(m->fd, access, false);
}

int hlthunk_dmabuf_end_cpu_access(struct hlthunk_dmabuf *m, enum hlthunk_access access)
{
    int rc = check(m);

    return rc ? rc : hl_dmabuf_cpu_access(m->fd, access, true);
}

int hlthunk_dmabuf_export_sync_file(struct hlthunk_dmabuf *m, enum hlthunk_access access, int *fd)
{
    int rc = check(m);

    if (rc)
        return rc;
    if (!fd)
        return hl_err(-EINVAL, "fd is NULL");
    return hl_dmabuf_export_sync_file(m->fd, access, fd);
}

int hlthunk_dmabuf_import_sync_file(struct hlthunk_dmabuf *m, enum hlthunk_access access, int fd)
{
    int rc = check(m);

    return rc ? rc : hl_dmabuf_import_sync_file(m->fd, access, fd);
}

int hlthunk_dmabuf_wait(struct hlthunk_dmabuf *m, enum hlthunk_access access, int64_t timeout_ns)
{
    int rc = check(m);

    return rc ? rc : hl_dmabuf_wait(m->fd, access, timeout_ns);
}
