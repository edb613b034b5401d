/* SPDX-License-Identifier: MIT */
#ifndef HL_KERNEL_PCI_ADDRESS_H
#define HL_KERNEL_PCI_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hl_pci_address {
    uint32_t domain;
    uint8_t bus, device, function;
};

/*
 * "[DOMAIN:]BUS:DEVICE.FUNCTION" in hex of either case; a domain of any number of digits that
 * fits 32 bits, 0 when absent.  The whole string must be one.
 */
bool hl_pci_parse(const char *s, struct hl_pci_address *a);
bool hl_pci_equal(const struct hl_pci_address *a, const struct hl_pci_address *b);

/* As sysfs writes it: at least four digits of domain, lower case. */
void hl_pci_format(const struct hl_pci_address *a, char *s, size_t size);

#endif
