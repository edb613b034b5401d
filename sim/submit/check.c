/* SPDX-License-Identifier: MIT */
/*
 * What the driver looks for in command buffers: goya_validate_cb() and gaudi_validate_cb() walk
 * those of the external queues, packet by packet; of the others only the address is checked
 * (…_parse_cb_no_ext_queue(), gaudi2_validate_cb_address()).
 */
#include <errno.h>
#include <string.h>

#include "sim/submit/submit.h"

static bool inside(uint64_t a, uint64_t len, uint64_t start, uint64_t end)
{
    uint64_t last = a + len;

    return a >= start && last <= end && last > a;
}

/* The sizes that the driver's tables give: the data of WREG_BULK is not part of them. */
static uint32_t packet_size(unsigned op)
{
    switch (op) {
    case ENG_MSG_LONG:
    case ENG_MSG_PROT:
    case ENG_CP_DMA:
    case ENG_LOAD_AND_EXE:
        return 16;
    case ENG_LIN_DMA:
        return 24;
    default:
        return 8;
    }
}

static bool known(bool gaudi, unsigned op)
{
    uint32_t goya_ops = 0x0FBE, gaudi_ops = 0xBFFE;

    return (gaudi ? gaudi_ops : goya_ops) >> op & 1;
}

static int goya_dma(const struct sim_sub_props *p, uint32_t queue, const uint8_t *b)
{
    uint32_t size;
    uint64_t src;

    memcpy(&size, b, 4);
    memcpy(&src, b + 8, 8);
    /* hardware bug HW-23: only queue 1 may read from the host */
    if (queue != 1 && inside(src, size, p->pmmu_start, p->pmmu_end))
        return -EFAULT;
    return size ? 0 : -EINVAL;
}

int sim_sub_check_cb(const struct sim_sub_props *p, uint32_t queue, const void *cb, uint32_t len)
{
    bool gaudi = !strcmp(eng_asic_name(p->eng), "gaudi");
    const uint8_t *b = cb;
    uint32_t at = 0;

    while (at < len) {
        uint32_t w0, ctl = 0, n;
        unsigned op;
        int rc = 0;

        /* a header that is cut off is read anyway, from the page behind it: zeros */
        memcpy(&w0, b + at, len - at < 4 ? len - at : 4);
        if (len - at >= 8)
            memcpy(&ctl, b + at + 4, 4);
        op = ctl >> 24 & 31;
        if (!known(gaudi, op))
            return -EINVAL;
        n = packet_size(op);
        if (n > len - at)
            return -EINVAL;
        switch (op) {
        case ENG_MSG_PROT:
        case ENG_CP_DMA:
        case ENG_STOP:
        case ENG_WREG_BULK:
            return -EPERM;
        case ENG_LOAD_AND_EXE:
            rc = w0 & 1 ? -EPERM : 0; /* not into scalars */
            break;
        case ENG_LIN_DMA:
            rc = gaudi ? 0 : goya_dma(p, queue, b + at);
            break;
        case ENG_WREG_32:
            /* Goya: the completion's address and nothing else */
            rc = !gaudi && (ctl & 0xFFFF) != 0x1020 ? -EPERM : 0;
            break;
        case ENG_MSG_LONG:
        case ENG_MSG_SHORT:
        case ENG_FENCE:
        case ENG_NOP:
            break;
        case ENG_REPEAT:
        case ENG_ARB_POINT:
            break;
        default: /* WAIT */
            return -EINVAL;
        }
        if (rc)
            return rc;
        at += n;
    }
    return 0;
}

static bool gaudi2_enabled(const struct sim_sub_props *p, uint32_t q)
{
    if (q < 8)
        return q == 0 || q == 1 || q == 4;
    if (q >= 156 && q <= 251) /* NICs: the open driver drives none */
        return false;
    if (q >= 44 && q <= 47) /* DCORE0's seventh TPC is number 24 */
        return p->tpc_mask >> 24 & 1;
    return q < 260;
}

int sim_sub_check_address(const struct sim_sub_props *p, uint32_t queue, uint64_t addr,
                          uint32_t len)
{
    const char *asic = eng_asic_name(p->eng);

    if (!strcmp(asic, "goya")) /* behind the MMU: not looked at */
        return 0;
    if (!strcmp(asic, "gaudi") && queue >= 73) /* NICs */
        return -EINVAL;
    if (!strcmp(asic, "gaudi2") && !gaudi2_enabled(p, queue))
        return -EINVAL;
    if (inside(addr, len, p->sram_start, p->sram_end) ||
        inside(addr, len, p->dram_start, p->dram_end) ||
        inside(addr, len, p->pmmu_start, p->pmmu_end))
        return 0;
    if (!strcmp(asic, "gaudi2") && (inside(addr, len, p->dmmu_start, p->dmmu_end) ||
                                    inside(addr, len, p->huge_start, p->huge_end)))
        return 0;
    return -EFAULT;
}
