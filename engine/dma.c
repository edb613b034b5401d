/* SPDX-License-Identifier: MIT */
/*
 * DMA cores: one to a QMAN, fed by its streams and by WREG packets, in order. A core runs beside
 * the command processors: only an engine barrier (or the end of the command buffer) makes these
 * wait, so that a program which forgets it sees the race that it would see on the device.
 */
#include <errno.h>
#include <string.h>

#include "engine/asic.h"

#define BOUNCE 4096u

static bool in_cfg(const struct eng *e, uint64_t a)
{
    return a >= e->asic->cfg_base && a - e->asic->cfg_base < e->asic->cfg_size;
}

static int get(struct eng *e, const struct eng_queue *q, uint64_t a, uint8_t *buf, uint64_t len)
{
    if (!in_cfg(e, a))
        return e->ops->read(e->priv, q, a, buf, len);
    a -= e->asic->cfg_base;
    if (len > e->asic->cfg_size - a)
        return -EFAULT;
    memcpy(buf, e->cfg + a, len);
    return 0;
}

static int put(struct eng *e, const struct eng_queue *q, uint64_t a, const uint8_t *buf,
               uint64_t len)
{
    if (!in_cfg(e, a))
        return e->ops->write(e->priv, q, a, buf, len);
    if (len > e->asic->cfg_size - (a - e->asic->cfg_base) || (a & 3) || (len & 3))
        return -EFAULT;
    for (uint64_t i = 0; i < len; i += 4) {
        uint32_t x;

        memcpy(&x, buf + i, 4);
        eng_reg_write(e, (uint32_t)(a + i - e->asic->cfg_base), x);
    }
    return 0;
}

static void report(struct eng *e, const struct eng_queue *q, uint64_t addr, bool write, int error)
{
    struct eng_report r = {
        .what = ENG_FAULT_ADDRESS, .queue = q, .addr = addr, .write = write, .error = error
    };

    if (q && q->ring && q->head != q->tail) {
        r.cb = &q->ring[q->head & (q->depth - 1)];
        r.offset = q->pos;
    }
    if (e->ops->report)
        e->ops->report(e->priv, &r);
}

static int copy(struct eng *e, const struct eng_queue *q, uint64_t dst, uint64_t src, uint64_t len)
{
    uint8_t buf[BOUNCE];
    uint64_t bad = 0;
    bool bad_write = false;
    int rc = -EOPNOTSUPP;

    if (e->ops->copy && !in_cfg(e, dst) && !in_cfg(e, src))
        rc = e->ops->copy(e->priv, q, dst, src, len, &bad, &bad_write);
    if (rc < 0 && rc != -EOPNOTSUPP)
        report(e, q, bad, bad_write, rc);
    if (rc != -EOPNOTSUPP)
        return rc;
    for (uint64_t o = 0; o < len; o += BOUNCE) {
        uint64_t n = len - o < BOUNCE ? len - o : BOUNCE;

        rc = get(e, q, src + o, buf, n);
        if (rc < 0) {
            report(e, q, src + o, false, rc);
            return rc;
        }
        rc = put(e, q, dst + o, buf, n);
        if (rc < 0) {
            report(e, q, dst + o, true, rc);
            return rc;
        }
    }
    return 0;
}

static int fill(struct eng *e, const struct eng_queue *q, uint64_t dst, uint64_t pattern,
                uint64_t len)
{
    uint8_t buf[BOUNCE];
    int rc = -EOPNOTSUPP;

    if (e->ops->fill && !in_cfg(e, dst))
        rc = e->ops->fill(e->priv, q, dst, pattern, len);
    if (rc == -EOPNOTSUPP) {
        for (uint32_t i = 0; i < BOUNCE; i += 8)
            memcpy(buf + i, &pattern, 8);
        rc = 0;
        for (uint64_t o = 0; o < len && !rc; o += BOUNCE)
            rc = put(e, q, dst + o, buf, len - o < BOUNCE ? len - o : BOUNCE);
    }
    if (rc < 0)
        report(e, q, dst, true, rc);
    return rc;
}

int eng_dma(struct eng *e, const struct eng_queue *queue, uint64_t dst, uint64_t src_or_pattern,
            uint64_t len, bool memset_)
{
    return memset_ ? fill(e, queue, dst, src_or_pattern, len)
                   : copy(e, queue, dst, src_or_pattern, len);
}

bool eng_dma_push(struct eng_qman *m, const struct eng_dma *d)
{
    if (m->dma_tail - m->dma_head >= ENG_DMA_DEPTH)
        return false;
    m->dma[m->dma_tail++ % ENG_DMA_DEPTH] = *d;
    m->cp[d->stream].dma_out++;
    return true;
}

/* A WREG packet started the core by hand; it belongs to the stream that waits longest for it. */
void eng_dma_commit(struct eng_qman *m, uint32_t value)
{
    struct eng *e = m->eng;
    const struct eng_qm_desc *d = &e->asic->qm;
    uint32_t c = m->base + (uint32_t)d->core;
    struct eng_dma x = {
        .src = eng_reg_read(e, c + d->src_lo) | (uint64_t)eng_reg_read(e, c + d->src_hi) << 32,
        .dst = eng_reg_read(e, c + d->dst_lo) | (uint64_t)eng_reg_read(e, c + d->dst_hi) << 32,
        .left = eng_reg_read(e, c + d->size),
        .memset = value >> e->asic->fmt.memset & 1,
        .wrcomp = value >> e->asic->fmt.wrcomp & 1,
        .stream = 4,
    };

    while (!eng_dma_push(m, &x))
        eng_dma_step(m);
}

static void completion(struct eng_qman *m, const struct eng_queue *q)
{
    struct eng *e = m->eng;
    const struct eng_qm_desc *d = &e->asic->qm;
    uint64_t a = eng_reg_read(e, m->base + (uint32_t)d->wrcomp_lo) |
                 (uint64_t)eng_reg_read(e, m->base + (uint32_t)d->wrcomp_hi) << 32;
    int rc;

    if (!a)
        return;
    rc = eng_write32(e, q, a, eng_reg_read(e, m->base + (uint32_t)d->wrcomp_data));
    if (rc < 0)
        report(e, q, a, true, rc);
}

bool eng_dma_step(struct eng_qman *m)
{
    struct eng *e = m->eng;
    struct eng_dma *d;
    struct eng_queue *q;
    uint64_t n;
    int rc = 0;

    if (m->dma_head == m->dma_tail)
        return false;
    d = &m->dma[m->dma_head % ENG_DMA_DEPTH];
    q = &m->cp[d->stream];
    n = d->left < e->chunk ? d->left : e->chunk;
    if (n)
        rc = eng_dma(e, q, d->dst, d->src, n, d->memset);
    if (rc < 0) {
        m->dma_head++;
        q->dma_out--;
        eng_cp_halt(q, rc);
        return true;
    }
    m->bytes += n;
    d->left -= n;
    d->dst += n;
    if (!d->memset)
        d->src += n;
    if (!d->left) {
        bool wrcomp = d->wrcomp;

        m->dma_head++;
        q->dma_out--;
        if (wrcomp)
            completion(m, q);
    }
    return true;
}
