/* SPDX-License-Identifier: MIT */
#include "lib/device/properties.h"

#include <stdio.h>
#include <string.h>

#include "lib/error.h"
#include "lib/kernel/discovery.h"
#include "lib/kernel/generation.h"
#include "lib/op/op_info.h"
#include "uapi/habanalabs_accel.h"

/* Firmware strings: fixed fields that need not end in a NUL. */
static void copy_text(char *to, size_t size, const void *from, size_t n)
{
    snprintf(to, size, "%.*s", (int)n, (const char *)from);
}

void hl_properties_from_uapi(const struct hl_info_hw_ip_info *ip,
                             struct hlthunk_device_properties *p)
{
    p->asic = hl_asic_of_pci_id(ip->device_id);
    p->module_id = ip->module_id;
    p->pci_device_id = (uint16_t)ip->device_id;
    p->number_of_user_interrupts = ip->number_of_user_interrupts;
    p->first_user_interrupt = ip->first_available_interrupt_id;
    p->pci_revision = ip->revision_id;
    /* Gaudi is the one ASIC whose driver sets dram_supports_virtual_memory to false */
    p->has_device_mmu = p->asic != HLTHUNK_ASIC_GAUDI;
    p->secured = ip->security_enabled;
    p->memory_base = ip->dram_base_address;
    p->memory_size = ip->dram_enabled ? ip->dram_size : 0;
    p->memory_page_size = ip->dram_page_size;
    p->sram_base = ip->sram_base_address;
    p->sram_size = ip->sram_size;
    copy_text(p->card_name, sizeof(p->card_name), ip->card_name, sizeof(ip->card_name));
    copy_text(p->firmware_version, sizeof(p->firmware_version), ip->cpucp_version,
              sizeof(ip->cpucp_version));
}

int hl_properties_read(int fd, const struct hlthunk_device_entry *entry, bool control,
                       struct hlthunk_device_properties *p)
{
    struct hl_info_hw_ip_info ip;
    int rc;

    memset(&ip, 0, sizeof(ip)); /* an older kernel writes a prefix */
    memset(p, 0, sizeof(*p));
    rc = hl_info_get(fd, HL_INFO_HW_IP_INFO, &ip, sizeof(ip));
    if (rc)
        return rc;
    hl_properties_from_uapi(&ip, p);
    rc = hl_generation_probe(fd, &p->generation);
    if (rc)
        return hl_err(rc, "%s does not answer as a Habana device: %s", entry->node, strerror(-rc));
    p->struct_size = sizeof(*p);
    p->index = entry->index;
    p->control = control;
    snprintf(p->pci_address, sizeof(p->pci_address), "%s", entry->pci_address);
    return 0;
}
