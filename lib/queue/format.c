/* SPDX-License-Identifier: MIT */
#include "lib/queue/format.h"

const struct hl_queue_format *hl_queue_format(enum hlthunk_asic asic)
{
    switch (asic) {
    case HLTHUNK_ASIC_GOYA:
        return &hl_format_goya;
    case HLTHUNK_ASIC_GAUDI:
        return &hl_format_gaudi;
    case HLTHUNK_ASIC_GAUDI2:
        return &hl_format_gaudi2;
    default:
        return NULL;
    }
}
