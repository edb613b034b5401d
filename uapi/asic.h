/* SPDX-License-Identifier: MIT */
/*
 * The ASICs: what the library, the engine, the simulator and the rig all have to know of them.  One
 * row each; the numbers are those of enum hlthunk_asic.
 */
#ifndef HLTHUNK_UAPI_ASIC_H
#define HLTHUNK_UAPI_ASIC_H

#include <stdint.h>

#define HL_PCI_VENDOR_HABANA 0x1da3

enum hl_asic { HL_ASIC_UNKNOWN, HL_ASIC_GOYA, HL_ASIC_GAUDI, HL_ASIC_GAUDI2, HL_ASIC_COUNT };

struct hl_asic_row {
    char name[8];            /* for people and on command lines; "": unknown */
    uint16_t pci_id;         /* the device's; the vendor's is HL_PCI_VENDOR_HABANA */
    uint16_t secured_pci_id; /* of its secured variant; 0: none */
};

extern const struct hl_asic_row hl_asics[HL_ASIC_COUNT];

/* HL_ASIC_UNKNOWN: none of them. */
enum hl_asic hl_asic_by_pci_id(unsigned id);

#endif
