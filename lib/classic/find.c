/* SPDX-License-Identifier: MIT */
#include "lib/classic/find.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/classic/convention.h"
#include "lib/classic/convert.h"
#include "lib/error.h"
#include "lib/kernel/discovery.h"
#include "lib/kernel/pci_address.h"
#include "lib/op/op_info.h"
#include "lib/op/op_open.h"

/* The revision letter of a Gaudi2 as sysfs has it ("GAUDI2B"), as a PCI revision; 0 without one. */
static uint8_t gaudi2_revision(const struct hlthunk_device_entry *entry)
{
    static const char prefix[] = "GAUDI2";
    char type[32];

    if (hl_entry_attribute(entry, "device_type", type, sizeof(type)) < 0 ||
        strncmp(type, prefix, sizeof(prefix) - 1))
        return 0;
    switch (type[sizeof(prefix) - 1]) {
    case 'B':
        return 2;
    case 'C':
        return 3;
    case 'D':
        return 4;
    default:
        return 0;
    }
}

enum hlthunk_device_name hl_entry_name(struct hlthunk_device_entry *entry)
{
    switch (hl_entry_asic(entry)) {
    case HLTHUNK_ASIC_GOYA:
        return HLTHUNK_DEVICE_GOYA;
    case HLTHUNK_ASIC_GAUDI:
        return HLTHUNK_DEVICE_GAUDI;
    case HLTHUNK_ASIC_GAUDI2:
        return hl_device_name_from_pci(0x1020, gaudi2_revision(entry));
    case HLTHUNK_ASIC_UNKNOWN:
        break;
    }
    return HLTHUNK_DEVICE_INVALID;
}

int hl_find_bus_id(const char *busid, struct hlthunk_device_entry *entry)
{
    struct hlthunk_device_entry *list;
    struct hl_pci_address wanted, a;
    size_t n;
    int rc;

    if (!busid)
        return hl_err(-EINVAL, "busid is NULL");
    if (!hl_pci_parse(busid, &wanted))
        return hl_err(-EINVAL, "busid \"%.40s\" is no PCI address such as 0000:0d:00.0", busid);
    rc = hl_discover(&list, &n);
    if (rc)
        return rc;
    rc = hl_err(-ENODEV, "none of this machine's %zu Habana devices has PCI address %.40s", n,
                busid);
    for (size_t i = 0; i < n; i++) {
        if (!hl_pci_parse(list[i].pci_address, &a) || !hl_pci_equal(&a, &wanted))
            continue;
        *entry = list[i];
        rc = 0;
        break;
    }
    free(list);
    return rc;
}

/* Linux 6.1 has no attribute for it: the control node is asked. */
static int ask_module_id(const struct hlthunk_device_entry *entry, uint32_t *module_id)
{
    struct hl_info_hw_ip_info ip = { 0 };
    int fd = hl_open_node(entry->control_node, 0), rc;

    if (fd < 0)
        return fd;
    rc = hl_info_get(fd, HL_INFO_HW_IP_INFO, &ip, sizeof(ip));
    close(fd);
    if (rc == 0)
        *module_id = ip.module_id;
    return rc;
}

static int entry_module_id(const struct hlthunk_device_entry *entry, uint32_t *module_id)
{
    char text[32], *end;
    unsigned long x;

    if (hl_entry_attribute(entry, "module_id", text, sizeof(text)) < 0)
        return ask_module_id(entry, module_id);
    x = strtoul(text, &end, 0);
    if (end == text || *end || x > UINT32_MAX)
        return hl_err(-EIO, "module_id of %s is \"%s\"", entry->node, text);
    *module_id = (uint32_t)x;
    return 0;
}

int hl_find_module_id(uint32_t module_id, struct hlthunk_device_entry *entry)
{
    struct hlthunk_device_entry *list;
    uint32_t id = 0;
    size_t n;
    int rc = hl_discover(&list, &n);

    if (rc)
        return rc;
    rc = -ENODEV;
    for (size_t i = 0; i < n; i++) {
        if (entry_module_id(&list[i], &id) || id != module_id)
            continue;
        *entry = list[i];
        rc = 0;
        break;
    }
    free(list);
    return rc ? hl_err(rc, "none of this machine's %zu Habana devices has module ID %u", n,
                       module_id)
              : 0;
}

int hlthunk_get_device_index_from_pci_bus_id(const char *busid)
{
    struct hlthunk_device_entry entry = { 0 };
    int rc = hl_find_bus_id(busid, &entry);

    return rc ? hl_classic(rc) : (int)entry.index;
}

int hlthunk_get_device_index_from_module_id(uint32_t module_id)
{
    struct hlthunk_device_entry entry = { 0 };
    int rc = hl_find_module_id(module_id, &entry);

    return rc ? hl_classic(rc) : (int)entry.index;
}

int hlthunk_get_device_count(enum hlthunk_device_name device_name)
{
    struct hlthunk_device_entry *list;
    size_t n;
    int count = 0, rc;

    if (device_name == HLTHUNK_DEVICE_INVALID || (unsigned)device_name > HLTHUNK_DEVICE_GAUDI2D)
        return hl_classic(hl_err(-EINVAL, "device_name %d is no ASIC", (int)device_name));
    rc = hl_discover(&list, &n);
    if (rc)
        return hl_classic(rc);
    for (size_t i = 0; i < n; i++)
        count += device_name == HLTHUNK_DEVICE_DONT_CARE ||
                 hl_device_name_fits(hl_entry_name(&list[i]), device_name);
    free(list);
    return count;
}

/* Both from one query; a device that does not answer it has no ID and no name. */
static bool identify(int fd, struct hl_info_hw_ip_info *ip)
{
    int rc;

    memset(ip, 0, sizeof(*ip));
    rc = hl_info_get(fd, HL_INFO_HW_IP_INFO, ip, sizeof(*ip));
    return hl_classic(rc) == 0;
}

uint32_t hlthunk_get_device_id_from_fd(int fd)
{
    struct hl_info_hw_ip_info ip;

    return identify(fd, &ip) ? ip.device_id : 0;
}

enum hlthunk_device_name hlthunk_get_device_name_from_fd(int fd)
{
    struct hl_info_hw_ip_info ip;

    return identify(fd, &ip) ? hl_device_name_from_pci(ip.device_id, ip.revision_id)
                             : HLTHUNK_DEVICE_INVALID;
}

int hlthunk_get_pci_bus_id_from_fd(int fd, char *pci_bus_id, int len)
{
    struct hlthunk_device_entry entry;
    bool control;
    size_t n;
    int rc;

    if (!pci_bus_id || len <= 0)
        return hl_classic(hl_err(-EINVAL, !pci_bus_id ? "pci_bus_id is NULL" : "len is %d", len));
    rc = hl_discover_fd(fd, &entry, &control);
    if (rc)
        return hl_classic(hl_err(rc, "fd %d is no node of the habanalabs driver", fd));
    n = strlen(entry.pci_address) + 1;
    if (n > (size_t)len)
        return hl_classic(hl_err(-ENOSPC, "the PCI address %s needs %zu bytes, len is %d",
                                 entry.pci_address, n, len));
    memcpy(pci_bus_id, entry.pci_address, n);
    return 0;
}
