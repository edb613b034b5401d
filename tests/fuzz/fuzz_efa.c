/* SPDX-License-Identifier: MIT */
/*
 * An emulated EFA card, a guest that does anything and another machine that does: registers, admin
 * commands, work requests, doorbells, the memory in which its queues are. The card may touch the
 * guest's 64 KiB and what is its own; the guest's memory here is a block of its own, so that the
 * sanitizer sees any other byte.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rig/emu/efa/card.h"
#include "rig/emu/efa/link.h"
#include "rig/emu/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RAM 0x10000u
#define BASE 0x100000u
#define AQ BASE
#define ACQ (BASE + 0x1000u)
#define AENQ (BASE + 0x2000u)
#define EQ (BASE + 0x3000u)
#define CQ (BASE + 0x4000u)
#define RQ (BASE + 0x5000u)
#define DATA (BASE + 0x8000u)
#define DEPTH 32u

static uint8_t *ram;
static uint64_t clock_ns;
static uint16_t admin;

/* In place of the server of vfio-user: one map, no client. */
void vfu_init(struct vfu *v, const struct vfu_ops *ops, void *priv)
{
    memset(v, 0, sizeof(*v));
    v->ops = ops;
    v->priv = priv;
}

int vfu_bar_mem(struct vfu *v, unsigned region, uint64_t bytes, const char *name)
{
    (void)name;
    v->region[region].mem = calloc(1, bytes);
    v->region[region].size = bytes;
    return v->region[region].mem ? 0 : -1;
}

int vfu_irq(struct vfu *v, unsigned index, unsigned vector)
{
    (void)v;
    (void)index;
    (void)vector;
    return 0;
}

int vfu_listen(const char *path, int type)
{
    (void)path;
    (void)type;
    return -1;
}

static void *in_ram(uint64_t iova, uint64_t len)
{
    return iova >= BASE && iova - BASE < RAM && len <= RAM - (iova - BASE) ? ram + (iova - BASE)
                                                                           : NULL;
}

void *vfu_iova(struct vfu *v, uint64_t iova, uint64_t len, bool write)
{
    (void)v;
    (void)write;
    return in_ram(iova, len);
}

bool guard_copy(void *to, const void *from, size_t len)
{
    memmove(to, from, len);
    return true;
}

static uint64_t now(void)
{
    return clock_ns;
}

static void command(struct efa_card *c, const struct aq_entry *e)
{
    struct aq_entry copy = *e;

    copy.flags = (uint8_t)((copy.flags & ~AQ_PHASE) | (admin / DEPTH & 1 ? 0 : AQ_PHASE));
    memcpy(ram + (AQ - BASE) + admin % DEPTH * sizeof(copy), &copy, sizeof(copy));
    efa_reg_write(c, REG_AQ_DOORBELL, ++admin);
}

/* What a driver does before anything interesting: queues, a queue pair that reaches itself. */
static void drive(struct efa_card *c)
{
    struct aq_entry e;

    efa_card_reset(c);
    efa_heal(c);
    /* the same keys and numbers in every run */
    for (unsigned i = 0; i < EFA_MAX_MR; i++)
        c->mr[i].generation = 0;
    for (unsigned i = 0; i < EFA_MAX_QP; i++)
        c->qp[i].number = 0;
    memset(ram, 0, RAM);
    admin = 0;
    efa_reg_write(c, REG_AQ_LO, AQ);
    efa_reg_write(c, REG_AQ_CAPS, DEPTH | 64u << 16);
    efa_reg_write(c, REG_ACQ_LO, ACQ);
    efa_reg_write(c, REG_ACQ_CAPS, DEPTH | 64u << 16);
    efa_reg_write(c, REG_AENQ_LO, AENQ);
    efa_reg_write(c, REG_AENQ_CAPS, 16u | 64u << 16);
    command(c, &(struct aq_entry){ .opcode = CMD_ALLOC_PD });
    command(c, &(struct aq_entry){ .opcode = CMD_ALLOC_UAR });
    e = (struct aq_entry){ .opcode = CMD_CREATE_EQ };
    e.u.create_eq.depth = 16;
    e.u.create_eq.caps = 4;
    e.u.create_eq.lo = EQ;
    e.u.create_eq.events = 1;
    command(c, &e);
    e = (struct aq_entry){ .opcode = CMD_CREATE_CQ };
    e.u.create_cq.caps1 = 0x20;
    e.u.create_cq.caps2 = 8 | 0x20;
    e.u.create_cq.depth = 64;
    e.u.create_cq.lo = CQ;
    e.u.create_cq.sub_cqs = 1;
    command(c, &e);
    e = (struct aq_entry){ .opcode = CMD_REG_MR };
    for (unsigned i = 0; i < 4; i++)
        e.u.reg_mr.at.page[i] = DATA + i * 4096;
    e.u.reg_mr.length = 0x4000;
    e.u.reg_mr.flags = 12;
    e.u.reg_mr.permissions = 7;
    e.u.reg_mr.pages = 4;
    e.u.reg_mr.iova = DATA;
    command(c, &e);
    e = (struct aq_entry){ .opcode = CMD_CREATE_AH };
    memcpy(e.u.create_ah.gid, c->gid, sizeof(c->gid));
    command(c, &e);
    e = (struct aq_entry){ .opcode = CMD_CREATE_QP };
    e.u.create_qp.type = QP_SRD;
    e.u.create_qp.sq_bytes = 8 * 128;
    e.u.create_qp.sq_depth = 8;
    e.u.create_qp.rq_bytes = 8 * sizeof(struct rx_desc);
    e.u.create_qp.rq_depth = 8;
    e.u.create_qp.rq_base = RQ;
    command(c, &e);
    if (!c->qp[0].used || !c->mr[1].used || !c->cq[0].used || !c->eq[0].used || !c->ah[0].refs)
        abort(); /* the rest would find nothing */
    c->qp[0].state = STATE_RTS;
}

struct input {
    const uint8_t *at;
    size_t left;
};

static void take(struct input *in, void *to, size_t n)
{
    size_t have = n < in->left ? n : in->left;

    memset(to, 0, n);
    memcpy(to, in->at, have);
    in->at += have;
    in->left -= have;
}

/*
 * The fuzzer need not guess what was drawn: the queue pair's number, the region's key and place.
 * The remote and the local side of an RDMA request lie where the two buffers of a message do.
 */
static void know(struct efa_card *c, struct wqe *w, uint8_t hint)
{
    if (hint & 1) {
        w->qpn = c->qp[0].number;
        w->qkey = c->qp[0].qkey;
    }
    if (hint & 2) {
        w->ctrl1 |= WQE_META;
        w->ctrl2 |= WQE_WANTED2;
        w->ah = 0;
    }
    if (hint & 64)
        w->length &= 3;
    if (hint & 128)
        w->ctrl1 &= (uint8_t) ~(WQE_INLINE | WQE_EXTENSION | 0xcu);
    for (unsigned i = 0; i < 2; i++) {
        struct buffer_desc *b = &w->u.buffer[i];

        if (hint & 4u << i)
            b->lkey = 1u | (uint32_t)c->mr[1].generation << 16;
        if (hint & 16u << i) {
            b->lo = DATA + (b->lo & 0xfff);
            b->hi = 0;
            b->length &= 0x3fff;
        }
    }
}

static struct efa_link cable = { .listener = -1, .fd = -1 };
static int far_end;

/* A cable in its first state: a new one if the card has hung up, or something was left in it. */
static void connect_cable(void)
{
    int fd[2];

    if (cable.fd < 0 || recv(cable.fd, fd, sizeof(fd), MSG_DONTWAIT) >= 0 ||
        recv(far_end, fd, sizeof(fd), MSG_DONTWAIT) >= 0) {
        if (cable.fd >= 0)
            close(cable.fd);
        if (far_end)
            close(far_end);
        if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd))
            abort();
        cable.fd = fd[0];
        far_end = fd[1];
    }
    cable = (struct efa_link){ .listener = -1, .fd = cable.fd };
}

/* A message from the other machine; hints as above, and what the card has asked last. */
static void hear(struct efa_card *c, struct input *in, uint8_t hint, uint16_t size)
{
    static struct link_message m;
    struct link_message asked;
    ssize_t n;

    take(in, &m, LINK_HEADER);
    if (hint & 1) {
        m.qpn = c->qp[0].number;
        m.qkey = c->qp[0].qkey;
        m.type = QP_SRD;
        memcpy(m.to, c->gid, sizeof(m.to));
        memcpy(m.from, c->ah[0].gid, sizeof(m.from));
    }
    if (hint & 2) {
        m.rkey = 1u | (uint32_t)c->mr[1].generation << 16;
        m.address = DATA + (m.address & 0xfff);
        m.length &= 0x3fff;
    }
    if (hint & 4)
        m.n = size & 0x3fff;
    if (hint & 8)
        m.done = 0;
    m.answer = (hint & 16) != 0;
    while ((n = recv(far_end, &asked, sizeof(asked), MSG_DONTWAIT)) > 0)
        if (!asked.answer && hint & 32)
            m.id = asked.id;
    if (cable.fd < 0)
        return;
    n = LINK_HEADER + (ssize_t)(hint & 64 ? m.n % LINK_SLICE : size & 0xff);
    if (send(far_end, &m, (size_t)n, MSG_DONTWAIT) < 0)
        return;
    efa_link_step(c->net);
}

static void act(struct efa_card *c, struct input *in)
{
    union {
        struct aq_entry command;
        struct wqe wqe;
        uint8_t bytes[128];
    } u;
    uint8_t kind[4];
    uint32_t x;

    take(in, kind, sizeof(kind));
    switch (kind[0] % 9) {
    case 0:
        take(in, &x, 4);
        efa_vfu_ops.wr(&c->v, 0, kind[1] * 4u, &x, 4);
        break;
    case 1:
        take(in, &u, kind[1] % sizeof(u));
        memcpy(ram + (kind[2] | (kind[3] & 0x7fu) << 8), &u, kind[1] % sizeof(u));
        break;
    case 2:
        take(in, &u.command, sizeof(u.command));
        command(c, &u.command);
        break;
    case 3:
        take(in, &x, 4);
        efa_vfu_ops.wr(&c->v, 4, (kind[1] | (kind[2] & 3u) << 8) * 4096u + (kind[3] & 0xfcu), &x,
                       4);
        break;
    case 4: /* a work request, and its doorbell */
        take(in, &u.wqe, sizeof(u.wqe));
        know(c, &u.wqe, kind[1]);
        memcpy(c->llq + (c->qp[0].sq_taken & 7u) * 128, &u.wqe, sizeof(u.wqe));
        efa_sq_doorbell(c, 0, (uint16_t)(c->qp[0].sq_taken + 1u));
        break;
    case 5:
        clock_ns += (uint64_t)kind[1] << (kind[2] & 31);
        efa_run(c);
        break;
    case 6: /* something to receive into */
        take(in, &u, sizeof(struct rx_desc));
        memcpy(ram + (RQ - BASE) + (c->qp[0].rq_posted & 7u) * sizeof(struct rx_desc), &u,
               sizeof(struct rx_desc));
        efa_rq_doorbell(c, 0, (uint16_t)(c->qp[0].rq_posted + 1u));
        break;
    case 8:
        hear(c, in, kind[1], (uint16_t)(kind[2] | kind[3] << 8));
        break;
    case 7:
        take(in, &x, 4);
        efa_vfu_ops.wr(&c->v, VFU_REGION_CONFIG, (kind[1] | (kind[2] & 15u) << 8) & ~3u, &x, 4);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct efa_net net = { .now = now, .link = &cable };
    static struct efa_card *c;
    struct input in = { data, size };

    if (!c) {
        c = malloc(sizeof(*c));
        ram = malloc(RAM);
        if (!c || !ram || efa_card_init(c, &net, 0) < 0)
            abort();
    }
    clock_ns = 1;
    connect_cable();
    drive(c);
    while (in.left)
        act(c, &in);
    for (unsigned i = 0; i < 4; i++, clock_ns += 200000000)
        efa_run(c);
    return 0;
}
