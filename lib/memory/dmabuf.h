/* SPDX-License-Identifier: MIT */
#ifndef HL_MEMORY_DMABUF_H
#define HL_MEMORY_DMABUF_H

#include <hlthunk/dmabuf.h>
#include <hlthunk/share.h>

#include "lib/fd.h"
#include "lib/core/object.h"
#include "lib/core/registry.h"
#include "lib/memory/open_export.h"

struct hlthunk_buffer;

struct hlthunk_dmabuf {
    struct hl_object object;
    int fd; /* ours: above 2, O_CLOEXEC */
    struct hl_registered file;
    struct hl_open_export open_export; /* what it becomes while others still hold its file */
    struct hlthunk_buffer *buffer;     /* a reference; NULL for a foreign one */
    /* of a received one: what its sender said; NULL, or written once */
    _Atomic(struct hlthunk_dmabuf_origin *) origin;
    uint64_t offset, size;
    uint64_t lead; /* bytes of the first page before offset */
    uint64_t data; /* bytes of the exported range, which starts there */
    bool read_only;
    atomic_bool handed_out;      /* an fd of it has left the object */
    uint64_t forks;              /* hl_fork_count() before there was a file */
    struct hlthunk_dmabuf *next; /* of the buffer; guarded by the device's lock */
};

/* Where the exporter has its first byte: of one that has a buffer. */
uint64_t hl_dmabuf_get_address(const struct hlthunk_dmabuf *dmabuf);

/*
 * As hlthunk_dmabuf_export() of any range of a buffer that has its pages for itself: the pages
 * around it.
 */
int hl_dmabuf_export_around(struct hlthunk_buffer *buffer, uint64_t offset, uint64_t size,
                            const struct hlthunk_dmabuf_options *options, const void *creator,
                            struct hlthunk_dmabuf **out);

#endif
