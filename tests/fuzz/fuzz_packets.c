/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as command buffers of any ASIC: the decoder, its text, and the engine that executes
 * them. The first byte chooses the ASIC, the second the queue, the third the seed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "tests/fuzz/arena.h"

#define MEM_BASE 0x100000000ull
#define MEM_SIZE 8192u
#define MOST 4096u /* bytes of an input: 512 packets at least */
#define STEPS 64u  /* besides a step for each packet: of those that run twice, or copy */
/* A DMA core may be told to fill all registers, which takes seconds: so many end an input. */
#define MOST_REGISTERS 4096u
#define TURN 4096u /* bytes that a DMA core copies before the next one's turn */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t mem[MEM_SIZE];
static unsigned registers;
static struct eng *running;

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

/* What DMA cores copy ends with its next turn. */
static void cut_short(struct eng *e)
{
    for (unsigned i = 0; i < e->nqman; i++) {
        struct eng_qman *m = &e->qman[i];

        for (unsigned j = m->dma_head; j != m->dma_tail; j++) {
            struct eng_dma *d = &m->dma[j % ENG_DMA_DEPTH];

            if (d->left > TURN)
                d->left = TURN;
        }
    }
}

static void reg(void *priv, uint32_t offset, uint32_t old, uint32_t value)
{
    (void)priv;
    (void)offset;
    (void)old;
    (void)value;
    if (++registers >= MOST_REGISTERS)
        cut_short(running);
}

static const struct eng_ops ops = {
    .read = rd, .write = wr, .now_ns = now, .trace = trace, .reg = reg
};

/* An engine of each ASIC, as it is after a reset. */
struct device {
    struct arena arena;
    struct eng *eng;
    struct eng_queue *queue[256]; /* by the byte that chooses it: NULL where none is executed */
};

static struct device *device(unsigned which, uint64_t *time)
{
    static const char *const names[] = { "goya", "gaudi", "gaudi2" };
    static struct device devices[3];
    struct device *d = &devices[which];
    const struct eng_asic *asic = eng_asic_find(names[which]);

    if (!d->eng) {
        d->eng = arena_add(&d->arena, sizeof(*d->eng));
        if (eng_init(d->eng, asic, arena_add(&d->arena, eng_chip(asic)->cfg_size), &ops, time, 0))
            abort();
        d->eng->chunk = TURN;
        arena_add_queues(&d->arena, d->eng);
        for (unsigned i = 0; i < 256; i++)
            d->queue[i] = eng_queue(d->eng, i % eng_queue_count(asic));
        arena_keep(&d->arena);
    }
    d->eng->priv = time;
    return d;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct eng_queue *q;
    struct device *d;
    struct eng *e;
    struct eng_cb cb;
    uint64_t time = 0;

    if (size < 11)
        return 0;
    size = (size < MOST ? size : MOST) - 3;
    d = device(data[0] % 3, &time);
    e = d->eng;
    q = d->queue[data[1]];
    if (!q)
        return 0;
    arena_begin();
    memset(mem, 0, sizeof(mem));
    memcpy(mem, data + 3, size);
    e->rng = data[2];
    cb = (struct eng_cb){ .addr = MEM_BASE, .len = (uint32_t)size };
    if (eng_push(q, &cb))
        abort();
    cb.mem = mem;
    if (eng_push(q, &cb))
        abort();
    registers = 0;
    running = e;
    for (size_t i = 0; i < 2 * size / 8 + STEPS && registers < MOST_REGISTERS && eng_step(e); i++)
        ;
    arena_restore(&d->arena);
    return 0;
}
