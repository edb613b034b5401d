/* SPDX-License-Identifier: MIT */
#include "tests/engine/machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static int rd(void *priv, const struct eng_queue *q, uint64_t a, void *buf, uint64_t len)
{
    struct machine *m = priv;

    (void)q;
    if (a < MEM_BASE || a - MEM_BASE > MEM_SIZE || len > MEM_SIZE - (a - MEM_BASE))
        return -EFAULT;
    memcpy(buf, m->mem + (a - MEM_BASE), len);
    return 0;
}

static int wr(void *priv, const struct eng_queue *q, uint64_t a, const void *buf, uint64_t len)
{
    struct machine *m = priv;

    (void)q;
    if (a < MEM_BASE || a - MEM_BASE > MEM_SIZE || len > MEM_SIZE - (a - MEM_BASE))
        return -EFAULT;
    memcpy(m->mem + (a - MEM_BASE), buf, len);
    return 0;
}

static bool doorbell(void *priv, const struct eng_queue *q, uint64_t a, uint32_t x)
{
    struct machine *m = priv;

    (void)q;
    if (a != DOORBELL)
        return false;
    m->irqs++;
    m->irq_value = x;
    return true;
}

static uint64_t now(void *priv)
{
    return ((struct machine *)priv)->now;
}

static void done(void *priv, struct eng_queue *q, const struct eng_cb *cb, int error)
{
    struct machine *m = priv;

    (void)q;
    if (error)
        m->failed++;
    else
        m->done++;
    m->cookie = cb->cookie;
}

static void report(void *priv, const struct eng_report *r)
{
    struct machine *m = priv;

    m->faults[r->what]++;
    m->last = *r;
}

static void reg(void *priv, uint32_t offset, uint32_t old, uint32_t value)
{
    struct machine *m = priv;

    (void)old;
    m->reg_offset = offset;
    m->reg_value = value;
}

static const struct eng_ops ops = {
    .read = rd,
    .write = wr,
    .doorbell = doorbell,
    .now_ns = now,
    .done = done,
    .report = report,
    .reg = reg,
};

struct machine *machine_new(const char *asic, uint64_t seed)
{
    const struct eng_asic *a = eng_asic_find(asic);
    struct machine *m = calloc(1, sizeof(*m));

    assert_non_null(a);
    assert_non_null(m);
    m->mem = calloc(1, MEM_SIZE);
    m->cfg = mmap(NULL, eng_chip(a)->cfg_size, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(m->cfg != MAP_FAILED);
    assert_int_equal(eng_init(&m->e, a, m->cfg, &ops, m, seed), 0);
    return m;
}

void machine_free(struct machine *m)
{
    munmap(m->cfg, eng_chip(m->e.asic)->cfg_size);
    eng_fini(&m->e);
    free(m->mem);
    free(m);
}

static void raw(struct cb *c, const void *p, uint32_t n)
{
    assert_true(c->len + n <= sizeof(c->b));
    memcpy(c->b + c->len, p, n);
    c->len += n;
}

void cb_add(struct cb *c, uint32_t w0, unsigned op, uint32_t ctl)
{
    ctl |= op << 24;
    raw(c, &w0, 4);
    raw(c, &ctl, 4);
}

void cb_quad(struct cb *c, uint64_t q)
{
    raw(c, &q, 8);
}

void cb_msg(struct cb *c, uint64_t addr, uint32_t value, uint32_t ctl)
{
    cb_add(c, value, ENG_MSG_LONG, ctl);
    cb_quad(c, addr);
}

void cb_dma(struct cb *c, const char *asic, uint64_t src, uint64_t dst, uint32_t len, bool set,
            bool wrcomp)
{
    bool goya = !strcmp(asic, "goya");
    uint32_t ctl = 0;

    if (set)
        ctl |= goya ? 1u << 6 : 1u << 4;
    if (wrcomp)
        ctl |= goya ? 1u << 2 : 1u;
    cb_add(c, len, ENG_LIN_DMA, ctl);
    cb_quad(c, src);
    cb_quad(c, dst);
}

void cb_fence(struct cb *c, unsigned id, unsigned target, unsigned dec)
{
    cb_add(c, dec | target << 16 | id << 30, ENG_FENCE, 0);
}

void push(struct machine *m, unsigned queue, const struct cb *c, uint32_t at, uint64_t cookie)
{
    struct eng_cb cb = { .addr = MEM_BASE + at, .len = c->len, .cookie = cookie };
    struct eng_queue *q = eng_queue(&m->e, queue);

    assert_non_null(q);
    memcpy(m->mem + at, c->b, c->len);
    assert_int_equal(eng_push(q, &cb), 0);
}

uint32_t mem32(struct machine *m, uint32_t at)
{
    uint32_t x;

    memcpy(&x, m->mem + at, 4);
    return x;
}

uint64_t cfg_addr(struct machine *m, uint32_t offset)
{
    return eng_chip(m->e.asic)->cfg_base + offset;
}

uint32_t sob(struct machine *m, unsigned i)
{
    return eng_reg_read(&m->e, eng_sob_offset(m->e.asic, 0, i));
}
