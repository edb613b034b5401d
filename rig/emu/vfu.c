/* SPDX-License-Identifier: MIT */
/* Minimal vfio-user server: setup, and the dispatch of messages. */
#include "rig/emu/vfu.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rig/emu/vfu_wire.h"

void vfu_init(struct vfu *v, const struct vfu_ops *ops, void *priv)
{
    memset(v, 0, offsetof(struct vfu, in.message));
    v->sock = -1;
    v->ops = ops;
    v->priv = priv;
    for (unsigned i = 0; i < VFU_NUM_REGIONS; i++)
        v->region[i].fd = -1;
    memset(v->irqfd, 0xFF, sizeof(v->irqfd)); /* -1 each */
    v->region[VFU_REGION_CONFIG].size = sizeof(v->cfg);
}

bool vfu_take(const struct vfu_request *q, void *to, size_t size)
{
    if (q->len < size)
        return false;
    memcpy(to, q->body, size);
    return true;
}

int vfu_answer_fd(struct vfu *v, const struct vfu_request *q, const void *body, size_t len, int fd)
{
    struct vfu_header h = { .id = q->h.id,
                            .command = q->h.command,
                            .flags = VFU_TYPE_REPLY,
                            .size = (uint32_t)(sizeof(h) + len) };

    return q->h.flags & VFU_NO_REPLY ? 0 : vfu_send(v->sock, &h, body, len, fd);
}

int vfu_answer(struct vfu *v, const struct vfu_request *q, int error, const void *body, size_t len)
{
    struct vfu_header h = { .id = q->h.id,
                            .command = q->h.command,
                            .flags = VFU_TYPE_REPLY | VFU_ERROR,
                            .error = (uint32_t)error,
                            .size = sizeof(h) };

    if (!error)
        return vfu_answer_fd(v, q, body, len, -1);
    return q->h.flags & VFU_NO_REPLY ? 0 : vfu_send(v->sock, &h, NULL, 0, -1);
}

static int do_version(struct vfu *v, const struct vfu_request *q)
{
    static const char caps[] =
        "{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1048576}}";
    uint8_t out[4 + sizeof(caps)];

    if (!vfu_take(q, out, 4)) /* the client's major and minor */
        return vfu_answer(v, q, EINVAL, NULL, 0);
    memcpy(out + 4, caps, sizeof(caps));
    return vfu_answer(v, q, 0, out, sizeof(out));
}

static int do_info(struct vfu *v, const struct vfu_request *q)
{
    struct vfu_device_info i = { .argsz = sizeof(i),
                                 .flags = VFU_DEVICE_RESET | VFU_DEVICE_PCI,
                                 .regions = VFU_NUM_REGIONS,
                                 .irqs = VFU_NUM_IRQS };

    return vfu_answer(v, q, 0, &i, sizeof(i));
}

static int do_reset(struct vfu *v, const struct vfu_request *q)
{
    if (v->ops->reset)
        v->ops->reset(v);
    return vfu_answer(v, q, 0, NULL, 0);
}

typedef int handler(struct vfu *v, const struct vfu_request *q);

static handler *const handlers[] = {
    [VFU_VERSION] = do_version,
    [VFU_DMA_MAP] = vfu_do_dma_map,
    [VFU_DMA_UNMAP] = vfu_do_dma_unmap,
    [VFU_GET_INFO] = do_info,
    [VFU_GET_REGION_INFO] = vfu_do_region_info,
    [VFU_GET_IRQ_INFO] = vfu_do_irq_info,
    [VFU_SET_IRQS] = vfu_do_set_irqs,
    [VFU_REGION_READ] = vfu_do_region_read,
    [VFU_REGION_WRITE] = vfu_do_region_write,
    [VFU_RESET] = do_reset,
};

static int handle(struct vfu *v, const struct vfu_request *q)
{
    handler *f =
        q->h.command < sizeof(handlers) / sizeof(handlers[0]) ? handlers[q->h.command] : NULL;

    if (v->in.lost_fds)
        return vfu_answer(v, q, EMFILE, NULL, 0);
    return f ? f(v, q) : vfu_answer(v, q, ENOTSUP, NULL, 0);
}

int vfu_step(struct vfu *v)
{
    int rc = vfu_receive(v);

    if (rc == 1) {
        struct vfu_request q = { .body = v->in.message + sizeof(q.h),
                                 .fds = v->in.fds,
                                 .nfds = v->in.nfds };

        memcpy(&q.h, v->in.message, sizeof(q.h));
        q.len = q.h.size - (uint32_t)sizeof(q.h);
        /* we send no requests: drop what claims to be a reply */
        if ((q.h.flags & VFU_TYPE_MASK) == VFU_TYPE_COMMAND && handle(v, &q) < 0)
            rc = -1; /* gone while we answered */
        vfu_forget(v);
    }
    if (rc == -2)
        vfu_forget(v);
    return rc == -1 ? 0 : rc == -2 ? -1 : 1;
}

void vfu_fini(struct vfu *v)
{
    vfu_forget(v);
    for (unsigned i = 0; i < v->ndma; i++)
        if (v->dma[i].mem)
            munmap(v->dma[i].mem, v->dma[i].size);
    v->ndma = 0;
    for (unsigned i = 0; i < VFU_NUM_IRQS; i++) {
        for (unsigned j = 0; j < VFU_MAX_VECTORS; j++) {
            if (v->irqfd[i][j] >= 0)
                close(v->irqfd[i][j]);
            v->irqfd[i][j] = -1;
        }
    }
    for (unsigned i = 0; i < VFU_NUM_REGIONS; i++) {
        struct vfu_region *r = &v->region[i];

        if (r->mem)
            munmap(r->mem, r->mem_size);
        if (r->fd >= 0)
            close(r->fd);
        *r = (struct vfu_region){ .fd = -1 };
    }
}
