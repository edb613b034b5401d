/* SPDX-License-Identifier: MIT */
/*
 * Command processors: fetch packets, execute them in order. Each step is at most one packet, and
 * whatever a packet has to wait for is looked at again at the next step: nothing here blocks.
 *
 * A REPEAT packet with its start bit opens a loop whose packets run `jump` times, up to the
 * REPEAT packet without it; `outer` names the loop, so that two can nest. No public text explains
 * these fields: this is the reading of their names.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/asic.h"

#define WAIT_NS_PER_CYCLE 1u

uint32_t eng_cp_block(const struct eng_queue *q)
{
    return q->stream == 4 ? q->qman->lower_base : q->qman->base;
}

static struct eng_cb *current(struct eng_queue *q)
{
    return &q->ring[q->head & (q->depth - 1)];
}

static void report(struct eng_queue *q, enum eng_fault what, uint64_t addr, bool write, int error)
{
    struct eng *e = q->qman->eng;
    struct eng_report r = {
        .what = what, .queue = q, .addr = addr, .write = write, .error = error, .offset = q->pos
    };

    if (q->ring && q->head != q->tail)
        r.cb = current(q);
    if (e->ops->report)
        e->ops->report(e->priv, &r);
}

/* The command buffer that runs is over, one way or the other. */
static void finish(struct eng_queue *q, int error)
{
    struct eng_qman *m = q->qman;
    struct eng *e = m->eng;
    struct eng_cb cb = *current(q);
    uint8_t from = q->origin ? q->origin[q->head & (q->depth - 1)] : 0;

    q->head++;
    q->pos = q->fetch_len = 0;
    memset(q->loop, 0, sizeof(q->loop));
    if (q->stream == 4) {
        if (m->cp[from].lower_out)
            m->cp[from].lower_out--;
        if (error)
            eng_cp_halt(&m->cp[from], error);
    } else if (e->ops->done) {
        e->ops->done(e->priv, q, &cb, error);
    }
    if (!error)
        q->state = q->head == q->tail ? ENG_IDLE : ENG_READY;
}

void eng_cp_halt(struct eng_queue *q, int error)
{
    if (q->state == ENG_HALTED)
        return;
    q->state = ENG_HALTED;
    (void)error;
    if (q->ring && q->head != q->tail)
        finish(q, -EIO);
}

/* Make the next n bytes visible at *p; false: the queue was halted. */
static bool fetch(struct eng_queue *q, uint32_t n, const uint8_t **p)
{
    struct eng *e = q->qman->eng;
    struct eng_cb *cb = current(q);
    uint32_t want;
    int rc;

    if (cb->mem) {
        *p = (const uint8_t *)cb->mem + q->pos;
        return true;
    }
    if (q->fetch_len && q->pos >= q->fetch_at && q->pos + n <= q->fetch_at + q->fetch_len) {
        *p = q->fetch + (q->pos - q->fetch_at);
        return true;
    }
    want = cb->len - q->pos < ENG_FETCH ? cb->len - q->pos : ENG_FETCH;
    rc = e->ops->read(e->priv, q, cb->addr + q->pos, q->fetch, want);
    if (rc < 0) {
        report(q, ENG_FAULT_ADDRESS, cb->addr + q->pos, false, rc);
        eng_cp_halt(q, rc);
        return false;
    }
    q->fetch_at = q->pos;
    q->fetch_len = want;
    *p = q->fetch;
    return true;
}

static void advance(struct eng_queue *q, uint32_t bytes)
{
    q->pos += bytes;
    q->packets++;
    q->state = ENG_READY;
}

static bool stay(struct eng_queue *q, enum eng_state s)
{
    q->state = s;
    return false;
}

/* Does the QMAN still work for this command processor? */
static bool busy(const struct eng_queue *q)
{
    return q->dma_out || q->lower_out;
}

/* An engine barrier waits for all that the engine has, whichever stream it came from. */
static bool engine_busy(const struct eng_queue *q)
{
    return q->qman->dma_head != q->qman->dma_tail || busy(q);
}

static bool message(struct eng_queue *q, uint64_t addr, const struct eng_packet *p)
{
    struct eng *e = q->qman->eng;
    int rc;

    if (p->timestamp) {
        uint64_t t = e->ops->now_ns ? e->ops->now_ns(e->priv) : 0;

        rc = e->ops->write(e->priv, q, addr, &t, 8);
    } else {
        rc = eng_write32(e, q, addr, p->value);
    }
    if (rc < 0) {
        report(q, ENG_FAULT_ADDRESS, addr, true, rc);
        eng_cp_halt(q, rc);
        return false;
    }
    return true;
}

static uint64_t short_base(const struct eng_queue *q, unsigned base)
{
    struct eng *e = q->qman->eng;
    const struct eng_qm_desc *d = &e->asic->qm;
    uint32_t o = eng_cp_block(q) + d->msg_base_step * base + d->msg_stream_step * q->stream;

    return eng_reg_read(e, o + d->msg_lo) | (uint64_t)eng_reg_read(e, o + d->msg_hi) << 32;
}

static uint32_t fence_reg(const struct eng_queue *q, unsigned id)
{
    const struct eng_qm_desc *d = &q->qman->eng->asic->qm;

    return eng_cp_block(q) + d->fence_cnt + d->fence_step * id + d->fence_stream_step * q->stream;
}

static void reg_write(struct eng_queue *q, uint32_t reg, uint32_t value)
{
    struct eng *e = q->qman->eng;

    eng_reg_write(e, (q->qman->base & ~e->asic->qm.window) + reg, value);
}

static bool fence(struct eng_queue *q, const struct eng_packet *p)
{
    struct eng *e = q->qman->eng;
    uint32_t r = fence_reg(q, p->id), n = eng_reg_read(e, r);

    if (n < p->target)
        return false;
    n -= p->dec < n ? p->dec : n;
    memcpy(e->cfg + r, &n, 4);
    return true;
}

/* Streams of a QMAN take turns between acquire and release, once arbitration is enabled. */
static bool arbitrate(struct eng_queue *q, const struct eng_packet *p)
{
    struct eng_qman *m = q->qman;
    struct eng *e = m->eng;
    uint16_t cfg = e->asic->qm.arb_cfg;

    if (!cfg || !(eng_reg_read(e, m->base + cfg) & 0x100))
        return true;
    if (p->release) {
        if (m->arb_owner == q->stream)
            m->arb_owner = -1;
        return true;
    }
    if (m->arb_owner == q->stream)
        return true;
    q->priority = p->priority;
    if (m->arb_owner >= 0)
        return false;
    for (unsigned s = 0; s < ENG_STREAMS; s++) {
        const struct eng_queue *o = &m->cp[s];

        if (o != q && o->state == ENG_ARBITRATING && o->priority > q->priority)
            return false;
    }
    m->arb_owner = (int8_t)q->stream;
    return true;
}

static bool cp_dma(struct eng_queue *q, const struct eng_packet *p)
{
    struct eng_qman *m = q->qman;
    struct eng_queue *l = &m->cp[4];
    struct eng_cb cb = { .addr = p->addr, .len = p->len };
    uint32_t slot = l->tail;

    if (l->state == ENG_HALTED)
        return false;
    l->asid = q->asid;
    l->owner = q->owner;
    if (eng_push(l, &cb) < 0)
        return false;
    l->origin[slot & (l->depth - 1)] = q->stream;
    q->lower_out++;
    return true;
}

static bool exec(struct eng_queue *q, const struct eng_packet *p, const uint8_t *raw);

/* LOAD_AND_EXE: four scalar registers hold one packet of 16 bytes or two of 8. */
static bool load_and_exe(struct eng_queue *q, const struct eng_packet *p)
{
    struct eng *e = q->qman->eng;

    if (p->load) {
        uint32_t w[32];
        uint32_t n = p->scalars ? 16 : p->consecutive ? 4 : 128;
        int rc = e->ops->read(e->priv, q, p->addr, w, n);

        if (rc < 0) {
            report(q, ENG_FAULT_ADDRESS, p->addr, false, rc);
            eng_cp_halt(q, rc);
            return false;
        }
        if (p->scalars) {
            memcpy(q->rf, w, 16);
        } else if (p->consecutive) {
            q->pred = w[0] | 1;
        } else {
            q->pred = 1;
            for (unsigned i = 1; i < 32; i++)
                q->pred |= (w[i] & 1) << i;
        }
    }
    if (p->exe) {
        const uint8_t *raw = (const uint8_t *)(p->upper ? q->rf + 2 : q->rf);
        struct eng_packet in;
        int rc = eng_decode(e->asic, raw, p->upper ? 8 : 16, &in);

        if (rc < 0 || in.op == ENG_LOAD_AND_EXE || in.op == ENG_REPEAT) {
            report(q, ENG_FAULT_OPCODE, p->addr, false, rc);
            eng_cp_halt(q, -EILSEQ);
            return false;
        }
        if (q->pred >> in.pred & 1)
            return exec(q, &in, raw);
    }
    return true;
}

static void repeat(struct eng_queue *q, const struct eng_packet *p)
{
    unsigned l = p->outer;

    if (p->start) {
        q->loop[l].at = q->pos + p->bytes;
        q->loop[l].left = p->jump ? p->jump - 1u : 0;
    } else if (q->loop[l].left) {
        q->loop[l].left--;
        q->pos = q->loop[l].at - p->bytes; /* advance() adds it again */
    }
}

/* True: done with it. False: it waits (the state says for what), or the queue was halted. */
static bool exec(struct eng_queue *q, const struct eng_packet *p, const uint8_t *raw)
{
    struct eng_qman *m = q->qman;
    struct eng *e = m->eng;

    if (p->eb && engine_busy(q))
        return stay(q, ENG_DRAINING);
    switch (p->op) {
    case ENG_MSG_LONG:
    case ENG_MSG_PROT:
        return message(q, p->addr, p);
    case ENG_MSG_SHORT:
        return message(q, short_base(q, p->base) + p->reg, p);
    case ENG_WREG_32:
        reg_write(q, p->reg, p->value);
        return true;
    case ENG_WREG_BULK:
        for (uint32_t i = 0; i < 2 * p->len; i++) {
            uint32_t x;

            memcpy(&x, raw + 8 + 4 * i, 4);
            reg_write(q, p->reg + 4 * i, x);
        }
        return true;
    case ENG_WREG_64_SHORT:
        reg_write(q, p->reg, p->value);
        reg_write(q, p->reg + 4, 0);
        return true;
    case ENG_WREG_64_LONG:
        if (p->value & 1)
            reg_write(q, p->reg, (uint32_t)p->addr);
        if (p->value & 2)
            reg_write(q, p->reg + 4, (uint32_t)(p->addr >> 32));
        return true;
    case ENG_LIN_DMA: {
        struct eng_dma d = { .src = p->addr,
                             .dst = p->dst,
                             .left = p->len,
                             .memset = p->memset,
                             .wrcomp = p->wrcomp,
                             .stream = q->stream };

        return eng_dma_push(m, &d) || stay(q, ENG_DRAINING);
    }
    case ENG_CP_DMA:
        if (q->stream == 4 || !m->lower_base)
            break;
        return cp_dma(q, p) || stay(q, ENG_DRAINING);
    case ENG_FENCE:
        return fence(q, p) || stay(q, ENG_FENCED);
    case ENG_WAIT: {
        uint64_t now = e->ops->now_ns ? e->ops->now_ns(e->priv) : 0;
        uint32_t r = fence_reg(q, p->id), n;

        if (q->state != ENG_TIMED)
            q->deadline_ns = now + (uint64_t)p->cycles * WAIT_NS_PER_CYCLE;
        if (e->ops->now_ns && now < q->deadline_ns)
            return stay(q, ENG_TIMED);
        n = eng_reg_read(e, r) + p->inc;
        n = n > 0xFF ? 0xFF : n;
        memcpy(e->cfg + r, &n, 4);
        return true;
    }
    case ENG_ARB_POINT:
        return arbitrate(q, p) || stay(q, ENG_ARBITRATING);
    case ENG_LOAD_AND_EXE:
        return load_and_exe(q, p);
    case ENG_REPEAT:
        repeat(q, p);
        return true;
    case ENG_STOP:
        report(q, ENG_FAULT_STOP, current(q)->addr + q->pos, false, 0);
        eng_cp_halt(q, -EIO);
        return false;
    case ENG_NOP:
    case ENG_WRITE_ARC_STREAM: /* to a scheduler that nobody runs here */
        return true;
    default:
        break;
    }
    report(q, ENG_FAULT_OPCODE, current(q)->addr + q->pos, false, -EILSEQ);
    eng_cp_halt(q, -EILSEQ);
    return false;
}

bool eng_cp_step(struct eng_queue *q)
{
    struct eng *e = q->qman->eng;
    struct eng_cb *cb = current(q);
    struct eng_packet p;
    const uint8_t *raw;
    uint8_t *bulk = NULL;
    bool ran = true;
    uint32_t left = cb->len - q->pos;
    int rc;

    if (!left) {
        if (busy(q))
            return stay(q, ENG_DRAINING);
        finish(q, 0);
        return true;
    }
    if (!fetch(q, left < 24 ? left : 24, &raw))
        return true;
    rc = eng_decode(e->asic, raw, cb->mem ? left : left < 24 ? left : 24, &p);
    if (rc == -ENODATA && p.bytes <= left && p.bytes > 24) {
        /* the data of WREG_BULK: more than the window holds */
        bulk = malloc(p.bytes);
        rc = bulk ? e->ops->read(e->priv, q, cb->addr + q->pos, bulk, p.bytes) : -ENOMEM;
        if (rc < 0) {
            report(q, ENG_FAULT_ADDRESS, cb->addr + q->pos, false, rc);
            eng_cp_halt(q, rc);
            goto out;
        }
        raw = bulk;
        rc = eng_decode(e->asic, raw, p.bytes, &p);
    }
    if (rc < 0) {
        report(q, ENG_FAULT_OPCODE, cb->addr + q->pos, false, rc);
        eng_cp_halt(q, rc);
        goto out;
    }
    if (e->ops->trace && q->state == ENG_READY)
        e->ops->trace(e->priv, q, cb->addr + q->pos, &p);
    if ((q->pred >> p.pred & 1) && !exec(q, &p, raw))
        ran = q->state == ENG_HALTED;
    else
        advance(q, p.bytes);
out:
    free(bulk);
    return ran;
}
