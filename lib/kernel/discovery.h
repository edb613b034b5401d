/* SPDX-License-Identifier: MIT */
/*
 * Finds the devices through sysfs, without opening or probing a node.
 *
 * A device costs one attribute read.  In /sys/class/accel, which other vendors share, that is
 * the PCI device's uevent (vendor, device and address in one file); in /sys/class/habanalabs,
 * which is this driver's own, it is pci_addr.
 *
 * Where sysfs is not mounted or must not be read the nodes are asked (lib/kernel/node.h).
 */
#ifndef HL_KERNEL_DISCOVERY_H
#define HL_KERNEL_DISCOVERY_H

#include <stddef.h>

#include <hlthunk/device.h>

#include "uapi/asic.h"
#include "uapi/generation.h"

/*
 * All devices, by index; *list is malloc'ed and the caller's, NULL for none.  0 or -errno with a
 * text: what could not be read is an error, not an absent device.
 */
int hl_discover(struct hlthunk_device_entry **list, size_t *count);
/* The same of a recorded machine (lib/kernel/tree.h). */
int hl_discover_in(const char *root, struct hlthunk_device_entry **list, size_t *count);

/*
 * The device whose primary or control node fd has open, by the file's number: 0 or -errno with a
 * text, -ENODEV when it is another kind of file.  *control: which of the two.
 */
int hl_discover_fd(int fd, struct hlthunk_device_entry *entry, bool *control);

/* Whose names its nodes have: of generation MISC, or of all the later ones. */
static inline const struct hl_traits *hl_entry_traits(const struct hlthunk_device_entry *e)
{
    return hl_traits(e->legacy ? HL_GENERATION_MISC : HL_GENERATION_ACCEL);
}

/*
 * Path of an attribute's file; valid for every kernel generation.  which: 0, then 1 where there is
 * a second place (false: there is none).
 */
bool hl_attribute_path(const struct hlthunk_device_entry *entry, const char *name, unsigned which,
                       char *path, size_t size);
/* The attribute's text: 0, -ENOENT, or another -errno when it could not be read.  No text. */
int hl_attribute_read(const char *root, const struct hlthunk_device_entry *entry, const char *name,
                      char *value, size_t size);

enum hlthunk_asic hl_asic_of_pci_id(unsigned pci_device_id);

/*
 * Fills in the entry's ASIC and PCI device ID; on generation MISC, whose class entries do not carry
 * the PCI ID, this reads one more file.  0, also when they were known, or -errno without a text.
 */
int hl_entry_identify(const char *root, struct hlthunk_device_entry *entry);

#endif
