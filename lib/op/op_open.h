/* SPDX-License-Identifier: MIT */
/* Opening a node, and waiting until that is possible. */
#ifndef HL_OP_OPEN_H
#define HL_OP_OPEN_H

#include <stdbool.h>
#include <stdint.h>

#include <hlthunk/device.h>

/*
 * Opens a device's node, wherever this process has it (O_RDWR, O_CLOEXEC, above 2): the fd of that
 * very device, or -errno with a text that says busy, in reset, not operational, not allowed, no
 * permission or no device.  Tries once.
 */
int hl_open_node(const struct hlthunk_device_entry *entry, bool control);

/*
 * The devices that options select, tried in order: the fd or -errno.  *entry is set on success.
 * While one of them is busy or in reset (EBUSY, EAGAIN), again, for up to options->timeout_ns.
 */
int hl_open_selected(const struct hlthunk_device_options *options,
                     struct hlthunk_device_entry *entry);

/*
 * What a device is, from sysfs, or from its control node where sysfs does not say: 0 or -errno with
 * a text.  The module ID (6.1 has no attribute for it), and the entry's ASIC and PCI device ID.
 */
int hl_entry_module_id(const struct hlthunk_device_entry *entry, uint32_t *module_id);
int hl_entry_asic(struct hlthunk_device_entry *entry);

#endif
