/* SPDX-License-Identifier: MIT */
#include "lib/kernel/generation.h"

#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "lib/kernel/door.h"
#include "lib/error.h"
#include "uapi/habanalabs_accel.h"

/* ACCEL_MAJOR of the kernel: the nodes of generation B on. */
#define ACCEL_MAJOR 261

bool hl_generation_accel_major(unsigned major)
{
    return major == ACCEL_MAJOR;
}

static bool on_accel_node(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && hl_generation_accel_major(major(st.st_rdev));
}

int hl_generation_probe(int fd, enum hlthunk_generation *generation)
{
    struct hl_info_device_status status = { 0 };
    struct hl_page_fault_info fault = { 0 };
    uint64_t parameters[2];
    int rc = hl_ioctl_info(fd, HL_INFO_DEVICE_STATUS, &status, sizeof(status));

    if (rc)
        return rc;
    if (hl_door_is_drm()) {
        /*
         * The vendor's driver answers this one in reset, too; to mainline it is unknown, EINVAL
         * (EBUSY in reset).  (Not HL_INFO_MEMORY_CONSUMPTION, which reports to the firmware.)
         */
        rc = hl_ioctl_info(fd, HL_INFO_MODULE_PARAMS, parameters, sizeof(parameters));
        *generation = rc == 0 ? HLTHUNK_GENERATION_VENDOR : HLTHUNK_GENERATION_DRM;
        return 0;
    }
    /* 6.1: unknown operation, EINVAL (EBUSY in reset: then the node's kind decides) */
    rc = hl_ioctl_info(fd, HL_INFO_PAGE_FAULT_EVENT, &fault, sizeof(fault));
    if (rc == 0 || (rc == -EBUSY && on_accel_node(fd)))
        *generation = HLTHUNK_GENERATION_ACCEL;
    else
        *generation = HLTHUNK_GENERATION_MISC;
    return 0;
}

bool hl_generation_export_offset(int fd)
{
    enum hlthunk_generation g;

    return hl_door_is_drm() || (hl_generation_probe(fd, &g) == 0 && g != HLTHUNK_GENERATION_MISC);
}

bool hl_generation_is_misc(int fd)
{
    enum hlthunk_generation g;

    return !hl_door_is_drm() && hl_generation_probe(fd, &g) == 0 && g == HLTHUNK_GENERATION_MISC;
}

bool hl_generation_is_vendor(int fd)
{
    enum hlthunk_generation g;

    return hl_generation_probe(fd, &g) == 0 && g == HLTHUNK_GENERATION_VENDOR;
}
