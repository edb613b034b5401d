/* SPDX-License-Identifier: MIT */
#include "tests/work/work.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "uapi/requests.h"

void work_fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s (errno %d, %s)\n", file, line, what, errno, strerror(errno));
    exit(1);
}

int work_try(const struct work *w, unsigned op, void *args)
{
    static const unsigned long requests[2][6] = {
        { HL_REQ_D_INFO, HL_REQ_D_CB, HL_REQ_D_CS, HL_REQ_D_WAIT_CS, HL_REQ_D_MEMORY,
          HL_REQ_D_DEBUG },
        { HL_REQ_H_INFO, HL_REQ_H_CB, HL_REQ_H_CS, HL_REQ_H_WAIT_CS, HL_REQ_H_MEMORY,
          HL_REQ_H_DEBUG },
    };

    return ioctl(w->fd, requests[w->old][op], args) < 0 ? -errno : 0;
}

/* A device that its last user is still leaving is worth waiting for.  Returns -errno on failure. */
static int open_node(const char *path)
{
    for (unsigned n = 0; n < 100; n++) {
        int fd = open(path, O_RDWR | O_CLOEXEC);

        if (fd >= 0)
            return fd;
        if (errno != EAGAIN)
            return -errno;
        usleep(50000);
    }
    return -EAGAIN;
}

static int open_any(void)
{
    static const char *const nodes[] = { "/dev/accel/accel%u", "/dev/hl%u" };
    const char *s = getenv("TEST_INDEX");
    unsigned from = s ? (unsigned)atoi(s) : 0, to = s ? from + 1 : 4;
    int error = -ENOENT;
    char path[32];

    for (unsigned k = 0; k < 2; k++) {
        for (unsigned i = from; i < to; i++) {
            int fd;

            snprintf(path, sizeof(path), nodes[k], i);
            fd = open_node(path);
            if (fd >= 0)
                return fd;
            if (fd != -ENOENT)
                error = fd;
        }
    }
    return error;
}

void work_open(struct work *w)
{
    struct hl_info_args info = { .op = HL_INFO_HW_IP_INFO };
    int rc;

    memset(w, 0, sizeof(*w));
    w->fd = open_any();
    for (unsigned i = 0; i < 1000 && w->fd == -EAGAIN; i++) { /* in reset */
        usleep(10000);
        w->fd = open_any();
    }
    if (w->fd < 0) {
        /* one that is there and cannot be opened is a failure: perhaps of the test before */
        fprintf(stderr, "no device (errno %d, %s)\n", -w->fd, strerror(-w->fd));
        exit(w->fd == -ENOENT ? 77 : 1);
    }
    info.return_pointer = (uintptr_t)&w->ip;
    info.return_size = sizeof(w->ip);
    rc = work_try(w, 0, &info);
    if (rc == -ENOTTY) {
        w->old = true;
        rc = work_try(w, 0, &info);
    }
    CHECK(rc == 0);
    w->asic = w->ip.device_id == 1       ? WORK_GOYA
              : w->ip.device_id < 0x1020 ? WORK_GAUDI
                                         : WORK_GAUDI2;
    w->down = w->asic == WORK_GOYA ? 1 : 0;
    w->up = w->asic == WORK_GOYA ? 2 : 4;
    w->next_dram = w->ip.dram_base_address;
}

uint64_t work_map(struct work *w, void *host, uint64_t size)
{
    union hl_mem_args m = { .in = { .op = HL_MEM_OP_MAP, .flags = HL_MEM_USERPTR } };

    m.in.map_host.host_virt_addr = (uintptr_t)host;
    m.in.map_host.mem_size = size;
    CHECK(work_try(w, 4, &m) == 0);
    return m.out.device_virt_addr;
}

void work_unmap(struct work *w, uint64_t va)
{
    union hl_mem_args m = { .in = { .op = HL_MEM_OP_UNMAP } };

    m.in.unmap.device_virt_addr = va;
    CHECK(work_try(w, 4, &m) == 0);
}

uint64_t work_alloc(struct work *w, uint64_t size, uint64_t *handle)
{
    union hl_mem_args m = { .in = { .op = HL_MEM_OP_ALLOC } };
    uint64_t h;

    m.in.alloc.mem_size = size;
    CHECK(work_try(w, 4, &m) == 0);
    h = m.out.handle;
    if (handle)
        *handle = h;
    if (w->asic == WORK_GAUDI) {
        uint64_t at = w->next_dram;

        w->next_dram += (size + 0x1fffff) & ~0x1fffffull;
        return at;
    }
    memset(&m, 0, sizeof(m));
    m.in.op = HL_MEM_OP_MAP;
    m.in.map_device.handle = h;
    CHECK(work_try(w, 4, &m) == 0);
    return m.out.device_virt_addr;
}

int work_try_export(struct work *w, uint64_t address, uint64_t size)
{
    union hl_mem_args m = { .in = { .op = HL_MEM_OP_EXPORT_DMABUF_FD, .flags = O_CLOEXEC } };
    int rc;

    m.in.export_dmabuf_fd.addr = address;
    m.in.export_dmabuf_fd.mem_size = size;
    rc = work_try(w, 4, &m);
    return rc ? rc : m.out.fd;
}

void work_cb(struct work *w, struct work_cb *cb, uint32_t size)
{
    union hl_cb_args a = { .in = { .op = HL_CB_OP_CREATE, .cb_size = size } };

    memset(cb, 0, sizeof(*cb));
    cb->size = (size + 4095) & ~4095u;
    if (w->asic == WORK_GAUDI2) {
        cb->mem = mmap(NULL, cb->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(cb->mem != MAP_FAILED);
        memset(cb->mem, 0, cb->size);
        cb->handle = work_map(w, cb->mem, cb->size);
        return;
    }
    CHECK(work_try(w, 1, &a) == 0);
    cb->handle = a.out.cb_handle;
    cb->mem = mmap(NULL, cb->size, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd, (off_t)cb->handle);
    CHECK(cb->mem != MAP_FAILED);
}

void work_cb_free(struct work *w, struct work_cb *cb)
{
    union hl_cb_args a = { .in = { .op = HL_CB_OP_DESTROY, .cb_handle = cb->handle } };

    if (w->asic == WORK_GAUDI2) {
        work_unmap(w, cb->handle);
        munmap(cb->mem, cb->size);
        return;
    }
    munmap(cb->mem, cb->size);
    CHECK(work_try(w, 1, &a) == 0);
}

void work_put(struct work_cb *cb, const void *bytes, uint32_t n)
{
    CHECK(cb->len + n <= cb->size);
    memcpy(cb->mem + cb->len, bytes, n);
    cb->len += n;
}

static void words(struct work_cb *cb, uint32_t w0, uint32_t ctl)
{
    uint32_t p[2] = { w0, ctl };

    work_put(cb, p, 8);
}

#define RB_MB (3u << 30)

void work_nop(struct work_cb *cb)
{
    words(cb, 0, 0xAu << 24);
}

void work_msg(struct work_cb *cb, uint64_t addr, uint32_t value, bool barrier)
{
    words(cb, value, 3u << 24 | RB_MB | (barrier ? 1u << 29 : 0));
    work_put(cb, &addr, 8);
}

void work_dma(struct work *w, struct work_cb *cb, uint64_t src, uint64_t dst, uint32_t n,
              unsigned dir)
{
    static const uint32_t goya_dir[] = { 0, 5, 6 }; /* to DRAM, from DRAM, within it */
    uint32_t ctl = 9u << 24 | RB_MB;

    if (w->asic == WORK_GOYA)
        ctl |= goya_dir[dir] << 20;
    else if (w->asic == WORK_GAUDI)
        ctl |= 8; /* linear */
    words(cb, n, ctl);
    work_put(cb, &src, 8);
    work_put(cb, &dst, 8);
}

void work_fence(struct work_cb *cb, unsigned id)
{
    words(cb, 1 | 1u << 16 | id << 30, 8u << 24 | RB_MB);
}

int work_try_submit(struct work *w, unsigned queue, const struct work_cb *cb, uint32_t flags,
                    union hl_cs_args *args)
{
    struct hl_cs_chunk k = { .cb_handle = cb->handle, .queue_index = queue, .cb_size = cb->len };

    if (w->asic == WORK_GAUDI2)
        k.cs_chunk_flags = HL_CS_CHUNK_FLAGS_USER_ALLOC_CB;
    args->in.chunks_execute = (uintptr_t)&k;
    args->in.num_chunks_execute = 1;
    args->in.cs_flags |= flags;
    return work_try(w, 2, args);
}

uint64_t work_submit(struct work *w, unsigned queue, const struct work_cb *cb)
{
    union hl_cs_args a = { 0 };

    CHECK(work_try_submit(w, queue, cb, 0, &a) == 0);
    return a.out.seq;
}

int work_try_wait(struct work *w, uint64_t seq, uint64_t us, union hl_wait_cs_args *args)
{
    memset(args, 0, sizeof(*args));
    args->in.seq = seq;
    args->in.timeout_us = us;
    return work_try(w, 3, args);
}

void work_wait(struct work *w, uint64_t seq)
{
    union hl_wait_cs_args a;

    for (unsigned i = 0; i < 30; i++) {
        CHECK(work_try_wait(w, seq, 1000000, &a) == 0);
        if (a.out.status == HL_WAIT_CS_STATUS_COMPLETED)
            return;
    }
    work_fail(__FILE__, __LINE__, "the submission does not end");
}

int work_try_copy(struct work *w, uint64_t src, uint64_t dst, uint64_t n, unsigned dir)
{
    union hl_wait_cs_args wait;
    union hl_cs_args a = { 0 };
    struct work_cb cb;
    int rc;

    work_cb(w, &cb, 4096);
    for (uint64_t o = 0; o < n; o += 64u << 20) {
        uint64_t k = n - o < 64u << 20 ? n - o : 64u << 20;

        work_dma(w, &cb, src + o, dst + o, (uint32_t)k, dir);
    }
    rc = work_try_submit(w, dir == 1 ? w->up : w->down, &cb, 0, &a);
    if (!rc) {
        do {
            rc = work_try_wait(w, a.out.seq, 10000000, &wait);
        } while (rc == -EINTR);
        if (!rc && wait.out.status != HL_WAIT_CS_STATUS_COMPLETED)
            rc = -EBUSY;
    }
    work_cb_free(w, &cb);
    return rc;
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdull;
    return x ^ x >> 29;
}

void work_fill(uint8_t *p, uint64_t n, uint64_t seed)
{
    for (uint64_t i = 0; i < n; i += 8) {
        uint64_t v = mix(seed + i);

        memcpy(p + i, &v, n - i < 8 ? n - i : 8);
    }
}

bool work_same(const uint8_t *p, uint64_t n, uint64_t seed)
{
    for (uint64_t i = 0; i < n; i += 8) {
        uint64_t v = mix(seed + i);

        if (memcmp(p + i, &v, n - i < 8 ? n - i : 8))
            return false;
    }
    return true;
}
