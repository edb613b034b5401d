/* SPDX-License-Identifier: MIT */
#include "uapi/generation.h"

#include <stddef.h>
#include <string.h>

#include "uapi/habanalabs_accel.h"

/* Some members become true in a later kernel and false in a still later one: each row is complete.
 */
static const struct hl_traits traits[HL_GENERATION_COUNT] = {
    [HL_GENERATION_MISC] = {
        .name = "misc",
        .kernel = "6.1",
        .release = "6.1.0",
        .class = "habanalabs",
        .prefix = "hl",
        .mmu_resets = true,
        .control_events = true,
        .waits_for_exports = true,
        .short_records = true,
        .waits_hide_ends = true,
        .times_releases = true,
        .keeps_records = true,
        .rearms_units = true,
        .core_commands = true,
        .pins_by_force = true,
    },
    [HL_GENERATION_ACCEL] = {
        .name = "accel",
        .kernel = "6.6",
        .release = "6.6.0",
        .class = "accel",
        .folder = "accel/",
        .prefix = "accel",
        .accel_nodes = true,
        .control_in_reset = true,
        .control_events = true,
        .error_events = true,
        .resets_for_leftover = true,
        .postpones_reset = true,
        .cs_pad_is_0 = true,
        .any_has_no_time = true,
        .engine_commands = true,
        .export_mapped = true,
        .export_pages = true,
        .set = 1,
    },
    [HL_GENERATION_DRM] = {
        .name = "drm",
        .kernel = "6.12",
        .release = "6.12.0",
        .class = "accel",
        .folder = "accel/",
        .prefix = "accel",
        .accel_nodes = true,
        .control_in_reset = true,
        .error_events = true,
        .resets_for_leftover = true,
        .postpones_reset = true,
        .drm = true,
        .info_pad_is_0 = true,
        .cs_pad_is_0 = true,
        .any_has_no_time = true,
        .engine_commands = true,
        .export_mapped = true,
        .export_pages = true,
        .set = 1,
    },
    [HL_GENERATION_VENDOR] = {
        .name = "vendor",
        .kernel = "vendor",
        .release = "6.8.0", /* it comes with many */
        .class = "accel",
        .folder = "accel/",
        .prefix = "accel",
        .accel_nodes = true,
        .control_in_reset = true,
        .error_events = true,
        .resets_for_leftover = true,
        .postpones_reset = true,
        .drm = true,
        .vendor_calls = true,
        .cs_pad_is_0 = true, /* a query's has become an input */
        .engine_commands = true,
        .export_mapped = true,
        .export_pages = true,
        .set = 1,
    },
};

const struct hl_traits *hl_traits(enum hl_generation generation)
{
    if (generation <= HL_GENERATION_UNKNOWN || generation >= HL_GENERATION_COUNT)
        return NULL;
    return &traits[generation];
}

enum hl_generation hl_generation_by_kernel(const char *kernel)
{
    for (unsigned g = HL_GENERATION_MISC; g < HL_GENERATION_COUNT; g++)
        if (!strcmp(traits[g].kernel, kernel))
            return (enum hl_generation)g;
    return HL_GENERATION_UNKNOWN;
}

enum hl_generation hl_query_since(uint32_t op)
{
    switch (op) {
    case HL_INFO_PAGE_FAULT_EVENT:
    case HL_INFO_USER_MAPPINGS:
    case HL_INFO_FW_GENERIC_REQ:
    case HL_INFO_HW_ERR_EVENT:
    case HL_INFO_FW_ERR_EVENT:
    case HL_INFO_USER_ENGINE_ERR_EVENT:
        return HL_GENERATION_ACCEL;
    case HL_INFO_DEV_SIGNED:
        return HL_GENERATION_DRM;
    case HL_INFO_TIME_SYNC_PER_DIE:
    case HL_INFO_MEMORY_CONSUMPTION:
    case HL_INFO_MODULE_PARAMS:
        return HL_GENERATION_VENDOR;
    default:
        return HL_GENERATION_MISC;
    }
}
