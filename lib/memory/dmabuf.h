/* SPDX-License-Identifier: MIT */
#ifndef HL_MEMORY_DMABUF_H
#define HL_MEMORY_DMABUF_H

#include <hlthunk/dmabuf.h>
#include <hlthunk/share.h>

#include "lib/fd.h"
#include "lib/core/object.h"

struct hlthunk_buffer;

struct hlthunk_dmabuf {
    struct hl_object object;
    int fd;                        /* ours: above 2, O_CLOEXEC */
    struct hl_file_id id;          /* when identified; constant from then on */
    atomic_bool identified;        /* registry.h; a foreign one is from the start */
    struct hlthunk_buffer *buffer; /* a reference; NULL for a foreign one */
    /* of a received one: what its sender said; NULL, or written once */
    _Atomic(struct hlthunk_dmabuf_origin *) origin;
    uint64_t offset, size;
    uint64_t lead; /* bytes of the first page in front of offset */
    uint64_t data; /* bytes of the exported range, which starts there */
    bool read_only;
    atomic_bool handed_out;      /* an fd of it has left the object */
    struct hlthunk_dmabuf *next; /* of the buffer; guarded by the device's lock */
    /* registry: guarded by the device's lock, once identified by the registry's */
    struct hlthunk_dmabuf *index_next, **index_link;
};

/* The identity of its file, by a system call until it is known: 0 or -errno without a text. */
int hl_dmabuf_file_id(const struct hlthunk_dmabuf *dmabuf, struct hl_file_id *id);

#endif
