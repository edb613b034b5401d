/* SPDX-License-Identifier: MIT */
/* What this process may beyond its user and groups. */
#ifndef HL_KERNEL_CAPABILITY_H
#define HL_KERNEL_CAPABILITY_H

#include <stdbool.h>

/* Is a capability (CAP_… of linux/capability.h, below 32) in effect?  True where no kernel says. */
bool hl_capable(unsigned capability);

/*
 * Is this process in the machine's first user namespace?  In another, as in a rootless container, a
 * capability is one for what belongs to that namespace.  Where the link is not there or cannot be
 * read: true.  root as in lib/kernel/tree.h.
 */
bool hl_in_first_user_namespace(const char *root);

#endif
