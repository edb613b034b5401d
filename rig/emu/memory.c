/* SPDX-License-Identifier: MIT */
/* The device's view of memory: its own, its registers, the host's. */
#include "rig/emu/emu.h"
#include <errno.h>
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
    int rc = eng_write32(&e->eng, NULL, a, x);

    if (rc < 0)
        emu_log(e, "write to nowhere: %#llx = %#x", (unsigned long long)a, x);
    return rc;
}

/* Copy out (to the device's view) or in; through the MMU unless asid is negative. */
int emu_copy(struct emu *e, int asid, uint64_t a, void *buf, uint64_t len, bool out)
{
    uint8_t *b = buf;

    while (len) {
        uint64_t pa = a, n = len;
        void *p;

        if (asid >= 0) {
            if (!emu_translate(e, (unsigned)asid, a, &pa, &n))
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

int emu_fill(struct emu *e, uint64_t a, uint64_t val, uint64_t len)
{
    uint8_t *p = emu_ptr(e, a, len);
    uint64_t o = a - e->a->dram_base;

    if (!p) {
        emu_log(e, "memset of nowhere: %#llx + %#llx", (unsigned long long)a,
                (unsigned long long)len);
        return -EFAULT;
    }
    if (!val && a >= e->a->dram_base && o < e->dram_size && len >= MiB && !((o | len) & 4095)) {
        /* keep the backing file sparse */
        if (fallocate(e->dram_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)o,
                      (off_t)len) == 0)
            return 0;
    }
    for (uint64_t i = 0; i + 8 <= len; i += 8)
        memcpy(p + i, &val, 8);
    return 0;
}
