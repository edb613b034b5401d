/* SPDX-License-Identifier: MIT */
/*
 * What each packet does. A handler returns true when its packet is done, false when the queue
 * waits (its state says for what) or was halted.
 *
 * A REPEAT packet with its start bit opens a loop whose packets run `jump` times, up to the
 * REPEAT packet without it; `outer` names the loop, so that two can nest. No public document
 * explains these fields: this follows from their names.
 */
#include <errno.h>
#include <string.h>

#include "engine/asic.h"

#define WAIT_NS_PER_CYCLE 1u
#define LIST_ENTRY 16u /* bytes: a CP_DMA packet */

typedef bool handler(struct eng_queue *q, const struct eng_packet *p, const uint8_t *raw);

static bool stay(struct eng_queue *q, enum eng_state s)
{
    q->state = s;
    return false;
}

static bool refuse(struct eng_queue *q, enum eng_fault what, uint64_t addr, bool write, int error)
{
    eng_cp_report(q, what, addr, write, error);
    eng_cp_halt(q, error);
    return false;
}

static bool bad_opcode(struct eng_queue *q)
{
    return refuse(q, ENG_FAULT_OPCODE, eng_cp_current(q)->addr + q->pos, false, -EILSEQ);
}

static bool fetch(struct eng_queue *q, uint64_t addr, void *to, uint32_t n)
{
    struct eng *e = q->qman->eng;
    int rc = e->ops->read(e->priv, q, addr, to, n);

    return rc < 0 ? refuse(q, ENG_FAULT_ADDRESS, addr, false, rc) : true;
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
    return rc < 0 ? refuse(q, ENG_FAULT_ADDRESS, addr, true, rc) : true;
}

static bool msg_long(struct eng_queue *q, const struct eng_packet *p, const uint8_t *raw)
{
    (void)raw;
    return message(q, p->addr, p);
}

static bool msg_short(struct eng_queue *q, const struct eng_packet *p, const uint8_t *raw)
{
    struct eng *e = q->qman->eng;
    const struct eng_qm_desc *d = &e->asic->qm;
    uint32_t o = eng_cp_block(q) + d->msg_base_step * p->base + d->msg_stream_step * q->stream;
    uint64_t base = eng_reg_read(e, o + d->msg_lo) | (uint64_t)eng_reg_read(e, o + d->msg_hi) << 32;

    (void)raw;
    return message(q, base + p->reg, p);
}

static void reg_write(struct eng_queue *q, uint32_t reg, uint32_t value)
{
    struct eng *e = q->qman->eng;

    eng_reg_write(e, (q->qman->base & ~e->asic->qm.window) + reg, value);
}

static bool wreg_32(struct eng_queue *q, const struct eng_packet *p, const uint8_t *raw)
{
    (void)raw;
    reg_write(q, p->reg, p->value);
    return true;
}

static bool wreg_bulk(struct eng_queue *q, const struct eng_packet *p, const uint8_t *raw)
{
    for (uint32_t i = 0; i < 2 * p->len; i++) {
        uint32_t x;

        memcpy(&x, raw + 8 + 4 * i, 4);
        reg_write(q, p->reg + 4 * i, x);
    }
    return true;
}

static bool wreg_64_short(struct eng_queue *q, const struct eng_packet *p, const uint8_t *raw)
{
    (void)raw;
    reg_write(q, p->reg, p->value);
    reg_write(q, p->reg + 4, 0);
    return true;
}

static bool wreg_64_long(struct eng_queue *q, const struct eng_packet *p, const uint8_t *raw)
{
    (void)raw;
    if (p->value & 1)
        reg_write(q, p->reg, (uint32_t)p->addr);
    if (p->value & 2)
        reg_write(q, p->reg + 4, (uint32_t)(p->addr >> 32));
    return true;
}

static bool lin_dma(struct eng_queue *q, const struct eng_packet *p, const uint8_t *raw)
{
    struct eng_dma d = { .src = p->addr,
                         .dst = p->dst,
                         .left = p->len,
                         .memset = p->memset,
                         .wrcomp = p->wrcomp,
                         .swap = p->swap,
                         .stream = q->stream };

    (void)raw;
    return eng_dma_push(q->qman, &d) || stay(q, ENG_DRAINING);
}

/* To the lower command processor. */
static bool push_lower(struct eng_queue *q, const struct eng_packet *p)
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

static bool call(struct eng_queue *q, uint64_t addr, uint32_t len, uint32_t packet_bytes)
{
    return eng_cp_call(q, addr, len, packet_bytes) || bad_opcode(q);
}

static bool cp_dma(struct eng_queue *q, const struct eng_packet *p, const uint8_t *raw)
{
    (void)raw;
    if (p->upper)
        return call(q, p->addr, p->len, p->bytes);
    if (q->stream == 4 || !q->qman->lower_base)
        return bad_opcode(q);
    return push_lower(q, p) || stay(q, ENG_DRAINING);
}

/* CB_LIST: an index in memory chooses an entry of a table, and that is a CP_DMA packet. */
static bool cb_list(struct eng_queue *q, const struct eng_packet *p, const uint8_t *raw)
{
    uint8_t entry[LIST_ENTRY];
    struct eng_packet in;
    uint32_t index;

    (void)raw;
    if (!fetch(q, p->addr, &index, sizeof(index)) ||
        !fetch(q, p->dst + (uint64_t)index * LIST_ENTRY, entry, sizeof(entry)))
        return false;
    if (eng_decode(q->qman->eng->asic, entry, sizeof(entry), &in) < 0 || in.op != ENG_CP_DMA)
        return bad_opcode(q);
    if (in.upper)
        return call(q, in.addr, in.len, p->bytes);
    return cp_dma(q, &in, entry);
}

static uint32_t fence_reg(const struct eng_queue *q, unsigned id)
{
    const struct eng_qm_desc *d = &q->qman->eng->asic->qm;

    return eng_cp_block(q) + d->fence_cnt + d->fence_step * id + d->fence_stream_step * q->stream;
}

static bool fence(struct eng_queue *q, const struct eng_packet *p, const uint8_t *raw)
{
    struct eng *e = q->qman->eng;
    uint32_t r = fence_reg(q, p->id), n = eng_reg_read(e, r);

    (void)raw;
    q->fence_id = p->id;
    q->fence_target = p->target;
    if (n < p->target)
        return stay(q, ENG_FENCED);
    n -= p->dec < n ? p->dec : n;
    memcpy(e->cfg + r, &n, 4);
    return true;
}

bool eng_fence_holds(struct eng_queue *q)
{
    return eng_reg_read(q->qman->eng, fence_reg(q, q->fence_id)) < q->fence_target;
}

static bool wait(struct eng_queue *q, const struct eng_packet *p, const uint8_t *raw)
{
    struct eng *e = q->qman->eng;
    uint64_t now = e->ops->now_ns ? e->ops->now_ns(e->priv) : 0;
    uint32_t r = fence_reg(q, p->id), n;

    (void)raw;
    if (q->state != ENG_TIMED)
        q->deadline_ns = now + (uint64_t)p->cycles * WAIT_NS_PER_CYCLE;
    if (e->ops->now_ns && now < q->deadline_ns)
        return stay(q, ENG_TIMED);
    n = eng_reg_read(e, r) + p->inc;
    n = n > 0xFF ? 0xFF : n;
    memcpy(e->cfg + r, &n, 4);
    return true;
}

/* Will it act before any other stream does? */
static bool can_go_on(struct eng_queue *q)
{
    return q->state == ENG_READY || (q->state == ENG_FENCED && !eng_fence_holds(q));
}

/*
 * Does another stream come first?  One that requests it, too, with a higher priority; and the
 * arbiter waits for a quiet period, in which streams that are about to request have done so
 * (ARB_MST_QUIET_PER).
 */
static bool comes_first(struct eng_queue *o, const struct eng_queue *q)
{
    return o != q && (can_go_on(o) || (o->state == ENG_ARBITRATING && o->priority > q->priority));
}

/* Streams of a QMAN take turns between acquire and release, once arbitration is enabled. */
static bool arb_point(struct eng_queue *q, const struct eng_packet *p, const uint8_t *raw)
{
    struct eng_qman *m = q->qman;
    struct eng *e = m->eng;
    uint16_t cfg = e->asic->qm.arb_cfg;

    (void)raw;
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
        return stay(q, ENG_ARBITRATING);
    for (unsigned s = 0; s < ENG_STREAMS - 1; s++)
        if (comes_first(&m->cp[s], q))
            return stay(q, ENG_ARBITRATING);
    m->arb_owner = (int8_t)q->stream;
    return true;
}

static bool load(struct eng_queue *q, const struct eng_packet *p)
{
    uint32_t w[32];

    if (!fetch(q, p->addr, w, p->scalars ? 16 : p->consecutive ? 4 : 128))
        return false;
    if (p->scalars) {
        memcpy(q->rf, w, 16);
    } else if (p->consecutive) {
        q->pred = w[0] | 1;
    } else {
        q->pred = 1;
        for (unsigned i = 1; i < 32; i++)
            q->pred |= (w[i] & 1) << i;
    }
    return true;
}

/* LOAD_AND_EXE: four scalar registers hold one packet of 16 bytes or two of 8. */
static bool load_and_exe(struct eng_queue *q, const struct eng_packet *p, const uint8_t *raw)
{
    const uint8_t *inner = (const uint8_t *)(p->second ? q->rf + 2 : q->rf);
    struct eng_packet in;

    (void)raw;
    if (p->load && !load(q, p))
        return false;
    if (!p->exe)
        return true;
    /* moves of the position are relative to the packet in the command buffer */
    if (eng_decode(q->qman->eng->asic, inner, p->second ? 8 : 16, &in) < 0 ||
        in.op == ENG_LOAD_AND_EXE || in.op == ENG_REPEAT || (in.op == ENG_CP_DMA && in.upper))
        return refuse(q, ENG_FAULT_OPCODE, p->addr, false, -EILSEQ);
    return !(q->pred >> in.pred & 1) || eng_execute(q, &in, inner);
}

static bool repeat(struct eng_queue *q, const struct eng_packet *p, const uint8_t *raw)
{
    unsigned l = p->outer;

    (void)raw;
    if (p->start) {
        q->loop[l].at = q->pos + p->bytes;
        q->loop[l].left = p->jump ? p->jump - 1u : 0;
    } else if (q->loop[l].left) {
        q->loop[l].left--;
        q->pos = q->loop[l].at - p->bytes; /* which is added again when the packet is done */
    }
    return true;
}

static bool stop(struct eng_queue *q, const struct eng_packet *p, const uint8_t *raw)
{
    (void)p;
    (void)raw;
    eng_cp_report(q, ENG_FAULT_STOP, eng_cp_current(q)->addr + q->pos, false, 0);
    eng_cp_halt(q, -EIO);
    return false;
}

/* NOP; and WRITE_ARC_STREAM, to a scheduler that does not run here. */
static bool nothing(struct eng_queue *q, const struct eng_packet *p, const uint8_t *raw)
{
    (void)q;
    (void)p;
    (void)raw;
    return true;
}

static handler *const handlers[ENG_OP_COUNT] = {
    [ENG_WREG_32] = wreg_32,
    [ENG_WREG_BULK] = wreg_bulk,
    [ENG_MSG_LONG] = msg_long,
    [ENG_MSG_SHORT] = msg_short,
    [ENG_CP_DMA] = cp_dma,
    [ENG_REPEAT] = repeat,
    [ENG_MSG_PROT] = msg_long,
    [ENG_FENCE] = fence,
    [ENG_LIN_DMA] = lin_dma,
    [ENG_NOP] = nothing,
    [ENG_STOP] = stop,
    [ENG_ARB_POINT] = arb_point,
    [ENG_WAIT] = wait,
    [ENG_CB_LIST] = cb_list,
    [ENG_LOAD_AND_EXE] = load_and_exe,
    [ENG_WRITE_ARC_STREAM] = nothing,
    [ENG_WREG_64_SHORT] = wreg_64_short,
    [ENG_WREG_64_LONG] = wreg_64_long,
};

/* An engine barrier waits for all that the engine has, whichever stream it came from. */
static bool engine_busy(const struct eng_queue *q)
{
    return q->qman->dma_head != q->qman->dma_tail || q->dma_out || q->lower_out;
}

bool eng_execute(struct eng_queue *q, const struct eng_packet *p, const uint8_t *raw)
{
    if (p->eb && engine_busy(q))
        return stay(q, ENG_DRAINING);
    return handlers[p->op] ? handlers[p->op](q, p, raw) : bad_opcode(q);
}
