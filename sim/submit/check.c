/* SPDX-License-Identifier: MIT */
/*
 * What the driver checks in command buffers: goya_validate_cb() and gaudi_validate_cb() walk
 * those of the external queues, packet by packet; of the others only the address is checked
 * (gaudi_parse_cb_no_ext_queue(), gaudi2_validate_cb_address()).
 */
#include <errno.h>
#include <string.h>

#include "sim/submit/submit.h"

static bool inside(uint64_t a, uint64_t len, struct sim_range r)
{
    return a + len > a && sim_range_has(r, a, a + len);
}

/* The sizes from the driver's tables, which do not include the data of WREG_BULK. */
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

static int check_copy(const struct sim_sub_props *p, uint32_t queue, const uint8_t *b)
{
    uint32_t size;
    uint64_t src;

    memcpy(&size, b, 4);
    memcpy(&src, b + 8, 8);
    if (p->asic->checks.host_queue && queue != p->asic->checks.host_queue &&
        inside(src, size, p->asic->checks.host))
        return -EFAULT;
    return size || !p->asic->checks.no_empty_copies ? 0 : -EINVAL;
}

/* Whether a packet that the ASIC has is allowed: 0 or -errno. */
static int check_packet(const struct sim_sub_props *p, uint32_t queue, const uint8_t *packet,
                        unsigned op, uint32_t w0, uint32_t ctl)
{
    uint32_t reg = p->asic->checks.one_register;

    switch (op) {
    case ENG_MSG_PROT:
    case ENG_CP_DMA:
    case ENG_STOP:
    case ENG_WREG_BULK:
        return -EPERM;
    case ENG_LOAD_AND_EXE:
        return w0 & 1 ? -EPERM : 0; /* not into scalars */
    case ENG_LIN_DMA:
        return check_copy(p, queue, packet);
    case ENG_WREG_32:
        return reg && (ctl & 0xFFFF) != reg ? -EPERM : 0;
    case ENG_MSG_LONG:
    case ENG_MSG_SHORT:
    case ENG_FENCE:
    case ENG_NOP:
    case ENG_REPEAT:
    case ENG_ARB_POINT:
        return 0;
    default: /* WAIT */
        return -EINVAL;
    }
}

int sim_sub_check_cb(const struct sim_sub_props *p, uint32_t queue, const void *cb, uint32_t len)
{
    const uint8_t *b = cb;
    uint32_t at = 0;

    while (at < len) {
        uint32_t w0, ctl = 0, n;
        unsigned op;
        int rc;

        /* a truncated header is read anyway, from the page after it: zeros */
        memcpy(&w0, b + at, len - at < 4 ? len - at : 4);
        if (len - at >= 8)
            memcpy(&ctl, b + at + 4, 4);
        op = ctl >> 24 & 31;
        if (!eng_has_op(p->eng, op))
            return -EINVAL;
        n = packet_size(op);
        if (n > len - at)
            return -EINVAL;
        rc = check_packet(p, queue, b + at, op, w0, ctl);
        if (rc)
            return rc;
        at += n;
    }
    return 0;
}

int sim_sub_check_address(const struct sim_sub_props *p, uint32_t queue, uint64_t addr,
                          uint32_t len)
{
    const struct sim_checks *c = &p->asic->checks;

    if (!c->addresses)
        return 0;
    if (!sim_sub_open_queue(p, queue))
        return -EINVAL;
    if (inside(addr, len, sim_sub_sram(p)) || inside(addr, len, c->memory) ||
        inside(addr, len, c->host))
        return 0;
    if (c->mapped_addresses && (inside(addr, len, c->mapped) || inside(addr, len, c->huge)))
        return 0;
    return -EFAULT;
}
