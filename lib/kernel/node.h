/* SPDX-License-Identifier: MIT */
/*
 * Device nodes.  A name under /dev says nothing: in a container a node may have another's.  The
 * number does, and sysfs has it of every device.
 */
#ifndef HL_KERNEL_NODE_H
#define HL_KERNEL_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <hlthunk/device.h>

/* The longest path of a node. */
#define HL_NODE_PATH 256

/* "/dev/accel/accel0", "/dev/hl_controlD0" */
void hl_node_path(const struct hlthunk_device_entry *entry, bool control, char *path, size_t size);

/* The number of a device's node, from sysfs: 0 or -errno without a text. */
int hl_node_number(const char *root, const struct hlthunk_device_entry *entry, bool control,
                   dev_t *number);

/*
 * Where this process has a node of the device: at its usual path, or elsewhere below /dev.  0 or
 * -errno with a text; -ENODEV: there is none, as when a container was not given the device.
 */
int hl_node_find(const struct hlthunk_device_entry *entry, bool control, char *path, size_t size);

/* Is the file that was opened the device's node?  0, -ENODEV or -errno with a text. */
int hl_node_check(int fd, const struct hlthunk_device_entry *entry, bool control, const char *path);

/*
 * Asks an open file which device it is: for when sysfs cannot say.  The PCI address is not known
 * then, and stays empty.  0 or -errno without a text (-ENOTTY: not a Habana device).
 */
int hl_node_ask(int fd, struct hlthunk_device_entry *entry, bool *control);

/*
 * The devices that have a node in /dev, by asking it: through the control node, or the primary one
 * where that is the only one.  visit is called until it returns non-zero; that, 0, or -errno.
 */
int hl_node_each(int (*visit)(const struct hlthunk_device_entry *entry, void *user), void *user);

#endif
