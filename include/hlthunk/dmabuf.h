/* SPDX-License-Identifier: MIT */
/*
 * dma-bufs: device memory as a file descriptor that other drivers import.
 *
 * Who closes the fd?  Every fd that is handed out is fresh and the caller's to close; functions
 * whose name says borrow give the object's own.  A successful import takes the fd over, a failed
 * one leaves it.  Each open file of a dma-buf, in any process, keeps its memory mapped and the
 * device busy.
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

struct hlthunk_dmabuf_options {
    size_t struct_size; /* sizeof(struct hlthunk_dmabuf_options) */
    bool read_only;     /* an O_RDONLY file; default O_RDWR */
    bool whole_pages;   /* any range: the pages around it, whatever else is in them */
    uint8_t reserved[6];
    const char *label; /* for leak reports; copied (the first 31 bytes); may be NULL */
};

/**
 * hlthunk_dmabuf_export() - export a buffer or a range of it
 * @buffer: mapped device memory
 * @offset: within the buffer, a multiple of the host's page size
 * @size_bytes: a multiple of the host's page size; 0: from @offset to the end of the buffer
 *              (its size as asked for, rounded up to the page)
 * @options: NULL for defaults
 * @dmabuf: receives a reference that is the caller's
 *
 * A range that is exported already gives the same object, counted: no system call, and one
 * kernel dma-buf for any number of importers.  -EINVAL: alignment or range; -EOPNOTSUPP: host
 * memory, or a kernel of generation MISC on an ASIC with an MMU; -EMFILE.
 *
 * With .whole_pages neither @offset nor @size_bytes need be multiples of the page (0: to the end as
 * asked for): the dma-buf is of the pages that hold the range, and hlthunk_dmabuf_get_data_offset()
 * tells where in them it starts.  Importers see all of these pages.  A pool's buffer without pages
 * of its own (hlthunk/pool.h) is exported in this way only.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_dmabuf_export(struct hlthunk_buffer *buffer, uint64_t offset, uint64_t size_bytes,
                      const struct hlthunk_dmabuf_options *options, struct hlthunk_dmabuf **dmabuf);

/**
 * hlthunk_dmabuf_import() - make an object of a dma-buf's fd
 * @fd: taken over on success (and possibly closed at once), left on failure
 * @dmabuf: receives a reference that is the caller's
 *
 * A dma-buf that this process exported, or imported before, is recognised and gives the same
 * object, with its buffer; a borrowed fd of it stays open.  -EBADF; -EINVAL: not a dma-buf.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_dmabuf_import(int fd, struct hlthunk_dmabuf **dmabuf);

/* One more reference; returns the dma-buf.  Any thread.  Since: 0.9 */
HLTHUNK_API struct hlthunk_dmabuf *hlthunk_dmabuf_ref(struct hlthunk_dmabuf *dmabuf);

/**
 * hlthunk_dmabuf_unref() - give a reference back; NULL is allowed
 *
 * The last one closes the object's own fd; fds that were handed out stay open.  Any thread.
 *
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_dmabuf_unref(struct hlthunk_dmabuf *dmabuf);

/**
 * hlthunk_dmabuf_dup_fd() - hand out a fresh fd, for an importer or another process
 * @fd: receives it: the caller's to close, O_CLOEXEC, above 2
 *
 * -EMFILE.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_dmabuf_dup_fd(struct hlthunk_dmabuf *dmabuf, int *fd);

/* The object's own fd, valid while it lives; not to be closed.  Since: 0.9 */
HLTHUNK_API int hlthunk_dmabuf_borrow_fd(struct hlthunk_dmabuf *dmabuf);

/* Bytes of the dma-buf.  Since: 0.9 */
HLTHUNK_API uint64_t hlthunk_dmabuf_get_size(const struct hlthunk_dmabuf *dmabuf);
/*
 * Where it starts within its buffer; of a received one, within its sender's (hlthunk/share.h); 0
 * for another foreign one.  Since: 0.9
 */
HLTHUNK_API uint64_t hlthunk_dmabuf_get_offset(const struct hlthunk_dmabuf *dmabuf);
/*
 * Where in the dma-buf the exported range starts: 0, but for .whole_pages.  Importers need it
 * besides the fd.  Since: 0.9
 */
HLTHUNK_API uint64_t hlthunk_dmabuf_get_data_offset(const struct hlthunk_dmabuf *dmabuf);
/*
 * Bytes of the exported range: those of the dma-buf, but for .whole_pages, which may have bytes of
 * others before and past it.  Since: 0.9
 */
HLTHUNK_API uint64_t hlthunk_dmabuf_get_data_size(const struct hlthunk_dmabuf *dmabuf);
/* Its buffer, borrowed; NULL for a foreign one.  Since: 0.9 */
HLTHUNK_API struct hlthunk_buffer *
hlthunk_dmabuf_borrow_buffer(const struct hlthunk_dmabuf *dmabuf);

/**
 * hlthunk_dmabuf_get_identity() - get a number that is the same for the same dma-buf in every
 * process
 *
 * The inode of the kernel's dma-buf file system: unique on this machine while any reference lives.
 *
 * Since: 0.9
 */
HLTHUNK_API uint64_t hlthunk_dmabuf_get_identity(const struct hlthunk_dmabuf *dmabuf);

/**
 * hlthunk_dmabuf_set_name() - the name that fdinfo and debugfs show
 * @name: up to 31 bytes
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_dmabuf_set_name(struct hlthunk_dmabuf *dmabuf,
                                                           const char *name);

HLTHUNK_END_DECLS

#endif
