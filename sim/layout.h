/* SPDX-License-Identifier: MIT */
/* Names and numbers of device nodes, by kernel. */
#ifndef SIM_LAYOUT_H
#define SIM_LAYOUT_H

#include <stdio.h>

#include "sim/state.h"

/* ACCEL_MAJOR is fixed; the driver's own majors are dynamic: any that is free will do. */
#define LAYOUT_ACCEL_MAJOR 261
#define LAYOUT_DYNAMIC_MAJOR 234

/*
 * Names of the files in memory that mmap() of a node gives pieces of, with the supervisor's PID, as
 * there may be other simulations, and the device's index.
 */
#define LAYOUT_BUFFERS "hlsim-buffers-%d-"
#define LAYOUT_REGISTERS "hlsim-registers-%d-"

/* The kernel that the simulated driver is part of; the vendor's comes with many. */
static inline const char *layout_release(const struct sim_state *s)
{
    switch (s->kernel) {
    case SIM_KERNEL_6_1:
        return "6.1.0-hlsim";
    case SIM_KERNEL_6_6:
        return "6.6.0-hlsim";
    case SIM_KERNEL_6_12:
        return "6.12.0-hlsim";
    default:
        return "6.8.0-hlsim";
    }
}

static inline unsigned layout_major(const struct sim_state *s, bool control)
{
    return s->kernel == SIM_KERNEL_6_1 || control ? LAYOUT_DYNAMIC_MAJOR : LAYOUT_ACCEL_MAJOR;
}

static inline unsigned layout_minor(const struct sim_state *s, uint32_t index, bool control)
{
    return s->kernel == SIM_KERNEL_6_1 ? 2 * index + control : index;
}

static inline void layout_name(const struct sim_state *s, uint32_t index, bool control, char *name,
                               size_t size)
{
    if (s->kernel == SIM_KERNEL_6_1)
        snprintf(name, size, control ? "hl_controlD%u" : "hl%u", index);
    else
        snprintf(name, size, control ? "accel_controlD%u" : "accel%u", index);
}

static inline void layout_node(const struct sim_state *s, uint32_t index, bool control, char *path,
                               size_t size)
{
    char name[32];

    layout_name(s, index, control, name, sizeof(name));
    snprintf(path, size, "/dev/%s%s", s->kernel == SIM_KERNEL_6_1 ? "" : "accel/", name);
}

/* The node's inode, as if in devtmpfs. */
static inline uint64_t layout_inode(uint32_t index, bool control)
{
    return 500 + 2 * index + control;
}

#endif
