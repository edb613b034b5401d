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
#include "lib/kernel/sysfs.h"
#include "lib/op/op_info.h"
#include "lib/op/op_open.h"

/*
 * The revision letter of a Gaudi2 as sysfs has it ("GAUDI2B"), as a PCI revision; 0 without one.
 * -errno with a text when it could not be read.
 */
static int gaudi2_revision(const struct hlthunk_device_entry *entry)
{
    static const char prefix[] = "GAUDI2";
    char type[32], letter;
    int rc = hl_attribute_read("", entry, "device_type", type, sizeof(type));

    if (hl_is_exhausted(rc))
        return hl_err(rc, "device_type of %s cannot be read: %s", entry->node, strerror(-rc));
    if (rc || strncmp(type, prefix, sizeof(prefix) - 1))
        return 0;
    letter = type[sizeof(prefix) - 1];
    return letter >= 'A' && letter <= 'Z' ? letter - 'A' + 1 : 0;
}

int hl_entry_name(struct hlthunk_device_entry *entry, enum hlthunk_device_name *name)
{
    int rc = hl_entry_asic(entry);

    if (rc == 0 && entry->asic == HLTHUNK_ASIC_GAUDI2)
        rc = gaudi2_revision(entry);
    if (rc < 0)
        return rc;
    *name = hl_device_name(entry->asic, (unsigned)rc);
    return 0;
}

int hl_find_bus_id(const char *busid, struct hlthunk_device_entry *entry)
{
    struct hlthunk_device_entry *list, *unknown = NULL;
    struct hl_pci_address wanted, a;
    size_t n, i;
    int rc;

    if (!busid)
        return hl_err(-EINVAL, "busid is NULL");
    if (!hl_pci_parse(busid, &wanted))
        return hl_err(-EINVAL, "busid \"%.40s\" is not a PCI address such as 0000:0d:00.0", busid);
    rc = hl_discover(&list, &n);
    if (rc)
        return rc;
    for (i = 0; i < n; i++) {
        if (!list[i].pci_address[0])
            unknown = &list[i];
        if (hl_pci_parse(list[i].pci_address, &a) && hl_pci_equal(&a, &wanted))
            break;
    }
    if (i < n)
        *entry = list[i];
    else if (unknown)
        rc = hl_err(-ENODATA, "the PCI address of %s is not known: /sys cannot be read",
                    unknown->node);
    else
        rc =
            hl_err(-ENODEV, "no Habana device of this machine has PCI address %.40s (devices: %zu)",
                   busid, n);
    free(list);
    return rc;
}

int hl_find_module_id(uint32_t module_id, struct hlthunk_device_entry *entry)
{
    struct hlthunk_device_entry *list;
    struct hl_err_kept kept;
    uint32_t id = 0;
    size_t n;
    int rc = hl_discover(&list, &n), unknown = 0;

    if (rc)
        return rc;
    hl_err_begin(&kept);
    rc = -ENODEV;
    for (size_t i = 0; i < n && rc; i++) {
        int one = hl_entry_module_id(&list[i], &id);

        if (one == 0 && id == module_id) {
            *entry = list[i];
            rc = 0;
        }
        unknown = one ? one : unknown;
    }
    free(list);
    if (rc && unknown)
        rc = unknown; /* with the text of the device that may be the one */
    else if (rc)
        hl_err(rc, "no Habana device of this machine has module ID %u (devices: %zu)", module_id,
               n);
    return hl_err_end(&kept, rc);
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
    enum hlthunk_device_name name = HLTHUNK_DEVICE_DONT_CARE;

    if (device_name == HLTHUNK_DEVICE_INVALID || (unsigned)device_name > HLTHUNK_DEVICE_GAUDI2D)
        return hl_classic(hl_err(-EINVAL, "device_name %d is not an ASIC", (int)device_name));
    rc = hl_discover(&list, &n);
    if (rc)
        return hl_classic(rc);
    for (size_t i = 0; i < n && rc == 0; i++) {
        if (device_name != HLTHUNK_DEVICE_DONT_CARE)
            rc = hl_entry_name(&list[i], &name);
        count += rc == 0 && (device_name == HLTHUNK_DEVICE_DONT_CARE ||
                             hl_device_name_fits(name, device_name));
    }
    free(list);
    return rc ? hl_classic(rc) : count;
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

    return identify(fd, &ip) ? hl_device_name(hl_asic_of_pci_id(ip.device_id), ip.revision_id)
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
        return hl_classic(rc);
    if (!entry.pci_address[0])
        return hl_classic(hl_err(-ENODATA,
                                 "the PCI address of fd %d is not known: /sys cannot "
                                 "be read",
                                 fd));
    n = strlen(entry.pci_address) + 1;
    if (n > (size_t)len)
        return hl_classic(hl_err(-ENOSPC, "the PCI address %s needs %zu bytes, len is %d",
                                 entry.pci_address, n, len));
    memcpy(pci_bus_id, entry.pci_address, n);
    return 0;
}
