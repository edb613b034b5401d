/* SPDX-License-Identifier: MIT */
/* Devices as the classic functions name them. */
#ifndef HL_CLASSIC_FIND_H
#define HL_CLASSIC_FIND_H

#include <habanalabs/hlthunk.h>
#include <hlthunk/device.h>

/* The ASIC of a device, without opening it where sysfs says: 0 or -errno with a text. */
int hl_entry_name(struct hlthunk_device_entry *entry, enum hlthunk_device_name *name);

/* The device with that PCI address, or module ID: 0 or -errno with a text. */
int hl_find_bus_id(const char *busid, struct hlthunk_device_entry *entry);
int hl_find_module_id(uint32_t module_id, struct hlthunk_device_entry *entry);

#endif
