/* SPDX-License-Identifier: MIT */
/* The device's regions (BARs, configuration space): what they are, and accesses to them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rig/emu/vfu_wire.h"

int vfu_bar_mem(struct vfu *v, unsigned region, uint64_t size, const char *name)
{
    struct vfu_region *r = &v->region[region];
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    void *mem;

    if (fd < 0)
        return -1;
    /* the client gets the descriptor too: sealed, so that it cannot shrink the memory */
    if (ftruncate(fd, (off_t)size) < 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        goto fail;
    mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (mem == MAP_FAILED)
        goto fail;
    r->fd = fd;
    r->mem = mem;
    r->size = r->mem_size = size;
    return 0;
fail:
    close(fd);
    return -1;
}

/* With a small argsz the client learns how much it needs, and asks again. */
int vfu_do_region_info(struct vfu *v, const struct vfu_request *q)
{
    struct {
        struct vfu_region_info info;
        struct vfu_sparse sparse;
    } out = { .sparse = { .id = VFU_CAP_SPARSE_MMAP, .version = 1 } };
    uint32_t ask[4], need = sizeof(out.info);
    const struct vfu_region *r;
    bool fits;

    if (!vfu_take(q, ask, sizeof(ask)) || ask[2] >= VFU_NUM_REGIONS)
        return vfu_answer(v, q, EINVAL, NULL, 0);
    r = &v->region[ask[2]];
    if (r->fd >= 0 && r->nareas)
        need += (uint32_t)(offsetof(struct vfu_sparse, area) + r->nareas * sizeof(r->area[0]));
    fits = ask[0] >= need;
    out.info = (struct vfu_region_info){
        .argsz = need, .index = ask[2], .size = r->size, .offset = r->fd_off
    };
    if (r->size)
        out.info.flags = VFU_REGION_CAN_READ | VFU_REGION_CAN_WRITE;
    if (r->size && r->fd >= 0)
        out.info.flags |= VFU_REGION_CAN_MMAP;
    if (need > sizeof(out.info) && fits) {
        out.info.flags |= VFU_REGION_HAS_CAPS;
        out.info.cap_offset = sizeof(out.info);
        out.sparse.areas = r->nareas;
        memcpy(out.sparse.area, r->area, r->nareas * sizeof(r->area[0]));
    }
    return vfu_answer_fd(v, q, &out, fits ? need : sizeof(out.info), fits ? r->fd : -1);
}

/* A range of a region, of at most one transfer. */
static bool valid(const struct vfu *v, const struct vfu_access *a)
{
    return a->region < VFU_NUM_REGIONS && a->count <= VFU_MAX_TRANSFER &&
           a->offset <= v->region[a->region].size &&
           a->count <= v->region[a->region].size - a->offset;
}

int vfu_do_region_read(struct vfu *v, const struct vfu_request *q)
{
    struct vfu_access a;

    if (!vfu_take(q, &a, sizeof(a)) || !valid(v, &a))
        return vfu_answer(v, q, EINVAL, NULL, 0);
    memcpy(v->out, &a, sizeof(a));
    v->ops->rd(v, a.region, a.offset, v->out + sizeof(a), a.count);
    return vfu_answer(v, q, 0, v->out, sizeof(a) + a.count);
}

int vfu_do_region_write(struct vfu *v, const struct vfu_request *q)
{
    struct vfu_access a;

    if (!vfu_take(q, &a, sizeof(a)) || !valid(v, &a) || a.count > q->len - sizeof(a))
        return vfu_answer(v, q, EINVAL, NULL, 0);
    v->posted += !!(q->h.flags & VFU_NO_REPLY);
    v->ops->wr(v, a.region, a.offset, q->body + sizeof(a), a.count);
    return vfu_answer(v, q, 0, &a, sizeof(a));
}
