/* SPDX-License-Identifier: MIT */
#ifndef HL_OBJECT_DMABUF_H
#define HL_OBJECT_DMABUF_H

#include <hlthunk/dmabuf.h>
#include <hlthunk/share.h>

#include "lib/fd.h"
#include "lib/object/object.h"

struct hlthunk_buffer;

struct hlthunk_dmabuf {
    struct hl_object object;
    int fd;                             /* ours: above 2, O_CLOEXEC */
    struct hl_file_id id;
    struct hlthunk_buffer *buffer;      /* a reference; NULL for a foreign one */
    /* of a received one: what its sender said; NULL, or written once */
    _Atomic(struct hlthunk_dmabuf_origin *) origin;
    uint64_t offset, size;
    uint64_t lead;                      /* bytes of the first page in front of offset */
    bool read_only;
    atomic_bool handed_out;             /* an fd of it has left the object */
    struct hlthunk_dmabuf *next;        /* of the buffer; guarded by the device's lock */
    struct hlthunk_dmabuf *hash_next;   /* registry; guarded by its lock */
};

#endif
