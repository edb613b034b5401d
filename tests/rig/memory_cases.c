/* SPDX-License-Identifier: MIT */
/* MEMORY, but for exports. */
#include "tests/rig/cases.h"

#include <sys/mman.h>

static int mem(union hl_mem_args *a, const char *what, const char *x, const char *y, uint32_t flags)
{
    a->in.flags = flags;
    return run_case(w.fd, OP_MEMORY, a, sizeof(*a), "MEMORY %s %s %s flags %#x", what, x, y, flags);
}

static void alloc_cases(void)
{
    const struct value sizes[] = {
        { "0", 0 },
        { "1", 1 },
        { "4096", 4096 },
        { "1M+1", (1 << 20) + 1 },
        { "1<<50", 1ull << 50 },
        { "1<<63", 1ull << 63 },
        { "-1", UINT64_MAX },
    };
    const uint32_t flags[] = { 0, HL_MEM_CONTIGUOUS, HL_MEM_SHARED, 0x80000000 };

    FOR_EACH(s, sizes)
    {
        for (unsigned f = 0; f < 4; f++) {
            union hl_mem_args a = { .in = { .alloc = { .mem_size = s->n },
                                            .op = HL_MEM_OP_ALLOC } };

            mem(&a, "ALLOC", s->name, "", flags[f]);
        }
    }
}

static void free_cases(void)
{
    const struct value handles[] = {
        { "0", 0 },
        { "handle", w.handle },
        { "handle+1", w.handle + 1 },
        { "99", 99 },
        { "handle|1<<32", w.handle | 1ull << 32 },
        { "-1", UINT64_MAX },
    };

    FOR_EACH(h, handles)
    {
        union hl_mem_args a = { .in = { .free = { h->n }, .op = HL_MEM_OP_FREE } };

        mem(&a, "FREE", h->name, "", 0);
    }
}

static void map_cases(void)
{
    const struct value handles[] = {
        { "0", 0 },
        { "handle", w.handle },
        { "99", 99 },
        { "handle|1<<32", w.handle | 1ull << 32 },
    };
    const struct value hints[] = {
        { "0", 0 }, { "va", w.va }, { "va+4096", w.va + 4096 }, { "1", 1 }, { "-1", UINT64_MAX },
    };

    FOR_EACH(h, handles)
    {
        FOR_EACH(hint, hints)
        {
            for (uint32_t f = 0; f <= HL_MEM_FORCE_HINT; f += HL_MEM_FORCE_HINT) {
                /* 6.1: mapped there, and no context can be made afterwards */
                if (hint->n == UINT64_MAX && w.old)
                    continue;
                union hl_mem_args a = { .in = { .map_device = { hint->n, h->n },
                                                .op = HL_MEM_OP_MAP } };

                mem(&a, "MAP", h->name, hint->name, f);
                /* 6.12's search for addresses is not what it was after such a hint */
                w.dirty |= hint->n == UINT64_MAX;
            }
        }
    }
}

static void map_host_cases(void)
{
    char *bad = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const struct value places[] = {
        { "host", (uintptr_t)w.host },
        { "host+5", (uintptr_t)w.host + 5 },
        { "0", 0 },
        { "8", 8 },
        { "hole", (uintptr_t)bad + 4096 },
        { "before-hole", (uintptr_t)bad },
        { "kernel", 0xffff888000000000 },
    };
    /* not 16 TiB or more: those crash kernels (docs/upstream-defects.md) */
    const struct value sizes[] = {
        { "0", 0 },           { "1", 1 }, { "4096", 4096 }, { "8192", 8192 }, { "-4096", -4096ull },
        { "-1", UINT64_MAX },
    };

    munmap(bad + 4096, 4096);
    FOR_EACH(p, places)
    {
        FOR_EACH(s, sizes)
        {
            for (uint32_t f = 0; f <= HL_MEM_FORCE_HINT; f += HL_MEM_FORCE_HINT) {
                union hl_mem_args a = { .in = { .map_host = { p->n, 0, s->n },
                                                .op = HL_MEM_OP_MAP } };

                /* a range that does not wrap around is what it is: terabytes */
                if (s->n > 1ull << 40 && p->n + s->n >= p->n)
                    continue;
                mem(&a, "MAP-HOST", p->name, s->name, f | HL_MEM_USERPTR);
            }
        }
    }
    munmap(bad, 4096);
    munmap(bad + 8192, 4096);
}

static void unmap_cases(void)
{
    const struct value places[] = {
        { "0", 0 },
        { "va", w.va },
        { "va+1", w.va + 1 },
        { "va+4096", w.va + 4096 },
        { "second", w.second },
        { "host-va", w.host_va },
        { "host-va+4096", w.host_va + 4096 },
        { "handle", w.handle },
        { "-1", UINT64_MAX },
    };

    FOR_EACH(p, places)
    {
        union hl_mem_args a = { .in = { .unmap = { p->n }, .op = HL_MEM_OP_UNMAP } };

        mem(&a, "UNMAP", p->name, "", 0);
    }
}

static void other_cases(void)
{
    const struct value blocks[] = {
        { "0", 0 },
        { "1", 1 },
        { "cfg", 0x1000007ff8000000 },
        { "gaudi-cfg", 0x7ffc000000 },
        { "-1", UINT64_MAX },
    };
    const struct value ops[] = { { "7", 7 }, { "8", 8 }, { "100", 100 }, { "-1", UINT32_MAX } };
    /* not 0: a warning in the kernel's log */
    const struct value counts[] = { { "1", 1 },
                                    { "(1<<20)+1", (1 << 20) + 1 },
                                    { "-1", UINT32_MAX } };

    FOR_EACH(b, blocks)
    {
        union hl_mem_args a = { .in = { .map_block = { b->n }, .op = HL_MEM_OP_MAP_BLOCK } };

        mem(&a, "MAP-BLOCK", b->name, "", 0);
    }
    FOR_EACH(o, ops)
    {
        union hl_mem_args a = { .in = { .op = (uint32_t)o->n } };

        mem(&a, "op", o->name, "", 0);
    }
    FOR_EACH(c, counts)
    {
        union hl_mem_args a = { .in = { .op = HL_MEM_OP_TS_ALLOC,
                                        .num_of_elements = (uint32_t)c->n } };

        mem(&a, "TS-ALLOC", c->name, "", 0);
    }
}

void memory_cases(void)
{
    alloc_cases();
    free_cases();
    map_cases();
    unmap_cases();
    map_host_cases();
    other_cases();
}
