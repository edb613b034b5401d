/* SPDX-License-Identifier: MIT */
/*
 * One end of a connection over an EFA card: an SRD queue pair. All return 0 or -errno, and leave a
 * sentence in .text.
 */
#ifndef TOOLS_RDMA_END_H
#define TOOLS_RDMA_END_H

#include <infiniband/verbs.h>
#include <stdbool.h>
#include <stdint.h>

#define RDMA_QKEY 0x686c7468

struct rdma_end {
    struct ibv_context *context;
    struct ibv_pd *pd;
    struct ibv_cq *cq;
    struct ibv_qp *qp;
    struct ibv_qp_ex *qpx;
    union ibv_gid gid;
    char name[64];
    char text[300];
};

/* An end's address, as sent between two processes of this machine. */
struct rdma_peer {
    union ibv_gid gid;
    uint32_t qpn;
};

/* The index-th EFA card, wrapping around. -ENODEV: there is none. */
int rdma_end_open(struct rdma_end *e, unsigned index);
void rdma_end_close(struct rdma_end *e);
struct rdma_peer rdma_end_address(const struct rdma_end *e);
/* NULL: .text says why. The other end needs a handle for this one, too. */
struct ibv_ah *rdma_end_reach(struct rdma_end *e, const struct rdma_peer *peer);

struct rdma_transfer {
    bool read; /* from the peer; else write to it */
    struct ibv_ah *ah;
    struct rdma_peer peer;
    uint32_t lkey, rkey;
    uint64_t local, remote, bytes;
    /* after each part; may be NULL */
    void (*progress)(uint64_t done, uint64_t all);
};
/* In parts of a MiB, several at once; returns when all have arrived. */
int rdma_end_transfer(struct rdma_end *e, const struct rdma_transfer *t);

#endif
