/* SPDX-License-Identifier: MIT */
/* PCI functions as sysfs shows them: what is above one, its capabilities, its driver. */
#ifndef HL_DIAG_PCI_TREE_H
#define HL_DIAG_PCI_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HL_PCI_DEPTH 16

/* A function and the bridges above it: at[0] is the function, at[depth - 1] on the root bus. */
struct hl_pci_chain {
    char root_bus[24]; /* "pci0000:00" */
    unsigned depth;
    char at[HL_PCI_DEPTH][16 + 8];
};

/* 0 or -errno; -ENODEV: there is no such function. */
int hl_pci_chain(const char *root, const char *address, struct hl_pci_chain *chain);

/* Vendor, device, class (24 bits) of a function: 0 or -errno. */
int hl_pci_ids(const char *root, const char *address, uint32_t *vendor, uint32_t *device,
               uint32_t *class_code);

/* The driver's name, "" for none: 0, or -errno when that could not be read. */
int hl_pci_driver(const char *root, const char *address, char *driver, size_t size);

/*
 * Does Access Control Services redirect peer-to-peer requests upwards here?  1, 0 (or no such
 * capability), -EACCES where this user cannot read it.  (P2P request or completion redirect, or
 * egress control.)
 */
int hl_pci_acs_redirects(const char *root, const char *address);

/*
 * The function that stands for a host bridge: the first on its root bus if that is device 0 or a
 * root port.  1 and its ids, 0 without one, or -errno when that could not be read.
 */
int hl_pci_host_bridge(const char *root, const char *root_bus, uint32_t *vendor, uint32_t *device);

#endif
