/* SPDX-License-Identifier: MIT */
/*
 * The PCIe route between two functions, by the kernel's rules for peer-to-peer DMA
 * (drivers/pci/p2pdma.c): through a bridge that both are below, unless Access Control Services
 * redirects requests upwards on the way; otherwise through the host bridge, if that is an AMD
 * Zen's or on the kernel's list.
 */
#ifndef HL_DIAG_ROUTE_H
#define HL_DIAG_ROUTE_H

#include <stdbool.h>

#include "diag/config.h"
#include "diag/pci_tree.h"

enum hl_way { HL_WAY_SWITCH, HL_WAY_HOST_BRIDGE, HL_WAY_NONE, HL_WAY_ACS_HIDDEN, HL_WAY_UNKNOWN };

struct hl_route {
    enum hl_way way;
    char common[24];       /* the lowest bridge above both, or "" */
    char redirecting[200]; /* functions with ACS redirect, as pci=disable_acs_redir= wants them */
    bool acs_hidden;
    char host[256]; /* about the host bridge */
};

/* How far down the chain of a is the first function that b has above (or at) itself?  -1: none. */
int hl_route_meet(const struct hl_pci_chain *a, const struct hl_pci_chain *b);

void hl_route_find(const char *root, const struct hl_kernel_version *kernel,
                   const struct hl_pci_chain *a, const struct hl_pci_chain *b, struct hl_route *r);

#endif
