/* SPDX-License-Identifier: MIT */
/*
 * Which devices are there: sysfs alone, no node is opened or probed.
 *
 * A device costs one attribute read.  In /sys/class/accel, which other vendors share, that is
 * the PCI device's uevent (vendor, device and address in one file); in /sys/class/habanalabs,
 * which is this driver's own, it is pci_addr.
 */
#ifndef HL_KERNEL_DISCOVERY_H
#define HL_KERNEL_DISCOVERY_H

#include <stddef.h>

#include <hlthunk/device.h>

#define HL_PCI_VENDOR_HABANA 0x1da3

/* All devices, by index; *list is malloc'ed and the caller's, NULL for none.  0 or -errno. */
int hl_discover(struct hlthunk_device_entry **list, size_t *count);
/* The same of a recorded machine (lib/kernel/tree.h). */
int hl_discover_in(const char *root, struct hlthunk_device_entry **list, size_t *count);

/* The device whose primary or control node fd has open: 0 or -ENODEV.  *control: which of the two.
 */
int hl_discover_fd(int fd, struct hlthunk_device_entry *entry, bool *control);

/* Path of an attribute's file; valid for every kernel generation. */
void hl_attribute_path(const struct hlthunk_device_entry *entry, const char *name, char *path,
                       size_t size);

enum hlthunk_asic hl_asic_of_pci_id(unsigned pci_device_id);

/*
 * The entry's ASIC; on generation MISC, whose class entries do not carry the PCI ID, this reads
 * one more file and remembers the answer in the entry.
 */
enum hlthunk_asic hl_entry_asic(struct hlthunk_device_entry *entry);
enum hlthunk_asic hl_entry_asic_in(const char *root, struct hlthunk_device_entry *entry);

/* hlthunk_device_entry_get_attribute(), of an entry of ours. */
int hl_entry_attribute(const struct hlthunk_device_entry *entry, const char *name, char *value,
                       size_t size);

#endif
