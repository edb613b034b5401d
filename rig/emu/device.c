/* SPDX-License-Identifier: MIT */
/* One accelerator: its memory, its registers as the machine accesses them, its resets. */
#include "rig/emu/emu.h"
#include "rig/emu/guard.h"
#include <string.h>
#include <unistd.h>

static void op_rd(struct vfu *v, unsigned region, uint64_t off, void *buf, uint32_t len)
{
    struct emu *e = v->priv;

    memset(buf, 0, len);
    if (region == VFU_REGION_CONFIG) {
        memcpy(buf, v->cfg + off, len);
    } else if (v->region[region].mem) {
        e->nreg_rd++;
        guard_copy(buf, (uint8_t *)v->region[region].mem + off, len);
    }
}

static void op_wr(struct vfu *v, unsigned region, uint64_t off, const void *buf, uint32_t len)
{
    struct emu *e = v->priv;
    const struct emu_asic *s = e->a;
    const struct eng_chip *c = e->chip;

    if (region == VFU_REGION_CONFIG) {
        emu_config_write(e, off, buf, len);
    } else if (v->region[region].mem) {
        e->nreg_wr++;
        if (region == s->cfg_bar && len == 4 && off >= s->cfg_in_bar &&
            off - s->cfg_in_bar < c->cfg_size) {
            uint32_t x;

            memcpy(&x, buf, 4);
            eng_reg_write(&e->eng, (uint32_t)(off - s->cfg_in_bar), x);
        } else {
            guard_copy((uint8_t *)v->region[region].mem + off, buf, len);
        }
    }
    emu_settle(e);
}

static void op_reset(struct vfu *v)
{
    emu_reset(v->priv, true);
}

static const struct vfu_ops ops = { op_rd, op_wr, op_reset };

void emu_reset(struct emu *e, bool hard)
{
    enum emu_reset kind = hard ? EMU_HARD_RESET : EMU_SOFT_RESET;

    if (kind > e->pending_reset)
        e->pending_reset = kind;
    emu_settle(e);
}

void emu_settle(struct emu *e)
{
    enum emu_reset kind = e->pending_reset;

    if (e->stepping || kind == EMU_NO_RESET)
        return;
    e->pending_reset = EMU_NO_RESET;
    e->a->reset(e, kind == EMU_HARD_RESET);
}

static int make_memory(struct emu *e)
{
    struct vfu_region *d = &e->v.region[e->a->dram_bar];

    for (unsigned i = 0; i < 6; i += 2) {
        uint64_t size = i == e->a->dram_bar ? e->dram_size : e->chip->bar_size[i / 2];

        if (vfu_bar_mem(&e->v, i, size, e->a->asic->name) < 0)
            return -1;
    }
    e->dram = d->mem;
    e->dram_fd = d->fd;
    d->size = e->bar_dram;
    e->cfg = (uint8_t *)e->v.region[e->a->cfg_bar].mem + e->a->cfg_in_bar;
    e->sram = (uint8_t *)e->v.region[e->a->sram_bar].mem + e->a->sram_in_bar;
    if (e->a->msix && e->a->cfg_bar != 2 && e->a->sram_bar != 2) {
        /* only the MSI-X table: each access arrives as a message */
        close(e->v.region[2].fd);
        e->v.region[2].fd = -1;
    }
    return 0;
}

int emu_init(struct emu *e)
{
    e->chip = eng_chip(eng_asic_find(e->a->asic->name));
    e->dram_size = e->a->dram_size ? e->a->dram_size : e->chip->memory_size;
    if (!e->bar_dram)
        e->bar_dram = e->a->dram_bar_size ? e->a->dram_bar_size : e->dram_size;
    if (e->bar_dram > e->dram_size)
        e->bar_dram = e->dram_size;
    e->nvec = e->a->nvec;
    e->ntrap = e->a->ntrap;
    clock_gettime(CLOCK_MONOTONIC, &e->t0);
    vfu_init(&e->v, &ops, e);
    if (make_memory(e) < 0 || emu_exec_init(e) < 0)
        return -1;
    if (e->a->setup)
        e->a->setup(e);
    emu_carve(&e->v.region[e->a->cfg_bar], e->a, e->ntrap);
    emu_config_setup(e);
    emu_reset(e, true);
    return 0;
}

void emu_fini(struct emu *e)
{
    eng_fini(&e->eng);
    vfu_fini(&e->v);
}
