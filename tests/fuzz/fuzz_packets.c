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
#define MEM_SIZE 8192u
#define MOST 4096u /* bytes of an input: 512 packets at least */
#define STEPS 64u  /* besides a step for each packet: of those that run twice, or copy */
#define RESET 1024u

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

/*
 * One engine for each ASIC, for all inputs. After each the queue is empty again, and what its
 * packets left in the registers goes with every RESET-th: a whole reset costs as much as a
 * thousand packets.
 */
static struct eng *engine(unsigned which, uint64_t *time)
{
    static const char *const names[] = { "goya", "gaudi", "gaudi2" };
    static struct eng engines[3];
    static unsigned inputs[3];
    struct eng *e = &engines[which];

    if (!e->asic) {
        void *cfg = mmap(NULL, 0x8000000, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        if (cfg == MAP_FAILED || eng_init(e, eng_asic_find(names[which]), cfg, &ops, time, 0))
            abort();
    } else if (++inputs[which] % RESET == 0) {
        eng_reset(e);
    }
    e->priv = time;
    return e;
}

static void empty(struct eng_queue *q)
{
    struct eng_qman *m = q->qman;

    for (unsigned s = 0; s < ENG_STREAMS; s++)
        eng_queue_reset(&m->cp[s]);
    m->dma_head = m->dma_tail = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct eng_queue *q;
    struct eng *e;
    struct eng_cb cb;
    uint64_t time = 0;

    if (size < 11)
        return 0;
    size = (size < MOST ? size : MOST) - 3;
    e = engine(data[0] % 3, &time);
    q = eng_queue(e, data[1] % eng_queue_count(e->asic));
    if (!q)
        return 0;
    memset(mem, 0, sizeof(mem));
    memcpy(mem, data + 3, size);
    e->rng = data[2];
    cb = (struct eng_cb){ .addr = MEM_BASE, .len = (uint32_t)size };
    if (eng_push(q, &cb))
        abort();
    cb.mem = mem;
    if (eng_push(q, &cb))
        abort();
    for (size_t i = 0; i < 2 * size / 8 + STEPS && eng_step(e); i++)
        ;
    empty(q);
    return 0;
}
