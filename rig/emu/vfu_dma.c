/* SPDX-License-Identifier: MIT */
/* The machine's memory: which ranges the client has mapped for the device, and accesses to it. */
#include <errno.h>
#include <sys/mman.h>

#include "rig/emu/guard.h"
#include "rig/emu/vfu_wire.h"

static struct vfu_dma *overlapping(struct vfu *v, uint64_t iova, uint64_t size)
{
    for (unsigned i = 0; i < v->ndma; i++) {
        struct vfu_dma *d = &v->dma[i];

        if (iova < d->iova + d->size && d->iova < iova + size)
            return d;
    }
    return NULL;
}

static int map(struct vfu *v, const struct vfu_dma_map *m, const struct vfu_request *q)
{
    struct vfu_dma *d = &v->dma[v->ndma];
    int prot = (m->flags & VFU_DMA_FLAG_READ ? PROT_READ : 0) |
               (m->flags & VFU_DMA_FLAG_WRITE ? PROT_WRITE : 0);
    void *mem = NULL;

    if (!prot || !m->size || m->size > UINT64_MAX - m->iova || q->nfds > 1)
        return EINVAL;
    if (overlapping(v, m->iova, m->size))
        return EEXIST;
    if (v->ndma == VFU_MAX_DMA)
        return ENOSPC;
    if (q->nfds) {
        mem = mmap(NULL, m->size, prot, MAP_SHARED | MAP_NORESERVE, q->fds[0], (off_t)m->offset);
        if (mem == MAP_FAILED)
            return errno;
    }
    *d = (struct vfu_dma){ .iova = m->iova,
                           .size = m->size,
                           .mem = mem,
                           .readable = prot & PROT_READ,
                           .writable = prot & PROT_WRITE };
    v->ndma++;
    return 0;
}

int vfu_do_dma_map(struct vfu *v, const struct vfu_request *q)
{
    struct vfu_dma_map m;

    return vfu_answer(v, q, vfu_take(q, &m, sizeof(m)) ? map(v, &m, q) : EINVAL, NULL, 0);
}

int vfu_do_dma_unmap(struct vfu *v, const struct vfu_request *q)
{
    struct vfu_dma_unmap u;
    bool all;

    if (!vfu_take(q, &u, sizeof(u)))
        return vfu_answer(v, q, EINVAL, NULL, 0);
    all = u.flags & VFU_UNMAP_ALL;
    if (!all && u.size > UINT64_MAX - u.iova)
        return vfu_answer(v, q, EINVAL, NULL, 0);
    for (unsigned i = 0; i < v->ndma;) {
        struct vfu_dma *d = &v->dma[i];

        if (all || (d->iova >= u.iova && d->iova + d->size <= u.iova + u.size)) {
            if (d->mem)
                munmap(d->mem, d->size);
            *d = v->dma[--v->ndma];
        } else {
            i++;
        }
    }
    return vfu_answer(v, q, 0, &u, sizeof(u));
}

bool vfu_mapped(struct vfu *v, uint64_t iova)
{
    return overlapping(v, iova, 1);
}

void *vfu_iova(struct vfu *v, uint64_t iova, uint64_t len, bool write)
{
    const struct vfu_dma *d = overlapping(v, iova, 1);

    if (!d || !d->mem || len > d->size - (iova - d->iova) || (write ? !d->writable : !d->readable))
        return NULL;
    return d->mem + (iova - d->iova);
}

static int access_memory(struct vfu *v, uint64_t iova, uint8_t *buf, uint64_t len, bool write)
{
    while (len) {
        const struct vfu_dma *d = overlapping(v, iova, 1);
        uint64_t left = d ? d->size - (iova - d->iova) : 0, n = left < len ? left : len;
        uint8_t *at = vfu_iova(v, iova, n, write);

        if (!at || !(write ? guard_copy(at, buf, n) : guard_copy(buf, at, n)))
            return -EFAULT;
        iova += n;
        buf += n;
        len -= n;
    }
    return 0;
}

int vfu_read(struct vfu *v, uint64_t iova, void *buf, uint64_t len)
{
    return access_memory(v, iova, buf, len, false);
}

int vfu_write(struct vfu *v, uint64_t iova, const void *buf, uint64_t len)
{
    union {
        const void *in;
        uint8_t *out;
    } u = { .in = buf }; /* only read: write is true */

    return access_memory(v, iova, u.out, len, true);
}
