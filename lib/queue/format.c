/* SPDX-License-Identifier: MIT */
#include "lib/queue/format.h"

#include "uapi/asic.h"

const struct hl_queue_format *hl_queue_format(enum hlthunk_asic asic)
{
    static const struct hl_queue_format *const formats[HL_ASIC_COUNT] = {
        [HLTHUNK_ASIC_GOYA] = &hl_format_goya,
        [HLTHUNK_ASIC_GAUDI] = &hl_format_gaudi,
        [HLTHUNK_ASIC_GAUDI2] = &hl_format_gaudi2,
    };

    return (unsigned)asic < HL_ASIC_COUNT ? formats[asic] : NULL;
}
