/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "engine/asic.h"

const struct eng_asic *eng_asic_find(const char *name)
{
    static const struct eng_asic *const all[] = { &eng_asic_goya, &eng_asic_gaudi,
                                                  &eng_asic_gaudi2 };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (name && !strcmp(name, all[i]->chip.asic->name))
            return all[i];
    return NULL;
}

const struct eng_chip *eng_chip(const struct eng_asic *asic)
{
    return &asic->chip;
}

bool eng_has_op(const struct eng_asic *asic, unsigned op)
{
    return op < ENG_OP_COUNT && asic->fmt.ops >> op & 1;
}

unsigned eng_queue_count(const struct eng_asic *asic)
{
    return asic->queues;
}

struct eng_queue_desc eng_queue_desc(const struct eng_asic *asic, unsigned queue_id)
{
    if (queue_id >= asic->queues)
        return (struct eng_queue_desc){ .kind = ENG_QUEUE_NONE };
    return asic->queue(queue_id);
}

bool eng_rings_msix(const struct eng_asic *asic, uint64_t addr)
{
    for (unsigned i = 0; i < sizeof(asic->msix) / sizeof(asic->msix[0]); i++)
        if (asic->msix[i] && addr == asic->chip.cfg_base + asic->msix[i])
            return true;
    return false;
}

uint32_t eng_sob_offset(const struct eng_asic *asic, unsigned sm, unsigned sob)
{
    return asic->sm.base[sm & 3] + 4 * sob;
}

uint32_t eng_mon_arm_offset(const struct eng_asic *asic, unsigned sm, unsigned mon)
{
    return asic->sm.base[sm & 3] + asic->sm.arm + 4 * mon;
}

uint32_t eng_fence_offset(const struct eng_asic *asic, unsigned queue_id, unsigned id)
{
    struct eng_queue_desc d = eng_queue_desc(asic, queue_id);

    return d.qm + asic->qm.fence_rdata + asic->qm.fence_step * (id & 3) +
           asic->qm.fence_stream_step * d.stream;
}

uint32_t eng_mon_payload_offset(const struct eng_asic *asic, unsigned sm)
{
    return asic->sm.base[sm & 3] + asic->sm.addr_lo;
}
