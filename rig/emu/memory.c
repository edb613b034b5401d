/* SPDX-License-Identifier: MIT */
/* The device's view of memory: its own, its registers, the host's, and its MMU. */
#include "rig/emu/emu.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

uint32_t emu_get(struct emu *e, uint32_t off)
{
    uint32_t x;

    memcpy(&x, e->cfg + off, 4);
    return x;
}

void emu_set(struct emu *e, uint32_t off, uint32_t x)
{
    memcpy(e->cfg + off, &x, 4);
}

/* A device physical address, to a pointer; NULL for registers and holes. */
void *emu_ptr(struct emu *e, uint64_t a, uint64_t len)
{
    const struct emu_asic *s = e->a;

    if (a >= s->dram_base && a - s->dram_base < e->dram_size &&
        len <= e->dram_size - (a - s->dram_base))
        return e->dram + (a - s->dram_base);
    if (a >= s->sram_base && a - s->sram_base < s->sram_size &&
        len <= s->sram_size - (a - s->sram_base))
        return e->sram + (a - s->sram_base);
    if (a >= s->host_base)
        return vfu_iova(&e->v, a - s->host_base, len);
    return NULL;
}

int emu_write32(struct emu *e, uint64_t a, uint32_t x)
{
    const struct emu_asic *s = e->a;
    void *p;

    if (a >= s->cfg_base && a - s->cfg_base < s->cfg_size) {
        e->old = emu_get(e, (uint32_t)(a - s->cfg_base));
        emu_set(e, (uint32_t)(a - s->cfg_base), x);
        s->reg(e, (uint32_t)(a - s->cfg_base), x);
        return 0;
    }
    p = emu_ptr(e, a, 4);
    if (!p) {
        emu_log(e, "write to nowhere: %#llx = %#x", (unsigned long long)a, x);
        return -1;
    }
    __atomic_store_n((uint32_t *)p, x, __ATOMIC_RELEASE);
    return 0;
}

/* MMU of Goya and Gaudi: five hops of 512 entries, bit 0 present, bit 11 last. */
static int mmu_walk(struct emu *e, unsigned asid, uint64_t va, uint64_t *pa, uint64_t *left)
{
    static const unsigned shift[5] = { 48, 39, 30, 21, 12 };
    uint64_t hop = e->hop0[asid & 1023], pte;

    for (unsigned i = 0; i < 5; i++) {
        uint64_t idx = (va >> shift[i]) & (i ? 511 : 3);

        if (hop + idx * 8 + 8 > e->dram_size)
            return -1;
        memcpy(&pte, e->dram + hop + idx * 8, 8);
        if (!(pte & 1))
            return -1;
        if ((pte & 0x800) || i == 4) {
            uint64_t size = 1ull << shift[i];

            *pa = (pte & ~0xFFFull) + (va & (size - 1));
            *left = size - (va & (size - 1));
            return 0;
        }
        hop = pte & ~0xFFFull;
    }
    return -1;
}

/* Copy out (to the device's view) or in; through the MMU unless asid is negative. */
int emu_copy(struct emu *e, int asid, uint64_t a, void *buf, uint64_t len, bool out)
{
    uint8_t *b = buf;

    while (len) {
        uint64_t pa = a, n = len;
        void *p;

        if (asid >= 0) {
            if (mmu_walk(e, (unsigned)asid, a, &pa, &n) < 0)
                goto bad;
            if (n > len)
                n = len;
        }
        p = emu_ptr(e, pa, n);
        if (!p)
            goto bad;
        if (out)
            memcpy(p, b, n);
        else
            memcpy(b, p, n);
        a += n;
        b += n;
        len -= n;
    }
    return 0;
bad:
    emu_log(e, "bad device address %#llx (asid %d)", (unsigned long long)a, asid);
    return -1;
}

void emu_fill(struct emu *e, uint64_t a, uint64_t val, uint64_t len)
{
    uint8_t *p = emu_ptr(e, a, len);
    uint64_t o = a - e->a->dram_base;

    if (!p) {
        emu_log(e, "memset of nowhere: %#llx + %#llx", (unsigned long long)a, (unsigned long long)len);
        return;
    }
    if (!val && a >= e->a->dram_base && o < e->dram_size && len >= MiB && !((o | len) & 4095)) {
        /* keep the backing file sparse */
        if (fallocate(e->dram_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)o,
                      (off_t)len) == 0)
            return;
    }
    for (uint64_t i = 0; i + 8 <= len; i += 8)
        memcpy(p + i, &val, 8);
}
