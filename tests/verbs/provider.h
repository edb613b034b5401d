/* SPDX-License-Identifier: MIT */
/*
 * RDMA cards for tests: a double of what libibverbs and a provider do for dma-buf regions, which
 * really attaches to and maps the dma-buf through the simulator's importer, and for regions of the
 * program's own memory.  It defines ibv_reg_dmabuf_mr(), ibv_reg_mr(), ibv_dereg_mr() and
 * ibv_get_device_name(), so that a program linked with it reaches no real card.
 */
#ifndef TESTS_VERBS_PROVIDER_H
#define TESTS_VERBS_PROVIDER_H

#include <infiniband/verbs.h>
#include <stdbool.h>

struct card {
    bool peer_to_peer;    /* whether the kernel finds a route */
    int register_error;   /* errno of the next registrations; -1: fails and sets none */
    int deregister_error; /* likewise */
    void (*at_deregister)(struct card *card);
    unsigned registered, deregistered;
    uint64_t last_inode; /* of the last registered dma-buf */
    struct ibv_device device;
    struct ibv_context context;
    struct ibv_pd pd;
};

void card_init(struct card *card, const char *name, bool peer_to_peer);

/*
 * A peer's RDMA read or write of n bytes by the region's rkey, or the card's own by its lkey: 0 or
 * -errno (-EACCES: no such key, range or right of remote access).
 */
int card_read(struct card *card, uint32_t key, uint64_t address, void *data, size_t n);
int card_write(struct card *card, uint32_t key, uint64_t address, const void *data, size_t n);

#endif
