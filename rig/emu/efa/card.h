/* SPDX-License-Identifier: MIT */
/* An emulated EFA card: its queues, memory regions and peers. */
#ifndef RIG_EMU_EFA_CARD_H
#define RIG_EMU_EFA_CARD_H

#include "rig/emu/efa/layout.h"
#include "rig/emu/vfu.h"
#include "rig/emu/window.h"
#include <stdbool.h>
#include <stdio.h>

#define EFA_MAX_CARDS 8
#define EFA_MAX_WINDOWS 8
#define EFA_MAX_QP 256u
#define EFA_MAX_CQ 512u
#define EFA_MAX_EQ 32u
#define EFA_MAX_AH 1024u
#define EFA_MAX_PD 256u
#define EFA_MAX_UAR 256u
#define EFA_MAX_MR 4096u
#define EFA_MAX_PAGES (1u << 20) /* of a region */
#define EFA_ALL_PAGES                                                                              \
    (16ull << 20) /* of all regions of a card: limits the memory that a guest can make us use */
#define EFA_LLQ_BYTES (64u * 1024) /* of a queue pair's send queue, in BAR 2 */
#define EFA_MAX_SQ (EFA_LLQ_BYTES / 64)
#define EFA_MAX_RQ 4096u
#define EFA_MAX_CQ_DEPTH 16384u
#define EFA_MAX_EQ_DEPTH 1024u
#define EFA_MAX_SGE 2u
#define EFA_INLINE 80u /* in a work request of 128 bytes; 32 in one of 64 */
#define EFA_MTU 8928u
#define EFA_MAX_RDMA (1u << 30)
#define EFA_UD_PREFIX 40u /* of a datagram, before its data: space for a routing header */
#define EFA_VECTORS 17u
#define EFA_NO_AH 0xffffu

/* BAR 0: registers, MSI-X; BAR 2: send queues; BAR 4: a page of doorbells for each queue */
#define EFA_REG_BYTES 0x4000u
#define EFA_MSIX_TABLE 0x2000u
#define EFA_MSIX_PBA 0x3000u
#define EFA_DB_PAGE 4096u
#define EFA_DB_BYTES (1024u * EFA_DB_PAGE)
_Static_assert((EFA_MAX_QP + EFA_MAX_CQ) * EFA_DB_PAGE <= EFA_DB_BYTES, "a page for each queue");
#define EFA_MAILBOX 0xFE0 /* faults on request, in the configuration space (fault.c) */

struct efa_card;
struct efa_qp;

struct efa_ring { /* of the admin queue, its completions and the event queue */
    uint64_t base;
    uint16_t depth;
    uint8_t vector;
    uint16_t next; /* free-running */
};

struct efa_mr {
    bool used;
    uint8_t generation, permissions, shift;
    uint16_t pd;
    uint64_t iova, length;
    uint32_t pages;
    uint64_t *page;
};
enum { MR_LOCAL_WRITE = 1, MR_REMOTE_WRITE = 2, MR_REMOTE_READ = 4 };

struct efa_cq {
    bool used, src_gid, events, armed;
    uint8_t entry; /* bytes */
    uint16_t depth, eqn, produced, consumed;
    uint64_t base;
};

struct efa_eq {
    bool used, armed, pending;
    uint8_t vector;
    uint16_t depth, produced, since; /* events since the driver last armed it */
    uint64_t base;
};

struct efa_ah {
    unsigned refs;
    uint16_t pd;
    uint8_t gid[16];
    bool answered; /* a peer that was found */
};

/* A work request that has been taken from its queue. */
struct efa_op {
    struct efa_op *next;
    struct wqe wqe;
    uint64_t due, since; /* nanoseconds; since: of the first try without an answer */
    uint32_t done;       /* bytes of an RDMA transfer */
    unsigned tries;
    uint32_t asked; /* over the link (link.c): the request's identity, 0: none */
    bool answered;
    int answer;
};

struct efa_qp {
    bool used, unsolicited, notify;
    uint8_t type, state, rnr_retry, wqe_bytes;
    uint16_t number, pd, uar, send_cq, recv_cq;
    uint32_t qkey, psn;
    uint16_t sq_count, sq_taken; /* taken: free-running, like the doorbell's value */
    uint64_t rq_base;
    uint16_t rq_count, rq_taken, rq_posted;
    struct efa_op *ops, **ops_end; /* in flight */
    unsigned nops;
};

struct efa_stats {
    uint64_t tx_bytes, tx_packets, rx_bytes, rx_packets, rx_drops, qkey_violations;
    uint64_t send_bytes, sends, recv_bytes, recvs;
    uint64_t reads, read_bytes, read_errors, read_response_bytes;
    uint64_t writes, write_bytes, write_errors, write_recv_bytes;
    uint64_t retrans_bytes, retrans_packets, timeouts, unresponsive, impaired;
};

struct efa_link;

/*
 * All cards of one process: the network, to which those of another may belong; and the memory of
 * other devices that they can reach.
 */
struct efa_net {
    struct efa_card *card[EFA_MAX_CARDS];
    unsigned cards;
    struct window *window[EFA_MAX_WINDOWS];
    unsigned windows;
    struct efa_link *link; /* NULL: no other machine */
    uint64_t (*now)(void); /* nanoseconds */
};

struct efa_card {
    struct vfu v;
    struct efa_net *net;
    unsigned index;
    uint8_t gid[16];
    uint8_t *llq;

    uint32_t reg[REG_END / 4];
    struct efa_ring aq, acq, aenq;
    uint16_t aenq_free;  /* the driver's consumer counter */
    uint32_t groups;     /* the event groups that it has enabled */
    uint64_t keep_alive; /* when the next one is due; 0: none */

    bool pd[EFA_MAX_PD], uar[EFA_MAX_UAR];
    struct efa_mr mr[EFA_MAX_MR];
    struct efa_cq cq[EFA_MAX_CQ];
    struct efa_eq eq[EFA_MAX_EQ];
    struct efa_ah ah[EFA_MAX_AH];
    struct efa_qp qp[EFA_MAX_QP];
    uint64_t pages; /* of all regions */
    struct efa_stats stats;

    /* faults on request (fault.c) */
    bool mute[CMD_END], mute_all, no_keep_alive, no_interrupts, unplugged;
    uint8_t refuse[CMD_END]; /* ADMIN_* to answer with */
    unsigned drop;           /* packets to lose */

    FILE *log;
    uint64_t logged; /* bytes */
    bool verbose;
    unsigned long nreg, ncmd, nwqe, ncqe;
};

void efa_log(struct efa_card *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define efa_detail(c, ...)                                                                         \
    do {                                                                                           \
        if ((c)->verbose)                                                                          \
            efa_log(c, __VA_ARGS__);                                                               \
    } while (0)

/* card.c: back to the state after power-on; efa_card_init() comes first, once: 0 or -errno */
int efa_card_init(struct efa_card *c, struct efa_net *net, unsigned index);
void efa_card_reset(struct efa_card *c);
extern const struct vfu_ops efa_vfu_ops;

/* pci.c */
void efa_config_setup(struct efa_card *c);
void efa_config_acs(struct efa_card *c);
void efa_config_write(struct efa_card *c, uint64_t off, const void *buf, uint32_t len);

/* regs.c */
void efa_reg_write(struct efa_card *c, uint32_t off, uint32_t x);
uint32_t efa_reg_read(struct efa_card *c, uint32_t off);

/* memory.c: the card's view of the bus */
void *efa_ptr(struct efa_card *c, uint64_t addr, uint64_t *len, bool write);
int efa_read(struct efa_card *c, uint64_t addr, void *buf, uint64_t len);
int efa_write(struct efa_card *c, uint64_t addr, const void *buf, uint64_t len);
/* Writes a ring's entry: the byte at `last` after all the others. */
int efa_write_entry(struct efa_card *c, uint64_t addr, const void *entry, uint32_t len,
                    uint32_t last);

/* mr.c */
int efa_mr_register(struct efa_card *c, const struct aq_entry *e, uint32_t *key);
int efa_mr_deregister(struct efa_card *c, uint32_t key);
void efa_mr_forget(struct efa_card *c, struct efa_mr *mr);
/* NULL: the key, protection domain, rights or range do not match. */
struct efa_mr *efa_mr_find(struct efa_card *c, uint32_t key, uint16_t pd, uint8_t rights,
                           uint64_t addr, uint64_t len);
/* The contiguous bytes of a region from addr on, at most *len; NULL: a bus error. */
void *efa_mr_ptr(struct efa_card *c, const struct efa_mr *mr, uint64_t addr, uint64_t *len,
                 bool write);
int efa_mr_copy(struct efa_card *c, const struct efa_mr *mr, uint64_t addr, void *buf, uint64_t len,
                bool to_region);

/* admin.c */
void efa_admin_run(struct efa_card *c, uint16_t doorbell);
/* objects.c, features.c: ADMIN_* */
int efa_objects(struct efa_card *c, const struct aq_entry *e, struct acq_entry *r);
int efa_features(struct efa_card *c, const struct aq_entry *e, struct acq_entry *r);

/* events.c */
void efa_aenq(struct efa_card *c, uint16_t group, uint16_t syndrome);
void efa_eq_event(struct efa_card *c, struct efa_cq *cq);
void efa_eq_arm(struct efa_card *c, uint32_t x);
void efa_interrupt(struct efa_card *c, unsigned vector);

/* cq.c */
void efa_complete(struct efa_card *c, unsigned cq, const struct cqe *e, bool receive, bool imm,
                  unsigned op, bool unsolicited);
void efa_cq_doorbell(struct efa_card *c, unsigned cq, uint32_t x);

/* qp.c */
struct efa_qp *efa_qp_find(struct efa_card *c, uint32_t number);
void efa_sq_doorbell(struct efa_card *c, unsigned index, uint16_t pc);
void efa_rq_doorbell(struct efa_card *c, unsigned index, uint16_t pc);
void efa_qp_drop(struct efa_qp *qp);
void efa_qp_flush(struct efa_card *c, struct efa_qp *qp);
/* Takes the next receive request and returns the number of its buffers; 0: none, -1: malformed. */
int efa_rq_take(struct efa_card *c, struct efa_qp *qp, struct rx_desc *d);

/* ops.c: work on what is due; when to come again (0: nothing is left, now: at once) */
uint64_t efa_run(struct efa_card *c);
/* Gathers a message's data from its buffers, at most EFA_MTU bytes; COMP_*. */
int efa_op_gather(struct efa_card *c, struct efa_qp *qp, const struct wqe *w, uint8_t *data,
                  uint32_t *length);
/* Checks the shape of an RDMA request; COMP_*. */
int efa_rdma_shape(const struct efa_qp *qp, const struct wqe *w);

/* receive.c: a packet arrives; COMP_* */
struct efa_packet {
    const uint8_t *from; /* a GID */
    uint16_t from_qpn, qpn;
    uint32_t qkey;
    uint8_t type;
    bool imm;
    uint32_t imm_data;
    const void *data;
    uint32_t length;
};
int efa_receive(struct efa_card *c, const struct efa_packet *p);
int efa_receive_imm(struct efa_card *c, struct efa_qp *qp, const struct efa_packet *p);
/* Finds the target of an RDMA request: COMP_*; no region where it has no bytes. */
struct efa_rdma {
    bool read;
    uint32_t rkey, length;
    uint64_t address;
};
int efa_rdma_target(struct efa_card *c, const struct efa_packet *p, const struct efa_rdma *r,
                    struct efa_qp **qp, struct efa_mr **mr);
void efa_count_served(struct efa_card *c, bool read, uint32_t bytes);
/* The queue pair that a packet is for, NULL with the status for its sender. */
struct efa_qp *efa_addressed(struct efa_card *c, const struct efa_packet *p, int *status);
uint16_t efa_ah_of(struct efa_card *c, uint16_t pd, const uint8_t *gid);
struct efa_card *efa_net_find(struct efa_net *net, const uint8_t *gid);

/* fault.c: 0 or -errno */
int efa_command(struct efa_card *c, const char *line);
void efa_mailbox(struct efa_card *c);
void efa_heal(struct efa_card *c);

#endif
