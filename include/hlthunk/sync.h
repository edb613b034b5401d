/* SPDX-License-Identifier: MIT */
/*
 * What the kernel's dma-bufs offer for synchronisation, and what it is worth here.
 *
 * Other drivers put fences into a dma-buf's reservation object, and whoever imports it waits for
 * them.  The habanalabs driver neither adds a fence nor waits for one.  For a dma-buf of a Habana
 * device all of the below is therefore true at once: poll() is always ready, an exported sync file
 * has signalled already, begin and end of CPU access wait for nothing.  None of it says that a
 * submission has completed: for that there is hlthunk/completion.h.  What remains is for fences
 * that others brought: an importer's, or one of hlthunk_dmabuf_import_sync_file(); and for foreign
 * dma-bufs, whose exporters may do all of it.  docs/synchronisation.md has the picture.
 */
#ifndef HLTHUNK_SYNC_H
#define HLTHUNK_SYNC_H

#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_dmabuf;

/* What one is about to do with the memory.  Readers wait for writers, writers for all. */
enum hlthunk_access {
    HLTHUNK_ACCESS_READ = 1,
    HLTHUNK_ACCESS_WRITE = 2,
    HLTHUNK_ACCESS_READ_WRITE = 3,
};

/**
 * hlthunk_dmabuf_begin_cpu_access() - before this program touches a mapping of the dma-buf
 * hlthunk_dmabuf_end_cpu_access() - and after it did
 * @access: the same for both
 *
 * DMA_BUF_IOCTL_SYNC.  Waits for the fences that there are, without a timeout, and lets the
 * exporter care for caches.  The habanalabs driver has nothing to care for, nor can its dma-bufs be
 * mapped: they are of use for foreign ones.  -EINVAL: @access.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_dmabuf_begin_cpu_access(struct hlthunk_dmabuf *dmabuf,
                                                                   enum hlthunk_access access);
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_dmabuf_end_cpu_access(struct hlthunk_dmabuf *dmabuf,
                                                                 enum hlthunk_access access);

/**
 * hlthunk_dmabuf_export_sync_file() - the fences that are in the dma-buf now, as a sync file
 * @access: what is to be waited for
 * @fd: receives the sync file: fresh, O_CLOEXEC, above 2, the caller's to close
 *
 * DMA_BUF_IOCTL_EXPORT_SYNC_FILE.  For APIs that take sync files (Vulkan, EGL, KMS).  poll() says
 * POLLIN once all have signalled, which for a dma-buf without fences is at once.  -EOPNOTSUPP:
 * before Linux 6.0; -EMFILE; -EINVAL: @access.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_dmabuf_export_sync_file(struct hlthunk_dmabuf *dmabuf, enum hlthunk_access access, int *fd);

/**
 * hlthunk_dmabuf_import_sync_file() - let users of the dma-buf wait for a sync file's fences
 * @access: what the work behind the fences does with the memory
 * @fd: the sync file, which stays the caller's
 *
 * DMA_BUF_IOCTL_IMPORT_SYNC_FILE.  Importers that look at the reservation object (display and
 * graphics drivers) will wait, poll() and hlthunk_dmabuf_wait() too; the habanalabs driver will
 * not.  -EINVAL: @access, or not a sync file; -EBADF; -EOPNOTSUPP: before Linux 6.0.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_dmabuf_import_sync_file(struct hlthunk_dmabuf *dmabuf, enum hlthunk_access access, int fd);

/**
 * hlthunk_dmabuf_wait() - wait until the dma-buf's fences have signalled
 * @access: what is to be done then
 * @timeout_ns: 0 does not wait, a negative one waits without limit
 *
 * poll() on the dma-buf.  It does not wait for the device's submissions: see above.  -ETIMEDOUT;
 * -EINTR on a signal; -EINVAL: @access.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_dmabuf_wait(struct hlthunk_dmabuf *dmabuf, enum hlthunk_access access, int64_t timeout_ns);

HLTHUNK_END_DECLS

#endif
