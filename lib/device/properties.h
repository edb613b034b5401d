/* SPDX-License-Identifier: MIT */
#ifndef HL_DEVICE_PROPERTIES_H
#define HL_DEVICE_PROPERTIES_H

#include <hlthunk/device.h>

struct hl_info_hw_ip_info;

/* The public struct from the kernel's; pure.  Generation, index, address and control are not in it.
 */
void hl_properties_from_uapi(const struct hl_info_hw_ip_info *ip,
                             struct hlthunk_device_properties *p);

/* All of it for an open fd: 0 or -errno. */
int hl_properties_read(int fd, const struct hlthunk_device_entry *entry, bool control,
                       struct hlthunk_device_properties *p);

#endif
