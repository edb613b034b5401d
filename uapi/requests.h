/* SPDX-License-Identifier: MIT */
/*
 * Request numbers of the driver's six operations, by name of their generation.  H: Linux up to
 * about 6.6, D: later, and the vendor's driver.
 */
#ifndef HLTHUNK_UAPI_REQUESTS_H
#define HLTHUNK_UAPI_REQUESTS_H

#include "habanalabs_accel.h"

#define HL_REQ_H_INFO _IOWR('H', 0x01, struct hl_info_args)
#define HL_REQ_H_CB _IOWR('H', 0x02, union hl_cb_args)
#define HL_REQ_H_CS _IOWR('H', 0x03, union hl_cs_args)
#define HL_REQ_H_WAIT_CS _IOWR('H', 0x04, union hl_wait_cs_args)
#define HL_REQ_H_MEMORY _IOWR('H', 0x05, union hl_mem_args)
#define HL_REQ_H_DEBUG _IOWR('H', 0x06, struct hl_debug_args)

#define HL_REQ_D_INFO _IOWR('d', 0x40, struct hl_info_args)
#define HL_REQ_D_CB _IOWR('d', 0x41, union hl_cb_args)
#define HL_REQ_D_CS _IOWR('d', 0x42, union hl_cs_args)
#define HL_REQ_D_WAIT_CS _IOWR('d', 0x43, union hl_wait_cs_args)
#define HL_REQ_D_MEMORY _IOWR('d', 0x44, union hl_mem_args)
#define HL_REQ_D_DEBUG _IOWR('d', 0x45, struct hl_debug_args)

/* DRM core: struct drm_version, 64 bytes on 64-bit machines.  Safe on every generation. */
struct hl_drm_version {
    int version_major, version_minor, version_patchlevel;
    unsigned long name_len;
    char *name;
    unsigned long date_len;
    char *date;
    unsigned long desc_len;
    char *desc;
};
#define HL_REQ_DRM_VERSION _IOWR('d', 0x00, struct hl_drm_version)

#endif
