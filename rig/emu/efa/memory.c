/* SPDX-License-Identifier: MIT */
/*
 * The card's view of the bus: the guest's memory, through the DMA map, and the parts of their BARs
 * that other devices have shared with us. Nothing else is touched.
 */
#include "rig/emu/efa/card.h"
#include "rig/emu/guard.h"
#include <errno.h>
#include <string.h>

#define PAGE 4096u

static void *lookup(struct efa_card *c, uint64_t addr, uint64_t len, bool write)
{
    void *p = vfu_iova(&c->v, addr, len, write);

    for (unsigned i = 0; !p && i < c->net->windows; i++)
        p = window_ptr(c->net->window[i], addr, len);
    return p;
}

/* Contiguous bytes from addr on, at most *len: two maps may meet in the middle. */
void *efa_ptr(struct efa_card *c, uint64_t addr, uint64_t *len, bool write)
{
    void *p = lookup(c, addr, *len, write);
    uint64_t left = PAGE - (addr & (PAGE - 1));

    if (!p && left < *len) {
        p = lookup(c, addr, left, write);
        if (p)
            *len = left;
    }
    return p;
}

static int copy(struct efa_card *c, uint64_t addr, void *buf, uint64_t len, bool write)
{
    uint8_t *b = buf;

    while (len) {
        uint64_t n = len;
        void *p = efa_ptr(c, addr, &n, write);

        if (!p || !(write ? guard_copy(p, b, n) : guard_copy(b, p, n))) {
            efa_log(c, "bus error: %s of %llu bytes at %#llx", write ? "write" : "read",
                    (unsigned long long)len, (unsigned long long)addr);
            return -EFAULT;
        }
        addr += n;
        b += n;
        len -= n;
    }
    return 0;
}

int efa_read(struct efa_card *c, uint64_t addr, void *buf, uint64_t len)
{
    return copy(c, addr, buf, len, false);
}

int efa_write(struct efa_card *c, uint64_t addr, const void *buf, uint64_t len)
{
    return copy(c, addr, (void *)(uintptr_t)buf, len, true);
}

int efa_write_entry(struct efa_card *c, uint64_t addr, const void *entry, uint32_t len,
                    uint32_t last)
{
    const uint8_t *b = entry;
    int rc = efa_write(c, addr, b, last);

    rc = rc ? rc : efa_write(c, addr + last + 1, b + last + 1, len - last - 1);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    return rc ? rc : efa_write(c, addr + last, b + last, 1);
}
