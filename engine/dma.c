/* SPDX-License-Identifier: MIT */
/*
 * DMA cores: one to a QMAN, fed by its streams and by WREG packets, in order. A core runs
 * concurrently with the command processors: only an engine barrier (or the end of the command
 * buffer) makes these wait, so that a program which forgets it sees the race that it would see on
 * the device.
 */
#include <errno.h>
#include <string.h>

#include "engine/asic.h"

#define BOUNCE 4096u

static bool in_cfg(const struct eng *e, uint64_t a)
{
    return a >= e->asic->chip.cfg_base && a - e->asic->chip.cfg_base < e->asic->chip.cfg_size;
}

static int get(struct eng *e, const struct eng_queue *q, uint64_t a, uint8_t *buf, uint64_t len)
{
    if (!in_cfg(e, a))
        return e->ops->read(e->priv, q, a, buf, len);
    a -= e->asic->chip.cfg_base;
    if (len > e->asic->chip.cfg_size - a)
        return -EFAULT;
    memcpy(buf, e->cfg + a, len);
    return 0;
}

static int put(struct eng *e, const struct eng_queue *q, uint64_t a, const uint8_t *buf,
               uint64_t len)
{
    if (!in_cfg(e, a))
        return e->ops->write(e->priv, q, a, buf, len);
    if (len > e->asic->chip.cfg_size - (a - e->asic->chip.cfg_base) || (a & 3) || (len & 3))
        return -EFAULT;
    for (uint64_t i = 0; i < len; i += 4) {
        uint32_t x;

        memcpy(&x, buf + i, 4);
        eng_reg_write(e, (uint32_t)(a + i - e->asic->chip.cfg_base), x);
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

/* Elements of 1 << swap bytes with their bytes reversed; the last may lack some, which are 0. */
static void reverse(uint8_t *buf, uint64_t len, unsigned swap)
{
    uint64_t width = 1ull << swap;

    for (uint64_t o = 0; o < len; o += width) {
        uint8_t x[8] = { 0 };

        memcpy(x, buf + o, len - o < width ? len - o : width);
        for (uint64_t i = 0; i < width && o + i < len; i++)
            buf[o + i] = x[width - 1 - i];
    }
}

static int copy_reversed(struct eng *e, const struct eng_queue *q, uint64_t dst, uint64_t src,
                         uint64_t len, unsigned swap)
{
    uint8_t buf[BOUNCE];
    int rc = 0;

    for (uint64_t o = 0; o < len && !rc; o += BOUNCE) {
        uint64_t n = len - o < BOUNCE ? len - o : BOUNCE;

        rc = get(e, q, src + o, buf, n);
        if (rc < 0) {
            report(e, q, src + o, false, rc);
            return rc;
        }
        reverse(buf, n, swap);
        rc = put(e, q, dst + o, buf, n);
        if (rc < 0)
            report(e, q, dst + o, true, rc);
    }
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

static struct eng_dims dims(struct eng *e, uint32_t first, uint32_t row)
{
    struct eng_dims x = { .size = { eng_reg_read(e, row) } };

    for (unsigned i = 1; i < ENG_DIMS; i++) {
        x.size[i] = eng_reg_read(e, first + 8 * (i - 1));
        x.stride[i] = eng_reg_read(e, first + 8 * (i - 1) + 4);
    }
    return x;
}

static uint64_t bytes_of(const struct eng_dims *x)
{
    uint64_t n = x->size[0];

    for (unsigned i = 1; i < ENG_DIMS; i++)
        n *= x->size[i] ? x->size[i] : 1;
    return n;
}

/* How far from the first byte the one at `at` in the order of the transfer is; *left: of its row.
 */
static uint64_t place(const struct eng_dims *x, uint64_t at, uint64_t *left)
{
    uint64_t row = at / x->size[0], offset = at % x->size[0];

    *left = x->size[0] - offset;
    for (unsigned i = 1; i < ENG_DIMS; i++) {
        uint32_t n = x->size[i] ? x->size[i] : 1;

        offset += row % n * x->stride[i];
        row /= n;
    }
    return offset;
}

/* A WREG packet started the core by hand; it belongs to the stream that waits longest for it. */
void eng_dma_commit(struct eng_qman *m, uint32_t value)
{
    struct eng *e = m->eng;
    const struct eng_qm_desc *d = &e->asic->qm;
    const struct eng_format_desc *f = &e->asic->fmt;
    uint32_t c = m->base + (uint32_t)d->core;
    struct eng_dma x = {
        .src = eng_reg_read(e, c + d->src_lo) | (uint64_t)eng_reg_read(e, c + d->src_hi) << 32,
        .dst = eng_reg_read(e, c + d->dst_lo) | (uint64_t)eng_reg_read(e, c + d->dst_hi) << 32,
        .left = eng_reg_read(e, c + d->size),
        .memset = value >> f->memset & 1,
        .wrcomp = value >> f->wrcomp & 1,
        .stream = 4,
    };

    if (d->src_row && !(value >> f->linear & 1) && eng_reg_read(e, c + d->src_row) && x.left) {
        x.strided = true;
        x.src_dims = dims(e, c + d->src_dims, c + d->src_row);
        x.dst_dims = dims(e, c + d->dst_dims, c + d->dst_row);
        x.left = bytes_of(&x.dst_dims);
        if (!x.memset && bytes_of(&x.src_dims) < x.left)
            x.left = bytes_of(&x.src_dims);
    }
    while (!eng_dma_push(m, &x)) {
        if (m->copying) { /* the copy itself commits another, and there is no room: it is lost */
            report(e, &m->cp[4], e->asic->chip.cfg_base + c + d->commit, true, -EBUSY);
            return;
        }
        eng_dma_step(m);
    }
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

/* The next piece, at most n bytes: how many they were, or -errno. */
static int64_t piece(struct eng *e, const struct eng_queue *q, struct eng_dma *d, uint64_t n)
{
    uint64_t src = d->src, dst = d->dst, row;
    int rc;

    if (d->strided) {
        dst += place(&d->dst_dims, d->done, &row);
        n = n < row ? n : row;
        if (!d->memset) {
            src += place(&d->src_dims, d->done, &row);
            n = n < row ? n : row;
        }
    }
    rc = d->swap && !d->memset ? copy_reversed(e, q, dst, src, n, d->swap)
                               : eng_dma(e, q, dst, src, n, d->memset);
    if (rc < 0)
        return rc;
    d->done += n;
    d->left -= n;
    if (!d->strided) {
        d->dst += n;
        d->src += d->memset ? 0 : n;
    }
    return (int64_t)n;
}

bool eng_dma_step(struct eng_qman *m)
{
    struct eng *e = m->eng;
    struct eng_dma *d;
    struct eng_queue *q;
    int64_t n = 0;

    if (m->dma_head == m->dma_tail)
        return false;
    d = &m->dma[m->dma_head % ENG_DMA_DEPTH];
    q = &m->cp[d->stream];
    m->copying = true;
    if (d->left)
        n = piece(e, q, d, d->left < e->chunk ? d->left : e->chunk);
    m->copying = false;
    if (n < 0) {
        m->dma_head++;
        q->dma_out--;
        eng_cp_halt(q, (int)n);
        return true;
    }
    m->bytes += (uint64_t)n;
    if (!d->left) {
        bool wrcomp = d->wrcomp;

        m->dma_head++;
        q->dma_out--;
        if (wrcomp)
            completion(m, q);
    }
    return true;
}
