/* SPDX-License-Identifier: MIT */
/* Opening a node, and waiting until that is possible. */
#ifndef HL_OP_OPEN_H
#define HL_OP_OPEN_H

#include <stdbool.h>
#include <stdint.h>

#include <hlthunk/device.h>

/*
 * Opens a node (O_RDWR, O_CLOEXEC, above 2): the fd, or -errno with a text that tells busy, in
 * reset, not operational, no permission and no device apart.  Waits out EBUSY and EAGAIN up to
 * timeout_us; 0 tries once.
 */
int hl_open_node(const char *node, uint64_t timeout_us);

/*
 * The devices that options select, tried in order: the fd or -errno.  *entry is set on success.
 */
int hl_open_selected(const struct hlthunk_device_options *options,
                     struct hlthunk_device_entry *entry);

#endif
