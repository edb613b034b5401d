/* SPDX-License-Identifier: MIT */
/* Queue packets, as the driver needs them for itself and for simple submissions. */
#include "rig/emu/emu.h"
#include <stdlib.h>
#include <string.h>

void emu_run_packets(struct emu *e, unsigned q, uint64_t ptr, uint32_t len, uint32_t memset_bit)
{
    const struct emu_asic *s = e->a;
    uint8_t *cb = emu_ptr(e, ptr, len);
    uint32_t o = 0;

    if (!cb) {
        emu_log(e, "QM%u: no CB at %#llx + %#x", q, (unsigned long long)ptr, len);
        return;
    }
    while (o + 8 <= len) {
        uint32_t w0, ctl;
        uint64_t a, b;
        unsigned op;

        memcpy(&w0, cb + o, 4);
        memcpy(&ctl, cb + o + 4, 4);
        op = (ctl >> 24) & 0x1f;
        e->npkt++;
        switch (op) {
        case 0x3:   /* MSG_LONG */
        case 0x7:   /* MSG_PROT */
            memcpy(&a, cb + o + 8, 8);
            if (e->verbose)
                emu_log(e, "QM%u: MSG %#llx = %#x", q, (unsigned long long)a, w0);
            emu_write32(e, a, w0);
            o += 16;
            break;
        case 0x9: { /* LIN_DMA */
            int sa = -1, da = -1;

            memcpy(&a, cb + o + 8, 8);
            memcpy(&b, cb + o + 16, 8);
            if (e->a->dma_mask)
                b &= e->a->dma_mask;            /* Gaudi: the top byte is the context */
            /* what is no physical address is a virtual one of the user's ASID */
            if (!(ctl & memset_bit) && !emu_ptr(e, a, w0))
                sa = 1;
            if (!emu_ptr(e, b, w0))
                da = 1;
            if (q || e->verbose)
                emu_log(e, "QM%u: LIN_DMA ctl %#x size %#x %#llx -> %#llx", q, ctl, w0,
                   (unsigned long long)a, (unsigned long long)b);
            if (ctl & memset_bit) {
                emu_fill(e, b, a, w0);
            } else {
                void *t = malloc(w0 ? w0 : 1);

                if (t && emu_copy(e, sa, a, t, w0, false) == 0)
                    emu_copy(e, da, b, t, w0, true);
                free(t);
            }
            if ((ctl & 1) && e->wrcomp_addr)
                emu_write32(e, e->wrcomp_addr, e->wrcomp_data);
            o += 24;
            break;
        }
        case 0x5:   /* CP_DMA */
            memcpy(&a, cb + o + 8, 8);
            emu_run_packets(e, q, a, w0, memset_bit);
            o += 16;
            break;
        case 0x2:   /* WREG_BULK */
            o += 8 + 8 * w0;
            break;
        case 0xF:   /* LOAD_AND_EXE */
            o += 16;
            break;
        case 0x4:   /* MSG_SHORT */
            a = e->short_base[(ctl >> 22) & 3];
            if (a)
                emu_write32(e, a + (ctl & 0xffff), w0);
            o += 8;
            break;
        case 0x1: case 0x6: case 0x8: case 0xA: case 0xB: case 0xC: case 0xD:
            o += 8; /* WREG_32, REPEAT, FENCE, NOP, STOP, ARB_POINT, WAIT */
            break;
        default:
            emu_log(e, "QM%u: packet %#x is not known", q, op);
            return;
        }
    }
    (void)s;
}

void emu_run_queue(struct emu *e, unsigned q, uint64_t pq, unsigned log2len, uint32_t pi, uint32_t memset_bit)
{
    uint32_t mask = (1u << (log2len & 31)) - 1;

    while (e->qci[q] != pi) {
        struct { uint64_t ptr; uint32_t len, ctl; } bd;
        void *p = emu_ptr(e, pq + 16ull * (e->qci[q] & mask), 16);

        if (!p) {
            emu_log(e, "QM%u: no PQ at %#llx", q, (unsigned long long)pq);
            break;
        }
        memcpy(&bd, p, 16);
        if (e->verbose)
            emu_log(e, "QM%u: pi %u bd %#llx len %u", q, pi, (unsigned long long)bd.ptr, bd.len);
        emu_run_packets(e, q, bd.ptr, bd.len, memset_bit);
        e->qci[q] = (e->qci[q] + 1) & (2 * mask + 1);
    }
}
