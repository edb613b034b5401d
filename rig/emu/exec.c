/* SPDX-License-Identifier: MIT */
/*
 * Submissions: the packet engine (engine/) between the driver's queues and the device's memory.
 * A queue's producer index arrives as a register write; its descriptors { address, length, control
 * } are read from host memory, and what they point to is executed. Descriptors are fetched without
 * the MMU; everything else goes through it when the address is a virtual one.
 */
#include "rig/emu/emu.h"
#include "rig/emu/serve.h"
#include <errno.h>
#include <string.h>

#define PQC_LBW_DATA 0x45Cu /* of a QMAN: completions of descriptors, four streams */
#define PQC_LBW_LO 0x46Cu
#define PQC_LBW_HI 0x47Cu
#define PQC_CFG 0x48Cu
#define MAX_LOG2LEN 24u  /* descriptors in a ring; the driver has 2^12 */
#define CHUNK (1u << 20) /* of a DMA before another queue gets its turn */
#define USER_ASID 1u     /* the driver has one user at a time; 0 is its own (hl_asid_alloc()) */

static int translate(struct emu *e, uint64_t a, uint64_t *pa, uint64_t *left)
{
    if (!emu_is_virtual(e, a)) {
        *pa = a;
        *left = UINT64_MAX;
        return 0;
    }
    if (emu_translate(e, USER_ASID, a, pa, left) || emu_translate(e, 0, a, pa, left))
        return 0;
    return -EFAULT;
}

static int move(struct emu *e, uint64_t a, void *buf, uint64_t len, bool out)
{
    uint8_t *b = buf;

    while (len) {
        uint64_t pa, n;

        if (translate(e, a, &pa, &n))
            return -EFAULT;
        if (n > len)
            n = len;
        if (emu_mem(e, pa, b, n, out))
            return -EFAULT;
        a += n;
        b += n;
        len -= n;
    }
    return 0;
}

static int op_read(void *priv, const struct eng_queue *q, uint64_t a, void *buf, uint64_t len)
{
    (void)q;
    return move(priv, a, buf, len, false);
}

static int op_write(void *priv, const struct eng_queue *q, uint64_t a, const void *buf,
                    uint64_t len)
{
    union {
        const void *in;
        void *out;
    } u = { .in = buf }; /* only read: out is true */

    (void)q;
    return move(priv, a, u.out, len, true);
}

/*
 * A DMA engine copies straight from one mapping to the other, as far as both extend: half a
 * minute is all that the driver gives a submission, with every engine at work in one thread here.
 */
static int op_copy(void *priv, const struct eng_queue *q, uint64_t dst, uint64_t src, uint64_t len,
                   uint64_t *bad, bool *bad_write)
{
    struct emu *e = priv;
    uint64_t from, to, n, left;

    (void)q;
    for (uint64_t done = 0; done < len; done += n) {
        *bad = src + done;
        *bad_write = false;
        if (translate(e, src + done, &from, &n))
            return -EFAULT;
        if (translate(e, dst + done, &to, &left)) {
            *bad = dst + done;
            *bad_write = true;
            return -EFAULT;
        }
        n = n < left ? n : left;
        n = n < len - done ? n : len - done;
        if (emu_move(e, to, from, &n, bad_write)) {
            *bad = (*bad_write ? dst : src) + done;
            return -EFAULT;
        }
    }
    return 0;
}

static int op_fill(void *priv, const struct eng_queue *q, uint64_t dst, uint64_t pattern,
                   uint64_t len)
{
    struct emu *e = priv;

    (void)q;
    return emu_is_virtual(e, dst) ? -EOPNOTSUPP : emu_fill(e, dst, pattern, len);
}

/* Gaudi2's virtual doorbell: an address in host memory. */
static bool at_doorbell(struct emu *e, uint64_t a)
{
    uint64_t pa, left;

    return e->doorbell && !translate(e, a, &pa, &left) && (pa & ~0xFFFull) == e->doorbell;
}

static bool op_doorbell(void *priv, const struct eng_queue *q, uint64_t a, uint32_t value)
{
    struct emu *e = priv;

    (void)q;
    if (!eng_rings_msix(e->eng.asic, a) && !at_doorbell(e, a))
        return false;
    if (vfu_irq(&e->v, VFU_IRQ_MSIX, value) < 0)
        emu_log(e, "interrupt %u has no vector", value);
    else if (e->verbose)
        emu_log(e, "interrupt %u by %#llx", value, (unsigned long long)a);
    return true;
}

static void op_reg(void *priv, uint32_t off, uint32_t old, uint32_t value)
{
    struct emu *e = priv;

    (void)old;
    e->a->reg(e, off, value);
}

static uint64_t op_now(void *priv)
{
    struct timespec t;

    (void)priv;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void op_report(void *priv, const struct eng_report *r)
{
    static const char *const what[] = {
        [ENG_FAULT_ADDRESS] = "bad address",
        [ENG_FAULT_OPCODE] = "unknown packet",
        [ENG_FAULT_STOP] = "STOP",
        [ENG_FAULT_FENCE_OVERFLOW] = "fence overflow",
        [ENG_FAULT_SOB_OVERFLOW] = "sync object overflow",
    };
    struct emu *e = priv;
    int id = r->queue && r->queue->stream < 4 ? eng_queue_id(r->queue) : -1;

    emu_log(e, "queue %d: %s %s%#llx, command buffer %#llx + %#x", id, what[r->what],
            r->write ? "write " : "", (unsigned long long)r->addr,
            r->cb ? (unsigned long long)r->cb->addr : 0ull, r->offset);
    if (r->what == ENG_FAULT_ADDRESS && emu_is_virtual(e, r->addr))
        emu_page_fault(e, r->addr);
}

static void op_trace(void *priv, const struct eng_queue *q, uint64_t addr,
                     const struct eng_packet *p)
{
    struct emu *e = priv;
    char line[160];

    e->npkt++;
    if (!e->verbose)
        return;
    eng_format(p, line, sizeof(line));
    emu_log(e, "queue %d at %#llx: %s", q->stream < 4 ? eng_queue_id(q) : -1,
            (unsigned long long)addr, line);
}

/* Gaudi2: a queue notifies the sync manager which descriptor is done (gaudi2_init_qman_pqc()). */
static void op_done(void *priv, struct eng_queue *q, const struct eng_cb *cb, int error)
{
    struct emu *e = priv;
    uint32_t qm = q->qman->base, s = 4u * q->stream, off = (uint32_t)cb->cookie >> 16 & 0xFFF;

    if (error || !e->a->pqc || !(emu_get(e, qm + PQC_CFG) & 1))
        return;
    emu_write32(
        e,
        (emu_get(e, qm + PQC_LBW_LO + s) | (uint64_t)emu_get(e, qm + PQC_LBW_HI + s) << 32) +
            4 * off,
        emu_get(e, qm + PQC_LBW_DATA + s));
}

static const struct eng_ops ops = {
    .done = op_done,
    .read = op_read,
    .write = op_write,
    .copy = op_copy,
    .fill = op_fill,
    .reg = op_reg,
    .doorbell = op_doorbell,
    .now_ns = op_now,
    .report = op_report,
    .trace = op_trace,
};

int emu_exec_init(struct emu *e)
{
    int rc = eng_init(&e->eng, eng_asic_find(e->a->asic->name), e->cfg, &ops, e, 0);

    e->eng.chunk = CHUNK;
    return rc;
}

/*
 * Take descriptors up to the producer index, as many as the engine has room for. The index and the
 * place of the last descriptor count modulo twice the ring's length, whatever was written to them.
 */
static void fetch(struct emu *e, struct emu_pq *r, struct eng_queue *q)
{
    uint32_t mask = (1u << r->log2len) - 1, at = emu_get(e, r->ci) & (2 * mask + 1);

    for (r->stalled = false; at != r->pi; at = (at + 1) & (2 * mask + 1)) {
        struct {
            uint64_t ptr;
            uint32_t len, ctl;
        } bd;
        struct eng_cb cb;

        if (emu_mem(e, r->base + 16ull * (at & mask), &bd, sizeof(bd), false)) {
            emu_log(e, "queue %d: no descriptors at %#llx", eng_queue_id(q),
                    (unsigned long long)r->base);
            break;
        }
        cb = (struct eng_cb){ .addr = bd.ptr, .len = bd.len, .cookie = bd.ctl };
        if (eng_push(q, &cb) < 0) {
            r->stalled = e->stalled = true; /* continues once the engine has room */
            break;
        }
        if (e->verbose)
            emu_log(e, "queue %d: descriptor %u: %#llx, %u bytes", eng_queue_id(q), at,
                    (unsigned long long)bd.ptr, bd.len);
    }
    emu_set(e, r->ci, at);
}

void emu_exec_queue(struct emu *e, uint32_t qm, unsigned stream, uint64_t pq, unsigned log2len,
                    uint32_t pi, uint32_t ci)
{
    struct eng_queue *q = eng_queue_at(&e->eng, qm, stream);
    struct emu_pq *r;

    if (!q || log2len > MAX_LOG2LEN) {
        emu_log(e, "no queue %#x stream %u of 2^%u descriptors", qm, stream, log2len);
        return;
    }
    r = &e->pq[q->qman - e->eng.qman][stream];
    *r = (struct emu_pq){
        .base = pq, .log2len = log2len, .pi = pi & ((2u << log2len) - 1), .ci = ci
    };
    fetch(e, r, q);
}

static void fetch_stalled(struct emu *e)
{
    if (!e->stalled)
        return;
    e->stalled = false;
    for (unsigned i = 0; i < e->eng.nqman; i++) {
        for (unsigned s = 0; s < ENG_STREAMS - 1; s++) {
            struct eng_queue *q = &e->eng.qman[i].cp[s];

            /* not one descriptor at a time */
            if (!e->pq[i][s].stalled)
                continue;
            if (q->tail - q->head <= q->depth / 2)
                fetch(e, &e->pq[i][s], q);
            else
                e->stalled = true;
        }
    }
}

void emu_exec_reset(struct emu *e)
{
    eng_reset(&e->eng);
    memset(e->pq, 0, sizeof(e->pq));
    e->stalled = false;
}

int emu_run(void *priv)
{
    struct emu *e = priv;
    uint64_t end = op_now(e) + SERVE_SLICE_NS, until, now;

    for (;;) {
        bool more;

        emu_settle(e);
        fetch_stalled(e);
        e->stepping = true;
        more = eng_step(&e->eng);
        if (e->a->step && e->a->step(e))
            more = true;
        e->stepping = false;
        if (!more && !e->pending_reset)
            break;
        if (op_now(e) >= end)
            return 0;
    }
    until = eng_deadline(&e->eng);
    now = op_now(e);
    return !until ? -1 : until > now ? (int)((until - now) / 1000000) + 1 : 0;
}
