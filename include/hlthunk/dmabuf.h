/* SPDX-License-Identifier: MIT */
/*
 * dma-bufs: device memory as a file descriptor that other drivers import.
 *
 * Who closes the descriptor?  Every one that is handed out is fresh and the caller's to close;
 * functions named borrow return the object's own.  A successful import takes the descriptor over, a
 * failed one leaves it open.  Each open file of a dma-buf, in any process, keeps its memory mapped
 * and the device busy.
 */
#ifndef HLTHUNK_DMABUF_H
#define HLTHUNK_DMABUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_buffer;
struct hlthunk_dmabuf;

/**
 * struct hlthunk_dmabuf_options - how hlthunk_dmabuf_export() exports
 * @struct_size: sizeof(struct hlthunk_dmabuf_options)
 * @read_only: open the file O_RDONLY; the default is O_RDWR
 * @whole_pages: accept any range and export the pages around it, whatever else they hold
 * @label: name in leak reports; the first 31 bytes are copied; may be NULL
 *
 * Since: 0.9
 */
struct hlthunk_dmabuf_options {
    size_t struct_size;
    bool read_only;
    bool whole_pages;
    uint8_t reserved[6];
    const char *label;
};

/**
 * hlthunk_dmabuf_export() - export a buffer, or a range of it, as a dma-buf
 * @buffer: mapped device memory
 * @offset: bytes from the start of the buffer; a multiple of the host's page size
 * @size_bytes: a multiple of the host's page size; 0 for everything from @offset to the end of the
 *              buffer (its size as requested, rounded up to a page)
 * @options: NULL for defaults
 * @dmabuf: receives a reference that the caller owns
 *
 * A range that is already exported yields the same object with one more reference: no system call
 * is made, and the kernel has one dma-buf for any number of importers.
 *
 * With .whole_pages neither @offset nor @size_bytes need be multiples of the page size (0 then
 * means everything up to the size as requested).  The dma-buf consists of the pages that hold the
 * range, and hlthunk_dmabuf_get_data_offset() returns where in them the range starts.  Importers
 * see these pages as a whole.  A pool's buffer that shares its pages (hlthunk/pool.h) can only be
 * exported this way.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: bad alignment, a range outside the buffer or the PCI BAR, a buffer without an address,
 *     or a pool's buffer that shares its pages
 *   -EOPNOTSUPP: host memory, an imported buffer, or a kernel whose driver cannot export the memory
 *     of this ASIC (generation MISC and an ASIC with a device MMU)
 *   -EMFILE, -ENFILE: no file descriptor is left
 *   -ENOMEM: host memory is exhausted
 *   -EBUSY: the device is in reset
 *
 * Context: any thread; may sleep in the driver.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_dmabuf_export(struct hlthunk_buffer *buffer, uint64_t offset, uint64_t size_bytes,
                      const struct hlthunk_dmabuf_options *options, struct hlthunk_dmabuf **dmabuf);

/**
 * hlthunk_dmabuf_import() - make a dma-buf object of a file descriptor
 * @fd: of any exporter's dma-buf; taken over on success (and possibly closed at once), untouched on
 *      failure
 * @dmabuf: receives a reference that the caller owns
 *
 * A dma-buf that this process exported, or has imported before, is recognised and yields the same
 * object, with its buffer, as long as there is that object.  The descriptor that
 * hlthunk_dmabuf_borrow_fd() returned stays open.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EBADF: @fd is not open
 *   -EINVAL: @fd is not a dma-buf
 *   -EMFILE: @fd is 0, 1 or 2, and no descriptor above 2 is left
 *   -ENOMEM: host memory is exhausted
 *
 * Context: any thread; does not block.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_dmabuf_import(int fd, struct hlthunk_dmabuf **dmabuf);

/**
 * hlthunk_dmabuf_ref() - take one more reference to a dma-buf
 * @dmabuf: the dma-buf
 *
 * Return: @dmabuf.
 *
 * Context: any thread; never blocks.
 * Since: 0.9
 */
HLTHUNK_API struct hlthunk_dmabuf *hlthunk_dmabuf_ref(struct hlthunk_dmabuf *dmabuf);

/**
 * hlthunk_dmabuf_unref() - drop a reference to a dma-buf
 * @dmabuf: the dma-buf; NULL is allowed
 *
 * The last one closes the object's own descriptor and drops its buffer.  Descriptors that were
 * handed out stay open.
 *
 * Context: any thread; the last reference may sleep in the driver.
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_dmabuf_unref(struct hlthunk_dmabuf *dmabuf);

/**
 * hlthunk_dmabuf_dup_fd() - duplicate a dma-buf's descriptor for an importer or another process
 * @dmabuf: the dma-buf
 * @fd: receives the descriptor, which the caller closes: O_CLOEXEC, above 2
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EMFILE: no file descriptor is left
 *
 * Context: any thread; does not block.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_dmabuf_dup_fd(struct hlthunk_dmabuf *dmabuf, int *fd);

/**
 * hlthunk_dmabuf_borrow_fd() - borrow a dma-buf's own descriptor
 * @dmabuf: the dma-buf
 *
 * Return: the descriptor, valid while the object lives and not to be closed.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_dmabuf_borrow_fd(struct hlthunk_dmabuf *dmabuf);

/**
 * hlthunk_dmabuf_get_size() - get the size of a dma-buf
 * @dmabuf: the dma-buf
 *
 * Return: bytes of the dma-buf, which are whole pages when a Habana device exported it.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API uint64_t hlthunk_dmabuf_get_size(const struct hlthunk_dmabuf *dmabuf);

/**
 * hlthunk_dmabuf_get_offset() - get where the exported range starts within its buffer
 * @dmabuf: the dma-buf
 *
 * Return: bytes from the start of the exporter's buffer.  For a dma-buf received through
 * hlthunk/share.h this is what its sender reported; for other foreign ones it is 0.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API uint64_t hlthunk_dmabuf_get_offset(const struct hlthunk_dmabuf *dmabuf);

/**
 * hlthunk_dmabuf_get_data_offset() - get where in the dma-buf the exported range starts
 * @dmabuf: the dma-buf
 *
 * Importers need it together with the descriptor.
 *
 * Return: bytes from the start of the dma-buf; 0 unless it was exported with .whole_pages.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API uint64_t hlthunk_dmabuf_get_data_offset(const struct hlthunk_dmabuf *dmabuf);

/**
 * hlthunk_dmabuf_get_data_size() - get the size of the exported range
 * @dmabuf: the dma-buf
 *
 * Return: bytes of the range: the size of the dma-buf, unless it was exported with .whole_pages and
 * holds other bytes before or past the range.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API uint64_t hlthunk_dmabuf_get_data_size(const struct hlthunk_dmabuf *dmabuf);

/**
 * hlthunk_dmabuf_borrow_buffer() - borrow the buffer that a dma-buf was exported from
 * @dmabuf: the dma-buf
 *
 * Return: the buffer, valid while the dma-buf lives and not to be released; NULL if this process
 * did not export the dma-buf.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API struct hlthunk_buffer *
hlthunk_dmabuf_borrow_buffer(const struct hlthunk_dmabuf *dmabuf);

/**
 * hlthunk_dmabuf_get_identity() - get the number that identifies a dma-buf in every process
 * @dmabuf: the dma-buf
 *
 * Return: the inode number in the kernel's dma-buf file system, which is unique on this machine as
 * long as any reference to the dma-buf exists.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API uint64_t hlthunk_dmabuf_get_identity(const struct hlthunk_dmabuf *dmabuf);

/**
 * hlthunk_dmabuf_set_name() - set the name that fdinfo and debugfs show
 * @dmabuf: the dma-buf
 * @name: up to 31 bytes
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @name is longer than 31 bytes
 *   -EBUSY: an old kernel, which does not rename a dma-buf that has importers
 *
 * Context: any thread; does not block.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_dmabuf_set_name(struct hlthunk_dmabuf *dmabuf,
                                                           const char *name);

HLTHUNK_END_DECLS

#endif
