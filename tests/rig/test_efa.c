/* SPDX-License-Identifier: MIT */
/*
 * An emulated EFA card, driven as Linux's driver and libefa drive it, without a machine around it:
 * registers, admin commands, work requests and what comes of them, faults on request, and the cable
 * to another machine's card.
 */
#include "tests/test.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rig/emu/efa/card.h"
#include "rig/emu/efa/link.h"

#define RAM 0x100000u
#define AQ 0x1000u
#define ACQ 0x2000u
#define AENQ 0x3000u
#define EQ 0x4000u
#define SEND_CQ 0x5000u
#define RECEIVE_CQ 0x6000u
#define RQ 0x7000u
#define DATA 0x10000u
#define BYTES 0x20000u /* of the region at DATA */
#define DEPTH 32u
#define QKEY 0x1234u
#define STEP 20000000ull /* nanoseconds between two turns of the cards */

/* A card, its guest's memory, and one queue pair with all that belongs to it. */
struct end {
    struct efa_card *card;
    uint8_t *ram;
    uint32_t pd, uar, eq, send_cq, receive_cq, key, ah, qpn;
    uint16_t sent, received, posted; /* completions seen, requests posted */
};

static struct end a, b;
static struct efa_net net, far_net;
static uint64_t now_ns;

static uint64_t now(void)
{
    return now_ns;
}

/* ---- the guest's side ----------------------------------------------------------------------- */

static void poke(struct end *e, unsigned region, uint64_t off, uint32_t x)
{
    efa_vfu_ops.wr(&e->card->v, region, off, &x, 4);
}

static uint32_t peek(struct end *e, unsigned region, uint64_t off)
{
    uint32_t x = 0xdddddddd;

    efa_vfu_ops.rd(&e->card->v, region, off, &x, 4);
    return x;
}

static struct acq_entry command(struct end *e, struct aq_entry q)
{
    struct efa_card *c = e->card;
    uint16_t n = c->aq.next;
    struct acq_entry *answer = (void *)(e->ram + ACQ + c->acq.next % DEPTH * sizeof(*answer));

    q.flags = (uint8_t)((q.flags & ~AQ_PHASE) | (n / DEPTH & 1 ? 0 : AQ_PHASE));
    q.id = n & 0xfff;
    memset(answer, 0xee, sizeof(*answer));
    memcpy(e->ram + AQ + n % DEPTH * sizeof(q), &q, sizeof(q));
    poke(e, 0, REG_AQ_DOORBELL, n + 1u);
    return *answer;
}

/* The first word of the answer to a command that ends so. */
static uint32_t ask(struct end *e, uint8_t status, struct aq_entry q)
{
    struct acq_entry r = command(e, q);

    if (r.status != status)
        fail_msg("command %u: %u, not %u", q.opcode, r.status, status);
    return r.word[0];
}
#define ASK(e, status, ...) ask(e, status, (struct aq_entry){ __VA_ARGS__ })
#define DO(e, ...) ask(e, ADMIN_OK, (struct aq_entry){ __VA_ARGS__ })

static void open_rings(struct end *e)
{
    poke(e, 0, REG_AQ_LO, AQ);
    poke(e, 0, REG_AQ_CAPS, DEPTH | 64u << 16);
    poke(e, 0, REG_ACQ_LO, ACQ);
    poke(e, 0, REG_ACQ_CAPS, DEPTH | 64u << 16);
    poke(e, 0, REG_AENQ_LO, AENQ);
    poke(e, 0, REG_AENQ_CAPS, 4u | 64u << 16 | 1u << 24);
}

#define SET_TO(state_)                                                                             \
    .opcode = CMD_MODIFY_QP, .u.modify_qp = { .mask = 1, .handle = e->qpn, .state = (state_) }

static void create_qp(struct end *e, uint8_t type)
{
    e->qpn = DO(e, .opcode = CMD_CREATE_QP,
                .u.create_qp = { .pd = (uint16_t)e->pd,
                                 .type = type,
                                 .send_cq = e->send_cq,
                                 .recv_cq = e->receive_cq,
                                 .sq_bytes = 8 * 128,
                                 .sq_depth = 8,
                                 .rq_bytes = 8 * sizeof(struct rx_desc),
                                 .rq_depth = 8,
                                 .rq_base = RQ,
                                 .uar = (uint16_t)e->uar });
    DO(e, .opcode = CMD_MODIFY_QP,
       .u.modify_qp = {
           .mask = 1 | 4 | 8 | 16, .handle = e->qpn, .state = STATE_INIT, .qkey = QKEY, .psn = 7 });
    DO(e, SET_TO(STATE_RTR));
    DO(e, SET_TO(STATE_RTS));
    e->posted = 0;
}

static uint32_t create_cq(struct end *e, uint32_t at, uint8_t caps)
{
    return DO(e, .opcode = CMD_CREATE_CQ,
              .u.create_cq = { .caps1 = 0x20,
                               .caps2 = caps,
                               .depth = 64,
                               .eqn = (uint16_t)e->eq,
                               .lo = at,
                               .sub_cqs = 1,
                               .uar = (uint16_t)e->uar }) &
           0xffff;
}

static uint32_t reach(struct end *e, const uint8_t *gid)
{
    struct aq_entry q = { .opcode = CMD_CREATE_AH, .u.create_ah = { .pd = (uint16_t)e->pd } };

    memcpy(q.u.create_ah.gid, gid, 16);
    return ask(e, ADMIN_OK, q);
}

/* A region of BYTES at DATA, whose list of pages is in the guest's memory. */
static uint32_t region(struct end *e, uint8_t permissions)
{
    uint64_t *list = (void *)(e->ram + 0x8000);

    for (unsigned i = 0; i < BYTES / 4096; i++)
        list[i] = DATA + i * 4096ull;
    return DO(e, .opcode = CMD_REG_MR, .flags = AQ_BUFFER,
              .u.reg_mr = { .pd = (uint16_t)e->pd,
                            .at.list = { .length = BYTES / 4096 * 8, .lo = 0x8000 },
                            .length = BYTES,
                            .flags = 12,
                            .permissions = permissions,
                            .iova = DATA });
}

static void open_end(struct end *e, const uint8_t *peer)
{
    open_rings(e);
    e->pd = DO(e, .opcode = CMD_ALLOC_PD);
    e->uar = DO(e, .opcode = CMD_ALLOC_UAR);
    e->eq = DO(e, .opcode = CMD_CREATE_EQ,
               .u.create_eq = { .depth = 16, .vector = 2, .caps = 4, .lo = EQ, .events = 1 });
    e->send_cq = create_cq(e, SEND_CQ, 8 | 0x20);
    e->receive_cq = create_cq(e, RECEIVE_CQ, 8 | 0x20);
    e->key = region(e, 7);
    e->ah = reach(e, peer);
    create_qp(e, QP_SRD);
}

/* The next completion of a ring, once the cards have had some turns; NULL: none. */
static struct cqe *completion(struct end *e, uint32_t cq, uint32_t at, uint16_t *seen)
{
    struct cqe *c = (void *)(e->ram + at + *seen % 64u * sizeof(*c));

    for (unsigned i = 0; i < 100 && e->card->cq[cq].produced == *seen; i++) {
        for (unsigned k = 0; k < net.cards; k++)
            efa_run(net.card[k]);
        for (unsigned k = 0; k < far_net.cards; k++)
            efa_run(far_net.card[k]);
        if (net.link && net.link->fd >= 0)
            efa_link_step(&net);
        if (far_net.link && far_net.link->fd >= 0)
            efa_link_step(&far_net);
        now_ns += STEP;
    }
    if (e->card->cq[cq].produced == *seen)
        return NULL;
    ++*seen;
    poke(e, 4, (EFA_MAX_QP + cq) * EFA_DB_PAGE, *seen);
    return c;
}

static struct cqe *sent(struct end *e)
{
    return completion(e, e->send_cq, SEND_CQ, &e->sent);
}

static struct cqe *received(struct end *e)
{
    return completion(e, e->receive_cq, RECEIVE_CQ, &e->received);
}

/* A request for the other end, as libefa writes it: to be changed, and posted. */
static struct wqe request(struct end *e, struct end *peer, uint8_t kind)
{
    struct wqe w = { .id = 77,
                     .ctrl1 = (uint8_t)(WQE_META | kind),
                     .ctrl2 = WQE_WANTED2,
                     .qpn = (uint16_t)peer->qpn,
                     .length = 1,
                     .imm = 0x4711,
                     .ah = (uint16_t)e->ah,
                     .qkey = QKEY };

    if (kind == OP_SEND) {
        w.u.buffer[0] = (struct buffer_desc){ 100, e->key, DATA, 0 };
        return w;
    }
    w.u.rdma.remote.length = w.u.rdma.local.length = 100;
    w.u.rdma.remote.rkey = peer->key;
    w.u.rdma.remote.lo = DATA + 0x1000;
    w.u.rdma.local.lkey = e->key;
    w.u.rdma.local.lo = DATA;
    return w;
}

static void post(struct end *e, const struct wqe *w)
{
    uint32_t i = e->qpn % EFA_MAX_QP;
    struct efa_qp *qp = &e->card->qp[i];

    efa_vfu_ops.wr(&e->card->v, 2, i * EFA_LLQ_BYTES + (qp->sq_taken & 7u) * 128u, w, sizeof(*w));
    poke(e, 4, i * EFA_DB_PAGE, qp->sq_taken + 1u);
}

/* The status that a request ends with. */
static int ends(struct end *e, struct wqe w)
{
    struct cqe *c;

    post(e, &w);
    c = sent(e);
    if (!c)
        return -1;
    assert_int_equal(c->id, w.id);
    assert_int_equal(c->qpn, e->qpn);
    return c->status;
}

static void post_receive(struct end *e, uint16_t length, uint32_t flags)
{
    uint32_t i = e->qpn % EFA_MAX_QP;
    struct rx_desc d = { .lo = DATA + 0x1000, .id = 33, .length = length, .key = e->key | flags };

    memcpy(e->ram + RQ + e->posted % 8u * sizeof(d), &d, sizeof(d));
    e->posted++;
    if (flags & RX_LAST)
        poke(e, 4, i * EFA_DB_PAGE + 8, e->posted);
}
#define WHOLE (RX_FIRST | RX_LAST)

/* ---- set-up --------------------------------------------------------------------------------- */

static int make_card(struct end *e, struct efa_net *n, unsigned index)
{
    int fd = memfd_create("ram", MFD_CLOEXEC);

    memset(e, 0, sizeof(*e));
    e->card = malloc(sizeof(*e->card));
    if (fd < 0 || !e->card || ftruncate(fd, RAM) < 0 || efa_card_init(e->card, n, index) < 0)
        return -1;
    e->card->log = fopen("/dev/null", "we");
    e->card->verbose = true;
    e->ram = mmap(NULL, RAM, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    e->card->v.dma[0] =
        (struct vfu_dma){ .size = RAM,
                          .mem = mmap(NULL, RAM, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0),
                          .readable = true,
                          .writable = true };
    e->card->v.ndma = 1;
    close(fd);
    return e->card->log && e->ram != MAP_FAILED && e->card->v.dma[0].mem != MAP_FAILED ? 0 : -1;
}

static void drop_card(struct end *e)
{
    efa_card_reset(e->card);
    fclose(e->card->log);
    munmap(e->ram, RAM);
    munmap(e->card->v.dma[0].mem, RAM);
    munmap(e->card->llq, EFA_MAX_QP * EFA_LLQ_BYTES);
    free(e->card);
}

FIXTURE(two_cards)
{
    now_ns = 1;
    net = (struct efa_net){ .now = now };
    far_net = (struct efa_net){ .now = now };
    if (make_card(&a, &net, 0) || make_card(&b, &net, 1))
        return -1;
    open_end(&a, b.card->gid);
    open_end(&b, a.card->gid);
    return 0;
}

static struct efa_link near_link, far_link;

/* Each in a machine of its own, with a cable between these. */
FIXTURE(two_machines)
{
    char path[] = "/tmp/hlthunk-efa-XXXXXX", at[64];
    int rc;

    now_ns = 1;
    net = (struct efa_net){ .now = now, .link = &near_link };
    far_net = (struct efa_net){ .now = now, .link = &far_link };
    if (!mkdtemp(path))
        return -1;
    snprintf(at, sizeof(at), "%s/cable", path);
    rc = efa_link_listen(&near_link, at);
    rc = rc ? rc : efa_link_connect(&far_link, at);
    unlink(at);
    rmdir(path);
    if (rc || make_card(&a, &net, 0) || make_card(&b, &far_net, 8))
        return -1;
    efa_link_step(&net); /* takes the connection */
    open_end(&a, b.card->gid);
    open_end(&b, a.card->gid);
    return efa_link_fd(&near_link) == near_link.fd && near_link.fd >= 0 ? 0 : -1;
}

FIXTURE(end)
{
    drop_card(&a);
    drop_card(&b);
    for (unsigned i = 0; net.link && i < 2; i++) {
        struct efa_link *l = i ? &far_link : &near_link;

        if (l->fd >= 0)
            close(l->fd);
        if (l->listener >= 0)
            close(l->listener);
    }
    return 0;
}

/* ---- registers ------------------------------------------------------------------------------ */

TEST(registers_answer)
{
    struct {
        uint16_t id, off;
        uint32_t value;
    } *said = (void *)(a.ram + 0x9000);
    uint8_t bytes[8] = { 0 };

    assert_int_equal(peek(&a, 0, REG_VERSION), 2);
    assert_int_equal(peek(&a, 0, REG_CONTROLLER), 0x01000001);
    assert_int_equal(peek(&a, 0, REG_CAPS) >> 8 & 0xff, 48);
    assert_int_equal(peek(&a, 0, REG_AQ_LO), AQ);
    assert_int_equal(peek(&a, 0, REG_END), 0);
    assert_int_equal(peek(&a, 4, 0), 0);
    assert_int_equal(peek(&a, VFU_REGION_CONFIG, 0), 0xefa21d0f);
    poke(&a, 2, 64, 0x01020304);
    assert_int_equal(peek(&a, 2, 64), 0x01020304);
    /* what is no register, or not a whole one, is nothing */
    efa_vfu_ops.rd(&a.card->v, 0, 2, bytes, 2);
    assert_int_equal(bytes[0] | bytes[1], 0);
    efa_vfu_ops.wr(&a.card->v, 0, REG_AQ_LO + 1, "x", 1);
    poke(&a, 0, REG_END, 1);
    for (unsigned off = 0; off <= REG_CAPS; off += 4)
        poke(&a, 0, off, 0);
    assert_int_equal(peek(&a, 0, REG_VERSION), 2);
    assert_int_equal(peek(&a, 0, REG_AQ_LO), AQ);
    /* by way of memory */
    poke(&a, 0, REG_READ_LO, 0x9000);
    poke(&a, 0, REG_READ, 5 | REG_VERSION << 16);
    assert_int_equal(said->id, 5);
    assert_int_equal(said->value, 2);
    poke(&a, 0, REG_READ_LO, RAM); /* nobody's */
    poke(&a, 0, REG_READ, 6 | REG_VERSION << 16);
    assert_int_equal(said->id, 5);
}

TEST(a_ring_has_a_power_of_two)
{
    static const uint32_t bad[] = { 0, 3, 8192, 32 | 32u << 16 };

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        poke(&a, 0, REG_AQ_CAPS, bad[i] >> 16 ? bad[i] : bad[i] | 64u << 16);
        assert_int_equal(a.card->aq.depth, 0);
        poke(&a, 0, REG_AQ_DOORBELL, 1);
        assert_int_equal(a.card->aq.next, 0);
    }
    /* neither an entry of the last round, nor more than the ring holds, nor a ring nowhere */
    open_rings(&a);
    memset(a.ram + AQ, 0, 64);
    poke(&a, 0, REG_AQ_DOORBELL, 1);
    assert_int_equal(a.card->aq.next, 0);
    poke(&a, 0, REG_AQ_DOORBELL, DEPTH + 1);
    assert_int_equal(a.card->aq.next, 0);
    poke(&a, 0, REG_AQ_LO, RAM);
    poke(&a, 0, REG_AQ_CAPS, DEPTH | 64u << 16);
    poke(&a, 0, REG_AQ_DOORBELL, 1);
    assert_int_equal(a.card->aq.next, 0);
    open_rings(&a);
    poke(&a, 0, REG_ACQ_LO, RAM);
    poke(&a, 0, REG_ACQ_CAPS, DEPTH | 64u << 16);
    memset(a.ram + AQ, AQ_PHASE, 64);
    poke(&a, 0, REG_AQ_DOORBELL, 1);
    assert_int_equal(a.card->acq.next, 0);
}

TEST(a_reset_forgets)
{
    poke(&a, 0, REG_DEV_CTL, CTL_RESET | 3u << 28);
    assert_int_equal(peek(&a, 0, REG_DEV_STS), STS_READY | STS_RESETTING);
    poke(&a, 0, REG_DEV_CTL, 0);
    assert_int_equal(peek(&a, 0, REG_DEV_STS), STS_READY);
    assert_int_equal(a.card->aq.depth, 0);
    assert_false(a.card->qp[0].used || a.card->cq[0].used || a.card->pd[0] || a.card->pages);
    open_end(&a, b.card->gid);
    efa_vfu_ops.reset(&a.card->v);
    assert_false(a.card->qp[0].used);
}

/* ---- admin commands ------------------------------------------------------------------------- */

/* In the macros that follow, what a case names comes after what is usual. */
#pragma GCC diagnostic ignored "-Woverride-init"

#define QP(...)                                                                                    \
    {                                                                                              \
        .opcode = CMD_CREATE_QP, .u.create_qp = {.type = QP_SRD, .recv_cq = 1, __VA_ARGS__ }       \
    }
#define CQ(...)                                                                                    \
    {                                                                                              \
        .opcode = CMD_CREATE_CQ, .u.create_cq = {                                                  \
            .caps2 = 4,                                                                            \
            .depth = 64,                                                                           \
            .sub_cqs = 1,                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define MR(...)                                                                                    \
    {                                                                                              \
        .opcode = CMD_REG_MR, .u.reg_mr = {.length = 4096, .flags = 12, __VA_ARGS__ }              \
    }
#define MODIFY(...)                                                                                \
    {                                                                                              \
        .opcode = CMD_MODIFY_QP, .u.modify_qp = { __VA_ARGS__ }                                    \
    }
#define EVENTS(...)                                                                                \
    {                                                                                              \
        .opcode = CMD_CREATE_EQ, .u.create_eq = {                                                  \
            .depth = 16,                                                                           \
            .caps = 4,                                                                             \
            .events = 1,                                                                           \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define WORD(opcode_, word_)                                                                       \
    {                                                                                              \
        .opcode = (opcode_), .u.word = { word_ }                                                   \
    }

TEST(commands_are_checked)
{
    uint32_t q = a.qpn;
    const struct {
        uint8_t status;
        struct aq_entry e;
    } cases[] = {
        { ADMIN_OK, QP(.type = QP_UD, .flags = 4) },
        { ADMIN_UNSUPPORTED, QP(.type = 3) },
        { ADMIN_UNSUPPORTED, QP(.flags = 1) },
        { ADMIN_BAD_PARAMETER, QP(.pd = 1) },
        { ADMIN_BAD_PARAMETER, QP(.pd = EFA_MAX_PD) },
        { ADMIN_BAD_PARAMETER, QP(.uar = 1) },
        { ADMIN_BAD_PARAMETER, QP(.uar = EFA_MAX_UAR) },
        { ADMIN_BAD_PARAMETER, QP(.send_cq = 9) },
        { ADMIN_BAD_PARAMETER, QP(.recv_cq = EFA_MAX_CQ) },
        { ADMIN_BAD_PARAMETER, QP(.sq_bytes = 64) },
        { ADMIN_BAD_PARAMETER, QP(.sq_depth = 3, .sq_bytes = 100) },
        { ADMIN_BAD_PARAMETER, QP(.sq_depth = 2, .sq_bytes = 64) },
        { ADMIN_BAD_PARAMETER, QP(.sq_depth = 2 * EFA_MAX_SQ, .sq_bytes = 128 * EFA_MAX_SQ) },
        { ADMIN_BAD_PARAMETER, QP(.sq_depth = 513, .sq_bytes = 513 * 128) },
        { ADMIN_OK, QP(.sq_depth = 3, .sq_bytes = 192) },
        { ADMIN_BAD_PARAMETER, QP(.rq_bytes = 15) },
        { ADMIN_BAD_PARAMETER, QP(.rq_bytes = 48) },
        { ADMIN_BAD_PARAMETER, QP(.rq_bytes = 4 * EFA_MAX_RQ * 16) },
        { ADMIN_BAD_PARAMETER, MODIFY(.handle = q ^ 0x8000) },
        { ADMIN_BAD_PARAMETER, MODIFY(.handle = q, .mask = 64) },
        { ADMIN_BAD_PARAMETER, MODIFY(.handle = q, .mask = 1, .state = STATE_END) },
        { ADMIN_BAD_PARAMETER, MODIFY(.handle = q, .mask = 2, .current = STATE_INIT) },
        { ADMIN_OK, MODIFY(.handle = q, .mask = 2, .current = STATE_RTS) },
        { ADMIN_BAD_PARAMETER, MODIFY(.handle = q, .mask = 32, .rnr_retry = 8) },
        { ADMIN_OK, MODIFY(.handle = q, .mask = 32, .rnr_retry = 3) },
        { ADMIN_BAD_PARAMETER, WORD(CMD_QUERY_QP, 200) },
        { ADMIN_OK, WORD(CMD_QUERY_QP, q) },
        { ADMIN_BAD_PARAMETER, WORD(CMD_DESTROY_QP, 200) },
        { ADMIN_BAD_PARAMETER, { .opcode = CMD_CREATE_AH, .u.create_ah = { .pd = 7 } } },
        { ADMIN_BAD_PARAMETER, { .opcode = CMD_DESTROY_AH, .u.destroy_ah = { .ah = 9 } } },
        { ADMIN_BAD_PARAMETER, { .opcode = CMD_DESTROY_AH, .u.destroy_ah = { .ah = EFA_MAX_AH } } },
        { ADMIN_BAD_PARAMETER, { .opcode = CMD_DESTROY_AH, .u.destroy_ah = { .pd = 1 } } },
        { ADMIN_UNSUPPORTED, CQ(.caps1 = 0x40) },
        { ADMIN_BAD_PARAMETER, CQ(.caps2 = 5) },
        { ADMIN_BAD_PARAMETER, CQ(.caps2 = 0x20 | 4) },
        { ADMIN_BAD_PARAMETER, CQ(.sub_cqs = 2) },
        { ADMIN_BAD_PARAMETER, CQ(.depth = 3) },
        { ADMIN_BAD_PARAMETER, CQ(.depth = 2 * EFA_MAX_CQ_DEPTH) },
        { ADMIN_BAD_PARAMETER, CQ(.uar = 9) },
        { ADMIN_BAD_PARAMETER, CQ(.caps1 = 0x20, .eqn = 9) },
        { ADMIN_BAD_PARAMETER, CQ(.caps1 = 0x20, .eqn = EFA_MAX_EQ) },
        { ADMIN_OK, CQ(.caps2 = 4) },
        { ADMIN_BAD_PARAMETER, WORD(CMD_DESTROY_CQ, EFA_MAX_CQ) },
        { ADMIN_BAD_PARAMETER, WORD(CMD_DESTROY_CQ, 9) },
        { ADMIN_BUSY, WORD(CMD_DESTROY_CQ, a.send_cq) },
        { ADMIN_BUSY, WORD(CMD_DESTROY_CQ, a.receive_cq) },
        { ADMIN_OK, WORD(CMD_DESTROY_CQ, 2) },
        { ADMIN_BAD_PARAMETER, EVENTS(.depth = 3) },
        { ADMIN_BAD_PARAMETER, EVENTS(.depth = 2 * EFA_MAX_EQ_DEPTH) },
        { ADMIN_BAD_PARAMETER, EVENTS(.caps = 3) },
        { ADMIN_BAD_PARAMETER, EVENTS(.vector = EFA_VECTORS) },
        { ADMIN_BAD_PARAMETER, EVENTS(.events = 2) },
        { ADMIN_OK, EVENTS(.vector = 1) },
        { ADMIN_OK, WORD(CMD_DESTROY_EQ, 1) },
        { ADMIN_BAD_PARAMETER, WORD(CMD_DESTROY_EQ, 1) },
        { ADMIN_BAD_PARAMETER, WORD(CMD_DESTROY_EQ, EFA_MAX_EQ) },
        { ADMIN_BUSY, WORD(CMD_DEALLOC_PD, a.pd) },
        { ADMIN_BAD_PARAMETER, WORD(CMD_DEALLOC_PD, 9) },
        { ADMIN_BAD_PARAMETER, WORD(CMD_DEALLOC_PD, EFA_MAX_PD) },
        { ADMIN_BAD_PARAMETER, WORD(CMD_DEALLOC_UAR, 9) },
        { ADMIN_OK, MR(.permissions = 7) },
        { ADMIN_BAD_PARAMETER, MR(.pd = 9) },
        { ADMIN_BAD_PARAMETER, MR(.pd = EFA_MAX_PD) },
        { ADMIN_BAD_PARAMETER, MR(.flags = 11) },
        { ADMIN_BAD_PARAMETER, MR(.flags = 12 | 0x20) },
        { ADMIN_BAD_PARAMETER, MR(.permissions = 8) },
        { ADMIN_BAD_PARAMETER, MR(.length = 0) },
        { ADMIN_BAD_PARAMETER, MR(.iova = UINT64_MAX) },
        { ADMIN_BAD_PARAMETER, MR(.length = 5 * 4096) },
        { ADMIN_BAD_PARAMETER, MR(.length = (EFA_MAX_PAGES + 1ull) << 12) },
        { ADMIN_OK, MR(.length = 3 * 4096, .iova = 4095) },
        { ADMIN_BAD_PARAMETER, WORD(CMD_DEREG_MR, 0) },
        { ADMIN_BAD_PARAMETER, WORD(CMD_DEREG_MR, a.key ^ 0x10000) },
        { ADMIN_BAD_PARAMETER, WORD(CMD_DEREG_MR, 0xffff) },
        { ADMIN_OK, WORD(CMD_DEREG_MR, a.key) },
        { ADMIN_UNSUPPORTED, WORD(CMD_ALLOC_MR, 0) },
        { ADMIN_BAD_OPCODE, WORD(0, 0) },
        { ADMIN_BAD_OPCODE, WORD(CMD_END, 0) },
        { ADMIN_BAD_OPCODE, WORD(255, 0) },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct acq_entry r = command(&a, cases[i].e);

        if (r.status != cases[i].status)
            fail_msg("case %u, command %u: %u, not %u", i, cases[i].e.opcode, r.status,
                     cases[i].status);
    }
    assert_int_equal(a.card->acq.next, a.card->aq.next); /* one answer each */
}

TEST(a_queue_pair_tells_its_state)
{
    struct acq_entry r = command(&a, (struct aq_entry)WORD(CMD_QUERY_QP, a.qpn));
    struct end *e = &a;

    assert_int_equal(r.word[0], STATE_RTS);
    assert_int_equal(r.word[1], QKEY);
    assert_int_equal(r.word[2], 7);
    DO(e, SET_TO(STATE_ERR));
    assert_int_equal(DO(e, .opcode = CMD_QUERY_QP, .u.word = { e->qpn }), STATE_ERR);
    DO(e, .opcode = CMD_DESTROY_QP, .u.word = { e->qpn });
    ask(e, ADMIN_BAD_PARAMETER, (struct aq_entry)WORD(CMD_QUERY_QP, e->qpn));
    /* handles are counted */
    assert_int_equal(reach(e, b.card->gid), e->ah);
    for (unsigned i = 0; i < 3; i++)
        ASK(e, i < 2 ? ADMIN_OK : ADMIN_BAD_PARAMETER, .opcode = CMD_DESTROY_AH,
            .u.destroy_ah = { .ah = (uint16_t)e->ah, .pd = (uint16_t)e->pd });
    /* what nobody uses can go */
    DO(e, .opcode = CMD_DEREG_MR, .u.word = { e->key });
    DO(e, .opcode = CMD_DESTROY_CQ, .u.word = { e->send_cq });
    DO(e, .opcode = CMD_DEALLOC_PD, .u.word = { e->pd });
    DO(e, .opcode = CMD_DEALLOC_UAR, .u.word = { e->uar });
}

/* Of each kind as many as the card says that it has. */
TEST(everything_has_an_end)
{
    const struct {
        unsigned count;
        struct aq_entry e;
    } kinds[] = {
        { EFA_MAX_PD - 1, { .opcode = CMD_ALLOC_PD } },
        { EFA_MAX_UAR - 1, { .opcode = CMD_ALLOC_UAR } },
        { EFA_MAX_EQ - 1, EVENTS(.vector = 0) },
        { EFA_MAX_CQ - 2, CQ(.eqn = 0) },
        { EFA_MAX_QP - 1, QP(.pd = 0) },
        { EFA_MAX_MR - 2, MR(.pd = 0) },
    };
    struct aq_entry one_more = { .opcode = CMD_CREATE_AH };
    uint8_t gid[16] = { 1 };

    for (unsigned k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        for (unsigned i = 0; i < kinds[k].count; i++)
            ask(&a, ADMIN_OK, kinds[k].e);
        ask(&a, ADMIN_NO_RESOURCES, kinds[k].e);
    }
    for (unsigned i = 1; i < EFA_MAX_AH; i++) {
        memcpy(gid + 1, &i, sizeof(i));
        reach(&a, gid);
    }
    gid[15] = 1;
    memcpy(one_more.u.create_ah.gid, gid, 16);
    ask(&a, ADMIN_NO_RESOURCES, one_more);
}

/* The list of a long region's pages is a chain of chunks of pointers to lists. */
TEST(a_long_region_has_a_chain_of_lists)
{
    struct aq_entry q = { .opcode = CMD_REG_MR,
                          .flags = AQ_BUFFER | AQ_INDIRECT,
                          .u.reg_mr = {
                              .at.list = { .lo = 0x40000 }, .flags = 12, .permissions = 7 } };
    uint64_t *chunk = (void *)(a.ram + 0x40000), *list = (void *)(a.ram + 0x50000);
    struct efa_mr *mr;
    uint32_t pages = CHUNK_POINTERS * CHUNK_PAGES + 3, key;

    for (unsigned i = 0; i < CHUNK_PAGES; i++)
        list[i] = DATA + i % 16 * 4096ull;
    for (unsigned i = 0; i < CHUNK_POINTERS; i++)
        chunk[i] = 0x50000;
    memcpy((uint8_t *)chunk + CHUNK_POINTERS * 8 + 4, &(uint32_t){ 0x60000 }, 4);
    *(uint64_t *)(void *)(a.ram + 0x60000) = 0x50000;
    q.u.reg_mr.length = (uint64_t)pages << 12;
    key = ask(&a, ADMIN_OK, q);
    mr = &a.card->mr[key & 0xffff];
    assert_int_equal(mr->pages, pages);
    assert_int_equal(mr->page[pages - 1], DATA + 2 * 4096);
    assert_int_equal(mr->page[CHUNK_PAGES + 1], DATA + 4096);
    /* lists, chunks and arrays that are nowhere */
    *(uint64_t *)(void *)(a.ram + 0x60000) = RAM;
    ask(&a, ADMIN_MALFORMED, q);
    q.u.reg_mr.at.list.lo = RAM;
    ask(&a, ADMIN_MALFORMED, q);
    q.flags = AQ_BUFFER;
    ask(&a, ADMIN_MALFORMED, q);
    assert_int_equal(a.card->pages, BYTES / 4096 + pages);
    /* and all regions together have a limit */
    a.card->pages = EFA_ALL_PAGES;
    ask(&a, ADMIN_NO_RESOURCES, q);
    a.card->pages = BYTES / 4096 + pages;
}

#define FEATURE(id_) .opcode = CMD_GET_FEATURE, .u.feature = { .id = (id_) }

TEST(features_and_counters)
{
    static const uint8_t known[] = { FEATURE_DEVICE,  FEATURE_AENQ,  FEATURE_NETWORK,
                                     FEATURE_QUEUES,  FEATURE_HINTS, FEATURE_EVENT_QUEUES,
                                     FEATURE_QUEUES_2 };
    struct acq_entry r;

    for (unsigned i = 0; i < sizeof(known); i++)
        DO(&a, FEATURE(known[i]));
    ASK(&a, ADMIN_UNSUPPORTED, FEATURE(FEATURE_HOST_INFO));
    ASK(&a, ADMIN_UNSUPPORTED, FEATURE(200));
    r = command(&a, (struct aq_entry){ FEATURE(FEATURE_NETWORK) });
    assert_memory_equal(r.word, a.card->gid, 16);
    assert_int_equal(r.word[4], EFA_MTU);
    /* a release of Linux, with what does not belong into a log */
    memcpy(a.ram + 0x9000, "6.12\n\033", 7);
    DO(&a, .opcode = CMD_SET_FEATURE, .flags = AQ_BUFFER,
       .u.feature = { .id = FEATURE_HOST_INFO, .length = 128, .lo = 0x9000 });
    ASK(&a, ADMIN_MALFORMED, .opcode = CMD_SET_FEATURE,
        .u.feature = { .id = FEATURE_HOST_INFO, .length = 128, .lo = 0x9000 });
    ASK(&a, ADMIN_MALFORMED, .opcode = CMD_SET_FEATURE, .flags = AQ_BUFFER,
        .u.feature = { .id = FEATURE_HOST_INFO, .length = 127, .lo = 0x9000 });
    ASK(&a, ADMIN_BAD_PARAMETER, .opcode = CMD_SET_FEATURE, .flags = AQ_BUFFER,
        .u.feature = { .id = FEATURE_HOST_INFO, .length = 128, .lo = RAM });
    ASK(&a, ADMIN_UNSUPPORTED, .opcode = CMD_SET_FEATURE, .u.feature = { .id = FEATURE_NETWORK });
    ASK(&a, ADMIN_BAD_PARAMETER, .opcode = CMD_SET_FEATURE,
        .u.feature = { .id = FEATURE_AENQ, .word = { 0, 1u << 9 } });
    /* counters */
    post_receive(&b, 4096, WHOLE);
    assert_int_equal(ends(&a, request(&a, &b, OP_SEND)), COMP_OK);
    r = command(&a, (struct aq_entry){ .opcode = CMD_GET_STATS });
    assert_int_equal(r.word[0], 100);
    assert_int_equal(r.word[2], 1);
    for (uint8_t type = 0; type < 6; type++)
        ASK(&b, type < 5 ? ADMIN_OK : ADMIN_BAD_PARAMETER, .opcode = CMD_GET_STATS,
            .u.stats = { .type = type });
}

/* ---- messages and transfers ----------------------------------------------------------------- */

static void count_up(uint8_t *p, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        p[i] = (uint8_t)(i * 7 + 1);
}

static void messages(void)
{
    struct wqe w = request(&a, &b, OP_SEND);
    struct cqe *c;

    count_up(a.ram + DATA, 300);
    post_receive(&b, 4096, WHOLE);
    assert_int_equal(ends(&a, w), COMP_OK);
    c = received(&b);
    assert_non_null(c);
    assert_int_equal(c->status, COMP_OK);
    assert_int_equal(c->id, 33);
    assert_int_equal(c->length, 100);
    assert_int_equal(c->ah, b.ah);
    assert_int_equal(c->src_qpn, a.qpn);
    assert_memory_equal(a.ram + DATA, b.ram + DATA + 0x1000, 100);
    /* two buffers into two, with immediate data */
    w.length = 2;
    w.ctrl1 |= WQE_HAS_IMM;
    w.u.buffer[1] = (struct buffer_desc){ 200, a.key, DATA + 100, 0 };
    post_receive(&b, 150, RX_FIRST);
    post_receive(&b, 150, RX_LAST);
    assert_int_equal(ends(&a, w), COMP_OK);
    c = received(&b);
    assert_non_null(c);
    assert_int_equal(c->length, 300);
    assert_int_equal(c->imm, 0x4711);
    /* inline, and from a buffer of no bytes */
    w.ctrl1 = WQE_META | WQE_INLINE;
    w.length = 5;
    memcpy(w.u.data, "hello", 5);
    post_receive(&b, 4096, WHOLE);
    assert_int_equal(ends(&a, w), COMP_OK);
    assert_non_null(received(&b));
    assert_memory_equal(b.ram + DATA + 0x1000, "hello", 5);
    w = request(&a, &b, OP_SEND);
    w.u.buffer[0].length = 0;
    post_receive(&b, 4096, WHOLE);
    assert_int_equal(ends(&a, w), COMP_OK);
    assert_int_equal(received(&b)->length, 0);
}

static void transfers(void)
{
    struct wqe w = request(&a, &b, OP_WRITE);
    uint32_t n = BYTES - 0x1000;

    count_up(a.ram + DATA, n);
    w.u.rdma.remote.length = w.u.rdma.local.length = n;
    assert_int_equal(ends(&a, w), COMP_OK);
    assert_memory_equal(a.ram + DATA, b.ram + DATA + 0x1000, n);
    /* back, to another place */
    w = request(&a, &b, OP_READ);
    w.u.rdma.remote.length = w.u.rdma.local.length = 0x8000;
    w.u.rdma.local.lo = DATA + 0x10001;
    assert_int_equal(ends(&a, w), COMP_OK);
    assert_memory_equal(a.ram + DATA + 0x10001, b.ram + DATA + 0x1000, 0x8000);
    /* inline; of nothing; with immediate data, which needs a receive request */
    w = request(&a, &b, OP_WRITE);
    w.ctrl1 |= WQE_INLINE | WQE_HAS_IMM;
    w.length = w.u.rdma.remote.length = 6;
    memcpy(w.u.rdma.data, "inline", 6);
    post_receive(&b, 4096, WHOLE);
    assert_int_equal(ends(&a, w), COMP_OK);
    assert_memory_equal(b.ram + DATA + 0x1000, "inline", 6);
    assert_int_equal(received(&b)->imm, 0x4711);
    for (uint8_t kind = OP_READ; kind <= OP_WRITE; kind++) {
        w = request(&a, &b, kind);
        w.length = 0;
        w.u.rdma.remote.length = 0;
        assert_int_equal(ends(&a, w), COMP_OK);
    }
}

TEST(messages_arrive)
{
    messages();
}

TEST(transfers_arrive)
{
    transfers();
}

/* A change of a request, and what it ends with. */
static void refusals(bool over_link)
{
    const struct {
        uint8_t kind, status;
        uint8_t ctrl1, ctrl2; /* bits that change */
        uint16_t qpn, length, ah;
        uint32_t qkey, rkey, lkey, remote, bytes;
    } cases[] = {
        { OP_SEND, COMP_UNSUPPORTED, .ctrl1 = WQE_META },
        { OP_SEND, COMP_UNSUPPORTED, .ctrl1 = WQE_EXTENSION },
        { OP_SEND, COMP_UNSUPPORTED, .ctrl2 = 4 },
        { OP_SEND, COMP_UNSUPPORTED, .ctrl1 = 3 },
        { OP_SEND, COMP_BAD_AH, .ah = 1 },
        { OP_SEND, COMP_BAD_AH, .ah = EFA_MAX_AH },
        { OP_SEND, COMP_REMOTE_QPN, .qpn = 0x4000 },
        { OP_SEND, COMP_REMOTE_QPN, .qkey = 1 },
        { OP_SEND, COMP_BAD_LKEY, .lkey = 0x10000 },
        { OP_SEND, COMP_BAD_LENGTH, .length = 2 },
        { OP_SEND, COMP_BAD_LENGTH, .bytes = 0x10000 },
        { OP_SEND, COMP_BAD_LENGTH, .ctrl1 = WQE_INLINE, .length = 0x100 },
        { OP_WRITE, COMP_REMOTE_QPN, .qpn = 0x4000 },
        { OP_WRITE, COMP_REMOTE_ADDRESS, .rkey = 0x10000 },
        { OP_WRITE, COMP_REMOTE_ADDRESS, .remote = 0x80000 },
        { OP_WRITE, COMP_BAD_LKEY, .lkey = 0x10000 },
        { OP_WRITE, COMP_BAD_LENGTH, .length = 3 },
        { OP_WRITE, COMP_BAD_LENGTH, .bytes = 0x40000000 },
        { OP_WRITE, COMP_BAD_LENGTH, .ctrl1 = WQE_INLINE },
        { OP_WRITE, COMP_BAD_LENGTH, .length = 1 },
        { OP_READ, COMP_UNSUPPORTED, .ctrl1 = WQE_INLINE },
        { OP_READ, COMP_UNSUPPORTED, .ctrl1 = WQE_HAS_IMM },
        { OP_READ, COMP_BAD_LKEY, .lkey = 0x10000 },
        { OP_READ, COMP_REMOTE_ADDRESS, .rkey = 0x10000 },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wqe w = request(&a, &b, cases[i].kind);
        int status;

        w.ctrl1 ^= cases[i].ctrl1;
        w.ctrl2 ^= cases[i].ctrl2;
        w.qpn ^= cases[i].qpn;
        w.length ^= cases[i].length;
        w.ah ^= cases[i].ah;
        w.qkey ^= cases[i].qkey;
        if (cases[i].kind == OP_SEND) {
            w.u.buffer[0].lkey ^= cases[i].lkey;
            w.u.buffer[0].length ^= cases[i].bytes;
        } else {
            w.u.rdma.remote.rkey ^= cases[i].rkey;
            w.u.rdma.remote.lo ^= cases[i].remote;
            w.u.rdma.local.lkey ^= cases[i].lkey;
            if (!(w.ctrl1 & WQE_INLINE))
                w.u.rdma.remote.length ^= cases[i].bytes;
        }
        status = ends(&a, w);
        if (status != cases[i].status)
            fail_msg("case %u%s: %d, not %u", i, over_link ? " over the link" : "", status,
                     cases[i].status);
    }
}

TEST(requests_are_checked)
{
    refusals(false);
}

/* Who may do what with a region, and who is known. */
TEST(rights_are_checked)
{
    static const uint8_t nobody[16] = { 9 };
    struct wqe w = request(&a, &b, OP_READ);
    uint32_t known = b.ah;

    w.u.rdma.local.lkey = region(&a, MR_REMOTE_READ | MR_REMOTE_WRITE); /* not to be written */
    assert_int_equal(ends(&a, w), COMP_BAD_LKEY);
    w = request(&a, &b, OP_READ);
    w.u.rdma.remote.rkey = region(&b, MR_LOCAL_WRITE | MR_REMOTE_WRITE);
    assert_int_equal(ends(&a, w), COMP_REMOTE_ADDRESS);
    /* a region of another protection domain */
    DO(&b, .opcode = CMD_ALLOC_PD);
    b.card->mr[b.key & 0xffff].pd = 1;
    assert_int_equal(ends(&a, request(&a, &b, OP_WRITE)), COMP_REMOTE_ADDRESS);
    b.card->mr[b.key & 0xffff].pd = (uint16_t)b.pd;
    /* RDMA wants an address handle at the other end */
    DO(&b, .opcode = CMD_DESTROY_AH,
       .u.destroy_ah = { .ah = (uint16_t)known, .pd = (uint16_t)b.pd });
    assert_int_equal(ends(&a, request(&a, &b, OP_WRITE)), COMP_UNKNOWN_PEER);
    /* a message does not, and says where it is from */
    post_receive(&b, 4096, WHOLE);
    assert_int_equal(ends(&a, request(&a, &b, OP_SEND)), COMP_OK);
    assert_memory_equal(received(&b)->u.src_gid, a.card->gid, 16);
    /* nobody has that address: after a while */
    a.ah = reach(&a, nobody);
    assert_int_equal(ends(&a, request(&a, &b, OP_SEND)), COMP_UNREACHABLE);
    /* pages that are not there */
    b.ah = reach(&b, a.card->gid);
    a.ah = reach(&a, b.card->gid);
    b.card->mr[b.key & 0xffff].page[1] = RAM;
    assert_int_equal(ends(&a, request(&a, &b, OP_WRITE)), COMP_REMOTE_ABORT);
    assert_int_equal(ends(&a, request(&a, &b, OP_READ)), COMP_REMOTE_ABORT);
    w = request(&a, &b, OP_WRITE);
    w.ctrl1 |= WQE_INLINE;
    w.length = w.u.rdma.remote.length = 6;
    assert_int_equal(ends(&a, w), COMP_REMOTE_ABORT);
    post_receive(&b, 4096, WHOLE);
    assert_int_equal(ends(&a, request(&a, &b, OP_SEND)), COMP_REMOTE_STATUS);
    assert_int_equal(received(&b)->status, COMP_INTERNAL);
    a.card->mr[a.key & 0xffff].page[0] = RAM;
    assert_int_equal(ends(&a, request(&a, &b, OP_WRITE)), COMP_INTERNAL);
    assert_int_equal(ends(&a, request(&a, &b, OP_SEND)), COMP_INTERNAL);
}

/* What the receiver has, or has not, posted. */
TEST(receive_requests_are_checked)
{
    struct wqe w = request(&a, &b, OP_SEND);
    struct end *e = &b;

    DO(&a, .opcode = CMD_MODIFY_QP, .u.modify_qp = { .mask = 32, .handle = a.qpn, .rnr_retry = 2 });
    assert_int_equal(ends(&a, w), COMP_REMOTE_RNR);
    post_receive(&b, 50, WHOLE); /* half of it */
    assert_int_equal(ends(&a, w), COMP_REMOTE_LENGTH);
    assert_int_equal(received(&b)->status, COMP_BAD_LENGTH);
    b.key ^= 0x10000;
    post_receive(&b, 4096, WHOLE);
    b.key ^= 0x10000;
    assert_int_equal(ends(&a, w), COMP_REMOTE_STATUS);
    assert_int_equal(received(&b)->status, COMP_BAD_LKEY);
    /* immediate data */
    w = request(&a, &b, OP_WRITE);
    w.ctrl1 |= WQE_HAS_IMM;
    assert_int_equal(ends(&a, w), COMP_REMOTE_RNR);
    post_receive(&b, 4096, RX_LAST); /* not the first of its request: the queue pair fails */
    assert_int_equal(ends(&a, w), COMP_REMOTE_STATUS);
    assert_int_equal(DO(e, .opcode = CMD_QUERY_QP, .u.word = { e->qpn }), STATE_ERR);
    assert_int_equal(ends(&a, w), COMP_REMOTE_QPN);
    create_qp(e, QP_SRD);
    post_receive(&b, 4096, RX_FIRST);
    post_receive(&b, 4096, RX_FIRST | RX_LAST);
    assert_int_equal(ends(&a, request(&a, &b, OP_SEND)), COMP_REMOTE_STATUS);
    /* a ring that is nowhere */
    create_qp(e, QP_SRD);
    b.card->qp[b.qpn % EFA_MAX_QP].rq_base = RAM;
    post_receive(&b, 4096, WHOLE);
    assert_int_equal(ends(&a, request(&a, &b, OP_SEND)), COMP_REMOTE_STATUS);
    /* immediate data that need no request */
    e->qpn = DO(e, .opcode = CMD_CREATE_QP,
                .u.create_qp = { .type = QP_SRD, .flags = 4, .recv_cq = e->receive_cq });
    DO(e, SET_TO(STATE_RTR));
    w = request(&a, &b, OP_WRITE);
    w.ctrl1 |= WQE_HAS_IMM;
    w.qkey = 0;
    assert_int_equal(ends(&a, w), COMP_OK);
    for (struct cqe *c = received(&b); c; c = received(&b)) {
        if (c->status == COMP_FLUSHED)
            continue;
        assert_int_equal(c->imm, 0x4711);
        assert_int_equal(c->flags >> 7, 1);
    }
}

/* A datagram has room for a header in front, is not answered, and does not do RDMA. */
TEST(datagrams)
{
    struct wqe w;
    struct cqe *c;

    create_qp(&a, QP_UD);
    create_qp(&b, QP_UD);
    count_up(a.ram + DATA, 100);
    post_receive(&b, 4096, WHOLE);
    assert_int_equal(ends(&a, request(&a, &b, OP_SEND)), COMP_OK);
    c = received(&b);
    assert_int_equal(c->length, 100 + EFA_UD_PREFIX);
    assert_memory_equal(a.ram + DATA, b.ram + DATA + 0x1000 + EFA_UD_PREFIX, 100);
    assert_int_equal(ends(&a, request(&a, &b, OP_SEND)), COMP_OK); /* nothing is posted */
    w = request(&a, &b, OP_SEND);
    w.qpn ^= 0x4000;
    assert_int_equal(ends(&a, w), COMP_OK);
    assert_int_equal(ends(&a, request(&a, &b, OP_WRITE)), COMP_UNSUPPORTED);
    b.card->unplugged = true;
    assert_int_equal(ends(&a, request(&a, &b, OP_SEND)), COMP_OK);
    b.card->unplugged = false;
    a.card->drop = 1;
    post_receive(&b, 4096, WHOLE);
    assert_int_equal(ends(&a, request(&a, &b, OP_SEND)), COMP_OK);
    assert_null(received(&b));
    /* an RNR count is not for them */
    ASK(&a, ADMIN_BAD_PARAMETER, .opcode = CMD_MODIFY_QP,
        .u.modify_qp = { .mask = 32, .handle = a.qpn, .rnr_retry = 2 });
}

/* More than a queue holds, and requests in a state in which there are none. */
TEST(doorbells_are_checked)
{
    struct end *e = &a;
    uint32_t i = a.qpn % EFA_MAX_QP;

    poke(&a, 4, i * EFA_DB_PAGE, 9);
    assert_int_equal(a.card->qp[i].state, STATE_ERR);
    poke(&a, 4, i * EFA_DB_PAGE, 1);
    assert_int_equal(a.card->qp[i].nops, 0);
    create_qp(&a, QP_SRD);
    i = a.qpn % EFA_MAX_QP;
    poke(&a, 4, i * EFA_DB_PAGE + 8, 9);
    assert_int_equal(a.card->qp[i].state, STATE_ERR);
    poke(&a, 4, i * EFA_DB_PAGE + 8, 1);
    assert_int_equal(a.card->qp[i].rq_posted, 0);
    /* of queues that there are not */
    poke(&a, 4, 200 * EFA_DB_PAGE, 1);
    poke(&a, 4, 200 * EFA_DB_PAGE + 8, 1);
    poke(&a, 4, 200 * EFA_DB_PAGE + 4, 1);
    poke(&a, 4, (EFA_MAX_QP + 200) * EFA_DB_PAGE, 1);
    poke(&a, 4, 1000 * EFA_DB_PAGE, 1);
    /* what is in flight when a queue pair fails is flushed, and dropped when it is reset */
    for (unsigned fails = 0; fails < 2; fails++) {
        struct wqe w = request(&a, &b, OP_SEND);

        create_qp(&a, QP_SRD);
        w.qpn = (uint16_t)b.qpn;
        post(&a, &w);
        post_receive(&a, 4096, WHOLE);
        efa_run(a.card);
        DO(e, SET_TO(fails ? STATE_ERR : STATE_RESET));
        assert_int_equal(a.card->qp[a.qpn % EFA_MAX_QP].nops, 0);
        if (fails) {
            assert_int_equal(sent(&a)->status, COMP_FLUSHED);
            assert_int_equal(received(&a)->status, COMP_FLUSHED);
        }
    }
}

/* ---- events --------------------------------------------------------------------------------- */

#define ARMED 0x80000000u

TEST(events_and_interrupts)
{
    uint32_t cq = (EFA_MAX_QP + a.send_cq) * EFA_DB_PAGE;
    struct eq_entry *event = (void *)(a.ram + EQ);
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct wqe w = request(&a, &b, OP_WRITE);
    uint64_t n;

    a.card->v.irqfd[VFU_IRQ_MSIX][2] = fd;
    poke(&a, 0, REG_EQ_DOORBELL, a.eq | ARMED);
    poke(&a, 4, cq, ARMED);
    post(&a, &w);
    efa_run(a.card);
    assert_int_equal(read(fd, &n, sizeof(n)), sizeof(n));
    assert_int_equal(event->common, 1);
    assert_int_equal(event->cqn, a.send_cq);
    /* armed although something has come: at once, but the events are not armed */
    poke(&a, 4, cq, ARMED);
    assert_int_equal(read(fd, &n, sizeof(n)), -1);
    poke(&a, 0, REG_EQ_DOORBELL, a.eq | ARMED);
    assert_int_equal(read(fd, &n, sizeof(n)), sizeof(n));
    /* not armed, none such, full */
    poke(&a, 0, REG_EQ_DOORBELL, a.eq);
    poke(&a, 0, REG_EQ_DOORBELL, 9 | ARMED);
    poke(&a, 0, REG_EQ_DOORBELL, EFA_MAX_EQ | ARMED);
    for (unsigned i = 0; i < 20; i++)
        poke(&a, 4, cq, ARMED);
    assert_int_equal(a.card->eq[a.eq].since, 16);
    a.card->eq[a.eq].base = RAM;
    poke(&a, 0, REG_EQ_DOORBELL, a.eq | ARMED);
    poke(&a, 4, cq, ARMED);
    assert_int_equal(a.card->eq[a.eq].since, 0);
    DO(&a, .opcode = CMD_DESTROY_EQ, .u.word = { a.eq });
    poke(&a, 4, cq, ARMED);
    close(fd);
    a.card->v.irqfd[VFU_IRQ_MSIX][2] = -1;
}

TEST(a_full_queue_loses_completions)
{
    struct wqe w = request(&a, &b, OP_WRITE);

    for (unsigned i = 0; i < 70; i++) {
        post(&a, &w);
        efa_run(a.card);
    }
    assert_int_equal(a.card->cq[a.send_cq].produced, 64);
    poke(&a, 4, (EFA_MAX_QP + a.send_cq) * EFA_DB_PAGE, 64);
    a.card->cq[a.send_cq].base = RAM;
    post(&a, &w);
    efa_run(a.card);
    assert_int_equal(a.card->cq[a.send_cq].produced, 64);
    assert_int_equal(a.card->qp[a.qpn % EFA_MAX_QP].nops, 0);
}

TEST(asynchronous_events)
{
    struct aenq_entry *events = (void *)(a.ram + AENQ);
    uint64_t due;

    efa_aenq(a.card, GROUP_WARNING, 0);
    assert_int_equal(a.card->aenq.next, 0); /* nobody has asked */
    DO(&a, .opcode = CMD_SET_FEATURE,
       .u.feature = { .id = FEATURE_AENQ,
                      .word = { 0, 1u << GROUP_WARNING | 1u << GROUP_KEEP_ALIVE } });
    due = efa_run(a.card);
    assert_int_equal(events[0].group, GROUP_KEEP_ALIVE);
    assert_true(due > now_ns);
    assert_int_equal(efa_run(a.card), due);
    assert_int_equal(efa_command(a.card, "event 2"), 0);
    assert_int_equal(events[1].group, GROUP_WARNING);
    assert_int_equal(events[1].flags, 1);
    assert_int_equal(efa_command(a.card, "no-keep-alive"), 0);
    now_ns = due;
    efa_run(a.card);
    assert_int_equal(a.card->aenq.next, 2);
    for (unsigned i = 0; i < 4; i++)
        efa_aenq(a.card, GROUP_WARNING, 0);
    assert_int_equal(a.card->aenq.next, 4); /* the driver has taken none */
    poke(&a, 0, REG_AENQ_DOORBELL, 4);
    efa_aenq(a.card, GROUP_WARNING, 0);
    assert_int_equal(events[0].group, GROUP_WARNING);
    assert_int_equal(events[0].flags, 0);
    poke(&a, 0, REG_AENQ_LO, RAM);
    poke(&a, 0, REG_AENQ_CAPS, 4u | 64u << 16);
    efa_aenq(a.card, GROUP_WARNING, 0);
    assert_int_equal(a.card->aenq.next, 0);
}

/* ---- faults on request ---------------------------------------------------------------------- */

static uint32_t mailbox(uint32_t number, uint64_t argument)
{
    poke(&a, VFU_REGION_CONFIG, EFA_MAILBOX + 8, (uint32_t)argument);
    poke(&a, VFU_REGION_CONFIG, EFA_MAILBOX + 12, (uint32_t)(argument >> 32));
    poke(&a, VFU_REGION_CONFIG, EFA_MAILBOX, number);
    return peek(&a, VFU_REGION_CONFIG, EFA_MAILBOX + 4);
}

TEST(faults_on_request)
{
    static const char *const refused[] = { "",      "nonsense",     "mute 21",      "mute 99999",
                                           "event", "event 5",      "refuse 5376",  "reseT",
                                           "heals", "drop_packets", "mute-all-now", "mut" };
    struct aq_entry pd = { .opcode = CMD_ALLOC_PD };
    int *vector = &a.card->v.irqfd[VFU_IRQ_MSIX][0];
    uint16_t answers;
    uint64_t n;

    for (unsigned i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        assert_int_equal(efa_command(a.card, refused[i]), -EINVAL);
    assert_int_equal(mailbox(0, 0), EINVAL);
    assert_int_equal(mailbox(11, 0), EINVAL);
    /* no answer, for one kind and for all */
    for (unsigned i = 0; i < 2; i++) {
        answers = a.card->acq.next;
        assert_int_equal(i ? efa_command(a.card, "mute-all") : (int)mailbox(1, CMD_ALLOC_PD), 0);
        command(&a, pd);
        assert_int_equal(a.card->acq.next, answers);
        assert_int_equal(efa_command(a.card, "heal"), 0);
        ask(&a, ADMIN_OK, pd);
    }
    assert_int_equal(mailbox(3, CMD_ALLOC_PD << 8 | ADMIN_BUSY), 0);
    ask(&a, ADMIN_BUSY, pd);
    assert_int_equal(mailbox(10, 0), 0);
    /* an answer comes with an interrupt, or without */
    *vector = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ask(&a, ADMIN_OK, pd);
    assert_int_equal(read(*vector, &n, sizeof(n)), sizeof(n));
    assert_int_equal(efa_command(a.card, "no-interrupts"), 0);
    ask(&a, ADMIN_OK, pd);
    assert_int_equal(read(*vector, &n, sizeof(n)), -1);
    assert_int_equal(efa_command(a.card, "heal"), 0);
    ask(&a, ADMIN_OK, pd);
    assert_int_equal(read(*vector, &n, sizeof(n)), sizeof(n));
    close(*vector);
    *vector = -1;
    /* lost packets are sent again; without a cable there is no peer */
    assert_int_equal(efa_command(a.card, "drop 3"), 0);
    assert_int_equal(ends(&a, request(&a, &b, OP_WRITE)), COMP_OK);
    assert_int_equal(a.card->stats.retrans_packets, 3);
    assert_int_equal(efa_command(a.card, "drop 99999999"), 0);
    assert_int_equal(a.card->drop, 1000000);
    efa_heal(a.card);
    assert_int_equal(efa_command(b.card, "unplug"), 0);
    assert_int_equal(ends(&a, request(&a, &b, OP_WRITE)), COMP_UNRESPONSIVE);
    efa_heal(b.card);
    assert_int_equal(efa_command(a.card, "unplug"), 0);
    assert_int_equal(ends(&a, request(&a, &b, OP_SEND)), COMP_UNRESPONSIVE);
    assert_int_equal(efa_command(a.card, "reset"), 0);
    assert_int_equal(a.card->aq.depth, 0);
    /* nothing past the configuration space */
    efa_config_write(a.card, sizeof(a.card->v.cfg) - 2, "1234", 4);
    efa_config_write(a.card, sizeof(a.card->v.cfg) + 1, "1234", 4);
    efa_config_acs(a.card);
    assert_int_equal(peek(&a, VFU_REGION_CONFIG, 0x100), 1u << 16 | 0x000d);
}

/* ---- over the cable ------------------------------------------------------------------------- */

TEST(all_of_it_over_the_cable)
{
    messages();
    transfers();
    refusals(true);
}

TEST(a_cable_that_is_pulled)
{
    struct wqe w = request(&a, &b, OP_WRITE);

    b.card->unplugged = true;
    assert_int_equal(ends(&a, w), COMP_UNREACHABLE);
    b.card->unplugged = false;
    assert_int_equal(ends(&a, w), COMP_OK);
    close(far_link.fd);
    far_link.fd = -1;
    assert_int_equal(ends(&a, w), COMP_UNRESPONSIVE);
    assert_int_equal(near_link.fd, -1);
    create_qp(&a, QP_UD);
    assert_int_equal(ends(&a, request(&a, &b, OP_SEND)), COMP_OK);
}

/* A peer that never answers, one that says nonsense. */
TEST(a_peer_that_lies)
{
    struct wqe w = request(&a, &b, OP_READ);
    struct link_message m;
    const struct {
        uint32_t status, n;
        int ends;
    } answers[] = {
        { COMP_REMOTE_RNR, 0, COMP_REMOTE_RNR },
        { COMP_END, 0, COMP_REMOTE_ABORT },
        { LINK_NOBODY, 0, -1 },
        { COMP_OK, 99, COMP_REMOTE_ABORT },
        { COMP_OK, 100, COMP_OK },
    };

    DO(&a, .opcode = CMD_MODIFY_QP, .u.modify_qp = { .mask = 32, .handle = a.qpn });
    for (unsigned i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        uint16_t before = a.card->cq[a.send_cq].produced;

        post(&a, &w);
        efa_run(a.card);
        assert_true(recv(far_link.fd, &m, sizeof(m), 0) > 0);
        m.answer = 1;
        m.status = answers[i].status;
        m.n = answers[i].n;
        assert_true(send(far_link.fd, &m, LINK_HEADER + m.n, 0) > 0);
        efa_link_step(&net);
        m.id = 0; /* and answers to nothing */
        assert_true(send(far_link.fd, &m, LINK_HEADER + m.n, 0) > 0);
        efa_link_step(&net);
        efa_run(a.card);
        if (answers[i].ends >= 0) {
            assert_int_equal(a.card->cq[a.send_cq].produced, before + 1);
            assert_int_equal(sent(&a)->status, answers[i].ends);
        } else {
            struct end *e = &a;

            assert_int_equal(a.card->cq[a.send_cq].produced, before);
            DO(e, SET_TO(STATE_RESET));
            DO(e, SET_TO(STATE_RTS));
        }
    }
    /* no answer at all: in the end */
    post(&a, &w);
    efa_run(a.card);
    assert_true(recv(far_link.fd, &m, sizeof(m), 0) > 0);
    now_ns += 11000000000;
    efa_run(a.card);
    assert_int_equal(sent(&a)->status, COMP_UNRESPONSIVE);
    /* a message that is shorter than it says */
    m.n = 50;
    assert_true(send(far_link.fd, &m, LINK_HEADER, 0) > 0);
    efa_link_step(&net);
    assert_int_equal(near_link.fd, -1);
}

/* Requests that no rig-efa sends. */
TEST(a_request_that_lies)
{
    const struct link_message good = { .kind = OP_WRITE,
                                       .type = QP_SRD,
                                       .n = 8,
                                       .qpn = (uint16_t)b.qpn,
                                       .qkey = QKEY,
                                       .rkey = b.key,
                                       .length = 8,
                                       .address = DATA };
    struct link_message m;

    for (unsigned i = 0; i < 9; i++) {
        static const uint32_t wanted[] = { COMP_OK,           COMP_REMOTE_ABORT, COMP_REMOTE_ABORT,
                                           COMP_REMOTE_ABORT, COMP_REMOTE_ABORT, COMP_REMOTE_ABORT,
                                           COMP_REMOTE_ABORT, LINK_NOBODY,       LINK_NOBODY };

        m = good;
        memcpy(m.from, a.card->gid, 16);
        memcpy(m.to, b.card->gid, 16);
        m.type = i == 1 ? QP_UD : QP_SRD;
        m.length = i == 2 ? EFA_MAX_RDMA + 1 : 8;
        m.done = i == 3 ? 9 : 0;
        m.n = i == 4 ? 7 : i == 5 ? EFA_MTU + 1 : 8;
        m.kind = i == 5 ? OP_SEND : i == 6 ? 9 : OP_WRITE;
        m.to[0] ^= i == 7;
        b.card->unplugged = i == 8;
        efa_link_request(&far_net, &m);
        if (m.status != wanted[i] || !m.answer || m.n)
            fail_msg("request %u: %u, not %u", i, m.status, wanted[i]);
    }
}

TEST(the_log_has_an_end)
{
    static char *text; /* not on the stack: a failed test closes the stream without this function */
    static size_t size;
    FILE *old = a.card->log;

    a.card->log = open_memstream(&text, &size);
    assert_non_null(a.card->log);
    a.card->verbose = false;
    poke(&a, 0, REG_AQ_DOORBELL, 4 * DEPTH); /* a guest can ask for as many of these as it likes */
    a.card->logged = (256ull << 20) - 1;
    poke(&a, 0, REG_AQ_DOORBELL, 5 * DEPTH);
    poke(&a, 0, REG_AQ_DOORBELL, 6 * DEPTH);
    fflush(a.card->log);
    assert_non_null(strstr(text, "admin doorbell 128"));
    assert_non_null(strstr(text, "admin doorbell 160"));
    assert_non_null(strstr(text, "\nthe log is full\n"));
    assert_null(strstr(text, "admin doorbell 192"));
    fclose(a.card->log);
    free(text);
    a.card->log = old;
}

TEST(paths_of_cables)
{
    struct efa_link l;
    char path[200];

    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    errno = 0;
    assert_int_equal(efa_link_listen(&l, path), -ENAMETOOLONG);
    errno = 0;
    assert_int_equal(efa_link_connect(&l, path), -ENAMETOOLONG);
    assert_true(efa_link_connect(&l, "/no/such/socket") < 0);
    close(l.fd);
    assert_true(efa_link_listen(&l, "/no/such/folder/socket") < 0);
    close(l.listener);
}

int main(void)
{
#define ONE(name) cmocka_unit_test_setup_teardown(name, two_cards, end)
#define TWO(name) cmocka_unit_test_setup_teardown(name, two_machines, end)
    const struct CMUnitTest tests[] = {
        ONE(registers_answer),
        ONE(a_ring_has_a_power_of_two),
        ONE(a_reset_forgets),
        ONE(commands_are_checked),
        ONE(a_queue_pair_tells_its_state),
        ONE(everything_has_an_end),
        ONE(a_long_region_has_a_chain_of_lists),
        ONE(features_and_counters),
        ONE(messages_arrive),
        ONE(transfers_arrive),
        ONE(requests_are_checked),
        ONE(rights_are_checked),
        ONE(receive_requests_are_checked),
        ONE(datagrams),
        ONE(doorbells_are_checked),
        ONE(events_and_interrupts),
        ONE(a_full_queue_loses_completions),
        ONE(asynchronous_events),
        ONE(faults_on_request),
        ONE(the_log_has_an_end),
        TWO(all_of_it_over_the_cable),
        TWO(a_cable_that_is_pulled),
        TWO(a_peer_that_lies),
        TWO(a_request_that_lies),
        cmocka_unit_test(paths_of_cables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
