/* SPDX-License-Identifier: MIT */
#include "tools/rdma_end.h"

#include <errno.h>
#include <infiniband/efadv.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DEPTH 8u
#define PART (1024u * 1024u)
#define PATIENCE_S 30

static int failed(struct rdma_end *e, int error, const char *what)
{
    snprintf(e->text, sizeof(e->text), "%s: %s", what, strerror(error));
    return -error;
}

/* The cards that libefa supports; others are skipped. */
static int open_context(struct rdma_end *e, unsigned index)
{
    struct ibv_device **list = ibv_get_device_list(NULL);
    struct efadv_device_attr a;

    for (unsigned round = 0; list && round < 2 && !e->context; round++) {
        unsigned found = 0;

        for (struct ibv_device **d = list; *d && !e->context; d++) {
            struct ibv_context *c = ibv_open_device(*d);

            if (!c)
                continue;
            if (efadv_query_device(c, &a, sizeof(a)) == 0 && found++ == index)
                e->context = c;
            else
                ibv_close_device(c);
        }
        index = found ? index % found : index; /* wrap around: once more */
    }
    if (list)
        ibv_free_device_list(list);
    if (!e->context)
        return failed(e, ENODEV, "no EFA card");
    snprintf(e->name, sizeof(e->name), "%s", ibv_get_device_name(e->context->device));
    return 0;
}

static int to_state(struct rdma_end *e, enum ibv_qp_state state, int mask)
{
    struct ibv_qp_attr a = { .qp_state = state, .port_num = 1, .qkey = RDMA_QKEY };

    return ibv_modify_qp(e->qp, &a, IBV_QP_STATE | mask);
}

static int open_queue_pair(struct rdma_end *e)
{
    struct efadv_qp_init_attr efa = { .driver_qp_type = EFADV_QP_DRIVER_TYPE_SRD };
    struct ibv_qp_init_attr_ex a = {
        .cap = { .max_send_wr = DEPTH, .max_recv_wr = 1, .max_send_sge = 1, .max_recv_sge = 1 },
        .qp_type = IBV_QPT_DRIVER,
        .sq_sig_all = 1,
        .comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS,
        .send_ops_flags = IBV_QP_EX_WITH_RDMA_READ | IBV_QP_EX_WITH_RDMA_WRITE,
    };
    int rc;

    a.pd = e->pd = ibv_alloc_pd(e->context);
    a.send_cq = a.recv_cq = e->cq = ibv_create_cq(e->context, 2 * DEPTH, NULL, NULL, 0);
    if (!e->pd || !e->cq)
        return failed(e, errno, "no protection domain or completion queue");
    e->qp = efadv_create_qp_ex(e->context, &a, &efa, sizeof(efa));
    if (!e->qp)
        return failed(e, errno, "no SRD queue pair with RDMA read and write");
    e->qpx = ibv_qp_to_qp_ex(e->qp);
    rc = to_state(e, IBV_QPS_INIT, IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_QKEY);
    rc = rc ? rc : to_state(e, IBV_QPS_RTR, 0);
    rc = rc ? rc : to_state(e, IBV_QPS_RTS, IBV_QP_SQ_PSN);
    return rc ? failed(e, rc, "the queue pair cannot be used") : 0;
}

int rdma_end_open(struct rdma_end *e, unsigned index)
{
    int rc;

    memset(e, 0, sizeof(*e));
    rc = open_context(e, index);
    if (!rc && ibv_query_gid(e->context, 1, 0, &e->gid))
        rc = failed(e, errno, "the card has no address");
    rc = rc ? rc : open_queue_pair(e);
    if (rc)
        rdma_end_close(e);
    return rc;
}

void rdma_end_close(struct rdma_end *e)
{
    if (e->qp)
        ibv_destroy_qp(e->qp);
    if (e->cq)
        ibv_destroy_cq(e->cq);
    if (e->pd)
        ibv_dealloc_pd(e->pd);
    if (e->context)
        ibv_close_device(e->context);
    e->qp = NULL;
    e->cq = NULL;
    e->pd = NULL;
    e->context = NULL;
}

struct rdma_peer rdma_end_address(const struct rdma_end *e)
{
    return (struct rdma_peer){ .gid = e->gid, .qpn = e->qp->qp_num };
}

struct ibv_ah *rdma_end_reach(struct rdma_end *e, const struct rdma_peer *peer)
{
    struct ibv_ah_attr a = { .grh = { .dgid = peer->gid }, .is_global = 1, .port_num = 1 };
    struct ibv_ah *ah = ibv_create_ah(e->pd, &a);

    if (!ah)
        failed(e, errno, "no address handle");
    return ah;
}

static int post(struct rdma_end *e, const struct rdma_transfer *t, uint64_t at)
{
    uint32_t n = t->bytes - at < PART ? (uint32_t)(t->bytes - at) : PART;

    ibv_wr_start(e->qpx);
    e->qpx->wr_id = at;
    e->qpx->wr_flags = IBV_SEND_SIGNALED;
    if (t->read)
        ibv_wr_rdma_read(e->qpx, t->rkey, t->remote + at);
    else
        ibv_wr_rdma_write(e->qpx, t->rkey, t->remote + at);
    ibv_wr_set_sge(e->qpx, t->lkey, t->local + at, n);
    ibv_wr_set_ud_addr(e->qpx, t->ah, t->peer.qpn, RDMA_QKEY);
    return ibv_wr_complete(e->qpx);
}

int rdma_end_transfer(struct rdma_end *e, const struct rdma_transfer *t)
{
    uint64_t posted = 0, done = 0;
    time_t since = time(NULL);
    unsigned in_flight = 0;
    struct ibv_wc wc;
    int n;

    while (done < t->bytes) {
        while (posted < t->bytes && in_flight < DEPTH) {
            int rc = post(e, t, posted);

            if (rc)
                return failed(e, rc, "the card does not accept the work request");
            posted += PART;
            in_flight++;
        }
        n = ibv_poll_cq(e->cq, 1, &wc);
        if (n < 0)
            return failed(e, EIO, "the completion queue cannot be read");
        if (n && wc.status) {
            snprintf(e->text, sizeof(e->text), "at byte %llu: %s", (unsigned long long)wc.wr_id,
                     ibv_wc_status_str(wc.status));
            return -EIO;
        }
        if (n) {
            in_flight--;
            done += t->bytes - wc.wr_id < PART ? t->bytes - wc.wr_id : PART;
            since = time(NULL);
            if (t->progress)
                t->progress(done, t->bytes);
        } else if (time(NULL) - since > PATIENCE_S) {
            return failed(e, ETIMEDOUT, "no completion");
        }
    }
    return 0;
}
