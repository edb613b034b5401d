/* SPDX-License-Identifier: MIT */
/* The device's view of memory: its own, its registers, the host's. */
#include "rig/emu/emu.h"
#include "rig/emu/guard.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

uint32_t emu_get(struct emu *e, uint32_t off)
{
    return eng_reg_read(&e->eng, off);
}

void emu_set(struct emu *e, uint32_t off, uint32_t x)
{
    if (off <= e->chip->cfg_size - 4)
        memcpy(e->cfg + off, &x, 4);
}

/* A pointer to the device's own memory; NULL for anything else. */
static uint8_t *own(struct emu *e, uint64_t a, uint64_t len)
{
    const struct eng_chip *c = e->chip;

    if (a >= c->memory_base && a - c->memory_base < e->dram_size &&
        len <= e->dram_size - (a - c->memory_base))
        return e->dram + (a - c->memory_base);
    if (a >= c->sram_base && a - c->sram_base < c->sram_size &&
        len <= c->sram_size - (a - c->sram_base))
        return e->sram + (a - c->sram_base);
    return NULL;
}

bool emu_is_memory(struct emu *e, uint64_t a)
{
    return own(e, a, 1) || (a >= e->chip->host_base && vfu_mapped(&e->v, a - e->chip->host_base));
}

int emu_mem(struct emu *e, uint64_t a, void *buf, uint64_t len, bool out)
{
    uint8_t *p = own(e, a, len);

    if (p)
        return (out ? guard_copy(p, buf, len) : guard_copy(buf, p, len)) ? 0 : -EFAULT;
    if (a < e->chip->host_base)
        return -EFAULT;
    a -= e->chip->host_base;
    return out ? vfu_write(&e->v, a, buf, len) : vfu_read(&e->v, a, buf, len);
}

/* A range that lies within one of our mappings, for guard_copy() only; or NULL. */
static uint8_t *mapping(struct emu *e, uint64_t a, uint64_t len, bool write)
{
    uint8_t *p = own(e, a, len);

    return p || a < e->chip->host_base ? p : vfu_iova(&e->v, a - e->chip->host_base, len, write);
}

int emu_move(struct emu *e, uint64_t to, uint64_t from, uint64_t *n, bool *bad_write)
{
    uint8_t *d = mapping(e, to, *n, true), *s = mapping(e, from, *n, false), piece[4096];

    *bad_write = false;
    if (d && s)
        return guard_copy(d, s, *n) ? 0 : -EFAULT;
    if (*n > sizeof(piece))
        *n = sizeof(piece);
    if (emu_mem(e, from, piece, *n, false))
        return -EFAULT;
    *bad_write = true;
    return emu_mem(e, to, piece, *n, true);
}

int emu_write32(struct emu *e, uint64_t a, uint32_t x)
{
    int rc = eng_write32(&e->eng, NULL, a, x);

    if (rc < 0)
        emu_log(e, "write to nowhere: %#llx = %#x", (unsigned long long)a, x);
    return rc;
}

int emu_copy(struct emu *e, int asid, uint64_t a, void *buf, uint64_t len, bool out)
{
    uint8_t *b = buf;

    while (len) {
        uint64_t pa = a, n = len;

        if (asid >= 0 && !emu_translate(e, (unsigned)asid, a, &pa, &n))
            goto bad;
        if (n > len)
            n = len;
        if (emu_mem(e, pa, b, n, out))
            goto bad;
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
    uint8_t *p = own(e, a, len);
    uint64_t o = a - e->chip->memory_base;

    if (!p)
        return -EOPNOTSUPP;
    if (!val && a >= e->chip->memory_base && o < e->dram_size && len >= MiB &&
        !((o | len) & 4095)) {
        /* keep the backing file sparse */
        if (fallocate(e->dram_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)o,
                      (off_t)len) == 0)
            return 0;
    }
    return guard_fill(p, val, len) ? 0 : -EFAULT;
}
