/* SPDX-License-Identifier: MIT */
#include "lib/kernel/capability.h"

#include <linux/capability.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/kernel/tree.h"

/* PROC_USER_INIT_INO of the kernel. */
#define FIRST_USER_NAMESPACE "user:[4026531837]"

bool hl_capable(unsigned capability)
{
    struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct sets[2];

    return syscall(SYS_capget, &h, sets) || sets[0].effective >> capability & 1;
}

bool hl_in_first_user_namespace(const char *root)
{
    char target[64];

    return hl_tree_link(root, target, sizeof(target), "/proc/self/ns/user") ||
           !strcmp(target, FIRST_USER_NAMESPACE);
}
