/* SPDX-License-Identifier: MIT */
/* Names of the enums, for people. */
#include <hlthunk/device.h>

#include "uapi/asic.h"
#include "uapi/generation.h"

#define NAME(table, value)                                                                         \
    ((size_t)(value) < sizeof(table) / sizeof((table)[0]) && (table)[value] ? (table)[value]       \
                                                                            : "unknown")

const char *hlthunk_asic_get_name(enum hlthunk_asic asic)
{
    bool known = asic > HLTHUNK_ASIC_UNKNOWN && (unsigned)asic < HL_ASIC_COUNT;

    return known ? hl_asics[asic].name : "unknown";
}

const char *hlthunk_status_get_name(enum hlthunk_status status)
{
    static const char *const names[] = {
        [HLTHUNK_STATUS_OPERATIONAL] = "operational",
        [HLTHUNK_STATUS_IN_RESET] = "in reset",
        [HLTHUNK_STATUS_MALFUNCTION] = "disabled",
        [HLTHUNK_STATUS_NEEDS_RESET] = "needs reset",
        [HLTHUNK_STATUS_IN_CREATION] = "in device creation",
        [HLTHUNK_STATUS_IN_RELEASE_RESET] = "in reset after device release",
    };

    return NAME(names, status);
}

const char *hlthunk_generation_get_name(enum hlthunk_generation generation)
{
    const struct hl_traits *t = hl_traits((enum hl_generation)generation);

    return t ? t->name : "unknown";
}
