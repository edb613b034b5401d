/* SPDX-License-Identifier: MIT */
/*
 * Where a device is, and what is near it: its NUMA node and processors, and the network cards, GPUs
 * and accelerators of this machine, the nearest first, with the PCIe route to each.
 */
#ifndef HLTHUNK_DIAG_NEIGHBOURS_H
#define HLTHUNK_DIAG_NEIGHBOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

/**
 * enum hlthunk_neighbour_kind - what kind of PCI device a neighbour is
 * @HLTHUNK_NEIGHBOUR_NETWORK: a network card, with RDMA or without (.rdma_device says which)
 * @HLTHUNK_NEIGHBOUR_GPU: a GPU
 * @HLTHUNK_NEIGHBOUR_ACCELERATOR: an accelerator, of whatever vendor
 *
 * Since: 0.9
 */
enum hlthunk_neighbour_kind {
    HLTHUNK_NEIGHBOUR_NETWORK = 1,
    HLTHUNK_NEIGHBOUR_GPU = 2,
    HLTHUNK_NEIGHBOUR_ACCELERATOR = 3,
};

/**
 * enum hlthunk_route - the way that peer-to-peer requests take between two PCI devices
 * @HLTHUNK_ROUTE_UNKNOWN: not known, or not by this user: only root can read whether Access Control
 *                         Services (ACS) is on
 * @HLTHUNK_ROUTE_SWITCH: through a PCIe bridge that both are below
 * @HLTHUNK_ROUTE_HOST_BRIDGE: through the host bridge, which the kernel trusts to forward them
 * @HLTHUNK_ROUTE_NONE: there is none that the kernel allows: imports are EPERM
 *
 * Source: drivers/pci/p2pdma.c of the kernel.
 * Since: 0.9
 */
enum hlthunk_route {
    HLTHUNK_ROUTE_UNKNOWN = 0,
    HLTHUNK_ROUTE_SWITCH = 1,
    HLTHUNK_ROUTE_HOST_BRIDGE = 2,
    HLTHUNK_ROUTE_NONE = 3,
};

/**
 * struct hlthunk_neighbour - one PCI device near another
 * @struct_size: set by the library; later versions may add members at the end
 * @kind: what it is
 * @route: the way between the two.  Of the PCI devices only: whether the kernel has peer-to-peer
 *         DMA and whether the importing driver uses it, hlthunk_preflight_run() says
 * @numa_node: its NUMA node; -1 if the machine has none or does not tell
 * @hops: bridges from the device up to the one where the two meet, or up to the root of its part of
 *        the PCI tree where they do not
 * @same_root: they are below one root of the PCI tree
 * @pci_address: "0000:06:00.0"
 * @driver: the kernel driver that is bound to it, or ""
 * @rdma_device: the first RDMA device of it ("efa_0"), as ibv_get_device_name() says it, or ""
 * @bridge: PCI address of the bridge where the two meet, or "" where it is the root itself, or
 *          where they do not meet
 *
 * Since: 0.9
 */
struct hlthunk_neighbour {
    size_t struct_size;
    enum hlthunk_neighbour_kind kind;
    enum hlthunk_route route;
    int32_t numa_node;
    uint32_t hops;
    bool same_root;
    uint8_t reserved[7];
    const char *pci_address;
    const char *driver;
    const char *rdma_device;
    const char *bridge;
};

/**
 * struct hlthunk_neighbours_options - what hlthunk_neighbours_list() looks at
 * @struct_size: sizeof(struct hlthunk_neighbours_options)
 * @root: a folder with the /sys and /proc of a recorded machine; NULL for this machine
 *
 * Since: 0.9
 */
struct hlthunk_neighbours_options {
    size_t struct_size;
    const char *root;
};

/**
 * struct hlthunk_location - where a device is
 * @struct_size: set by the caller: sizeof(struct hlthunk_location)
 * @numa_node: its NUMA node; -1 if the machine has none or does not tell
 * @neighbours: how many there are, also of those that were not visited
 * @processors: those next to it, as a list ("0-7,16"); "" if the machine does not tell
 *
 * Since: 0.9
 */
struct hlthunk_location {
    size_t struct_size;
    int32_t numa_node;
    uint32_t neighbours;
    char processors[1024];
};

/**
 * typedef hlthunk_neighbour_fn - receives one neighbour
 * @neighbour: valid during the call, with what it points to
 * @user: as passed to hlthunk_neighbours_list()
 *
 * Return: 0 to continue; anything else ends the list.
 *
 * Since: 0.9
 */
typedef int (*hlthunk_neighbour_fn)(const struct hlthunk_neighbour *neighbour, void *user);

/**
 * hlthunk_neighbours_list() - list what is near a device, the nearest first
 * @pci_address: of the device: .pci_address of its struct hlthunk_device_entry, or of any other PCI
 *               device
 * @options: NULL for this machine
 * @visit: called for each neighbour: those below the device's root of the PCI tree first, by .hops,
 *         then by address; may be NULL
 * @user: passed to @visit
 * @location: receives where the device itself is, unless an error is returned; .struct_size must be
 *            set; may be NULL
 *
 * The RDMA card to use with a device is the first neighbour with an .rdma_device whose .route is
 * not HLTHUNK_ROUTE_NONE.  Reads sysfs, and /proc for the processor's kind; opens no node.
 *
 * Return: 0, what @visit last returned, or a negative errno, of which hlthunk_diag_last_error() has
 * the sentence.
 *
 * Errors:
 *   -EINVAL: @pci_address is not a PCI address, or a .struct_size is not set
 *   -E2BIG: @options has a non-zero member that this version of the library does not know
 *   -ENODEV: there is no such PCI device
 *   -ENOENT: .root is not there
 *   -EACCES, -EMFILE, -ENFILE, -ENOMEM: the PCI devices could not be looked at
 *
 * Context: any thread; reads files, does not block.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_neighbours_list(const char *pci_address, const struct hlthunk_neighbours_options *options,
                        hlthunk_neighbour_fn visit, void *user, struct hlthunk_location *location);

/**
 * hlthunk_neighbour_kind_get_name() - get the name of a kind of neighbour
 * @kind: the kind
 *
 * Return: a static text: "network", "gpu" or "accelerator"; "unknown" for other values.  Never
 * NULL.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API const char *hlthunk_neighbour_kind_get_name(enum hlthunk_neighbour_kind kind);

/**
 * hlthunk_route_get_name() - get the name of a route
 * @route: the route
 *
 * Return: a static text: "switch", "host bridge", "none" or "unknown".  Never NULL.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API const char *hlthunk_route_get_name(enum hlthunk_route route);

HLTHUNK_END_DECLS

#endif
