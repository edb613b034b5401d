/* SPDX-License-Identifier: MIT */
/*
 * Command processors: fetch packets, execute them in order (execute.c). Each step is at most one
 * packet, and what a packet has to wait for is checked again at the next step: nothing here
 * blocks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/asic.h"

uint32_t eng_cp_block(const struct eng_queue *q)
{
    return q->stream == 4 ? q->qman->lower_base : q->qman->base;
}

struct eng_cb *eng_cp_current(struct eng_queue *q)
{
    return &q->ring[q->head & (q->depth - 1)];
}

void eng_cp_report(struct eng_queue *q, enum eng_fault what, uint64_t addr, bool write, int error)
{
    struct eng *e = q->qman->eng;
    struct eng_report r = {
        .what = what, .queue = q, .addr = addr, .write = write, .error = error, .offset = q->pos
    };

    if (q->ring && q->head != q->tail)
        r.cb = eng_cp_current(q);
    if (e->ops->report)
        e->ops->report(e->priv, &r);
}

/* The running command buffer has ended, one way or another. */
static void finish(struct eng_queue *q, int error)
{
    struct eng_qman *m = q->qman;
    struct eng *e = m->eng;
    struct eng_cb cb = *eng_cp_current(q);
    uint8_t from = q->origin ? q->origin[q->head & (q->depth - 1)] : 0;

    q->head++;
    q->pos = q->fetch_len = q->callers = 0;
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
    struct eng_cb *cb = eng_cp_current(q);
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
        eng_cp_report(q, ENG_FAULT_ADDRESS, cb->addr + q->pos, false, rc);
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

bool eng_cp_call(struct eng_queue *q, uint64_t addr, uint32_t len, uint32_t packet_bytes)
{
    struct eng_cb *cb = eng_cp_current(q);

    /* the last packet of a command buffer does not return */
    if (q->pos + packet_bytes < cb->len) {
        if (q->callers == ENG_CALLS)
            return false;
        q->caller[q->callers].cb = *cb;
        q->caller[q->callers++].pos = q->pos + packet_bytes;
    }
    *cb = (struct eng_cb){ .addr = addr, .len = len, .cookie = cb->cookie };
    q->fetch_len = 0;
    q->pos = 0u - packet_bytes; /* advance() adds it again */
    return true;
}

/* The end of a command buffer: back to the one that called it, or done. */
static bool end(struct eng_queue *q)
{
    if (q->callers) {
        q->callers--;
        *eng_cp_current(q) = q->caller[q->callers].cb;
        q->pos = q->caller[q->callers].pos;
        q->fetch_len = 0;
        return true;
    }
    if (busy(q))
        return stay(q, ENG_DRAINING);
    finish(q, 0);
    return true;
}

/*
 * The next packet; *bulk: memory for one that the window does not hold (WREG_BULK), to be freed.
 * False: the queue was halted.
 */
static bool next(struct eng_queue *q, struct eng_packet *p, const uint8_t **raw, uint8_t **bulk)
{
    struct eng *e = q->qman->eng;
    struct eng_cb *cb = eng_cp_current(q);
    uint32_t left = cb->len - q->pos, window = left < 24 ? left : 24;
    int rc;

    if (!fetch(q, window, raw))
        return false;
    rc = eng_decode(e->asic, *raw, cb->mem ? left : window, p);
    if (rc == -ENODATA && p->bytes <= left && p->bytes > 24) {
        *bulk = malloc(p->bytes);
        rc = *bulk ? e->ops->read(e->priv, q, cb->addr + q->pos, *bulk, p->bytes) : -ENOMEM;
        if (rc < 0) {
            eng_cp_report(q, ENG_FAULT_ADDRESS, cb->addr + q->pos, false, rc);
            eng_cp_halt(q, rc);
            return false;
        }
        *raw = *bulk;
        rc = eng_decode(e->asic, *raw, p->bytes, p);
    }
    if (rc < 0) {
        eng_cp_report(q, ENG_FAULT_OPCODE, cb->addr + q->pos, false, rc);
        eng_cp_halt(q, rc);
        return false;
    }
    return true;
}

bool eng_cp_step(struct eng_queue *q)
{
    struct eng *e = q->qman->eng;
    struct eng_cb *cb = eng_cp_current(q);
    struct eng_packet p;
    const uint8_t *raw;
    uint8_t *bulk = NULL;
    enum eng_state before = q->state;
    bool ran = true;

    if (q->pos == cb->len)
        return end(q);
    if (next(q, &p, &raw, &bulk)) {
        if (e->ops->trace && q->state == ENG_READY)
            e->ops->trace(e->priv, q, cb->addr + q->pos, &p);
        if ((q->pred >> p.pred & 1) && !eng_execute(q, &p, raw))
            /* its request can change the others' turn */
            ran = q->state == ENG_HALTED ||
                  (q->state == ENG_ARBITRATING && before != ENG_ARBITRATING);
        else
            advance(q, p.bytes);
    }
    free(bulk);
    return ran;
}
