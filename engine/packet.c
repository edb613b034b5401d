/* SPDX-License-Identifier: MIT */
/* From bytes to struct eng_packet. */
#include <errno.h>
#include <string.h>

#include "engine/asic.h"

static uint32_t word(const uint8_t *p, unsigned i)
{
    uint32_t x;

    memcpy(&x, p + 4 * i, 4);
    return x;
}

static uint64_t quad(const uint8_t *p, unsigned i)
{
    uint64_t x;

    memcpy(&x, p + 8 * i, 8);
    return x;
}

static bool bit(uint32_t x, unsigned n)
{
    return n < 32 && (x >> n & 1);
}

/* A packet as it lies in memory, in the ASIC's format. */
struct raw {
    const struct eng_format_desc *f;
    uint32_t w, ctl; /* the first two words */
    const uint8_t *b;
};

static void wreg_32(const struct raw *r, struct eng_packet *p)
{
    p->value = r->w;
    p->reg = eng_bits(r->ctl, r->f->wreg_shift, 16);
}

static void wreg_bulk(const struct raw *r, struct eng_packet *p)
{
    p->len = r->w & 0xFFFF;
    p->reg = eng_bits(r->ctl, r->f->wreg_shift, 16);
}

static void write_arc_stream(const struct raw *r, struct eng_packet *p)
{
    p->len = r->w & 0xFFFF;
}

static void wreg_64_short(const struct raw *r, struct eng_packet *p)
{
    p->value = r->w;
    p->reg = 4 * eng_bits(r->ctl, 10, 14);
}

static void wreg_64_long(const struct raw *r, struct eng_packet *p)
{
    p->value = r->w & 3; /* which halves to write */
    p->reg = 4 * eng_bits(r->ctl, 10, 14);
    p->addr = quad(r->b, 1);
}

static void msg_long(const struct raw *r, struct eng_packet *p)
{
    p->value = r->w;
    p->addr = quad(r->b, 1);
    p->timestamp = r->f->pred && eng_bits(r->ctl, 20, 2) == 1;
}

static void msg_short(const struct raw *r, struct eng_packet *p)
{
    p->value = r->w;
    p->reg = r->ctl & 0xFFFF;
    p->base = eng_bits(r->ctl, 22, 2);
    p->timestamp = r->f->pred && eng_bits(r->ctl, 20, 2) == 1;
}

static void lin_dma(const struct raw *r, struct eng_packet *p)
{
    p->len = r->w;
    p->addr = quad(r->b, 1);
    p->dst = quad(r->b, 2) & r->f->dst_mask;
    p->memset = bit(r->ctl, r->f->memset);
    p->wrcomp = bit(r->ctl, r->f->wrcomp);
    p->swap = r->f->swap < 32 ? (uint8_t)eng_bits(r->ctl, r->f->swap, 2) : 0;
    p->dir = r->f->dir_shift < 32 ? eng_bits(r->ctl, r->f->dir_shift, 3) : 0;
}

static void cp_dma(const struct raw *r, struct eng_packet *p)
{
    p->len = r->w;
    p->addr = quad(r->b, 1);
    p->upper = bit(r->ctl, r->f->upper);
}

static void fence(const struct raw *r, struct eng_packet *p)
{
    p->dec = r->w & 15;
    p->target = eng_bits(r->w, 16, 8);
    p->id = r->w >> 30;
}

static void wait(const struct raw *r, struct eng_packet *p)
{
    p->cycles = r->w & 0xFFFFFF;
    p->inc = eng_bits(r->w, 24, 4);
    p->id = eng_bits(r->w, 28, 2);
}

static void repeat(const struct raw *r, struct eng_packet *p)
{
    p->start = bit(r->w, 0);
    p->outer = bit(r->w, 1);
    p->jump = r->w >> 16;
}

static void arb_point(const struct raw *r, struct eng_packet *p)
{
    p->priority = r->w & r->f->arb_priority;
    p->release = bit(r->w, 31);
}

static void load_and_exe(const struct raw *r, struct eng_packet *p)
{
    p->scalars = bit(r->w, 0);
    p->consecutive = r->f->pmap && bit(r->w, 1);
    p->load = bit(r->w, 8);
    p->exe = bit(r->w, 9);
    p->second = bit(r->w, 10);
    p->addr = quad(r->b, 1);
}

static void cb_list(const struct raw *r, struct eng_packet *p)
{
    p->addr = quad(r->b, 1);
    p->dst = quad(r->b, 2);
}

static const struct {
    const char *name;
    uint8_t bytes;
    bool pred; /* bits 4:0 are a predicate, on ASICs that have them */
    void (*fields)(const struct raw *r, struct eng_packet *p); /* NULL: the header is all */
} ops[ENG_OP_COUNT] = {
    [ENG_WREG_32] = { "WREG_32", 8, true, wreg_32 },
    [ENG_WREG_BULK] = { "WREG_BULK", 8, true, wreg_bulk },
    [ENG_MSG_LONG] = { "MSG_LONG", 16, true, msg_long },
    [ENG_MSG_SHORT] = { "MSG_SHORT", 8, false, msg_short }, /* the bits are the address's */
    [ENG_CP_DMA] = { "CP_DMA", 16, true, cp_dma },
    [ENG_REPEAT] = { "REPEAT", 8, true, repeat },
    [ENG_MSG_PROT] = { "MSG_PROT", 16, true, msg_long },
    [ENG_FENCE] = { "FENCE", 8, true, fence },
    [ENG_LIN_DMA] = { "LIN_DMA", 24, false, lin_dma },
    [ENG_NOP] = { "NOP", 8, false, NULL },
    [ENG_STOP] = { "STOP", 8, false, NULL },
    [ENG_ARB_POINT] = { "ARB_POINT", 8, true, arb_point },
    [ENG_WAIT] = { "WAIT", 8, false, wait },
    [ENG_CB_LIST] = { "CB_LIST", 24, true, cb_list },
    [ENG_LOAD_AND_EXE] = { "LOAD_AND_EXE", 16, true, load_and_exe },
    [ENG_WRITE_ARC_STREAM] = { "WRITE_ARC_STREAM", 8, false, write_arc_stream },
    [ENG_WREG_64_SHORT] = { "WREG_64_SHORT", 8, true, wreg_64_short },
    [ENG_WREG_64_LONG] = { "WREG_64_LONG", 16, true, wreg_64_long },
};

const char *eng_op_name(unsigned op)
{
    return op < ENG_OP_COUNT && ops[op].name ? ops[op].name : "UNKNOWN";
}

int eng_decode(const struct eng_asic *asic, const void *buf, size_t len, struct eng_packet *p)
{
    const struct eng_format_desc *f = &asic->fmt;
    const uint8_t *b = buf;
    uint32_t w, ctl;

    memset(p, 0, sizeof(*p));
    p->bytes = 8;
    if (len < 8)
        return -ENODATA;
    w = word(b, 0);
    ctl = word(b, 1);
    p->op = eng_bits(ctl, 24, 5);
    p->eb = bit(ctl, 29);
    p->rb = bit(ctl, 30);
    p->mb = bit(ctl, 31);
    if (!bit(f->ops, p->op) || !ops[p->op].name)
        return -EILSEQ;
    p->bytes = ops[p->op].bytes;
    if (p->op == ENG_WREG_BULK || p->op == ENG_WRITE_ARC_STREAM)
        p->bytes += 8 * (w & 0xFFFF);
    if (len < p->bytes)
        return -ENODATA;
    if (f->pred && ops[p->op].pred)
        p->pred = ctl & 31;
    if (ops[p->op].fields)
        ops[p->op].fields(&(struct raw){ f, w, ctl, b }, p);
    return 0;
}
