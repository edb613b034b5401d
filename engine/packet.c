/* SPDX-License-Identifier: MIT */
/* From bytes to struct eng_packet. */
#include <errno.h>
#include <string.h>

#include "engine/asic.h"

static const struct {
    const char *name;
    uint8_t bytes;
} ops[ENG_OP_COUNT] = {
    [ENG_WREG_32] = { "WREG_32", 8 },
    [ENG_WREG_BULK] = { "WREG_BULK", 8 },
    [ENG_MSG_LONG] = { "MSG_LONG", 16 },
    [ENG_MSG_SHORT] = { "MSG_SHORT", 8 },
    [ENG_CP_DMA] = { "CP_DMA", 16 },
    [ENG_REPEAT] = { "REPEAT", 8 },
    [ENG_MSG_PROT] = { "MSG_PROT", 16 },
    [ENG_FENCE] = { "FENCE", 8 },
    [ENG_LIN_DMA] = { "LIN_DMA", 24 },
    [ENG_NOP] = { "NOP", 8 },
    [ENG_STOP] = { "STOP", 8 },
    [ENG_ARB_POINT] = { "ARB_POINT", 8 },
    [ENG_WAIT] = { "WAIT", 8 },
    [ENG_CB_LIST] = { "CB_LIST", 24 },
    [ENG_LOAD_AND_EXE] = { "LOAD_AND_EXE", 16 },
    [ENG_WRITE_ARC_STREAM] = { "WRITE_ARC_STREAM", 8 },
    [ENG_WREG_64_SHORT] = { "WREG_64_SHORT", 8 },
    [ENG_WREG_64_LONG] = { "WREG_64_LONG", 16 },
};

const char *eng_op_name(unsigned op)
{
    return op < ENG_OP_COUNT && ops[op].name ? ops[op].name : "UNKNOWN";
}

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
    if (f->pred)
        p->pred = ctl & 31;
    switch (p->op) {
    case ENG_WREG_32:
        p->value = w;
        p->reg = eng_bits(ctl, f->wreg_shift, 16);
        break;
    case ENG_WREG_BULK:
        p->len = w & 0xFFFF;
        p->reg = eng_bits(ctl, f->wreg_shift, 16);
        break;
    case ENG_WRITE_ARC_STREAM:
        p->len = w & 0xFFFF;
        p->pred = 0;
        break;
    case ENG_WREG_64_SHORT:
        p->value = w;
        p->reg = 4 * eng_bits(ctl, 10, 14);
        break;
    case ENG_WREG_64_LONG:
        p->value = w & 3; /* which halves to write */
        p->reg = 4 * eng_bits(ctl, 10, 14);
        p->addr = quad(b, 1);
        break;
    case ENG_MSG_LONG:
    case ENG_MSG_PROT:
        p->value = w;
        p->addr = quad(b, 1);
        p->timestamp = f->pred && eng_bits(ctl, 20, 2) == 1;
        break;
    case ENG_MSG_SHORT:
        p->value = w;
        p->pred = 0; /* the bits are the address's */
        p->reg = ctl & 0xFFFF;
        p->base = eng_bits(ctl, 22, 2);
        p->timestamp = f->pred && eng_bits(ctl, 20, 2) == 1;
        break;
    case ENG_LIN_DMA:
        p->pred = 0;
        p->len = w;
        p->addr = quad(b, 1);
        p->dst = quad(b, 2) & f->dst_mask;
        p->memset = bit(ctl, f->memset);
        p->wrcomp = bit(ctl, f->wrcomp);
        p->swap = f->swap < 32 ? (uint8_t)eng_bits(ctl, f->swap, 2) : 0;
        p->dir = f->dir_shift < 32 ? eng_bits(ctl, f->dir_shift, 3) : 0;
        break;
    case ENG_CP_DMA:
        p->len = w;
        p->addr = quad(b, 1);
        p->upper = bit(ctl, f->upper);
        break;
    case ENG_FENCE:
        p->dec = w & 15;
        p->target = eng_bits(w, 16, 8);
        p->id = w >> 30;
        break;
    case ENG_WAIT:
        p->pred = 0;
        p->cycles = w & 0xFFFFFF;
        p->inc = eng_bits(w, 24, 4);
        p->id = eng_bits(w, 28, 2);
        break;
    case ENG_REPEAT:
        p->start = bit(w, 0);
        p->outer = bit(w, 1);
        p->jump = w >> 16;
        break;
    case ENG_ARB_POINT:
        p->priority = w & f->arb_priority;
        p->release = bit(w, 31);
        break;
    case ENG_LOAD_AND_EXE:
        p->scalars = bit(w, 0);
        p->consecutive = f->pmap && bit(w, 1);
        p->load = bit(w, 8);
        p->exe = bit(w, 9);
        p->second = bit(w, 10);
        p->addr = quad(b, 1);
        break;
    case ENG_CB_LIST:
        p->addr = quad(b, 1);
        p->dst = quad(b, 2);
        break;
    default: /* NOP, STOP: the header is all */
        p->pred = 0;
        break;
    }
    return 0;
}
