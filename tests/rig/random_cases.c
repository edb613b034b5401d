/* SPDX-License-Identifier: MIT */
/*
 * Long sequences of memory operations, chosen by a generator of numbers that is the same
 * everywhere: what one step leaves behind is what the next ones meet. Values are compared, too.
 */
#include "tests/rig/cases.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define KEPT 24

static uint64_t seed;

static uint32_t below(uint32_t n)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(seed >> 33) % n;
}

/* The last values of a kind: alive, or gone for long. */
struct kept {
    uint64_t value[KEPT];
    unsigned count;
};

static struct kept handles, device_vas, host_vas, cbs;
static int dmabufs[KEPT];
static unsigned step;

static void keep(struct kept *k, uint64_t value)
{
    k->value[k->count++ % KEPT] = value;
}

static uint64_t any(const struct kept *k)
{
    unsigned n = k->count < KEPT ? k->count : KEPT;

    return n ? k->value[below(n)] : below(3);
}

static int memory(union hl_mem_args *a)
{
    return request(w.fd, OP_MEMORY, a);
}

static void alloc(void)
{
    static const uint32_t flags[] = { 0, 0, HL_MEM_CONTIGUOUS, HL_MEM_SHARED };
    uint64_t page = w.ip.dram_page_size, size = page * below(4) + (below(2) ? 1 + below(5000) : 0);
    union hl_mem_args a = {
        .in = { .alloc = { .mem_size = size }, .op = HL_MEM_OP_ALLOC, .flags = flags[below(4)] }
    };
    int rc;

    if (!below(12))
        a.in.alloc.mem_size = size = w.ip.dram_size / (1 + below(3));
    rc = memory(&a);
    say("%u alloc %#llx -> %s %llu", step, (unsigned long long)size, answer(rc),
        rc ? 0ull : a.out.handle);
    if (!rc)
        keep(&handles, a.out.handle);
}

static void give_back(void)
{
    uint64_t h = any(&handles);
    union hl_mem_args a = { .in = { .free = { h }, .op = HL_MEM_OP_FREE } };

    say("%u free %llu -> %s", step, (unsigned long long)h, answer(memory(&a)));
}

static uint64_t hint(const struct kept *k)
{
    switch (below(6)) {
    case 0:
        return any(k);
    case 1:
        return any(k) + w.ip.dram_page_size;
    case 2:
        return any(k) + 4096;
    default:
        return 0;
    }
}

static void map(void)
{
    union hl_mem_args a = { .in = { .map_device = { hint(&device_vas), any(&handles) },
                                    .op = HL_MEM_OP_MAP,
                                    .flags = below(8) ? 0 : HL_MEM_FORCE_HINT } };
    uint64_t h = a.in.map_device.handle, at = a.in.map_device.hint_addr;
    uint32_t flags = a.in.flags;
    int rc = memory(&a);

    say("%u map %llu hint %#llx flags %u -> %s %#llx", step, (unsigned long long)h,
        (unsigned long long)at, flags, answer(rc), rc ? 0ull : a.out.device_virt_addr);
    if (!rc)
        keep(&device_vas, a.out.device_virt_addr);
}

static void map_host(void)
{
    uint64_t offset = below(64) * 4096 + (below(3) ? 0 : 1 + below(4000));
    uint64_t size = 1 + below(1 << (8 + below(10)));
    union hl_mem_args a = {
        .in = { .map_host = { (uintptr_t)w.host + 4096 + offset, hint(&host_vas), size },
                .op = HL_MEM_OP_MAP,
                .flags = HL_MEM_USERPTR | (below(8) ? 0 : HL_MEM_FORCE_HINT) }
    };
    uint64_t at = a.in.map_host.hint_addr;
    uint32_t flags = a.in.flags;
    int rc = memory(&a);

    say("%u map host +%#llx size %#llx hint %#llx flags %u -> %s %#llx", step,
        (unsigned long long)offset, (unsigned long long)size, (unsigned long long)at, flags,
        answer(rc), rc ? 0ull : a.out.device_virt_addr);
    if (!rc)
        keep(&host_vas, a.out.device_virt_addr);
}

static void unmap(void)
{
    uint64_t va = any(below(2) ? &device_vas : &host_vas);
    union hl_mem_args a = { .in = { .unmap = { va }, .op = HL_MEM_OP_UNMAP } };

    say("%u unmap %#llx -> %s", step, (unsigned long long)va, answer(memory(&a)));
}

static void export(void)
{
    uint64_t page = w.ip.dram_page_size, va = below(8) ? any(&device_vas) : any(&host_vas);
    uint64_t size = (1 + below(64)) << 12, offset = below(3) ? 0 : (uint64_t)below(64) << 12;
    unsigned slot = below(KEPT);
    union hl_mem_args a;
    int rc;

    if (!below(5))
        size = page * (1 + below(3));
    if (w.ip.device_id != 1 && !is_gaudi2() && below(10))
        va = 0x20000000 + page * below(20000); /* physical */
    a = (union hl_mem_args){ .in = { .export_dmabuf_fd = { va, size, offset },
                                     .flags = O_RDWR,
                                     .op = HL_MEM_OP_EXPORT_DMABUF_FD } };
    rc = memory(&a);
    say("%u export %#llx size %#llx offset %#llx -> %s", step, (unsigned long long)va,
        (unsigned long long)size, (unsigned long long)offset, answer(rc));
    if (rc)
        return;
    if (dmabufs[slot] > 0)
        close(dmabufs[slot]);
    dmabufs[slot] = a.out.fd;
}

static void close_one(void)
{
    unsigned slot = below(KEPT);

    if (dmabufs[slot] <= 0)
        return;
    close(dmabufs[slot]);
    dmabufs[slot] = 0;
    say("%u closed a dma-buf", step);
}

static void buffers(void)
{
    union hl_cb_args a = { .in = { .op = below(3), .cb_size = below(70000) } };
    uint32_t op = a.in.op;
    int rc;

    /* 6.1: the numbers of buffers are the driver's own; a mapped buffer is not */
    a.in.flags = op == HL_CB_OP_CREATE && is_gaudi2() && below(2) ? HL_CB_FLAGS_MAP
                 : op == HL_CB_OP_INFO && below(2)                ? HL_CB_FLAGS_GET_DEVICE_VA
                                                                  : 0;
    if (op != HL_CB_OP_CREATE)
        a.in.cb_handle = any(&cbs);
    rc = request(w.fd, OP_CB, &a);
    if (op == HL_CB_OP_INFO)
        say("%u cb info -> %s %#llx", step, answer(rc), rc ? 0ull : a.out.device_va);
    else
        say("%u cb %u -> %s", step, op, answer(rc));
    if (op == HL_CB_OP_CREATE && !rc)
        keep(&cbs, a.out.cb_handle);
}

static void usage(void)
{
    struct hl_info_dram_usage u = { 0 };
    struct hl_info_args a = { .op = HL_INFO_DRAM_USAGE,
                              .return_pointer = (uintptr_t)&u,
                              .return_size = sizeof(u) };
    int rc = request(w.fd, OP_INFO, &a);

    say("%u usage -> %s %#llx %#llx", step, answer(rc), u.dram_free_mem, u.ctx_dram_mem);
}

static void start_over(uint64_t number)
{
    for (unsigned i = 0; i < KEPT; i++)
        if (dmabufs[i] > 0)
            close(dmabufs[i]);
    for (unsigned i = 0; i < KEPT; i++)
        dmabufs[i] = 0;
    handles.count = device_vas.count = host_vas.count = cbs.count = 0;
    seed = number;
    step = 0;
    state_again();
}

void random_cases(void)
{
    static void (*const steps[])(void) = {
        alloc, alloc,  give_back, map,       map,       map_host, map_host, unmap, unmap,
        unmap, export, export,    close_one, close_one, buffers,  buffers,  usage,
    };

    for (uint64_t n = 1; n <= 6; n++) {
        start_over(n);
        say("sequence %llu", (unsigned long long)n);
        for (step = 0; step < 250; step++)
            steps[below(sizeof(steps) / sizeof(steps[0]))]();
    }
    start_over(0);
    w.dirty = true;
}
