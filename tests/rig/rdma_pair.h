/* SPDX-License-Identifier: MIT */
/*
 * An accelerator's buffer and an RDMA card's queue pair that is connected to itself: shared by the
 * tests of peer-to-peer transfers.
 */
#ifndef TESTS_RIG_RDMA_PAIR_H
#define TESTS_RIG_RDMA_PAIR_H

#include "tests/rig/guest.h"
#include "tests/rig/nic.h"
#include "tests/work/work.h"

#include <hlthunk/verbs.h>

#define SIZE (4 * MIB)
#define vok(call)                                                                                  \
    do {                                                                                           \
        int vok_rc = (call);                                                                       \
        if (vok_rc)                                                                                \
            fail_msg("%s: %d: %s", #call, vok_rc, hlthunk_verbs_last_error());                     \
    } while (0)

/* Host memory that is registered with both the card and the accelerator. */
struct host {
    uint8_t *at;
    uint64_t size;
    struct ibv_mr *mr;
    struct hlthunk_buffer *buffer; /* NULL: registered with the card only */
};

/* An accelerator's buffer and an end of a connection to itself. */
struct pair {
    struct hlthunk_device *device;
    struct hlthunk_buffer *buffer;
    struct nic nic;
    struct ibv_ah *self;
    struct host in, out;
};

/* Does the kernel have a route between the two (TEST_NIC)? */
bool route(void);
/* All access flags that the card's driver supports. */
int all_access(const struct nic *n);

void host_open(struct pair *p, struct host *h, uint64_t size);
void host_close(struct host *h);
/* With a buffer of this size, and host memory of SIZE on both sides. */
void set_up(struct pair *p, uint64_t size);
void tear_down(struct pair *p);

/* Exports the pair's whole buffer, and registers it with the card with all rights. */
void register_whole(struct pair *p, struct hlthunk_dmabuf **m, struct hlthunk_verbs_mr **mr);

/* The status of a transfer between p->in (write) or p->out (read) and a registered region. */
int transfer(struct pair *p, enum nic_op op, const struct hlthunk_verbs_mr *mr, uint64_t at,
             uint32_t n);
/* The accelerator's own DMA, between its memory and p->in (down) or p->out (up). */
void device_copy(struct pair *p, uint64_t offset, uint32_t n, bool up);

/* rdma_faults.c: how many of its tests failed */
int rdma_fault_tests(void);

#endif
