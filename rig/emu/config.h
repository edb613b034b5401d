/* SPDX-License-Identifier: MIT */
/* Building blocks of a PCI function's configuration space (struct vfu.cfg). */
#ifndef RIG_EMU_CONFIG_H
#define RIG_EMU_CONFIG_H

#include "rig/emu/vfu.h"

struct config_ids {
    uint16_t vendor, device;
    uint8_t revision;
    uint32_t class_code; /* 24 bits */
};

/* Ids (the subsystem's are the same) and the first capability's place, 0x40. */
void config_ids(struct vfu *v, const struct config_ids *ids);
/* BAR `bar` and the next one: 64 bits, prefetchable. Sizes are the regions' (the client's job). */
void config_bar64(struct vfu *v, unsigned bar);
/* Capabilities at offset `at`; next: where the one after it is, 0 for none. */
void config_express(struct vfu *v, uint8_t at, uint8_t next);
void config_msi(struct vfu *v, uint8_t at, uint8_t next, unsigned vectors);
/* The table at the start of region `bar`, the pending bits at half of it. */
void config_msix(struct vfu *v, uint8_t at, uint8_t next, unsigned vectors, unsigned bar);

#endif
