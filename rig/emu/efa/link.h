/* SPDX-License-Identifier: MIT */
/*
 * The cable to another machine: a socket between two rig-efa processes, whose cards then reach one
 * another. A request goes over with its bytes and comes back as an answer; neither end ever waits
 * for the other. What arrives is not trusted: see efa_link_request() for what is checked.
 */
#ifndef RIG_EMU_EFA_LINK_H
#define RIG_EMU_EFA_LINK_H

#include "rig/emu/efa/card.h"

#include <stddef.h>

#define LINK_SLICE 16384u /* of an RDMA transfer, in one message */
#define LINK_UNDER_WAY 8u /* unanswered requests: what the socket's buffer is sure to hold */
#define LINK_NOBODY                                                                                \
    0xffff /* an answer's status besides COMP_*: no such card, or its cable is unplugged           \
            */

struct efa_link {
    int listener, fd; /* -1: none */
    uint32_t last;    /* the identity of the last request */
    struct link_slot {
        uint32_t id; /* 0: free */
        struct efa_card *card;
        uint16_t qpn;
        uint64_t until; /* the answer is no longer waited for */
    } slot[LINK_UNDER_WAY];
};

struct link_message {
    uint32_t id;
    uint8_t answer; /* 1: an answer, with only status and bytes */
    uint8_t kind, type, imm;
    uint32_t status, n; /* n: bytes that follow */
    uint16_t from_qpn, qpn;
    uint32_t qkey, imm_data, rkey, length, done; /* length of all of the transfer, done before */
    uint64_t address;
    uint8_t from[16], to[16];
    uint8_t data[LINK_SLICE];
};
#define LINK_HEADER ((uint32_t)offsetof(struct link_message, data))

/* 0 or -errno. One end listens, and replaces a socket at path; the other connects. */
int efa_link_listen(struct efa_link *l, const char *path);
int efa_link_connect(struct efa_link *l, const char *path);
/* Fills in what poll() waits for; afterwards handles a connection, a message or the end. */
int efa_link_fd(const struct efa_link *l);
void efa_link_step(struct efa_net *net);

/* A message of m->n bytes came: it is a request to a card of ours, and m becomes its answer. */
void efa_link_request(struct efa_net *net, struct link_message *m);

/*
 * A request of ours, whose peer is nobody here: COMP_*, or AGAIN (-1) while it is under way.
 * LINK_NOBODY: no answer but that.
 */
int efa_link_run(struct efa_card *c, struct efa_qp *qp, struct efa_op *op, const uint8_t *gid,
                 uint64_t now);

#endif
