/* SPDX-License-Identifier: MIT */
/*
 * Dma-bufs that devices have imported.  An import is dropped here; the supervisor then closes the
 * dma-buf's file, and the entry is free.
 */
#include "sim/model/model.h"

uint32_t sim_import_new(struct sim_state *s, uint32_t device, uint32_t context, uint32_t file,
                        uint64_t size)
{
    for (uint32_t i = 0; i < SIM_MAX_IMPORTS; i++) {
        if (s->imports[i].state != SIM_IMPORT_FREE)
            continue;
        s->imports[i] = (struct sim_import){ SIM_IMPORT_USED, device, context, file, size };
        return i;
    }
    return SIM_NONE;
}

void sim_import_drop(struct sim_state *s, uint32_t import)
{
    s->imports[import].state = SIM_IMPORT_DROPPED;
    s->imports_dropped = true;
}

void sim_imports_drop(struct sim_state *s, struct sim_device *d)
{
    struct sim_context *c = &d->context;
    uint32_t device = (uint32_t)(d - s->devices);
    bool any = false;

    /* going by the imports themselves: a process may have been killed before it mapped one */
    for (uint32_t i = 0; i < SIM_MAX_IMPORTS; i++) {
        const struct sim_import *m = &s->imports[i];

        if (m->state != SIM_IMPORT_USED || m->device != device || m->context != c->id)
            continue;
        sim_import_drop(s, i);
        any = true;
    }
    for (uint32_t i = 0; any && i < c->map_top; i++) {
        if (c->maps[i].kind == SIM_MAP_IMPORT)
            sim_map_remove(c, &c->maps[i]);
    }
}
