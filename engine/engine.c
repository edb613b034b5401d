/* SPDX-License-Identifier: MIT */
/* The engine as a whole: setup, reset, scheduling. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/asic.h"

#define CHUNK (1u << 20)

static void put(struct eng *e, uint32_t off, uint32_t x)
{
    if (off <= e->asic->chip.cfg_size - 4)
        memcpy(e->cfg + off, &x, 4);
}

uint32_t eng_reg_read(const struct eng *e, uint32_t offset)
{
    uint32_t x = 0;

    if (offset <= e->asic->chip.cfg_size - 4)
        memcpy(&x, e->cfg + offset, 4);
    return x;
}

static void init_queue(struct eng_queue *q, struct eng_qman *m, unsigned stream, uint32_t depth)
{
    q->qman = m;
    q->stream = (uint8_t)stream;
    q->depth = depth;
    q->pred = ~0u;
}

/* Rings are allocated on first use: most queues of a device never run. */
static int need_ring(struct eng_queue *q)
{
    if (q->ring)
        return 0;
    q->ring = calloc(q->depth, sizeof(*q->ring));
    if (q->ring && q->stream == 4)
        q->origin = calloc(q->depth, 1);
    if (!q->ring || (q->stream == 4 && !q->origin)) {
        free(q->ring);
        q->ring = NULL;
        return -ENOMEM;
    }
    return 0;
}

int eng_init(struct eng *e, const struct eng_asic *asic, void *cfg, const struct eng_ops *ops,
             void *priv, uint64_t seed)
{
    memset(e, 0, sizeof(*e));
    e->asic = asic;
    e->cfg = cfg;
    e->ops = ops;
    e->priv = priv;
    e->rng = seed;
    e->chunk = CHUNK;
    e->nqman = asic->qmans;
    e->qman = calloc(e->nqman, sizeof(*e->qman));
    if (!e->qman)
        return -ENOMEM;
    for (unsigned i = 0; i < e->nqman; i++) {
        struct eng_qman *m = &e->qman[i];

        m->eng = e;
        m->base = asic->qman(i, &m->lower_base);
        for (unsigned s = 0; s < ENG_STREAMS; s++)
            init_queue(&m->cp[s], m, s, s == 4 ? ENG_LOWER_DEPTH : ENG_QUEUE_DEPTH);
    }
    eng_reset(e);
    return 0;
}

void eng_fini(struct eng *e)
{
    for (unsigned i = 0; i < e->nqman; i++) {
        for (unsigned s = 0; s < ENG_STREAMS; s++) {
            free(e->qman[i].cp[s].ring);
            free(e->qman[i].cp[s].origin);
        }
    }
    free(e->qman);
    memset(e, 0, sizeof(*e));
}

void eng_queue_reset(struct eng_queue *q)
{
    q->state = ENG_IDLE;
    q->head = q->tail = 0;
    q->pos = q->fetch_len = 0;
    q->dma_out = q->lower_out = 0;
    q->pred = ~0u;
    memset(q->loop, 0, sizeof(q->loop));
    memset(q->rf, 0, sizeof(q->rf));
    if (q->qman->arb_owner == q->stream)
        q->qman->arb_owner = -1;
}

static void default_bases(struct eng *e, struct eng_qman *m, unsigned stream)
{
    const struct eng_qm_desc *d = &e->asic->qm;
    uint32_t block = eng_cp_block(&m->cp[stream]);
    uint32_t s = d->msg_stream_step * stream;

    for (unsigned b = 0; b < 4; b++) {
        uint64_t a = e->asic->msg_base(m->base, b);

        put(e, block + d->msg_lo + d->msg_base_step * b + s, (uint32_t)a);
        put(e, block + d->msg_hi + d->msg_base_step * b + s, (uint32_t)(a >> 32));
    }
}

void eng_reset(struct eng *e)
{
    const struct eng_asic *a = e->asic;

    for (unsigned i = 0; i < e->nqman; i++) {
        struct eng_qman *m = &e->qman[i];

        m->dma_head = m->dma_tail = 0;
        m->arb_owner = -1;
        for (unsigned s = 0; s < ENG_STREAMS; s++) {
            if (s && !a->streams && s != 4)
                continue;
            if (s == 4 && !m->lower_base)
                continue;
            eng_queue_reset(&m->cp[s]);
            default_bases(e, m, s);
            for (unsigned f = 0; f < 4; f++)
                put(e,
                    eng_cp_block(&m->cp[s]) + a->qm.fence_cnt + a->qm.fence_step * f +
                        a->qm.fence_stream_step * s,
                    0);
        }
    }
    for (unsigned i = 0; i < a->sm.count; i++) {
        uint32_t b = a->sm.base[i];

        memset(e->cfg + b, 0, 4ul * a->sm.sobs);
        memset(e->cfg + b + a->sm.addr_lo, 0, a->sm.span - a->sm.addr_lo);
    }
    e->nested = 0;
}

struct eng_queue *eng_queue_at(struct eng *e, uint32_t qm, unsigned stream)
{
    for (unsigned i = 0; i < e->nqman; i++) {
        if (e->qman[i].base == qm && stream < (e->asic->streams ? 4u : 1u))
            return &e->qman[i].cp[stream];
    }
    return NULL;
}

struct eng_queue *eng_queue(struct eng *e, unsigned queue_id)
{
    struct eng_queue_desc d = eng_queue_desc(e->asic, queue_id);

    if (d.kind == ENG_QUEUE_NONE || d.kind == ENG_QUEUE_CPU)
        return NULL;
    return eng_queue_at(e, d.qm, d.stream);
}

int eng_queue_id(const struct eng_queue *q)
{
    const struct eng_asic *a = q->qman->eng->asic;

    for (unsigned i = 0; i < a->queues; i++) {
        struct eng_queue_desc d = a->queue(i);

        if (d.kind != ENG_QUEUE_CPU && d.qm == q->qman->base && d.stream == q->stream)
            return (int)i;
    }
    return -1;
}

static void wake(struct eng_qman *m)
{
    size_t i = (size_t)(m - m->eng->qman);

    m->eng->awake[i / 64] |= 1ull << i % 64;
}

int eng_push(struct eng_queue *q, const struct eng_cb *cb)
{
    int rc;

    if (q->tail - q->head >= q->depth)
        return -EAGAIN;
    rc = need_ring(q);
    if (rc)
        return rc;
    q->ring[q->tail++ & (q->depth - 1)] = *cb;
    if (q->state == ENG_IDLE)
        q->state = ENG_READY;
    wake(q->qman);
    return 0;
}

bool eng_queue_idle(const struct eng_queue *q)
{
    return q->state == ENG_IDLE;
}

static uint32_t draw(struct eng *e)
{
    /* xorshift64*: small, and the same on every machine, so that a seed always means the same order
     */
    e->rng ^= e->rng >> 12;
    e->rng ^= e->rng << 25;
    e->rng ^= e->rng >> 27;
    return (uint32_t)(e->rng * 0x2545F4914F6CDD1Dull >> 32);
}

/*
 * A unit is a DMA core or a stream.  In the fixed order the core comes before the streams that feed
 * it.
 */
#define UNITS_PER_QMAN (ENG_STREAMS + 1)

static struct eng_qman *unit(struct eng *e, uint32_t u, uint32_t *stream)
{
    *stream = u % UNITS_PER_QMAN;
    return &e->qman[u / UNITS_PER_QMAN];
}

/* Has it something to do?  (It may turn out to wait for something.) */
static bool unit_is_busy(struct eng *e, uint32_t u)
{
    uint32_t s;
    const struct eng_qman *m = unit(e, u, &s);
    enum eng_state state;

    if (s == 0)
        return m->dma_head != m->dma_tail;
    state = m->cp[s - 1].state;
    return state != ENG_IDLE && state != ENG_HALTED;
}

static bool unit_step(struct eng *e, uint32_t u)
{
    uint32_t s;
    struct eng_qman *m = unit(e, u, &s);

    return s == 0 ? eng_dma_step(m) : eng_cp_step(&m->cp[s - 1]);
}

static bool has_work(struct eng *e, uint32_t qman)
{
    for (uint32_t u = 0; u < UNITS_PER_QMAN; u++)
        if (unit_is_busy(e, qman * UNITS_PER_QMAN + u))
            return true;
    return false;
}

/* The first from i on that has work, or nqman; those without go to sleep. */
static uint32_t next_awake(struct eng *e, uint32_t i)
{
    while (i < e->nqman) {
        uint64_t rest = e->awake[i / 64] >> i % 64;

        if (!rest) {
            i = (i | 63) + 1;
            continue;
        }
        i += (uint32_t)__builtin_ctzll(rest);
        if (has_work(e, i))
            return i;
        e->awake[i / 64] &= ~(1ull << i % 64);
    }
    return e->nqman;
}

/* The first from u on that has something to do, or the number of units. */
static uint32_t next_busy(struct eng *e, uint32_t u)
{
    uint32_t units = e->nqman * UNITS_PER_QMAN;

    for (; u < units; u++) {
        if (u % UNITS_PER_QMAN == 0)
            u = next_awake(e, u / UNITS_PER_QMAN) * UNITS_PER_QMAN;
        if (u == units || unit_is_busy(e, u))
            return u;
    }
    return units;
}

/* Where a random order begins: every busy unit is equally likely. */
static uint32_t draw_unit(struct eng *e, uint32_t units)
{
    uint32_t busy = 0, u;

    for (u = next_busy(e, 0); u < units; u = next_busy(e, u + 1))
        busy++;
    if (!busy)
        return 0;
    busy = draw(e) % busy;
    for (u = next_busy(e, 0); busy; u = next_busy(e, u + 1))
        busy--;
    return u;
}

static bool step_one_of(struct eng *e, uint32_t first, uint32_t end)
{
    for (uint32_t u = next_busy(e, first); u < end; u = next_busy(e, u + 1)) {
        if (unit_step(e, u)) {
            e->turn = u + 1;
            return true;
        }
    }
    return false;
}

bool eng_step(struct eng *e)
{
    uint32_t units = e->nqman * UNITS_PER_QMAN;
    uint32_t first = e->rng ? draw_unit(e, units) : e->turn;

    return step_one_of(e, first, units) || step_one_of(e, 0, first);
}

uint64_t eng_run(struct eng *e)
{
    uint64_t n = 0;

    while (eng_step(e))
        n++;
    return n;
}

uint64_t eng_deadline(const struct eng *e)
{
    uint64_t first = 0;

    for (unsigned i = 0; i < e->nqman; i++) {
        for (unsigned s = 0; s < ENG_STREAMS; s++) {
            const struct eng_queue *q = &e->qman[i].cp[s];

            if (q->state == ENG_TIMED && (!first || q->deadline_ns < first))
                first = q->deadline_ns ? q->deadline_ns : 1;
        }
    }
    return first;
}
