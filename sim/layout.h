/* SPDX-License-Identifier: MIT */
/* Names and numbers of device nodes, by kernel. */
#ifndef SIM_LAYOUT_H
#define SIM_LAYOUT_H

#include <stdio.h>

#include "sim/state.h"

/* ACCEL_MAJOR is fixed; the driver's own majors are dynamic: any free one will do. */
#define LAYOUT_ACCEL_MAJOR 261
#define LAYOUT_DYNAMIC_MAJOR 234

/*
 * Names of the files in memory that mmap() of a node gives pieces of, with the supervisor's PID, as
 * there may be other simulations, and the device's index.
 */
#define LAYOUT_BUFFERS "hlsim-buffers-%d-"
#define LAYOUT_REGISTERS "hlsim-registers-%d-"

/* The kernel that the simulated driver is part of. */
static inline void layout_release(const struct sim_state *s, char *text, size_t size)
{
    snprintf(text, size, "%s-hlsim", sim_kernel(s)->release);
}

static inline unsigned layout_major(const struct sim_state *s, bool control)
{
    return sim_kernel(s)->accel_nodes && !control ? LAYOUT_ACCEL_MAJOR : LAYOUT_DYNAMIC_MAJOR;
}

static inline unsigned layout_minor(const struct sim_state *s, uint32_t index, bool control)
{
    return sim_kernel(s)->accel_nodes ? index : 2 * index + control;
}

static inline void layout_name(const struct sim_state *s, uint32_t index, bool control, char *name,
                               size_t size)
{
    snprintf(name, size, "%s%s%u", sim_kernel(s)->prefix, control ? "_controlD" : "", index);
}

static inline void layout_node(const struct sim_state *s, uint32_t index, bool control, char *path,
                               size_t size)
{
    char name[32];

    layout_name(s, index, control, name, sizeof(name));
    snprintf(path, size, "/dev/%s%s", sim_kernel(s)->folder, name);
}

/* The node's inode, as if in devtmpfs. */
/* Where a device's files for debugging are: a DRM device's are named by its place. */
static inline void layout_debugfs(const struct sim_state *s, uint32_t device, char *path,
                                  size_t size)
{
    const struct sim_device *d = &s->devices[device];

    if (sim_kernel(s)->drm)
        snprintf(path, size, "/sys/kernel/debug/accel/%s", d->pci_address);
    else
        snprintf(path, size, "/sys/kernel/debug/habanalabs/%s%u", sim_kernel(s)->prefix, d->index);
}

static inline uint64_t layout_inode(uint32_t index, bool control)
{
    return 500 + 2 * index + control;
}

#endif
