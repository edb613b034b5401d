/* SPDX-License-Identifier: MIT */
#include "tests/rig/rdma_pair.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

bool route(void)
{
    const char *text = getenv("TEST_NIC");

    if (!text)
        fail_msg("no card: rig/run --nic -- PROGRAM");
    return !strcmp(text, "yes");
}

int all_access(const struct nic *n)
{
    return n->writes ? NIC_ALL : NIC_ALL & ~IBV_ACCESS_REMOTE_WRITE;
}

void host_open(struct pair *p, struct host *h, uint64_t size)
{
    h->size = size;
    h->at =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    assert_ptr_not_equal(h->at, MAP_FAILED);
    h->mr = ibv_reg_mr(p->nic.pd, h->at, size, all_access(&p->nic));
    if (!h->mr)
        fail_msg("host memory cannot be registered: %s", strerror(errno));
    h->buffer = NULL;
    if (p->device)
        ok(hlthunk_buffer_from_host(p->device, h->at, size, NULL, &h->buffer));
}

void host_close(struct host *h)
{
    hlthunk_buffer_unref(h->buffer);
    assert_int_equal(ibv_dereg_mr(h->mr), 0);
    munmap(h->at, h->size);
}

void set_up(struct pair *p, uint64_t size)
{
    memset(p, 0, sizeof(*p));
    nic_open(&p->nic, 0, 7);
    p->self = nic_address(&p->nic, &p->nic.gid);
    p->device = open_device();
    ok(hlthunk_buffer_alloc(p->device, size, NULL, &p->buffer));
    host_open(p, &p->in, SIZE);
    host_open(p, &p->out, SIZE);
}

void tear_down(struct pair *p)
{
    host_close(&p->in);
    host_close(&p->out);
    hlthunk_buffer_unref(p->buffer);
    assert_int_equal(hlthunk_device_close(p->device), 0);
    assert_int_equal(ibv_destroy_ah(p->self), 0);
    nic_close(&p->nic);
    assert_int_equal(hlthunk_device_close(open_device()), 0);
}

void register_whole(struct pair *p, struct hlthunk_dmabuf **m, struct hlthunk_verbs_mr **mr)
{
    ok(hlthunk_dmabuf_export(p->buffer, 0, 0, NULL, m));
    vok(hlthunk_verbs_mr_register(p->nic.pd, *m, NIC_ALL, NULL, mr));
}

int transfer(struct pair *p, enum nic_op op, const struct hlthunk_verbs_mr *mr, uint64_t at,
             uint32_t n)
{
    struct host *h = op == NIC_READ ? &p->out : &p->in;
    struct nic_request r = {
        .op = op,
        .ah = p->self,
        .qpn = p->nic.qp->qp_num,
        .lkey = h->mr->lkey,
        .local = (uintptr_t)h->at,
        .length = n,
        .rkey = hlthunk_verbs_mr_get_rkey(mr),
        .remote = hlthunk_verbs_mr_get_address(mr) + at,
    };

    return nic_do(&p->nic, &r);
}

void device_copy(struct pair *p, uint64_t offset, uint32_t n, bool up)
{
    uint64_t there = hlthunk_buffer_get_address(p->buffer) + offset;
    uint64_t here = hlthunk_buffer_get_address(up ? p->out.buffer : p->in.buffer);

    assert_int_equal(
        copy_by_device(p->device, up ? there : here, up ? here : there, n, up, 20000000), 0);
}
