/* SPDX-License-Identifier: MIT */
/* What the kernel's PCI core shows of a device, its driver and the driver's module. */
#ifndef HLSIM_PCI_H
#define HLSIM_PCI_H

#include "sim/state.h"

/* put_failed() reports failures. */
void pci_put_device(const struct sim_state *s, const struct sim_device *d, const char *dir);
/* The folders of the driver and its module: 0 or -errno. */
int pci_put_driver(const struct sim_state *s);

#endif
