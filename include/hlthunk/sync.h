/* SPDX-License-Identifier: MIT */
/*
 * Synchronisation through the kernel's dma-bufs, and what it is worth here.
 *
 * Other drivers put fences into a dma-buf's reservation object, and importers wait for them.  The
 * habanalabs driver neither adds a fence nor waits for one.  So for a dma-buf of a Habana device
 * poll() is always ready, an exported sync file has already signalled, and begin and end of CPU
 * access wait for nothing.  None of it says that a submission has completed: see
 * hlthunk/completion.h for that.  What remains is of use for fences that others add, an importer or
 * hlthunk_dmabuf_import_sync_file(), and for foreign dma-bufs, whose exporters may do all of it.
 * docs/synchronisation.md has the details.
 */
#ifndef HLTHUNK_SYNC_H
#define HLTHUNK_SYNC_H

#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_dmabuf;

/**
 * enum hlthunk_access - what a program is about to do with the memory
 * @HLTHUNK_ACCESS_READ: read: waits for writers
 * @HLTHUNK_ACCESS_WRITE: write: waits for readers and writers
 * @HLTHUNK_ACCESS_READ_WRITE: both
 *
 * Since: 0.9
 */
enum hlthunk_access {
    HLTHUNK_ACCESS_READ = 1,
    HLTHUNK_ACCESS_WRITE = 2,
    HLTHUNK_ACCESS_READ_WRITE = 3,
};

/**
 * hlthunk_dmabuf_begin_cpu_access() - begin to access a mapping of a dma-buf
 * @dmabuf: the dma-buf
 * @access: the same as for the matching hlthunk_dmabuf_end_cpu_access()
 *
 * DMA_BUF_IOCTL_SYNC.  Waits for the dma-buf's fences and lets its exporter maintain caches.  Of
 * use for foreign dma-bufs: those of the habanalabs driver cannot be mapped.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @access is not an enum hlthunk_access
 *
 * Context: any thread; waits for fences, without a timeout.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_dmabuf_begin_cpu_access(struct hlthunk_dmabuf *dmabuf,
                                                                   enum hlthunk_access access);

/**
 * hlthunk_dmabuf_end_cpu_access() - end the access to a mapping of a dma-buf
 * @dmabuf: the dma-buf
 * @access: as passed to hlthunk_dmabuf_begin_cpu_access()
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @access is not an enum hlthunk_access
 *
 * Context: any thread; may sleep in the exporter.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_dmabuf_end_cpu_access(struct hlthunk_dmabuf *dmabuf,
                                                                 enum hlthunk_access access);

/**
 * hlthunk_dmabuf_export_sync_file() - get the fences that are in a dma-buf now, as a sync file
 * @dmabuf: the dma-buf
 * @access: what is to be waited for
 * @fd: receives the sync file, which the caller closes: O_CLOEXEC, above 2
 *
 * DMA_BUF_IOCTL_EXPORT_SYNC_FILE, for APIs that take sync files (Vulkan, EGL, KMS).  poll() reports
 * POLLIN once all fences have signalled: immediately for a dma-buf without fences.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @access is not an enum hlthunk_access
 *   -EOPNOTSUPP: a kernel before Linux 6.0
 *   -EMFILE: no descriptor is left
 *
 * Context: any thread; does not wait.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_dmabuf_export_sync_file(struct hlthunk_dmabuf *dmabuf, enum hlthunk_access access, int *fd);

/**
 * hlthunk_dmabuf_import_sync_file() - make users of a dma-buf wait for a sync file's fences
 * @dmabuf: the dma-buf
 * @access: what the work behind the fences does with the memory
 * @fd: the sync file, which stays the caller's
 *
 * DMA_BUF_IOCTL_IMPORT_SYNC_FILE.  Importers that look at the reservation object (display and
 * graphics drivers) wait, as do poll() and hlthunk_dmabuf_wait(); the habanalabs driver does not.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @access is not an enum hlthunk_access, or @fd is not a sync file
 *   -EBADF: @fd is not open
 *   -EOPNOTSUPP: a kernel before Linux 6.0
 *
 * Context: any thread; does not wait.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_dmabuf_import_sync_file(struct hlthunk_dmabuf *dmabuf, enum hlthunk_access access, int fd);

/**
 * hlthunk_dmabuf_wait() - wait until a dma-buf's fences have signalled
 * @dmabuf: the dma-buf
 * @access: what is to be done then
 * @timeout_ns: 0 does not wait, negative waits indefinitely
 *
 * poll() on the dma-buf.  It does not wait for the device's submissions: see the top of
 * hlthunk/sync.h.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -ETIMEDOUT: some fence has not signalled
 *   -EINTR: a signal arrived
 *   -EINVAL: @access is not an enum hlthunk_access
 *
 * Context: any thread; sleeps for up to @timeout_ns.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_dmabuf_wait(struct hlthunk_dmabuf *dmabuf, enum hlthunk_access access, int64_t timeout_ns);

HLTHUNK_END_DECLS

#endif
