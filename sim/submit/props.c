/* SPDX-License-Identifier: MIT */
/* The properties of a device's driver: its row of sim/asic.c, adjusted to the kernel's generation.
 */
#include <pthread.h>

#include "sim/submit/submit.h"

static struct sim_sub_props table[SIM_ASIC_COUNT][HL_GENERATION_COUNT];

static void fill(void)
{
    for (unsigned asic = 0; asic < SIM_ASIC_COUNT; asic++)
        for (unsigned g = HL_GENERATION_UNKNOWN + 1; g < HL_GENERATION_COUNT; g++) {
            const struct hl_traits *k = hl_traits((enum hl_generation)g);
            const struct sim_asic *a = &sim_asics[asic];

            table[asic][g] = (struct sim_sub_props){
                .asic = a,
                .eng = a->eng,
                .kernel = k,
                .queues = eng_queue_count(a->eng),
                .first_irq = a->first_interrupt[k->set],
                .irqs = a->interrupts[k->set],
                .engine_modes = a->engine_commands && k->engine_commands,
                .hbw_flush = a->flushes && k->engine_commands,
            };
        }
}

const struct sim_sub_props *sim_sub_props(enum sim_asic_id asic, enum hl_generation generation)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, fill);
    return &table[asic][generation];
}

static bool is_nic(const struct sim_asic *a, uint32_t queue)
{
    return a->last_nic_queue && queue >= a->first_nic_queue && queue <= a->last_nic_queue;
}

bool sim_sub_sync_queue(const struct sim_sub_props *p, uint32_t queue)
{
    return p->asic->sync_stream != ENG_QUEUE_NONE &&
           eng_queue_desc(p->eng, queue).kind == p->asic->sync_stream && !is_nic(p->asic, queue);
}

bool sim_sub_open_queue(const struct sim_sub_props *p, uint32_t queue)
{
    const struct sim_asic *a = p->asic;

    if (is_nic(a, queue) || (queue < 32 && a->closed_queues >> queue & 1))
        return false;
    if (a->last_tpc_queue && queue - a->last_tpc_queue < 4)
        return a->tpc_mask >> 24 & 1;
    return eng_queue_desc(p->eng, queue).kind != ENG_QUEUE_CPU;
}

struct sim_range sim_sub_sram(const struct sim_sub_props *p)
{
    const struct eng_chip *c = p->asic->chip;

    return (struct sim_range){ c->sram_base + p->asic->sram_reserved, c->sram_base + c->sram_size };
}
