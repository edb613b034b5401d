/* SPDX-License-Identifier: MIT */
/* Minimal vfio-user server: one client, one thread, requests handled in order. */
#include "rig/emu/vfu.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    CMD_VERSION = 1,
    CMD_DMA_MAP,
    CMD_DMA_UNMAP,
    CMD_GET_INFO,
    CMD_GET_REGION_INFO,
    CMD_GET_REGION_IO_FDS,
    CMD_GET_IRQ_INFO,
    CMD_SET_IRQS,
    CMD_REGION_READ,
    CMD_REGION_WRITE,
    CMD_DMA_READ,
    CMD_DMA_WRITE,
    CMD_RESET,
    CMD_WRITE_MULTI = 15,
};
#define F_REPLY 0x1
#define F_NO_REPLY 0x10
#define F_ERROR 0x20
#define MAX_FDS 8
#define MAX_XFER (1u << 20)
#define MAX_BODY (MAX_XFER + 4096)

struct hdr {
    uint16_t id, cmd;
    uint32_t size, flags, err;
};

void vfu_init(struct vfu *v, const struct vfu_ops *ops, void *priv)
{
    memset(v, 0, sizeof(*v));
    v->ops = ops;
    v->priv = priv;
    for (unsigned i = 0; i < VFU_NUM_REGIONS; i++)
        v->region[i].fd = -1;
    for (unsigned i = 0; i < VFU_NUM_IRQS; i++)
        for (unsigned j = 0; j < VFU_MAX_VECTORS; j++)
            v->irqfd[i][j] = -1;
    v->region[VFU_REGION_CONFIG].size = sizeof(v->cfg);
}

int vfu_bar_mem(struct vfu *v, unsigned region, uint64_t size, const char *name)
{
    struct vfu_region *r = &v->region[region];

    r->fd = memfd_create(name, MFD_CLOEXEC);
    if (r->fd < 0 || ftruncate(r->fd, (off_t)size) < 0)
        return -1;
    r->mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, r->fd, 0);
    if (r->mem == MAP_FAILED)
        return -1;
    r->size = size;
    return 0;
}

int vfu_listen(const char *path)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (s < 0 || strlen(path) >= sizeof(sa.sun_path))
        return -1;
    strcpy(sa.sun_path, path);
    unlink(path);
    if (bind(s, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(s, 1) < 0)
        return -1;
    return s;
}

void *vfu_iova(struct vfu *v, uint64_t iova, uint64_t len)
{
    for (unsigned i = 0; i < v->ndma; i++) {
        struct vfu_dma *d = &v->dma[i];

        if (d->mem && iova >= d->iova && iova - d->iova < d->size &&
            len <= d->size - (iova - d->iova))
            return d->mem + (iova - d->iova);
    }
    return NULL;
}

int vfu_irq(struct vfu *v, unsigned index, unsigned vector)
{
    uint64_t one = 1;

    if (vector >= VFU_MAX_VECTORS || v->irqfd[index][vector] < 0)
        return -1;
    return write(v->irqfd[index][vector], &one, sizeof(one)) == sizeof(one) ? 0 : -1;
}

static int send_all(int s, struct iovec *iov, int n, const int *fds, unsigned nfds)
{
    char cbuf[CMSG_SPACE(sizeof(int) * MAX_FDS)];
    struct msghdr m = { .msg_iov = iov, .msg_iovlen = (size_t)n };
    ssize_t r;

    if (nfds) {
        struct cmsghdr *c;

        memset(cbuf, 0, sizeof(cbuf));
        m.msg_control = cbuf;
        m.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
        c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * nfds);
    }
    while (m.msg_iovlen) {
        r = sendmsg(s, &m, MSG_NOSIGNAL);
        if (r < 0) {
            if (errno == EINTR)
                continue;
            return -1;
        }
        m.msg_control = NULL;
        m.msg_controllen = 0;
        while (m.msg_iovlen && (size_t)r >= m.msg_iov->iov_len) {
            r -= (ssize_t)m.msg_iov->iov_len;
            m.msg_iov++;
            m.msg_iovlen--;
        }
        if (m.msg_iovlen) {
            m.msg_iov->iov_base = (char *)m.msg_iov->iov_base + r;
            m.msg_iov->iov_len -= (size_t)r;
        }
    }
    return 0;
}

static int reply(struct vfu *v, const struct hdr *req, int err, const void *body, uint32_t len,
                 const int *fds, unsigned nfds)
{
    struct hdr h = { .id = req->id, .cmd = req->cmd, .flags = F_REPLY };
    struct iovec iov[2] = { { &h, sizeof(h) }, { (void *)(uintptr_t)body, len } };

    if (req->flags & F_NO_REPLY)
        return 0;
    if (err) {
        h.flags |= F_ERROR;
        h.err = (uint32_t)err;
        len = 0;
        nfds = 0;
    }
    h.size = (uint32_t)sizeof(h) + len;
    return send_all(v->sock, iov, len ? 2 : 1, fds, nfds);
}

static int recv_some(int s, void *buf, size_t len, int *fds, unsigned *nfds)
{
    char cbuf[CMSG_SPACE(sizeof(int) * 32)];
    size_t done = 0;

    while (done < len) {
        struct iovec iov = { (char *)buf + done, len - done };
        struct msghdr m = {
            .msg_iov = &iov, .msg_iovlen = 1, .msg_control = cbuf, .msg_controllen = sizeof(cbuf)
        };
        ssize_t r = recvmsg(s, &m, MSG_CMSG_CLOEXEC);

        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return -1;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
            if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
                unsigned n = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));

                for (unsigned i = 0; i < n && *nfds < 32; i++)
                    memcpy(&fds[(*nfds)++], CMSG_DATA(c) + i * sizeof(int), sizeof(int));
            }
        }
        done += (size_t)r;
    }
    return 0;
}

static void rd32(const void *p, uint32_t *v)
{
    memcpy(v, p, 4);
}
static void rd64(const void *p, uint64_t *v)
{
    memcpy(v, p, 8);
}

static int do_dma_map(struct vfu *v, const uint8_t *b, uint32_t len, const int *fds, unsigned nfds)
{
    struct vfu_dma *d;
    uint64_t off, iova, size;
    uint32_t flags;
    void *mem = NULL;

    if (len < 32)
        return EINVAL;
    rd32(b + 4, &flags);
    rd64(b + 8, &off);
    rd64(b + 16, &iova);
    rd64(b + 24, &size);
    if (nfds) {
        int prot = PROT_READ | ((flags & 2) ? PROT_WRITE : 0);

        mem = mmap(NULL, size, prot, MAP_SHARED | MAP_NORESERVE, fds[0], (off_t)off);
        if (mem == MAP_FAILED)
            return errno;
    }
    if (v->ndma == VFU_MAX_DMA)
        return ENOSPC;
    d = &v->dma[v->ndma++];
    d->iova = iova;
    d->size = size;
    d->mem = mem;
    return 0;
}

static int do_dma_unmap(struct vfu *v, const uint8_t *b, uint32_t len)
{
    uint32_t flags;
    uint64_t iova, size;

    if (len < 24)
        return EINVAL;
    rd32(b + 4, &flags);
    rd64(b + 8, &iova);
    rd64(b + 16, &size);
    for (unsigned i = 0; i < v->ndma;) {
        struct vfu_dma *d = &v->dma[i];

        if ((flags & 2) || (d->iova >= iova && d->iova + d->size <= iova + size)) {
            if (d->mem)
                munmap(d->mem, d->size);
            *d = v->dma[--v->ndma];
        } else {
            i++;
        }
    }
    return 0;
}

static int do_region_info(struct vfu *v, const struct hdr *h, const uint8_t *b, uint32_t len)
{
    uint8_t out[32 + 16 + 16 * VFU_MAX_SPARSE];
    uint32_t argsz, idx, flags = 0, need = 32, cap = 0;
    struct vfu_region *r;
    uint64_t z;

    if (len < 16)
        return reply(v, h, EINVAL, NULL, 0, NULL, 0);
    rd32(b, &argsz);
    rd32(b + 8, &idx);
    if (idx >= VFU_NUM_REGIONS)
        return reply(v, h, EINVAL, NULL, 0, NULL, 0);
    r = &v->region[idx];
    memset(out, 0, sizeof(out));
    if (r->size) {
        flags = 3; /* read, write */
        if (r->fd >= 0) {
            flags |= 4; /* mmap */
            if (r->nareas) {
                cap = 32; /* has capabilities: said only where they fit */
                need = 32 + 16 + 16 * r->nareas;
            }
        }
    }
    if (cap && argsz >= need)
        flags |= 8;
    memcpy(out, &need, 4);
    memcpy(out + 4, &flags, 4);
    memcpy(out + 8, &idx, 4);
    z = r->size;
    memcpy(out + 16, &z, 8);
    z = r->fd_off;
    memcpy(out + 24, &z, 8);
    if (cap && argsz >= need) {
        uint16_t id = 1, ver = 1; /* sparse mmap */
        uint32_t n = r->nareas;

        memcpy(out + 12, &cap, 4);
        memcpy(out + 32, &id, 2);
        memcpy(out + 34, &ver, 2);
        memcpy(out + 40, &n, 4);
        for (unsigned i = 0; i < r->nareas; i++) {
            memcpy(out + 48 + 16 * i, &r->area[i].off, 8);
            memcpy(out + 56 + 16 * i, &r->area[i].len, 8);
        }
        return reply(v, h, 0, out, need, &r->fd, 1);
    }
    return reply(v, h, 0, out, 32, &r->fd, r->fd >= 0 && !cap ? 1 : 0);
}

static int do_set_irqs(struct vfu *v, const uint8_t *b, uint32_t len, int *fds, unsigned nfds)
{
    uint32_t flags, idx, start, count;

    if (len < 20)
        return EINVAL;
    rd32(b + 4, &flags);
    rd32(b + 8, &idx);
    rd32(b + 12, &start);
    rd32(b + 16, &count);
    if (idx >= VFU_NUM_IRQS || start > VFU_MAX_VECTORS || count > VFU_MAX_VECTORS - start)
        return EINVAL;
    if (!(flags & 0x20)) /* only TRIGGER is of interest */
        return 0;
    if ((flags & 1) && count == 0) { /* no data, none: tear all down */
        for (unsigned i = 0; i < VFU_MAX_VECTORS; i++) {
            if (v->irqfd[idx][i] >= 0)
                close(v->irqfd[idx][i]);
            v->irqfd[idx][i] = -1;
        }
    } else if (flags & 1) {
        for (unsigned i = 0; i < count; i++)
            vfu_irq(v, idx, start + i);
    } else if (flags & 4) {
        for (unsigned i = 0; i < count; i++) {
            if (v->irqfd[idx][start + i] >= 0)
                close(v->irqfd[idx][start + i]);
            v->irqfd[idx][start + i] = -1;
            if (i < nfds) {
                v->irqfd[idx][start + i] = fds[i];
                fds[i] = -1;
            }
        }
    }
    return 0;
}

static int one_write(struct vfu *v, const uint8_t *b, uint32_t len)
{
    uint64_t off;
    uint32_t reg, n;

    if (len < 16)
        return EINVAL;
    rd64(b, &off);
    rd32(b + 8, &reg);
    rd32(b + 12, &n);
    if (reg >= VFU_NUM_REGIONS || n > len - 16 || off > v->region[reg].size ||
        n > v->region[reg].size - off)
        return EINVAL;
    v->ops->wr(v, reg, off, b + 16, n);
    return 0;
}

static int handle(struct vfu *v, struct hdr *h, uint8_t *b, uint32_t len, int *fds, unsigned nfds)
{
    static uint8_t rbuf[16 + MAX_XFER];
    static const char caps[] =
        "{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1048576}}";

    if (h->cmd < 32)
        v->nmsg[h->cmd]++;
    switch (h->cmd) {
    case CMD_VERSION: {
        uint8_t out[4 + sizeof(caps)] = { 0 };

        if (len < 4)
            return reply(v, h, EINVAL, NULL, 0, NULL, 0);
        memcpy(out, b, 4); /* the client's major and minor */
        memcpy(out + 4, caps, sizeof(caps));
        return reply(v, h, 0, out, sizeof(out), NULL, 0);
    }
    case CMD_DMA_MAP:
        return reply(v, h, do_dma_map(v, b, len, fds, nfds), NULL, 0, NULL, 0);
    case CMD_DMA_UNMAP:
        return reply(v, h, do_dma_unmap(v, b, len), b, len < 24 ? len : 24, NULL, 0);
    case CMD_GET_INFO: {
        uint32_t out[4] = { 16, 1 | 2, VFU_NUM_REGIONS, VFU_NUM_IRQS };

        return reply(v, h, 0, out, sizeof(out), NULL, 0);
    }
    case CMD_GET_REGION_INFO:
        return do_region_info(v, h, b, len);
    case CMD_GET_IRQ_INFO: {
        uint32_t out[4] = { 16, 0, 0, 0 };

        if (len < 16)
            return reply(v, h, EINVAL, NULL, 0, NULL, 0);
        rd32(b + 8, &out[2]);
        if (out[2] >= VFU_NUM_IRQS)
            return reply(v, h, EINVAL, NULL, 0, NULL, 0);
        out[3] = v->irq_count[out[2]];
        if (out[3])
            out[1] = 1 | 8; /* eventfd, no resize */
        return reply(v, h, 0, out, sizeof(out), NULL, 0);
    }
    case CMD_SET_IRQS:
        return reply(v, h, do_set_irqs(v, b, len, fds, nfds), NULL, 0, NULL, 0);
    case CMD_REGION_READ: {
        uint64_t off;
        uint32_t reg, n;

        if (len < 16)
            return reply(v, h, EINVAL, NULL, 0, NULL, 0);
        rd64(b, &off);
        rd32(b + 8, &reg);
        rd32(b + 12, &n);
        if (reg >= VFU_NUM_REGIONS || n > MAX_XFER || off > v->region[reg].size ||
            n > v->region[reg].size - off)
            return reply(v, h, EINVAL, NULL, 0, NULL, 0);
        memcpy(rbuf, b, 16);
        v->ops->rd(v, reg, off, rbuf + 16, n);
        return reply(v, h, 0, rbuf, 16 + n, NULL, 0);
    }
    case CMD_REGION_WRITE: {
        int rc = one_write(v, b, len);

        return reply(v, h, rc, b, 16, NULL, 0);
    }
    case CMD_RESET:
        if (v->ops->reset)
            v->ops->reset(v);
        return reply(v, h, 0, NULL, 0, NULL, 0);
    default:
        return reply(v, h, ENOTSUP, NULL, 0, NULL, 0);
    }
}

/* One message: 1, or 0 when the client is gone, -1 when it broke the protocol. */
int vfu_step(struct vfu *v)
{
    static uint8_t body[MAX_BODY];
    struct hdr h;
    int fds[32], rc = 1;
    unsigned nfds = 0;

    if (recv_some(v->sock, &h, sizeof(h), fds, &nfds) < 0)
        return 0;
    if (h.size < sizeof(h) || h.size - sizeof(h) > sizeof(body))
        rc = -1;
    else if (h.size > sizeof(h) && recv_some(v->sock, body, h.size - sizeof(h), fds, &nfds) < 0)
        rc = 0;
    else if ((h.flags & 0xf) == 0 &&
             handle(v, &h, body, (uint32_t)(h.size - sizeof(h)), fds, nfds) < 0)
        rc = -1;
    for (unsigned i = 0; i < nfds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    return rc;
}
