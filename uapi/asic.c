/* SPDX-License-Identifier: MIT */
/* Facts: PCI_IDS_* of the kernel's driver (habanalabs_drv.c). */
#include "uapi/asic.h"

const struct hl_asic_row hl_asics[HL_ASIC_COUNT] = {
    [HL_ASIC_GOYA] = { .name = "goya", .pci_id = 0x0001 },
    [HL_ASIC_GAUDI] = { .name = "gaudi", .pci_id = 0x1000, .secured_pci_id = 0x1010 },
    [HL_ASIC_GAUDI2] = { .name = "gaudi2", .pci_id = 0x1020 },
};

enum hl_asic hl_asic_by_pci_id(unsigned id)
{
    for (unsigned n = HL_ASIC_UNKNOWN + 1; id && n < HL_ASIC_COUNT; n++)
        if (id == hl_asics[n].pci_id || id == hl_asics[n].secured_pci_id)
            return (enum hl_asic)n;
    return HL_ASIC_UNKNOWN;
}
