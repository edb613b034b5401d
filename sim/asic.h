/* SPDX-License-Identifier: MIT */
/* What differs between the ASICs, as the driver sets it (*_set_fixed_properties). */
#ifndef SIM_ASIC_H
#define SIM_ASIC_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"
#include "sim/state.h"

struct sim_asic {
    const char *name;        /* on hlsim's command line */
    const char *device_type; /* in sysfs */
    const char *card_name;
    uint16_t pci_device_id;
    uint8_t pci_revision;
    bool device_mmu;                   /* device memory is behind an MMU */
    bool block_map;                    /* hardware blocks can be mapped */
    bool cb_map;                       /* command buffers can be mapped for the device */
    bool close_resets;                 /* a soft reset when a user has closed the device */
    bool staged;                       /* staged submission and multi-CS wait */
    uint64_t memory_base, memory_size; /* physical, all of it */
    uint64_t memory_reserved;          /* at its start, for driver and firmware */
    uint64_t memory_page;
    uint64_t sram_reserved; /* at its start; the rest is the chip's (engine/asic_*.c) */
    /* address spaces: first and last byte */
    uint64_t host_first, host_last;
    /* of the former, what the driver keeps at its start: mapped command buffers, a pool of its own
     */
    uint64_t host_cb_size, host_pool_size;
    uint64_t host_huge_first, host_huge_last; /* 0: none of its own */
    uint64_t device_first, device_last;
    uint64_t huge_page;
    uint32_t tpc_mask;
    uint32_t decoder_mask, edma_mask, rotator_mask;
    uint32_t mme_mask, scheduler_mask; /* the vendor's driver reports them */
    bool on_demand;                    /* host memory that is not pinned; only that driver */
    uint8_t mme_master_slave;
    uint16_t first_interrupt[2], interrupts[2]; /* for 6.1, and later */
    uint16_t tpc_interrupt;
    uint32_t event_count[2]; /* for 6.1, and later */
    uint32_t max_pending;
    uint32_t dcores;
    uint32_t first_sync_object[4], first_monitor[4], first_cq[4];
    uint64_t core_interrupt; /* later kernels: a register's address */
    uint32_t clock_mhz, max_power_mw;
    uint32_t plls;
};

extern const struct sim_asic sim_asics[SIM_ASIC_COUNT];

/* By its name on hlsim's command line; SIM_ASIC_COUNT: there is none. */
enum sim_asic_id sim_asic_by_name(const char *name);

static inline const struct sim_asic *sim_asic_of(const struct sim_device *d)
{
    return &sim_asics[d->asic];
}

static inline const struct eng_asic *sim_engine_of(const struct sim_asic *a)
{
    return eng_asic_find(a->name);
}

#endif
