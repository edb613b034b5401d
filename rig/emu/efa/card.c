/* SPDX-License-Identifier: MIT */
/* The card as a whole: power-on, reset, and accesses to its BARs. */
#include "rig/emu/efa/card.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void op_rd(struct vfu *v, unsigned region, uint64_t off, void *buf, uint32_t len)
{
    struct efa_card *c = v->priv;

    memset(buf, 0, len);
    if (region == VFU_REGION_CONFIG) {
        memcpy(buf, v->cfg + off, len);
    } else if (region == 0 && len == 4 && !(off & 3)) {
        uint32_t x = efa_reg_read(c, (uint32_t)off);

        memcpy(buf, &x, 4);
    } else if (region == 2) {
        memcpy(buf, c->llq + off, len);
    }
}

static void doorbell(struct efa_card *c, uint64_t off, uint32_t x)
{
    uint64_t page = off / EFA_DB_PAGE, in = off % EFA_DB_PAGE;

    efa_detail(c, "doorbell %#llx = %#x", (unsigned long long)off, x);
    if (page < EFA_MAX_QP && in == 0)
        efa_sq_doorbell(c, (unsigned)page, (uint16_t)x);
    else if (page < EFA_MAX_QP && in == 8 && c->qp[page].used)
        efa_rq_doorbell(c, (unsigned)page, (uint16_t)x);
    else if (page >= EFA_MAX_QP && page - EFA_MAX_QP < EFA_MAX_CQ && in == 0)
        efa_cq_doorbell(c, (unsigned)(page - EFA_MAX_QP), x);
}

static void op_wr(struct vfu *v, unsigned region, uint64_t off, const void *buf, uint32_t len)
{
    struct efa_card *c = v->priv;
    uint32_t x;

    if (region == VFU_REGION_CONFIG) {
        efa_config_write(c, off, buf, len);
    } else if (region == 2) {
        memcpy(c->llq + off, buf, len);
    } else if (len == 4 && !(off & 3)) {
        memcpy(&x, buf, 4);
        c->nreg++;
        if (region == 0)
            efa_reg_write(c, (uint32_t)off, x);
        else if (region == 4)
            doorbell(c, off, x);
    }
}

static void op_reset(struct vfu *v)
{
    efa_card_reset(v->priv);
}

const struct vfu_ops efa_vfu_ops = { op_rd, op_wr, op_reset };

int efa_card_init(struct efa_card *c, struct efa_net *net, unsigned index)
{
    /* a link-local address from a made-up MAC; the last byte distinguishes the cards */
    static const uint8_t gid[16] = { 0xfe, 0x80, 0,    0,    0,    0,    0,    0,
                                     0x04, 0x00, 0x48, 0xff, 0xfe, 0x4c, 0x1f, 0 };

    memset(c, 0, sizeof(*c));
    vfu_init(&c->v, &efa_vfu_ops, c);
    c->net = net;
    c->index = index;
    memcpy(c->gid, gid, sizeof(gid));
    c->gid[15] = (uint8_t)(index + 1);
    if (vfu_bar_mem(&c->v, 2, EFA_MAX_QP * EFA_LLQ_BYTES, "efa-llq") < 0)
        return -errno;
    c->llq = c->v.region[2].mem;
    c->v.region[0].size = EFA_REG_BYTES;
    c->v.region[4].size = EFA_DB_BYTES;
    efa_config_setup(c);
    efa_card_reset(c);
    net->card[net->cards++] = c;
    return 0;
}

void efa_card_reset(struct efa_card *c)
{
    for (unsigned i = 0; i < EFA_MAX_QP; i++) {
        if (c->qp[i].used)
            efa_qp_drop(&c->qp[i]);
        c->qp[i].used = false;
    }
    for (unsigned i = 0; i < EFA_MAX_MR; i++)
        if (c->mr[i].used)
            efa_mr_forget(c, &c->mr[i]);
    memset(c->cq, 0, sizeof(c->cq));
    memset(c->eq, 0, sizeof(c->eq));
    memset(c->ah, 0, sizeof(c->ah));
    memset(c->pd, 0, sizeof(c->pd));
    memset(c->uar, 0, sizeof(c->uar));
    memset(c->reg, 0, sizeof(c->reg));
    memset(&c->aq, 0, sizeof(c->aq));
    memset(&c->acq, 0, sizeof(c->acq));
    memset(&c->aenq, 0, sizeof(c->aenq));
    c->groups = 0;
    c->keep_alive = 0;
    c->reg[REG_DEV_STS / 4] = STS_READY;
}
