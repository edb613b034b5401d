/* SPDX-License-Identifier: MIT */
#include "lib/op/open_error.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/kernel/capability.h"
#include "lib/kernel/discovery.h"
#include "lib/kernel/node.h"

/* Linux 6.12 and later refuse to open a node whose driver lacks FOP_UNSIGNED_OFFSET. */
static bool kernel_checks_fop_flags(void)
{
    unsigned a, b;
    struct utsname u;

    return uname(&u) == 0 && sscanf(u.release, "%u.%u", &a, &b) == 2 &&
           (a > 6 || (a == 6 && b >= 12));
}

/* The driver refuses a device that is not operational; what refuses the others is the cgroup. */
static int not_permitted(const struct hlthunk_device_entry *e, const char *path)
{
    char status[64];
    struct stat st;
    int rc = hl_attribute_read("", e, "status", status, sizeof(status));

    if (rc == 0 && strcasecmp(status, "operational"))
        return hl_err(-EPERM, "%s is not operational: the driver says \"%s\"", path, status);
    if (stat(path, &st))
        memset(&st, 0, sizeof(st));
    if (rc == 0)
        return hl_err(-EPERM,
                      "%s is operational, but this container's device cgroup does not allow it: "
                      "start the container with --device=%s, or add \"c %u:%u rw\" to the devices "
                      "that it allows",
                      path, path, major(st.st_rdev), minor(st.st_rdev));
    return hl_err(-EPERM,
                  "%s cannot be opened: either the driver has disabled the device (its status "
                  "cannot be read: %s), or a container's device cgroup does not allow %u:%u",
                  path, strerror(-rc), major(st.st_rdev), minor(st.st_rdev));
}

/*
 * Does root pass by the mode?  With CAP_DAC_OVERRIDE, of a user namespace only where owner and
 * group are mapped into it (capable_wrt_inode_uidgid() of the kernel); those that are not are shown
 * as overflow_id, of which 65534 is what Linux begins with.  What cannot be read is taken for the
 * usual.
 */
static bool root_passes(const struct stat *st)
{
    const unsigned overflow_id = 65534;

    if (!hl_capable(CAP_DAC_OVERRIDE))
        return false;
    return hl_in_first_user_namespace("") ||
           (st->st_uid != overflow_id && st->st_gid != overflow_id);
}

/* A user may have 65536 groups. */
static bool is_member(gid_t group)
{
    int n = getgroups(0, NULL);
    gid_t *groups = n > 0 ? calloc((size_t)n, sizeof(*groups)) : NULL;
    bool member = group == getegid();

    n = groups ? getgroups(n, groups) : 0;
    for (int i = 0; i < n; i++)
        member |= groups[i] == group;
    free(groups);
    return member;
}

bool hl_open_mode_allows(const struct stat *st)
{
    if (geteuid() == 0 && root_passes(st))
        return true;
    if (st->st_uid == geteuid())
        return (st->st_mode & 0600) == 0600;
    return ((is_member(st->st_gid) ? st->st_mode >> 3 : st->st_mode) & 06) == 06;
}

static int no_access(const char *path)
{
    struct statvfs fs;
    struct stat st;

    if (stat(path, &st))
        return hl_err(-EACCES, "no permission to open %s: this user may not search its folder",
                      path);
    if (!hl_open_mode_allows(&st))
        return hl_err(-EACCES,
                      "no permission to open %s: its mode is %03o, its owner uid %u, its group %u; "
                      "this process is uid %u",
                      path, (unsigned)st.st_mode & 0777, (unsigned)st.st_uid, (unsigned)st.st_gid,
                      (unsigned)geteuid());
    if (statvfs(path, &fs) == 0 && (fs.f_flag & ST_NODEV))
        return hl_err(-EACCES,
                      "no permission to open %s: it is on a file system that is mounted "
                      "nodev, or by a user namespace",
                      path);
    return hl_err(-EACCES,
                  "no permission to open %s, although its mode (%03o) allows it: a security module "
                  "(SELinux, AppArmor) or an access control list refuses it",
                  path, (unsigned)st.st_mode & 0777);
}

int hl_open_error(const struct hlthunk_device_entry *e, const char *path, int rc,
                  uint64_t waited_us)
{
    char waited[64] = "";

    if (waited_us)
        snprintf(waited, sizeof(waited), " (waited for %llu ms)",
                 (unsigned long long)waited_us / 1000);
    switch (rc) {
    case -EBUSY:
        return hl_err(rc,
                      "%s is busy%s: some process has it open, or still has a dma-buf or a "
                      "mapping of it",
                      path, waited);
    case -EAGAIN:
        return hl_err(rc,
                      "%s is in reset, or still being released by its last user%s; a dma-buf "
                      "that some process has not closed keeps it there after a reset, and on Linux "
                      "6.1 without one, too",
                      path, waited);
    case -EPERM:
        return not_permitted(e, path);
    case -EACCES:
        return no_access(path);
    case -ENOENT:
    case -ENXIO:
    case -ENODEV:
        return hl_err(-ENODEV, "%s: no such device", path);
    case -EINVAL:
        if (kernel_checks_fop_flags())
            return hl_err(rc,
                          "%s cannot be opened on this kernel: its habanalabs driver lacks "
                          "FOP_UNSIGNED_OFFSET, which Linux demands since 6.12 "
                          "(\"hlthunk doctor\" says what to do)",
                          path);
        /* fall through */
    default:
        return hl_err(rc, "%s: %s", path, strerror(-rc));
    }
}
