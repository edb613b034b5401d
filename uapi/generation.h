/* SPDX-License-Identifier: MIT */
/*
 * The generations of the kernel's interface, and what differs between them: one row each, for the
 * library, the simulator and the tools.  The names are those of enum hlthunk_generation.
 */
#ifndef HLTHUNK_UAPI_GENERATION_H
#define HLTHUNK_UAPI_GENERATION_H

#include <stdbool.h>
#include <stdint.h>

enum hl_generation {
    HL_GENERATION_UNKNOWN,
    HL_GENERATION_MISC,   /* 5.16 to 6.2 */
    HL_GENERATION_ACCEL,  /* 6.3 to about 6.6 */
    HL_GENERATION_DRM,    /* later ones */
    HL_GENERATION_VENDOR, /* the vendor's own driver, 2024 and later */
    HL_GENERATION_COUNT
};

struct hl_traits {
    char name[8];    /* for people to read */
    char kernel[8];  /* the kernel that represents it where one has to be named */
    char release[8]; /* ... and what uname() says there */

    /* nodes and sysfs: /sys/class/CLASS/PREFIX0, /dev/FOLDERPREFIX0 */
    char class[12], folder[8], prefix[8];
    bool accel_nodes;       /* a primary node has a major number and minor numbers of its own */
    bool control_in_reset;  /* a control node opens while the device is in reset */
    bool error_events;      /* bad accesses have events of their own, and so have Gaudi2's undefined
                               opcodes; else an engine's error */
    bool mmu_resets;        /* Gaudi2: it is a bad access that resets the device, not an error of a
                               queue */
    bool control_events;    /* a control node gets events, too */
    bool waits_for_exports; /* a closed device is in release until its dma-bufs are gone */
    bool resets_for_leftover; /* what a user left behind makes the driver reset the device;
                                 otherwise it waits */
    bool postpones_reset;     /* after an error its user has time to close the device */

    /* requests */
    bool drm;             /* through the DRM core: requests of type 'd', else of type 'H' */
    bool vendor_calls;    /* operations and flags that only the vendor's driver has */
    bool short_records;   /* results of queries in the layouts of 6.1 */
    bool info_pad_is_0;   /* a query's padding is checked */
    bool cs_pad_is_0;     /* the padding of a submission and of a wait is checked */
    bool waits_hide_ends; /* what a signal has ended is busy, what a reset has ended is completed (a
                             counter's) */
    bool any_has_no_time; /* what waits for any interrupt is not told when it came */
    bool times_releases;  /* a submission's time is when the driver let go of it, refused or not;
                             else that of its completion */
    bool keeps_records;   /* of errors: the next user can still read those of the last */
    bool rearms_units;    /* a trace unit is set up again whatever its state is */
    bool core_commands;   /* on ASICs without engine cores, commands for them are checked up to the
                             ids */
    bool engine_commands; /* commands for engines, and flushes of writes to the host */
    bool export_mapped;   /* device memory behind an MMU can be exported, with an offset */
    bool export_pages;    /* an export is whole pages */
    bool pins_by_force;   /* FOLL_FORCE: private mappings are copied whatever their protection */
    uint8_t set;          /* which of an ASIC's two sets of fixed properties: before 6.3, later */
};

/* NULL: not one of them. */
const struct hl_traits *hl_traits(enum hl_generation generation);
/* By the kernel's name, "6.1" or "vendor"; HL_GENERATION_UNKNOWN: there is none. */
enum hl_generation hl_generation_by_kernel(const char *kernel);
/* The first generation that has an INFO query. (All of them have those that none has added.) */
enum hl_generation hl_query_since(uint32_t op);

#endif
