/* SPDX-License-Identifier: MIT */
#include "lib/kernel/generation.h"

#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "lib/kernel/door.h"
#include "lib/error.h"
#include "uapi/habanalabs_accel.h"

/* ACCEL_MAJOR of the kernel: the nodes of generation ACCEL on. */
#define ACCEL_MAJOR 261

/* The public names are those of the table. */
_Static_assert((int)HL_GENERATION_MISC == (int)HLTHUNK_GENERATION_MISC, "MISC");
_Static_assert((int)HL_GENERATION_ACCEL == (int)HLTHUNK_GENERATION_ACCEL, "ACCEL");
_Static_assert((int)HL_GENERATION_DRM == (int)HLTHUNK_GENERATION_DRM, "DRM");
_Static_assert((int)HL_GENERATION_VENDOR == (int)HLTHUNK_GENERATION_VENDOR, "VENDOR");

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

const struct hl_traits *hl_generation_traits(int fd)
{
    enum hlthunk_generation g;

    return hl_generation_probe(fd, &g) == 0 ? hl_traits((enum hl_generation)g) : NULL;
}
