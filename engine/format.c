/* SPDX-License-Identifier: MIT */
/* A packet as a line of text. Each part returns false for packets that it does not handle. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"

/* Registers and messages. */
static bool write_text(const struct eng_packet *p, char *to, size_t size)
{
    switch (p->op) {
    case ENG_WREG_32:
    case ENG_WREG_64_SHORT:
        snprintf(to, size, " reg %#x = %#x", p->reg, p->value);
        return true;
    case ENG_WREG_64_LONG:
        snprintf(to, size, " reg %#x = %#" PRIx64, p->reg, p->addr);
        return true;
    case ENG_WREG_BULK:
    case ENG_WRITE_ARC_STREAM:
        snprintf(to, size, " reg %#x, %u quadwords", p->reg, p->len);
        return true;
    case ENG_MSG_LONG:
    case ENG_MSG_PROT:
        if (p->timestamp)
            snprintf(to, size, " %#" PRIx64 " = time", p->addr);
        else
            snprintf(to, size, " %#" PRIx64 " = %#x", p->addr, p->value);
        return true;
    case ENG_MSG_SHORT:
        snprintf(to, size, " base%u + %#x = %#x", p->base, p->reg, p->value);
        return true;
    default:
        return false;
    }
}

static void lin_dma_text(const struct eng_packet *p, char *to, size_t size)
{
    static const char *const swaps[] = { "", " swap 16", " swap 32", " swap 64" };
    const char *wrcomp = p->wrcomp ? " wrcomp" : "";

    if (p->memset)
        snprintf(to, size, " memset %#" PRIx64 " with %#" PRIx64 ", %u bytes%s", p->dst, p->addr,
                 p->len, wrcomp);
    else
        snprintf(to, size, " %#" PRIx64 " -> %#" PRIx64 ", %u bytes%s%s", p->addr, p->dst, p->len,
                 wrcomp, swaps[p->swap & 3]);
}

/* Packets that move bytes, or make others run. */
static bool move_text(const struct eng_packet *p, char *to, size_t size)
{
    switch (p->op) {
    case ENG_LIN_DMA:
        lin_dma_text(p, to, size);
        return true;
    case ENG_CP_DMA:
        snprintf(to, size, " %#" PRIx64 ", %u bytes%s", p->addr, p->len, p->upper ? " upper" : "");
        return true;
    case ENG_CB_LIST:
        snprintf(to, size, " index at %#" PRIx64 ", table at %#" PRIx64, p->addr, p->dst);
        return true;
    case ENG_LOAD_AND_EXE:
        snprintf(to, size, "%s%s%s from %#" PRIx64, p->load ? " load" : "",
                 p->load ? p->scalars ? " scalars" : " predicates" : "",
                 p->exe ? p->second ? " exe upper" : " exe" : "", p->addr);
        return true;
    default:
        return false;
    }
}

/* Packets that wait, and loops. */
static bool flow_text(const struct eng_packet *p, char *to, size_t size)
{
    switch (p->op) {
    case ENG_FENCE:
        snprintf(to, size, " id %u >= %u, then - %u", p->id, p->target, p->dec);
        return true;
    case ENG_WAIT:
        snprintf(to, size, " %u cycles, then fence %u + %u", p->cycles, p->id, p->inc);
        return true;
    case ENG_REPEAT:
        snprintf(to, size, " %s %s %u", p->outer ? "outer" : "inner", p->start ? "start" : "end",
                 p->jump);
        return true;
    case ENG_ARB_POINT:
        snprintf(to, size, " %s, priority %u", p->release ? "release" : "acquire", p->priority);
        return true;
    default:
        return false;
    }
}

int eng_format(const struct eng_packet *p, char *buf, size_t size)
{
    char tail[64], head[192];

    snprintf(tail, sizeof(tail), "%s%s%s", p->eb ? " eb" : "", p->mb ? " mb" : "",
             p->rb ? " rb" : "");
    if (p->pred)
        snprintf(tail + strlen(tail), sizeof(tail) - strlen(tail), " if p%u", p->pred);
    if (!write_text(p, head, sizeof(head)) && !move_text(p, head, sizeof(head)) &&
        !flow_text(p, head, sizeof(head)))
        head[0] = 0;
    return snprintf(buf, size, "%s%s%s", eng_op_name(p->op), head, tail);
}
