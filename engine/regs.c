/* SPDX-License-Identifier: MIT */
/* Writes to the configuration space: what has an effect, and what is merely stored. */
#include <errno.h>
#include <string.h>

#include "engine/asic.h"

#define FENCE_MAX 0xFFu /* as wide as FENCE's target */

/* A message to FENCEn_RDATA of a stream adds to FENCEn_CNT. */
static bool fence_write(struct eng *e, struct eng_qman *m, uint32_t block, uint32_t offset,
                        uint32_t value)
{
    const struct eng_qm_desc *d = &e->asic->qm;
    uint32_t o = offset - block - d->fence_rdata;
    uint32_t n = d->fence_stream_step ? 5 : 1;
    uint32_t cnt, old;

    if (o >= 4u * d->fence_step || o % d->fence_step >= 4 * n)
        return false;
    cnt = block + d->fence_cnt + o;
    old = eng_reg_read(e, cnt);
    value &= 0xF;
    if (old + value > FENCE_MAX) {
        unsigned stream = block == m->base ? o % d->fence_step / 4 : 4;
        struct eng_report r = { .what = ENG_FAULT_FENCE_OVERFLOW,
                                .queue = &m->cp[stream],
                                .write = true,
                                .addr = e->asic->chip.cfg_base + offset };

        if (e->ops->report)
            e->ops->report(e->priv, &r);
        value = FENCE_MAX - old;
    }
    old += value;
    memcpy(e->cfg + cnt, &old, 4);
    return true;
}

void eng_reg_write(struct eng *e, uint32_t offset, uint32_t value)
{
    uint32_t old;

    if (offset > e->asic->chip.cfg_size - 4)
        return;
    if (eng_sm_write(e, offset, value))
        return;
    old = eng_reg_read(e, offset);
    memcpy(e->cfg + offset, &value, 4);
    for (unsigned i = 0; i < e->nqman; i++) {
        struct eng_qman *m = &e->qman[i];
        const struct eng_qm_desc *d = &e->asic->qm;

        if ((offset ^ m->base) < 0x1000 && fence_write(e, m, m->base, offset, value))
            return;
        if (m->lower_base && (offset ^ m->lower_base) < 0x1000 &&
            fence_write(e, m, m->lower_base, offset, value))
            return;
        if (d->commit && offset == m->base + (uint32_t)d->core + d->commit) {
            eng_dma_commit(m, value);
            return;
        }
    }
    if (e->ops->reg)
        e->ops->reg(e->priv, offset, old, value);
}

int eng_write32(struct eng *e, const struct eng_queue *queue, uint64_t addr, uint32_t value)
{
    if (addr >= e->asic->chip.cfg_base &&
        addr - e->asic->chip.cfg_base <= e->asic->chip.cfg_size - 4) {
        if (e->ops->doorbell && e->ops->doorbell(e->priv, queue, addr, value))
            return 0;
        eng_reg_write(e, (uint32_t)(addr - e->asic->chip.cfg_base), value);
        return 0;
    }
    if (e->ops->doorbell && e->ops->doorbell(e->priv, queue, addr, value))
        return 0;
    return e->ops->write(e->priv, queue, addr, &value, 4);
}
