/* SPDX-License-Identifier: MIT */
/*
 * The state of a simulation, in one segment that all its processes map.
 *
 * The supervisor (hlsim) creates it and alone writes to it; programs map it read-only.
 * It contains no pointers: each process maps it at an address of its own.
 */
#ifndef SIM_STATE_H
#define SIM_STATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sim/asic.h"
#include "sim/trace.h"
#include "uapi/generation.h"
#include "uapi/habanalabs_accel.h"

#define SIM_MAGIC 0x686c73696d303031ull
#define SIM_MAX_DEVICES 64
#define SIM_MAX_FILES 8192
#define SIM_FILE_BUCKETS 1024
#define SIM_MAX_ALLOCS 4096 /* per device: more than its memory has pages */
#define SIM_MAX_PAGES 2048  /* of device memory: Goya's 2 MiB pages are the most */
/* As many as a process can map (vm.max_map_count): the driver's own limit is the memory. */
#define SIM_MAX_MAPS 65536
#define SIM_MAP_BUCKETS 16384
#define SIM_MAX_BLOCKS 65536 /* free blocks of an address space */
#define SIM_MAX_BUFFERS 65536
#define SIM_BUFFER_BYTES                                                                           \
    (32ull << 30) /* of everything that can be mapped: the size of its memory file */
#define SIM_MAX_IMPORTS 1024
#define SIM_MAX_FAULTS 32

/* An open file: a node, a dma-buf, a mapping.  Its number is its place in the table. */
enum sim_file_kind {
    SIM_FILE_FREE,
    SIM_FILE_PRIMARY,
    SIM_FILE_CONTROL,
    SIM_FILE_DMABUF,
    SIM_FILE_MAPPING, /* of a process that has a node mapped, until nothing is mapped; no inode
                       * leads here
                       */
    SIM_FILE_DEBUGFS  /* one of the driver's files there */
};

struct sim_dmabuf {
    uint32_t map;     /* index of the exported mapping; without an MMU: SIM_NONE */
    uint64_t address; /* first byte in device memory (without an MMU), else 0 */
    uint64_t offset, size;
    uint32_t context; /* that the memory belongs to */
    char name[32];
    bool named; /* perhaps an empty name */
};

#define SIM_NONE UINT32_MAX

struct sim_file {
    uint32_t kind;
    uint32_t next;       /* in its hash bucket; SIM_NONE ends it */
    uint64_t inode;      /* of the socket behind the descriptors */
    uint64_t serial;     /* of all files the simulation has had, no two have the same */
    uint64_t created_ns; /* wall clock */
    uint32_t device;
    uint32_t flags;       /* access mode and O_NONBLOCK */
    uint32_t context;     /* of a primary node's file: which opening; 0 once it is over */
    pid_t opener;         /* likewise: the process that opened it */
    uint64_t events;      /* not fetched yet (HL_INFO_GET_EVENTS) */
    bool eventfd;         /* registered: the supervisor has it */
    bool signal;          /* has to be signalled */
    uint32_t mappings;    /* of a primary node's file: processes that keep it open so */
    uint32_t calls;       /* of a node's file: in progress, they keep it open, too (fdget()) */
    bool closed;          /* its descriptors are closed, its mappings or calls still exist */
    uint32_t parent;      /* of a mapping: the node's file */
    uint32_t attribute;   /* of debugfs: which (enum sim_debugfs) */
    uint32_t in_messages; /* of a dma-buf: descriptors that were sent and not received yet */
    struct sim_dmabuf dmabuf;
};

struct sim_alloc {
    uint32_t pages; /* 0: free */
    uint32_t first_page;
    uint32_t mappings;
    uint32_t flags;
    uint32_t context;
    uint64_t size;
};

enum sim_space_id {
    SIM_SPACE_HOST,
    SIM_SPACE_HOST_HUGE,
    SIM_SPACE_CB,
    SIM_SPACE_DEVICE,
    SIM_SPACE_BUFFERS, /* offsets in their memory file */
    SIM_SPACE_COUNT
};

/* What is behind a mapping. */
enum sim_map_kind { SIM_MAP_FREE, SIM_MAP_HOST, SIM_MAP_DEVICE, SIM_MAP_IMPORT };

struct sim_map {
    uint8_t kind;
    uint8_t space;
    bool on_demand;             /* host memory that is not pinned (HL_MEM_ODP) */
    uint32_t next;              /* in its hash bucket */
    uint64_t va;                /* as returned */
    uint64_t block, block_size; /* of the address space */
    uint64_t size;              /* of the memory, as the program gave it */
    uint32_t alloc;             /* device memory: index of the allocation */
    uint32_t exports;
    uint64_t host_va, host_size;
    pid_t pid;
    uint32_t import; /* of a foreign dma-buf: its place in sim_state.imports */
};

/*
 * A dma-buf that a device has mapped (HL_MEM_OP_REG_DMABUF_FD).  The supervisor holds its file,
 * until it has seen that the import is no longer needed.
 */
enum sim_import_state { SIM_IMPORT_FREE, SIM_IMPORT_USED, SIM_IMPORT_DROPPED };
struct sim_import {
    uint32_t state;
    uint32_t device, context; /* that imported it */
    uint32_t file;            /* of a simulated dma-buf; SIM_NONE: one of this machine's kernel */
    uint64_t size;            /* bytes of the dma-buf */
};

/* Memory that mmap() of the node gives: a command buffer or timestamps.  Handle n is entry n - 1.
 */
enum sim_buffer_kind { SIM_BUFFER_FREE, SIM_BUFFER_CB, SIM_BUFFER_TIMESTAMPS };
struct sim_buffer {
    uint8_t kind;
    bool destroyed;     /* by its user: the handle is gone */
    uint32_t mapper;    /* file of the process that has it mapped; SIM_NONE: not mapped */
    uint64_t at;        /* in its memory file */
    uint64_t size;      /* bytes, not rounded */
    uint64_t device_va; /* of a mapped command buffer; 0: none */
};

/* The free blocks of an address space: sorted, not adjacent. */
struct sim_block {
    uint64_t start, end; /* inclusive */
};
struct sim_space {
    uint32_t count;
    struct sim_block blocks[SIM_MAX_BLOCKS];
};

/* A unit of performance counters, running or stopped. */
struct sim_spmu {
    uint64_t since_ns; /* 0: stopped */
    uint64_t cycles;   /* when it was stopped */
    uint8_t events;
    uint16_t type[6];
};

/* One opening of the primary node: everything that its release frees. */
struct sim_context {
    uint32_t id;      /* 0: none */
    uint32_t file;    /* SIM_NONE once its descriptors are closed */
    uint32_t dmabufs; /* alive */
    uint64_t exports; /* so far */
    uint64_t memory;  /* bytes, as accounted */
    bool debug_mode;
    bool etr, etf[140]; /* trace units that are enabled */
    struct sim_spmu spmu[136];
    struct sim_alloc allocs[SIM_MAX_ALLOCS]; /* handle n is entry n - 1 */
    uint16_t page_next[SIM_MAX_PAGES];
    bool page_used[SIM_MAX_PAGES];
    uint32_t map_top;                 /* maps from here on have never been used */
    uint32_t buffer_top, buffer_hint; /* likewise; no buffer before the hint is free */
    struct sim_map maps[SIM_MAX_MAPS];
    struct sim_buffer buffers[SIM_MAX_BUFFERS];
    uint32_t map_hint; /* no map before it is free */
    uint32_t map_buckets[SIM_MAP_BUCKETS];
    struct sim_space spaces[SIM_SPACE_COUNT];
};

/* Records of errors, as the INFO operation reports them. */
struct sim_errors {
    bool razwi_valid, page_fault_valid, hw_valid, fw_valid, engine_valid;
    bool had_timeout, had_razwi, had_opcode; /* since the device was opened: it is recorded */
    uint32_t mappings;                       /* at the page fault (fault_mappings) */
    struct hl_info_cs_timeout_event cs_timeout;
    struct hl_info_razwi_event razwi;
    struct hl_page_fault_info page_fault;
    struct hl_info_undefined_opcode_event opcode;
    struct hl_info_hw_err_event hw;
    struct hl_info_fw_err_event fw;
    struct hl_info_engine_err_event engine;
};

struct sim_device {
    uint32_t asic;  /* enum sim_asic_id */
    uint32_t index; /* N of accelN or hlN */
    char pci_address[24];
    uint64_t node_inode[2]; /* of the files that stand for its nodes: primary, control */
    uint32_t module_id;
    uint32_t status; /* enum hl_device_status */
    bool removed;
    bool in_release;      /* 6.1: released, but a dma-buf keeps the context */
    bool compute_reset;   /* the last reset left its user's memory and files alone */
    bool reset_pending;   /* operational again when its user has closed */
    uint64_t ready_ns;    /* CLOCK_MONOTONIC: when a running reset is over */
    uint64_t released_ns; /* likewise: when the last user's release is */
    pid_t releaser;       /* a killed user that has not been waited for yet; or 0 */
    uint64_t open_counter;
    uint64_t opened_ns, open_period_ms;
    uint64_t used_memory;              /* bytes */
    uint32_t hard_resets, soft_resets; /* with the one that goes on */
    uint32_t next_context;
    uint64_t debug_address;   /* debugfs: the address for data32 and data64 */
    int memory_fd, buffer_fd; /* of the supervisor: device memory, and what mmap() gives */
    int submit_fd, regs_fd;   /* likewise: submissions (sim/submit), registers */
    bool dma_active;          /* the executor uses a mapping right now */
    bool watchdog;            /* an error: the user has to close the device (6.12) */
    uint32_t events[2048];    /* firmware event counters */
    struct sim_errors errors;
    struct sim_context context;
    struct hl_user_mapping fault_mappings[SIM_MAX_MAPS];
};

/* One line of a fault script. */
enum sim_fault_action {
    SIM_FAULT_ERRNO,
    SIM_FAULT_DELAY,
    SIM_FAULT_RESET,
    SIM_FAULT_REMOVE,
    SIM_FAULT_EVENT
};
struct sim_fault {
    uint32_t op;           /* enum sim_op; SIM_OP_ANY */
    uint64_t first, count; /* calls first to first + count - 1, counted from 1 */
    uint64_t seen;
    uint32_t action;
    int32_t error;
    uint64_t delay_us;
    uint64_t events;
};

struct sim_state {
    uint64_t magic;
    uint32_t size; /* sizeof(struct sim_state): one build serves one build */
    pid_t supervisor;
    uint32_t generation; /* enum hl_generation: whose driver is simulated */
    uint32_t device_count;
    uint64_t bar_size; /* of device memory; 0: all of it */
    bool quiet;
    bool attention;       /* something for the supervisor: events, status */
    bool imports_dropped; /* likewise: files of dma-bufs to close */
    char tree[108];       /* where the files of /dev and /sys are */
    uint64_t tree_dev;    /* the file system that it is on */
    uint32_t changes;     /* odd while the lock is held (sim/lock.h) */
    pthread_mutex_t lock; /* the supervisor's threads' */
    uint32_t fault_count;
    struct sim_fault faults[SIM_MAX_FAULTS];
    uint32_t file_buckets[SIM_FILE_BUCKETS];
    uint32_t next_free_file; /* no file before it is free */
    uint64_t last_serial;
    struct sim_file files[SIM_MAX_FILES];
    struct sim_import imports[SIM_MAX_IMPORTS];
    struct sim_device devices[SIM_MAX_DEVICES];
    struct sim_trace trace;
};

static inline const struct sim_asic *sim_asic_of(const struct sim_device *d)
{
    return &sim_asics[d->asic];
}

static inline const struct hl_traits *sim_kernel(const struct sim_state *s)
{
    return hl_traits((enum hl_generation)s->generation);
}

#endif
