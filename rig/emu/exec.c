/* SPDX-License-Identifier: MIT */
/*
 * Submissions: the packet engine (engine/) between the driver's queues and the device's memory.
 * A queue's producer index arrives as a register write; its descriptors { address, length, control
 * } are taken from host memory and what they point at is executed. Descriptors are fetched past the
 * MMU; everything else goes through it when the address is a virtual one.
 */
#include "rig/emu/emu.h"
#include <errno.h>
#include <string.h>

#define PQC_LBW_DATA 0x45Cu /* of a QMAN: completions of descriptors, four streams each */
#define PQC_LBW_LO 0x46Cu
#define PQC_LBW_HI 0x47Cu
#define PQC_CFG 0x48Cu
#define USER_ASID 1u /* the driver has one user at a time; 0 is its own (hl_asid_alloc()) */

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
        void *p;

        if (translate(e, a, &pa, &n))
            return -EFAULT;
        if (n > len)
            n = len;
        p = emu_ptr(e, pa, n);
        if (!p)
            return -EFAULT;
        if (out)
            memcpy(p, b, n);
        else
            memcpy(b, p, n);
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
    } u = { .in = buf }; /* not written to: out is true */

    (void)q;
    return move(priv, a, u.out, len, true);
}

static int op_fill(void *priv, const struct eng_queue *q, uint64_t dst, uint64_t pattern,
                   uint64_t len)
{
    struct emu *e = priv;

    (void)q;
    if (emu_is_virtual(e, dst))
        return -EOPNOTSUPP;
    return emu_fill(e, dst, pattern, len);
}

/* Gaudi2: what is written to the virtual doorbell, host memory by its look, is an interrupt. */
static bool op_doorbell(void *priv, const struct eng_queue *q, uint64_t a, uint32_t value)
{
    struct emu *e = priv;
    uint64_t pa, left;

    (void)q;
    if (!e->doorbell || translate(e, a, &pa, &left) || (pa & ~0xFFFull) != e->doorbell)
        return false;
    if (vfu_irq(&e->v, VFU_IRQ_MSIX, value) < 0)
        emu_log(e, "interrupt %u has no vector", value);
    else if (e->verbose)
        emu_log(e, "interrupt %u by the virtual doorbell", value);
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

/* Gaudi2: a queue tells the sync manager which descriptor is through (gaudi2_init_qman_pqc()). */
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
    .fill = op_fill,
    .reg = op_reg,
    .doorbell = op_doorbell,
    .now_ns = op_now,
    .report = op_report,
    .trace = op_trace,
};

int emu_exec_init(struct emu *e)
{
    return eng_init(&e->eng, eng_asic_find(e->a->name), e->cfg, &ops, e, 0);
}

/* A producer index: take the descriptors up to it. ci: the register that tells how far. */
void emu_exec_queue(struct emu *e, uint32_t qm, unsigned stream, uint64_t pq, unsigned log2len,
                    uint32_t pi, uint32_t ci)
{
    struct eng_queue *q = eng_queue_at(&e->eng, qm, stream);
    uint32_t mask = (1u << (log2len & 31)) - 1, at = emu_get(e, ci);

    if (!q) {
        emu_log(e, "no queue %#x stream %u", qm, stream);
        return;
    }
    while (at != pi) {
        struct {
            uint64_t ptr;
            uint32_t len, ctl;
        } bd;
        const void *p = emu_ptr(e, pq + 16ull * (at & mask), 16);
        struct eng_cb cb;

        if (!p) {
            emu_log(e, "queue %d: no descriptors at %#llx", eng_queue_id(q),
                    (unsigned long long)pq);
            break;
        }
        memcpy(&bd, p, 16);
        if (e->verbose)
            emu_log(e, "queue %d: descriptor %u: %#llx, %u bytes", eng_queue_id(q), at,
                    (unsigned long long)bd.ptr, bd.len);
        cb = (struct eng_cb){ .addr = bd.ptr, .len = bd.len, .cookie = bd.ctl };
        if (bd.len && eng_push(q, &cb) < 0) {
            emu_log(e, "queue %d is full", eng_queue_id(q));
            break;
        }
        at = (at + 1) & (2 * mask + 1);
    }
    emu_set(e, ci, at);
}
