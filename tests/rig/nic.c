/* SPDX-License-Identifier: MIT */
#include "tests/rig/nic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <infiniband/efadv.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/clock.h"
#include "tests/test.h"

#define DEPTH 64

unsigned nic_count(void)
{
    int n = 0;
    struct ibv_device **list = ibv_get_device_list(&n);

    if (list)
        ibv_free_device_list(list);
    return (unsigned)n;
}

void nic_pci_address(unsigned card, char *address, size_t size)
{
    char path[PATH_MAX], real[PATH_MAX];

    snprintf(path, sizeof(path), "/sys/class/infiniband/efa_%u/device", card);
    if (!realpath(path, real))
        fail_msg("%s: %s", path, strerror(errno));
    snprintf(address, size, "%s", strrchr(real, '/') + 1);
}

void nic_fault(unsigned card, enum nic_fault command, uint32_t argument)
{
    uint32_t words[3] = { argument, 0, command }, error = 1;
    const off_t at[3] = { 0xfe8, 0xfec, 0xfe0 };
    char address[32], path[96];
    int fd;

    nic_pci_address(card, address, sizeof(address));
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", address);
    fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pwrite(fd, &words[i], 4, at[i]), 4);
    assert_int_equal(pread(fd, &error, 4, 0xfe4), 4);
    close(fd);
    assert_int_equal(error, 0);
}

static void open_card(struct nic *n, unsigned card)
{
    char name[32];
    struct ibv_device **list = ibv_get_device_list(NULL);

    snprintf(name, sizeof(name), "efa_%u", card);
    for (struct ibv_device **d = list; d && *d && !n->context; d++)
        if (!strcmp(ibv_get_device_name(*d), name))
            n->context = ibv_open_device(*d);
    if (list)
        ibv_free_device_list(list);
    if (!n->context)
        fail_msg("no card %s: rig/run --nic -- PROGRAM", name);
}

static void to_state(struct nic *n, enum ibv_qp_state state, int mask, unsigned rnr_retry)
{
    struct ibv_qp_attr a = { .qp_state = state, .port_num = 1, .qkey = NIC_QKEY };
    int rc;

    a.rnr_retry = (uint8_t)rnr_retry;
    rc = ibv_modify_qp(n->qp, &a, IBV_QP_STATE | mask);
    if (rc)
        fail_msg("ibv_modify_qp to state %d: %s", state, strerror(rc));
}

void nic_open(struct nic *n, unsigned card, unsigned rnr_retry)
{
    struct efadv_qp_init_attr efa = { .driver_qp_type = EFADV_QP_DRIVER_TYPE_SRD };
    struct ibv_qp_init_attr_ex a = {
        .cap = { .max_send_wr = DEPTH, .max_recv_wr = DEPTH, .max_send_sge = 1, .max_recv_sge = 1 },
        .qp_type = IBV_QPT_DRIVER,
        .sq_sig_all = 1,
        .comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS,
        .send_ops_flags = IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_RDMA_READ |
                          IBV_QP_EX_WITH_RDMA_WRITE | IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM,
    };

    memset(n, 0, sizeof(*n));
    open_card(n, card);
    assert_int_equal(ibv_query_gid(n->context, 1, 0, &n->gid), 0);
    n->pd = ibv_alloc_pd(n->context);
    n->cq = ibv_create_cq(n->context, 2 * DEPTH, NULL, NULL, 0);
    if (!n->pd || !n->cq)
        fail_msg("no protection domain or completion queue: %s", strerror(errno));
    a.pd = n->pd;
    a.send_cq = a.recv_cq = n->cq;
    n->qp = efadv_create_qp_ex(n->context, &a, &efa, sizeof(efa));
    n->writes = n->qp != NULL;
    if (!n->qp && errno == EOPNOTSUPP) {
        a.send_ops_flags = IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_RDMA_READ;
        n->qp = efadv_create_qp_ex(n->context, &a, &efa, sizeof(efa));
    }
    if (!n->qp)
        fail_msg("no SRD queue pair: %s", strerror(errno));
    n->qpx = ibv_qp_to_qp_ex(n->qp);
    to_state(n, IBV_QPS_INIT, IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_QKEY, 0);
    to_state(n, IBV_QPS_RTR, 0, 0);
    to_state(n, IBV_QPS_RTS, IBV_QP_SQ_PSN | IBV_QP_RNR_RETRY, rnr_retry);
}

void nic_close(struct nic *n)
{
    assert_int_equal(ibv_destroy_qp(n->qp), 0);
    assert_int_equal(ibv_destroy_cq(n->cq), 0);
    assert_int_equal(ibv_dealloc_pd(n->pd), 0);
    assert_int_equal(ibv_close_device(n->context), 0);
}

struct ibv_ah *nic_address(struct nic *from, const union ibv_gid *to)
{
    struct ibv_ah_attr a = { .grh = { .dgid = *to }, .is_global = 1, .port_num = 1 };
    struct ibv_ah *ah = ibv_create_ah(from->pd, &a);

    if (!ah)
        fail_msg("no address handle: %s", strerror(errno));
    return ah;
}

int nic_post(struct nic *n, const struct nic_request *r)
{
    ibv_wr_start(n->qpx);
    n->qpx->wr_id = 7;
    n->qpx->wr_flags = IBV_SEND_SIGNALED;
    switch (r->op) {
    case NIC_SEND:
        ibv_wr_send(n->qpx);
        break;
    case NIC_READ:
        ibv_wr_rdma_read(n->qpx, r->rkey, r->remote);
        break;
    case NIC_WRITE:
        ibv_wr_rdma_write(n->qpx, r->rkey, r->remote);
        break;
    case NIC_WRITE_IMM:
        ibv_wr_rdma_write_imm(n->qpx, r->rkey, r->remote, htonl(r->imm));
        break;
    }
    ibv_wr_set_sge(n->qpx, r->lkey, r->local, r->length);
    ibv_wr_set_ud_addr(n->qpx, r->ah, r->qpn, NIC_QKEY);
    return ibv_wr_complete(n->qpx);
}

int nic_poll(struct nic *n, unsigned ms)
{
    uint64_t until = now_ms() + ms;

    for (;;) {
        int got = ibv_poll_cq(n->cq, 1, &n->last);

        if (got < 0)
            fail_msg("ibv_poll_cq: %d", got);
        if (got)
            return (int)n->last.status;
        if (now_ms() > until)
            return -1;
        usleep(200);
    }
}

int nic_do(struct nic *n, const struct nic_request *r)
{
    int rc = nic_post(n, r);

    if (rc)
        fail_msg("a work request is refused: %s", strerror(rc));
    return nic_poll(n, 30000);
}

void nic_post_receive(struct nic *n, void *at, uint32_t length, uint32_t lkey)
{
    struct ibv_sge sge = { (uintptr_t)at, length, lkey };
    struct ibv_recv_wr wr = { .wr_id = 9, .sg_list = &sge, .num_sge = 1 }, *bad;
    int rc = ibv_post_recv(n->qp, &wr, &bad);

    if (rc)
        fail_msg("a receive request is refused: %s", strerror(rc));
}
