/* SPDX-License-Identifier: MIT */
/*
 * The devices' MMUs. Page tables have 512 entries of 8 bytes; bit 0 of an entry: present, bit 11:
 * the last hop (mmu_general.h). Goya and Gaudi: one MMU, five hops, tables in device memory.
 * Gaudi2: the PMMU for host memory (six hops, tables in host memory), the HMMU for device memory
 * (four hops). The HMMU's addresses are scrambled on the way in and out: blocks of 8 MiB go to six
 * stacks in turn, so 48 MiB of the address space become 64 MiB (gaudi2_mmu_scramble_addr()).
 */
#include "rig/emu/emu.h"

#define PRESENT 1ull
#define LAST (1ull << 11)
#define FLAGS 0xFFFull
#define PMMU_START 0xFFF0000000000000ull /* VA_HOST_SPACE_PAGE_START */
#define HBM_VA_END 0x1002000000000000ull /* VA_HBM_SPACE_END */
#define LOW48 ((1ull << 48) - 1)
#define STACKS (48 * MiB)
#define SCRAMBLED (64 * MiB)

static const uint8_t five[] = { 48, 39, 30, 21, 12 }, six[] = { 57, 48, 39, 30, 21, 12 };

static bool walk(struct emu *e, const uint8_t *shift, unsigned hops, uint64_t hop, uint64_t va,
                 uint64_t *pa, uint64_t *left)
{
    for (unsigned i = 0; i < hops; i++) {
        uint64_t pte, size = 1ull << shift[i];

        if (emu_mem(e, hop + (va >> shift[i] & 511) * 8, &pte, sizeof(pte), false) ||
            !(pte & PRESENT))
            return false;
        if ((pte & LAST) || i == hops - 1) {
            *pa = (pte & ~FLAGS) + (va & (size - 1));
            *left = size - (va & (size - 1));
            return true;
        }
        hop = pte & ~FLAGS;
    }
    return false;
}

static bool walk_hbm(struct emu *e, unsigned asid, uint64_t va, uint64_t *pa, uint64_t *left)
{
    uint64_t low = va & LOW48, s, in;

    s = (va & ~LOW48) | (low / STACKS * SCRAMBLED + low % STACKS);
    if (!walk(e, six, 4, e->hop0_hbm[asid & 1], s, &s, left))
        return false;
    low = s & LOW48;
    in = low % SCRAMBLED;
    *pa = (s & ~LOW48) | (low / SCRAMBLED * STACKS + in);
    if (*left > STACKS - in)
        *left = STACKS - in;
    return in < STACKS;
}

/* Is this address translated by the MMU, or does it bypass it? */
bool emu_is_virtual(struct emu *e, uint64_t a)
{
    if (!e->a->hmmu)
        return !emu_is_memory(e, a);
    if (a >= PMMU_START)
        return true;
    return a >= e->chip->memory_base + e->chip->memory_size && a < HBM_VA_END;
}

/* *left: the bytes for which the translation holds. */
bool emu_translate(struct emu *e, unsigned asid, uint64_t va, uint64_t *pa, uint64_t *left)
{
    if (!e->a->hmmu)
        return walk(e, five, 5, e->hop0[asid & 1023], va, pa, left);
    if (va >= PMMU_START)
        return walk(e, six, 6, e->hop0[asid & 1023], va, pa, left);
    return walk_hbm(e, asid, va, pa, left);
}
