/* SPDX-License-Identifier: MIT */
/*
 * One end of a connection over an RDMA card in the machine (rig/run --nic): an SRD queue pair of an
 * EFA with its completion queue. A card can reach itself: two ends on one card are two peers.
 */
#ifndef TESTS_RIG_NIC_H
#define TESTS_RIG_NIC_H

#include <infiniband/verbs.h>
#include <stdbool.h>
#include <stdint.h>

#define NIC_ALL (IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_WRITE)
#define NIC_QKEY 0x1234567

struct nic {
    struct ibv_context *context;
    struct ibv_pd *pd;
    struct ibv_cq *cq;
    struct ibv_qp *qp;
    struct ibv_qp_ex *qpx;
    union ibv_gid gid;
    bool writes;        /* RDMA write: not under the driver of 6.1 */
    struct ibv_wc last; /* the completion that was polled last */
};

unsigned nic_count(void);
/* The PCI address of a card by number. */
void nic_pci_address(unsigned card, char *address, size_t size);
/* Commands of the emulated card's mailbox (rig/emu/efa/fault.c); fails the test if it refuses. */
enum nic_fault {
    NIC_MUTE = 1,
    NIC_MUTE_ALL = 2,
    NIC_REFUSE = 3,
    NIC_NO_KEEP_ALIVE = 4,
    NIC_NO_INTERRUPTS = 5,
    NIC_DROP = 6,
    NIC_UNPLUG = 8,
    NIC_RESET = 9,
    NIC_HEAL = 10,
};
void nic_fault(unsigned card, enum nic_fault command, uint32_t argument);
/* Each fails the test with libibverbs' error. rnr_retry: 7 is without limit. */
void nic_open(struct nic *n, unsigned card, unsigned rnr_retry);
void nic_close(struct nic *n);
/* One end's handle for the other; to be written to, the other needs one, too. */
struct ibv_ah *nic_address(struct nic *from, const union ibv_gid *to);

enum nic_op { NIC_SEND, NIC_READ, NIC_WRITE, NIC_WRITE_IMM };
struct nic_request {
    enum nic_op op;
    struct ibv_ah *ah;
    uint32_t qpn;
    uint32_t lkey, rkey, length;
    uint64_t local, remote;
    uint32_t imm;
};
/* 0 or an errno. */
int nic_post(struct nic *n, const struct nic_request *r);
/* The status of the next completion; -1: there is none for this long. */
int nic_poll(struct nic *n, unsigned ms);
/* Both. */
int nic_do(struct nic *n, const struct nic_request *r);
void nic_post_receive(struct nic *n, void *at, uint32_t length, uint32_t lkey);

#endif
