/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as command buffers of any ASIC: the decoder, its text, and the engine that executes
 * them. The first byte chooses the ASIC, the second the queue, the third the seed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/engine.h"

#define MEM_BASE 0x100000000ull
#define MEM_SIZE 65536u
#define STEPS 20000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t mem[MEM_SIZE];

static int rd(void *priv, const struct eng_queue *q, uint64_t a, void *buf, uint64_t len)
{
    (void)priv;
    (void)q;
    if (a < MEM_BASE || a - MEM_BASE > MEM_SIZE || len > MEM_SIZE - (a - MEM_BASE))
        return -EFAULT;
    memcpy(buf, mem + (a - MEM_BASE), len);
    return 0;
}

static int wr(void *priv, const struct eng_queue *q, uint64_t a, const void *buf, uint64_t len)
{
    (void)priv;
    (void)q;
    if (a < MEM_BASE || a - MEM_BASE > MEM_SIZE || len > MEM_SIZE - (a - MEM_BASE))
        return -EFAULT;
    memcpy(mem + (a - MEM_BASE), buf, len);
    return 0;
}

static uint64_t now(void *priv)
{
    return (*(uint64_t *)priv)++;
}

static void trace(void *priv, const struct eng_queue *q, uint64_t addr, const struct eng_packet *p)
{
    char s[48];

    (void)priv;
    (void)q;
    (void)addr;
    if (eng_format(p, s, sizeof(s)) < 3)
        abort();
}

static const struct eng_ops ops = { .read = rd, .write = wr, .now_ns = now, .trace = trace };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "goya", "gaudi", "gaudi2" };
    static uint8_t *cfg;
    const struct eng_asic *a;
    struct eng_queue *q;
    struct eng e;
    struct eng_cb cb;
    uint64_t time = 0;

    if (size < 11)
        return 0;
    if (!cfg) {
        cfg = mmap(NULL, 0x8000000, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (cfg == MAP_FAILED)
            abort();
    }
    a = eng_asic_find(names[data[0] % 3]);
    memset(mem, 0, sizeof(mem));
    if (size - 3 > 32768)
        size = 32768 + 3;
    memcpy(mem, data + 3, size - 3);
    if (eng_init(&e, a, cfg, &ops, &time, data[2]))
        return 0;
    q = eng_queue(&e, data[1] % eng_queue_count(a));
    if (q) {
        cb = (struct eng_cb){ .addr = MEM_BASE, .len = (uint32_t)size - 3 };
        if (eng_push(q, &cb))
            abort();
        cb.mem = mem;
        if (eng_push(q, &cb))
            abort();
        for (unsigned i = 0; i < STEPS && eng_step(&e); i++)
            ;
    }
    eng_fini(&e);
    return 0;
}
