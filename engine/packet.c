/* SPDX-License-Identifier: MIT */
/* From bytes to struct eng_packet, and from there to a line of text. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
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

int eng_format(const struct eng_packet *p, char *buf, size_t size)
{
    char tail[64], head[192];
    const char *name = eng_op_name(p->op);

    snprintf(tail, sizeof(tail), "%s%s%s", p->eb ? " eb" : "", p->mb ? " mb" : "",
             p->rb ? " rb" : "");
    if (p->pred)
        snprintf(tail + strlen(tail), sizeof(tail) - strlen(tail), " if p%u", p->pred);
    switch (p->op) {
    case ENG_WREG_32:
    case ENG_WREG_64_SHORT:
        snprintf(head, sizeof(head), " reg %#x = %#x", p->reg, p->value);
        break;
    case ENG_WREG_64_LONG:
        snprintf(head, sizeof(head), " reg %#x = %#" PRIx64, p->reg, p->addr);
        break;
    case ENG_WREG_BULK:
    case ENG_WRITE_ARC_STREAM:
        snprintf(head, sizeof(head), " reg %#x, %u quadwords", p->reg, p->len);
        break;
    case ENG_MSG_LONG:
    case ENG_MSG_PROT:
        if (p->timestamp)
            snprintf(head, sizeof(head), " %#" PRIx64 " = time", p->addr);
        else
            snprintf(head, sizeof(head), " %#" PRIx64 " = %#x", p->addr, p->value);
        break;
    case ENG_MSG_SHORT:
        snprintf(head, sizeof(head), " base%u + %#x = %#x", p->base, p->reg, p->value);
        break;
    case ENG_LIN_DMA:
        if (p->memset)
            snprintf(head, sizeof(head), " memset %#" PRIx64 " with %#" PRIx64 ", %u bytes%s",
                     p->dst, p->addr, p->len, p->wrcomp ? " wrcomp" : "");
        else
            snprintf(head, sizeof(head), " %#" PRIx64 " -> %#" PRIx64 ", %u bytes%s", p->addr,
                     p->dst, p->len, p->wrcomp ? " wrcomp" : "");
        break;
    case ENG_CP_DMA:
        snprintf(head, sizeof(head), " %#" PRIx64 ", %u bytes", p->addr, p->len);
        break;
    case ENG_FENCE:
        snprintf(head, sizeof(head), " id %u >= %u, then - %u", p->id, p->target, p->dec);
        break;
    case ENG_WAIT:
        snprintf(head, sizeof(head), " %u cycles, then fence %u + %u", p->cycles, p->id, p->inc);
        break;
    case ENG_REPEAT:
        snprintf(head, sizeof(head), " %s %s %u", p->outer ? "outer" : "inner",
                 p->start ? "start" : "end", p->jump);
        break;
    case ENG_ARB_POINT:
        snprintf(head, sizeof(head), " %s, priority %u", p->release ? "release" : "acquire",
                 p->priority);
        break;
    case ENG_LOAD_AND_EXE:
        snprintf(head, sizeof(head), "%s%s%s from %#" PRIx64, p->load ? " load" : "",
                 p->load ? p->scalars ? " scalars" : " predicates" : "",
                 p->exe ? p->second ? " exe upper" : " exe" : "", p->addr);
        break;
    default:
        head[0] = 0;
        break;
    }
    return snprintf(buf, size, "%s%s%s", name, head, tail);
}
