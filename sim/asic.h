/* SPDX-License-Identifier: MIT */
/* What differs between the ASICs, as the driver sets it (*_set_fixed_properties). */
#ifndef SIM_ASIC_H
#define SIM_ASIC_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"
#include "uapi/habanalabs_accel.h"

enum sim_asic_id { SIM_ASIC_GOYA, SIM_ASIC_GAUDI, SIM_ASIC_GAUDI2, SIM_ASIC_COUNT };

struct sim_range {
    uint64_t start, end; /* end: not part of it */
};

/* What the driver checks in a submission before anything runs (the ASICs' cs_parser()). */
/* Memory that a trace may go to: SRAM, and the ranges of struct sim_checks. */
enum {
    SIM_TRACE_SRAM = 1,
    SIM_TRACE_MEMORY = 2,
    SIM_TRACE_MAPPED = 4,
    SIM_TRACE_HOST = 8,
    SIM_TRACE_HUGE = 16,
};

struct sim_checks {
    bool packets;          /* it parses the command buffers of external queues */
    uint32_t host_queue;   /* 0, or the only one that may read from the host */
    uint32_t one_register; /* 0, or the only one that WREG_32 may write */
    bool no_empty_copies;
    bool addresses;        /* of command buffers of other queues: in one of these */
    bool mapped_addresses; /* ... or in those behind the device's MMU, or of large pages */
    struct sim_range host, huge, mapped, memory;
};

struct sim_asic {
    const struct eng_asic *eng;
    const struct eng_chip *chip; /* its name, addresses, sizes */
    const char *device_type;     /* in sysfs */
    const char *card_name;
    uint8_t pci_revision;
    bool device_mmu;          /* device memory is behind an MMU */
    bool block_map;           /* hardware blocks can be mapped */
    bool cb_map;              /* command buffers can be mapped for the device */
    bool close_resets;        /* a soft reset when a user closes the device */
    bool staged;              /* staged submission and multi-CS wait */
    uint64_t memory_reserved; /* at its start, for driver and firmware */
    uint64_t memory_page;
    uint64_t sram_reserved; /* at its start; the rest is the chip's (engine/asic_*.c) */
    /* address spaces: first and last byte */
    uint64_t host_first, host_last;
    /* the start of the former, which the driver keeps: mapped command buffers, its own pool
     */
    uint64_t host_cb_size, host_pool_size;
    uint64_t host_huge_first, host_huge_last; /* 0: none of its own */
    uint64_t device_first, device_last;
    uint64_t huge_page;
    uint32_t tpc_mask;
    uint32_t decoder_mask, edma_mask, rotator_mask;
    uint32_t mme_mask, scheduler_mask; /* the vendor's driver reports them */
    bool on_demand;                    /* host memory that is not pinned; only with that driver */
    uint8_t mme_master_slave;
    uint16_t first_interrupt[2], interrupts[2]; /* for 6.1, and later */
    uint16_t tpc_interrupt;
    uint32_t event_count[2]; /* for 6.1, and later */
    /* submissions */
    uint32_t max_pending;            /* a power of two */
    uint32_t timeout_ms;             /* a submission's limit, unless it has one of its own */
    bool switches_context;           /* the first submission restores a state */
    enum eng_queue_kind sync_stream; /* the queues with signals; NONE */
    bool flushes;                    /* of writes to the host */
    bool engine_commands;
    uint16_t decoders;
    uint32_t engine_cores, engines;
    struct { /* sync objects that signals and waits use; MSG_SHORT's bases for them */
        uint32_t first_sob, first_mon;
        uint8_t sob_base, mon_base;
        unsigned sm;
    } signals;
    uint32_t first_nic_queue, last_nic_queue; /* queues closed to users; 0: none */
    uint32_t closed_queues;                   /* of the first 32, by bit: likewise */
    uint32_t last_tpc_queue;                  /* 0, or the first of the four of TPC 24 */
    struct sim_checks checks;
    uint32_t dcores;
    uint32_t first_sync_object[4], first_monitor[4], first_cq[4];
    uint64_t core_interrupt;               /* later kernels: a register's address */
    uint16_t (*engine_of)(unsigned queue); /* the driver's number; NULL: nobody asks */
    /* debugging, error reports, sysfs */
    uint16_t trace_units[HL_DEBUG_OP_SPMU + 1]; /* by operation: how many there are */
    uint32_t spmu_least;                        /* event types that a performance counter needs */
    uint8_t trace_to;                           /* SIM_TRACE_*: where a trace may go */
    bool tpc_counters;                          /* they are in mapped blocks, too */
    bool logs_errors;     /* its driver tells nobody else of them: no events, no records */
    bool reports_engines; /* a bad access is reported by the engine, otherwise by the routers; and
                             its driver resets it after errors */
    bool soft_reset;      /* has one, and adjustable clocks */
    const char *vrm_attribute;
    uint32_t clock_mhz, max_power_mw;
    uint32_t plls;
};

extern const struct sim_asic sim_asics[SIM_ASIC_COUNT];

/* By its name on hlsim's command line; SIM_ASIC_COUNT: there is none. */
enum sim_asic_id sim_asic_by_name(const char *name);

#endif
