/* SPDX-License-Identifier: MIT */
/* The driver's files in debugfs that do something. */
#ifndef SIM_DEBUGFS_H
#define SIM_DEBUGFS_H

#include <stddef.h>
#include <stdint.h>

enum sim_debugfs {
    SIM_DEBUGFS_ADDR,   /* the address for the next two */
    SIM_DEBUGFS_DATA32, /* memory or a register there */
    SIM_DEBUGFS_DATA64,
    SIM_DEBUGFS_CLK_GATE,   /* kept for old programs: reads as empty, accepts anything */
    SIM_DEBUGFS_STATE_DUMP, /* the newest dump, and how many to skip; there is none */
    SIM_DEBUGFS_COUNT
};

/* What of a text is looked at, in bytes. */
#define SIM_DEBUGFS_LONGEST 66

static const char *const sim_debugfs_names[SIM_DEBUGFS_COUNT] = {
    [SIM_DEBUGFS_ADDR] = "addr",
    [SIM_DEBUGFS_DATA32] = "data32",
    [SIM_DEBUGFS_DATA64] = "data64",
    [SIM_DEBUGFS_CLK_GATE] = "clk_gate",
    [SIM_DEBUGFS_STATE_DUMP] = "state_dump",
};

/*
 * What is written to a file of a number, as the kernel reads it (kstrtoull()): digits, and nothing
 * after them but a new line or the end of the text. 0, or the driver's -EINVAL or -ERANGE.
 */
int sim_debugfs_number(uint32_t attribute, const void *text, size_t n, uint64_t *value);

#endif
