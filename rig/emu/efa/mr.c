/* SPDX-License-Identifier: MIT */
/* Memory regions: keys, access rights, and the pages behind a range of addresses. */
#include "rig/emu/efa/card.h"
#include "rig/emu/guard.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t key_of(const struct efa_card *c, const struct efa_mr *mr)
{
    return (uint32_t)(mr - c->mr) | (uint32_t)mr->generation << 16;
}

/* Reads the list of a region's pages from the guest's memory: one buffer, or a chain of chunks. */
static int read_list(struct efa_card *c, const struct aq_entry *e, struct efa_mr *mr)
{
    uint64_t at = e->u.reg_mr.at.list.lo | (uint64_t)e->u.reg_mr.at.list.hi << 32;
    uint32_t got = 0;

    if (!(e->flags & AQ_INDIRECT))
        return efa_read(c, at, mr->page, (uint64_t)mr->pages * 8);
    while (got < mr->pages) {
        struct {
            uint64_t pointer[CHUNK_POINTERS];
            uint32_t length, lo, hi, pad;
        } __attribute__((packed)) chunk = { .length = 0 };
        uint32_t left = (mr->pages - got + CHUNK_PAGES - 1) / CHUNK_PAGES;
        bool last = left <= CHUNK_POINTERS;
        uint32_t n = last ? left : CHUNK_POINTERS;

        if (efa_read(c, at, &chunk, last ? n * 8 : CHUNK_BYTES) < 0)
            return -EFAULT;
        for (uint32_t i = 0; i < n; i++) {
            uint32_t pages = mr->pages - got < CHUNK_PAGES ? mr->pages - got : CHUNK_PAGES;

            if (efa_read(c, chunk.pointer[i], mr->page + got, (uint64_t)pages * 8) < 0)
                return -EFAULT;
            got += pages;
        }
        at = chunk.lo | (uint64_t)chunk.hi << 32;
    }
    return 0;
}

/* ADMIN_OK: such a region is allowed, and has that many pages. */
static int check_region(const struct efa_card *c, const struct aq_entry *e, uint64_t *pages)
{
    uint8_t shift = e->u.reg_mr.flags & 0x1f;
    uint64_t length = e->u.reg_mr.length, iova = e->u.reg_mr.iova, end;

    if (e->u.reg_mr.pd >= EFA_MAX_PD || !c->pd[e->u.reg_mr.pd] || shift < 12 || !length ||
        e->u.reg_mr.flags & 0xe0 || e->u.reg_mr.permissions & ~7u ||
        __builtin_add_overflow(iova, length - 1, &end))
        return ADMIN_BAD_PARAMETER;
    *pages = (end >> shift) - (iova >> shift) + 1;
    if (*pages > EFA_MAX_PAGES || (!(e->flags & AQ_BUFFER) && *pages > 4))
        return ADMIN_BAD_PARAMETER;
    return *pages > EFA_ALL_PAGES - c->pages ? ADMIN_NO_RESOURCES : ADMIN_OK;
}

/* Key 0 is never given out. */
static struct efa_mr *unused_region(struct efa_card *c)
{
    for (unsigned i = 1; i < EFA_MAX_MR; i++)
        if (!c->mr[i].used)
            return &c->mr[i];
    return NULL;
}

int efa_mr_register(struct efa_card *c, const struct aq_entry *e, uint32_t *key)
{
    struct efa_mr *mr;
    uint64_t pages;
    int status = check_region(c, e, &pages);

    if (status)
        return status;
    mr = unused_region(c);
    if (!mr)
        return ADMIN_NO_RESOURCES;
    mr->page = calloc(pages, 8);
    if (!mr->page)
        return ADMIN_NO_RESOURCES;
    mr->pages = (uint32_t)pages;
    if (!(e->flags & AQ_BUFFER)) {
        memcpy(mr->page, &e->u.reg_mr.at, pages * 8);
    } else if (read_list(c, e, mr) < 0) {
        free(mr->page);
        mr->page = NULL;
        return ADMIN_MALFORMED;
    }
    mr->used = true;
    mr->generation++;
    mr->permissions = e->u.reg_mr.permissions;
    mr->shift = e->u.reg_mr.flags & 0x1f;
    mr->pd = e->u.reg_mr.pd;
    mr->iova = e->u.reg_mr.iova;
    mr->length = e->u.reg_mr.length;
    c->pages += pages;
    *key = key_of(c, mr);
    efa_detail(c, "region %#x: %#llx + %#llx, %u pages of %llu, first at %#llx, rights %u", *key,
               (unsigned long long)mr->iova, (unsigned long long)mr->length, mr->pages,
               1ull << mr->shift, (unsigned long long)mr->page[0], mr->permissions);
    return ADMIN_OK;
}

static struct efa_mr *by_key(struct efa_card *c, uint32_t key)
{
    uint32_t i = key & 0xffff;

    return i < EFA_MAX_MR && c->mr[i].used && key_of(c, &c->mr[i]) == key ? &c->mr[i] : NULL;
}

void efa_mr_forget(struct efa_card *c, struct efa_mr *mr)
{
    c->pages -= mr->pages;
    free(mr->page);
    mr->page = NULL;
    mr->used = false;
}

int efa_mr_deregister(struct efa_card *c, uint32_t key)
{
    struct efa_mr *mr = by_key(c, key);

    if (!mr)
        return ADMIN_BAD_PARAMETER;
    efa_mr_forget(c, mr);
    return ADMIN_OK;
}

struct efa_mr *efa_mr_find(struct efa_card *c, uint32_t key, uint16_t pd, uint8_t rights,
                           uint64_t addr, uint64_t len)
{
    struct efa_mr *mr = by_key(c, key);

    if (!mr || mr->pd != pd || (mr->permissions & rights) != rights || addr < mr->iova ||
        addr - mr->iova > mr->length || len > mr->length - (addr - mr->iova))
        return NULL;
    return mr;
}

void *efa_mr_ptr(struct efa_card *c, const struct efa_mr *mr, uint64_t addr, uint64_t *len,
                 bool write)
{
    uint64_t size = 1ull << mr->shift, in = addr & (size - 1);
    uint64_t i = (addr >> mr->shift) - (mr->iova >> mr->shift);

    if (*len > size - in)
        *len = size - in;
    return efa_ptr(c, (mr->page[i] & ~(size - 1)) + in, len, write);
}

int efa_mr_copy(struct efa_card *c, const struct efa_mr *mr, uint64_t addr, void *buf, uint64_t len,
                bool to_region)
{
    uint8_t *b = buf;

    while (len) {
        uint64_t n = len;
        void *p = efa_mr_ptr(c, mr, addr, &n, to_region);

        if (!p || !(to_region ? guard_copy(p, b, n) : guard_copy(b, p, n)))
            return -EFAULT;
        addr += n;
        b += n;
        len -= n;
    }
    return 0;
}
