/* SPDX-License-Identifier: MIT */
/* What a client has an emulated device do, and what must have come of it. */
#include "tests/rig/client.h"

#include <stdio.h>
#include <string.h>

#include "rig/emu/efa/card.h"

#define CONFIG 7u /* the region of the configuration space */
#define MAILBOX 0xFE0u

static void store(uint32_t at, uint32_t x)
{
    memcpy(client_ram + at, &x, sizeof(x));
}

static void store64(uint32_t at, uint64_t x)
{
    memcpy(client_ram + at, &x, sizeof(x));
}

/* ---- accelerators --------------------------------------------------------------------------- */

#define RING 0x1000u
#define PACKETS 0x2000u
#define FROM 0x10000u
#define TO 0x20000u
#define BYTES 0x4000u
#define LIN_DMA (9u << 24)

/* The registers of a DMA queue, within a BAR. */
static const struct queue {
    const char *asic;
    unsigned bar;
    uint64_t at, host;
    uint32_t lo, hi, size, pi, ci;
} queues[] = {
    { "goya", 0, 0xC400000, 0x8000000000, 0x60, 0x64, 0x68, 0x6C, 0x70 },
    { "gaudi", 2, 0x4508000, 0x8000000000, 0x70, 0x80, 0x90, 0xA0, 0xB0 },
    { "gaudi2", 0, 0x8C8A000, 0, 0x50, 0x60, 0x70, 0x80, 0x90 },
};

/* An interrupt by the mailbox. */
static bool mailbox(void)
{
    uint32_t error;

    client_interrupts();
    if (!client_poke(CONFIG, MAILBOX + 8, 0) || !client_poke(CONFIG, MAILBOX + 12, 0) ||
        !client_poke(CONFIG, MAILBOX, 9) || !client_read(CONFIG, MAILBOX + 4, &error))
        return false;
    client_expect("the mailbox", error, 0);
    client_expect("interrupts", client_interrupts(), 1);
    return true;
}

/* A submission that copies within the machine's memory. */
static bool copy(const struct queue *q, uint32_t n)
{
    uint32_t ci;

    for (uint32_t i = 0; i < BYTES; i++)
        client_ram[FROM + i] = (uint8_t)(i * 7 + n);
    memset(client_ram + TO, 0, BYTES);
    store(PACKETS, BYTES);
    store(PACKETS + 4, LIN_DMA);
    store64(PACKETS + 8, q->host + FROM);
    store64(PACKETS + 16, q->host + TO);
    store64(RING + 16 * (n - 1), q->host + PACKETS);
    store(RING + 16 * (n - 1) + 8, 24);
    if (!client_post(q->bar, q->at + q->pi, n))
        return false;
    do
        if (!client_read(q->bar, q->at + q->ci, &ci))
            return false;
    while (ci != n);
    /* taken is not done: one more message comes after the slice of work in which it is */
    while (memcmp(client_ram + FROM, client_ram + TO, BYTES) != 0)
        if (!client_read(q->bar, q->at + q->ci, &ci))
            return false;
    return true;
}

bool client_work_accelerator(const char *asic)
{
    const struct queue *q = queues;
    uint32_t x;

    while (strcmp(q->asic, asic) != 0)
        q++;
    if (!client_reset() || !client_read(CONFIG, 0, &x))
        return false;
    client_expect("the vendor", x & 0xFFFF, 0x1da3);
    if (!client_poke(q->bar, q->at + q->lo, (uint32_t)(q->host + RING)) ||
        !client_poke(q->bar, q->at + q->hi, (uint32_t)((q->host + RING) >> 32)) ||
        !client_poke(q->bar, q->at + q->size, 4))
        return false;
    for (uint32_t n = 1; n <= 4; n++)
        if (!copy(q, n))
            return false;
    return mailbox() && client_drop_ram();
}

/* ---- cards ---------------------------------------------------------------------------------- */

#define AQ 0x1000u
#define ACQ 0x2000u
#define CQ 0x5000u
#define RQ 0x7000u
#define DEPTH 32u

static uint32_t sent; /* commands since the reset */

/* A command that succeeds, and the first word of its answer. */
static bool command(struct aq_entry e, uint32_t *first)
{
    struct acq_entry *r = (void *)(client_ram + ACQ + sent % DEPTH * sizeof(*r));

    e.flags |= sent / DEPTH & 1 ? 0 : AQ_PHASE;
    e.id = (uint16_t)(sent & 0xfff);
    memcpy(client_ram + AQ + sent % DEPTH * sizeof(e), &e, sizeof(e));
    if (!client_poke(0, REG_AQ_DOORBELL, ++sent))
        return false;
    client_expect("a command's answer", r->status, ADMIN_OK);
    client_expect("its interrupt", client_interrupts() > 0, true);
    if (first)
        *first = r->word[0];
    return true;
}

static bool open_rings(void)
{
    sent = 0;
    memset(client_ram, 0, FROM);
    return client_poke(0, REG_DEV_CTL, CTL_RESET) && client_poke(0, REG_DEV_CTL, 0) &&
           client_poke(0, REG_AQ_LO, AQ) && client_poke(0, REG_AQ_CAPS, DEPTH | 64u << 16) &&
           client_poke(0, REG_ACQ_LO, ACQ) && client_poke(0, REG_ACQ_CAPS, DEPTH | 64u << 16);
}

/* The queue pair's steps to where it may send. */
static bool make_ready(uint32_t qpn)
{
    struct aq_entry e = { .opcode = CMD_MODIFY_QP,
                          .u.modify_qp = { .mask = 1 | 4 | 8 | 16, .handle = qpn, .qkey = 5 } };

    for (uint32_t state = STATE_INIT; state <= STATE_RTS; state++) {
        e.u.modify_qp.state = state;
        if (!command(e, NULL))
            return false;
        e.u.modify_qp.mask = 1;
    }
    return true;
}

/* A write of the card to itself, and its completion. */
static bool transfer(uint32_t qpn, uint32_t key, uint32_t ah)
{
    volatile struct cqe *done = (void *)(client_ram + CQ);
    uint32_t x, index = qpn % EFA_MAX_QP;
    struct wqe w = { .id = 77,
                     .ctrl1 = WQE_META | OP_WRITE,
                     .ctrl2 = WQE_WANTED2,
                     .qpn = (uint16_t)qpn,
                     .length = 1,
                     .ah = (uint16_t)ah,
                     .qkey = 5 };

    for (uint32_t i = 0; i < BYTES; i++)
        client_ram[FROM + i] = (uint8_t)(i * 7);
    w.u.rdma.remote.length = w.u.rdma.local.length = BYTES;
    w.u.rdma.remote.rkey = w.u.rdma.local.lkey = key;
    w.u.rdma.remote.lo = TO;
    w.u.rdma.local.lo = FROM;
    if (!client_write(2, index * EFA_LLQ_BYTES, &w, sizeof(w)) ||
        !client_post(4, index * EFA_DB_PAGE, 1))
        return false;
    while (!(done->flags & 1)) /* each message is followed by a turn of the card */
        if (!client_read(0, REG_DEV_STS, &x))
            return false;
    client_expect("the transfer", done->status, COMP_OK);
    client_expect("what it wrote", memcmp(client_ram + FROM, client_ram + TO, BYTES) == 0, true);
    return true;
}

bool client_work_card(void)
{
    struct aq_entry qp = { .opcode = CMD_CREATE_QP,
                           .u.create_qp = { .type = QP_SRD,
                                            .sq_bytes = 8 * 128,
                                            .sq_depth = 8,
                                            .rq_bytes = 8 * sizeof(struct rx_desc),
                                            .rq_depth = 8,
                                            .rq_base = RQ } },
                    cq = { .opcode = CMD_CREATE_CQ,
                           .u.create_cq = { .caps2 = 8, .depth = 64, .lo = CQ, .sub_cqs = 1 } },
                    mr = { .opcode = CMD_REG_MR,
                           .flags = AQ_BUFFER,
                           .u.reg_mr = { .at.list = { .length = 64 * 8, .lo = 0x8000 },
                                         .length = 64 * 4096,
                                         .flags = 12,
                                         .permissions = 7 } },
                    feature = { .opcode = CMD_GET_FEATURE, .u.feature = { .id = FEATURE_NETWORK } },
                    ah = { .opcode = CMD_CREATE_AH };
    uint32_t pd, uar, cqn, qpn, key, handle;

    if (!client_reset() || !open_rings() ||
        !command((struct aq_entry){ .opcode = CMD_ALLOC_PD }, &pd) ||
        !command((struct aq_entry){ .opcode = CMD_ALLOC_UAR }, &uar))
        return false;
    for (uint32_t i = 0; i < 64; i++)
        store64(0x8000 + 8 * i, i * 4096ull);
    cq.u.create_cq.uar = qp.u.create_qp.uar = (uint16_t)uar;
    mr.u.reg_mr.pd = qp.u.create_qp.pd = ah.u.create_ah.pd = (uint16_t)pd;
    if (!command(cq, &cqn) || !command(mr, &key) || !command(feature, NULL))
        return false;
    memcpy(ah.u.create_ah.gid, client_ram + ACQ + (sent - 1) % DEPTH * 64 + 8, 16);
    qp.u.create_qp.send_cq = qp.u.create_qp.recv_cq = cqn & 0xffff;
    return command(ah, &handle) && command(qp, &qpn) && make_ready(qpn) &&
           transfer(qpn, key, handle) &&
           command((struct aq_entry){ .opcode = CMD_DESTROY_QP, .u.word = { qpn } }, NULL) &&
           command((struct aq_entry){ .opcode = CMD_DEREG_MR, .u.word = { key } }, NULL) &&
           client_drop_ram();
}
