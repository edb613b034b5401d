/* SPDX-License-Identifier: MIT */
/*
 * Bytes that travel peer to peer: an RDMA card under the kernel's own efa driver writes into and
 * reads out of memory that libhlthunk exports and libhlthunk-verbs registers, under the kernel's
 * own habanalabs driver. What arrived is looked at by the accelerator's own DMA.
 */
#include "tests/rig/rdma_pair.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

TEST(no_route_no_region)
{
    struct hlthunk_verbs_mr *mr = (void *)&mr;
    struct hlthunk_dmabuf *m;
    struct pair p;

    if (route())
        skip();
    set_up(&p, SIZE);
    ok(hlthunk_dmabuf_export(p.buffer, 0, 0, NULL, &m));
    assert_int_equal(hlthunk_verbs_mr_register(p.nic.pd, m, all_access(&p.nic), NULL, &mr), -EPERM);
    assert_non_null(strstr(hlthunk_verbs_last_error(), "peer-to-peer"));
    assert_ptr_equal(mr, &mr);
    hlthunk_dmabuf_unref(m);
    tear_down(&p);
}

/* Host to device by the card, on by the accelerator; and back by either. */
TEST(bytes_travel)
{
    static const uint32_t sizes[] = { 1, 4096, 4097, 65536 + 12, MIB, SIZE };
    struct hlthunk_verbs_mr *mr;
    struct hlthunk_dmabuf *m;
    struct pair p;

    if (!route())
        skip();
    set_up(&p, SIZE);
    register_whole(&p, &m, &mr);
    assert_int_equal(hlthunk_verbs_mr_get_size(mr), SIZE);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        work_fill(p.in.at, SIZE, i);
        memset(p.out.at, 0xee, SIZE);
        assert_int_equal(transfer(&p, NIC_WRITE, mr, 0, sizes[i]), IBV_WC_SUCCESS);
        device_copy(&p, 0, SIZE, true);
        assert_true(work_same(p.out.at, sizes[i] & ~7u, i));
        /* what the accelerator writes the card reads */
        work_fill(p.in.at, SIZE, 100 + i);
        device_copy(&p, 0, SIZE, false);
        memset(p.out.at, 0xee, SIZE);
        assert_int_equal(transfer(&p, NIC_READ, mr, 0, sizes[i]), IBV_WC_SUCCESS);
        assert_memory_equal(p.out.at, p.in.at, sizes[i]);
        if (sizes[i] < SIZE)
            assert_int_equal(p.out.at[sizes[i]], 0xee);
    }
    hlthunk_verbs_mr_unref(mr);
    hlthunk_dmabuf_unref(m);
    tear_down(&p);
}

/* A region of a range reaches that range and nothing else, by its own addresses. */
TEST(ranges)
{
    static const struct {
        uint64_t from, size, offset, bytes, iova;
        bool whole_pages;
    } cases[] = {
        { 0, 0, 0, 0, 0, false },
        { MIB, MIB, 0, 0, 0, false },
        { MIB, MIB, 65536, 4096, 0x700000000000, false },
        { 4096, 2 * MIB + 4096, 12, 5000, 0x7000c, false },
        { 2 * MIB + 100, 293, 0, 0, 0, true },
        { MIB + 1, MIB + 4095, 10, 1000, 0, true },
    };

    if (!route())
        skip();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hlthunk_dmabuf_options d = { .struct_size = sizeof(d),
                                            .whole_pages = cases[i].whole_pages };
        struct hlthunk_verbs_mr_options o = { .struct_size = sizeof(o),
                                              .offset = cases[i].offset,
                                              .size_bytes = cases[i].bytes,
                                              .iova = cases[i].iova };
        uint64_t begin = cases[i].from + cases[i].offset, n;
        struct hlthunk_verbs_mr *mr;
        struct hlthunk_dmabuf *m;
        struct pair p;

        set_up(&p, SIZE);
        memset(p.in.at, 'n', SIZE);
        device_copy(&p, 0, SIZE, false);
        ok(hlthunk_dmabuf_export(p.buffer, cases[i].from, cases[i].size, &d, &m));
        vok(hlthunk_verbs_mr_register(p.nic.pd, m, NIC_ALL, &o, &mr));
        n = hlthunk_verbs_mr_get_size(mr);
        assert_int_equal(n, cases[i].bytes ? cases[i].bytes : cases[i].size ? cases[i].size : SIZE);
        memset(p.in.at, 'r', SIZE);
        assert_int_equal(transfer(&p, NIC_WRITE, mr, 0, (uint32_t)n), IBV_WC_SUCCESS);
        if (n < SIZE) {
            assert_int_equal(transfer(&p, NIC_WRITE, mr, 0, (uint32_t)n + 1),
                             IBV_WC_REM_ACCESS_ERR);
            assert_int_equal(transfer(&p, NIC_WRITE, mr, (uint64_t)-1, 2), IBV_WC_REM_ACCESS_ERR);
        }
        device_copy(&p, 0, SIZE, true);
        for (uint64_t k = 0; k < SIZE; k++)
            if (p.out.at[k] != (k >= begin && k < begin + n ? 'r' : 'n'))
                fail_msg("case %zu: byte %llu is '%c'", i, (unsigned long long)k, p.out.at[k]);
        hlthunk_verbs_mr_unref(mr);
        hlthunk_dmabuf_unref(m);
        tear_down(&p);
    }
}

/* Several buffers in one queue pair, many requests at once. */
TEST(many_buffers)
{
    enum { N = 8, PART = 65536 };
    struct hlthunk_buffer *b[N];
    struct hlthunk_verbs_mr *mr[N];
    struct pair p;

    if (!route())
        skip();
    set_up(&p, SIZE);
    for (unsigned i = 0; i < N; i++) {
        struct hlthunk_dmabuf *m;

        ok(hlthunk_buffer_alloc(p.device, PART, NULL, &b[i]));
        ok(hlthunk_dmabuf_export(b[i], 0, 0, NULL, &m));
        vok(hlthunk_verbs_mr_register(p.nic.pd, m, NIC_ALL, NULL, &mr[i]));
        hlthunk_dmabuf_unref(m);
        work_fill(p.in.at + i * PART, PART, i);
    }
    for (unsigned i = 0; i < 4 * N; i++) {
        struct nic_request r = { .op = NIC_WRITE,
                                 .ah = p.self,
                                 .qpn = p.nic.qp->qp_num,
                                 .lkey = p.in.mr->lkey,
                                 .local = (uintptr_t)p.in.at + i % N * PART + i / N * (PART / 4),
                                 .length = PART / 4,
                                 .rkey = hlthunk_verbs_mr_get_rkey(mr[i % N]),
                                 .remote = i / N * (PART / 4) };

        assert_int_equal(nic_post(&p.nic, &r), 0);
    }
    for (unsigned i = 0; i < 4 * N; i++)
        assert_int_equal(nic_poll(&p.nic, 30000), IBV_WC_SUCCESS);
    for (unsigned i = 0; i < N; i++) {
        assert_int_equal(copy_by_device(p.device, hlthunk_buffer_get_address(b[i]),
                                        hlthunk_buffer_get_address(p.out.buffer), PART, true,
                                        20000000),
                         0);
        assert_true(work_same(p.out.at, PART, i));
        hlthunk_verbs_mr_unref(mr[i]);
        hlthunk_buffer_unref(b[i]);
    }
    tear_down(&p);
}

/* One buffer with two cards, which are each other's peers. */
TEST(two_cards)
{
    struct hlthunk_verbs_mr *here, *there;
    struct hlthunk_dmabuf *m;
    struct ibv_ah *to, *back;
    struct nic other;
    struct pair p;

    if (!route() || nic_count() < 2)
        skip();
    set_up(&p, SIZE);
    nic_open(&other, 1, 7);
    to = nic_address(&p.nic, &other.gid);
    back = nic_address(&other, &p.nic.gid);
    register_whole(&p, &m, &here);
    vok(hlthunk_verbs_mr_register(other.pd, m, NIC_ALL, NULL, &there));
    work_fill(p.in.at, SIZE, 5);
    device_copy(&p, 0, MIB, false);
    /* from the first MiB of the accelerator's memory, by one card, into the second, by the other */
    assert_int_equal(nic_do(&p.nic, &(struct nic_request){ .op = NIC_WRITE,
                                                           .ah = to,
                                                           .qpn = other.qp->qp_num,
                                                           .lkey = hlthunk_verbs_mr_get_lkey(here),
                                                           .length = MIB,
                                                           .rkey = hlthunk_verbs_mr_get_rkey(there),
                                                           .remote = MIB }),
                     IBV_WC_SUCCESS);
    device_copy(&p, MIB, MIB, true);
    assert_true(work_same(p.out.at, MIB, 5));
    hlthunk_verbs_mr_unref(there);
    hlthunk_verbs_mr_unref(here);
    hlthunk_dmabuf_unref(m);
    assert_int_equal(ibv_destroy_ah(to), 0);
    assert_int_equal(ibv_destroy_ah(back), 0);
    nic_close(&other);
    tear_down(&p);
}

/* A GiB in one region: its first bytes, those in the middle, its last. */
TEST(a_gibibyte)
{
    const uint64_t all = 1024 * MIB;
    struct hlthunk_verbs_mr *mr;
    struct hlthunk_dmabuf *m;
    struct pair p;

    if (!route())
        skip();
    set_up(&p, all);
    register_whole(&p, &m, &mr);
    for (unsigned i = 0; i < 3; i++) {
        uint64_t at = i * (all - MIB) / 2;

        work_fill(p.in.at, MIB, i);
        assert_int_equal(transfer(&p, NIC_WRITE, mr, at, MIB), IBV_WC_SUCCESS);
        device_copy(&p, at, MIB, true);
        assert_true(work_same(p.out.at, MIB, i));
    }
    assert_int_equal(transfer(&p, NIC_WRITE, mr, all - MIB, MIB + 1), IBV_WC_REM_ACCESS_ERR);
    hlthunk_verbs_mr_unref(mr);
    hlthunk_dmabuf_unref(m);
    tear_down(&p);
}

/* What a card says to a request that is wrong. */
TEST(errors_of_the_card)
{
    struct nic_request good, r;
    union ibv_gid nobody = { .raw = { 0xfe, 0x80, [15] = 0x99 } };
    struct ibv_mr *mute, *other;
    struct ibv_ah *lost;
    struct ibv_pd *pd;
    struct pair p;

    set_up(&p, SIZE);
    if (!p.nic.writes) {
        tear_down(&p);
        skip();
    }
    lost = nic_address(&p.nic, &nobody);
    pd = ibv_alloc_pd(p.nic.context);
    mute = ibv_reg_mr(p.nic.pd, p.out.at, 4096, 0);
    other = ibv_reg_mr(pd, p.out.at, 4096, NIC_ALL);
    assert_non_null(mute);
    assert_non_null(other);
    good = (struct nic_request){ .op = NIC_WRITE,
                                 .ah = p.self,
                                 .qpn = p.nic.qp->qp_num,
                                 .lkey = p.in.mr->lkey,
                                 .local = (uintptr_t)p.in.at,
                                 .length = 4096,
                                 .rkey = p.out.mr->rkey,
                                 .remote = (uintptr_t)p.out.at };
    assert_int_equal(nic_do(&p.nic, &good), IBV_WC_SUCCESS);
#define REFUSED(status, ...)                                                                       \
    do {                                                                                           \
        r = good;                                                                                  \
        __VA_ARGS__;                                                                               \
        assert_int_equal(nic_do(&p.nic, &r), status);                                              \
    } while (0)
    REFUSED(IBV_WC_LOC_PROT_ERR, r.lkey ^= 0x10000);
    REFUSED(IBV_WC_LOC_PROT_ERR, r.local += SIZE - 4095);
    REFUSED(IBV_WC_LOC_PROT_ERR, r.lkey = other->lkey, r.local = (uintptr_t)p.out.at);
    REFUSED(IBV_WC_LOC_PROT_ERR, r.op = NIC_READ, r.lkey = mute->lkey,
            r.local = (uintptr_t)p.out.at);
    REFUSED(IBV_WC_REM_ACCESS_ERR, r.rkey ^= 0x10000);
    REFUSED(IBV_WC_REM_ACCESS_ERR, r.rkey = 0);
    REFUSED(IBV_WC_REM_ACCESS_ERR, r.rkey = mute->rkey);
    REFUSED(IBV_WC_REM_ACCESS_ERR, r.rkey = other->rkey);
    REFUSED(IBV_WC_REM_ACCESS_ERR, r.op = NIC_READ, r.rkey = mute->rkey);
    REFUSED(IBV_WC_REM_ACCESS_ERR, r.remote += SIZE - 4095);
    REFUSED(IBV_WC_REM_ACCESS_ERR, r.remote = UINT64_MAX - 4);
    REFUSED(IBV_WC_REM_INV_RD_REQ_ERR, r.qpn ^= 0x100);
    REFUSED(IBV_WC_RESP_TIMEOUT_ERR, r.ah = lost);
    assert_int_equal(nic_do(&p.nic, &good), IBV_WC_SUCCESS);
    assert_int_equal(ibv_dereg_mr(mute), 0);
    assert_int_equal(ibv_dereg_mr(other), 0);
    assert_int_equal(ibv_dealloc_pd(pd), 0);
    assert_int_equal(ibv_destroy_ah(lost), 0);
    tear_down(&p);
}

/* A message finds its receiver not ready, then too little room, then room; and immediate data. */
TEST(messages)
{
    struct ibv_ah *to, *back;
    struct nic_request r;
    struct nic other;
    struct pair p;

    set_up(&p, SIZE);
    if (!p.nic.writes) {
        tear_down(&p);
        skip();
    }
    nic_open(&other, 0, 0);
    to = nic_address(&other, &p.nic.gid);
    back = nic_address(&p.nic, &other.gid);
    host_close(&p.in);
    host_open(&p, &p.in, SIZE);
    {
        struct ibv_mr *mine = ibv_reg_mr(other.pd, p.in.at, SIZE, NIC_ALL);

        assert_non_null(mine);
        work_fill(p.in.at, SIZE, 3);
        r = (struct nic_request){ .op = NIC_SEND,
                                  .ah = to,
                                  .qpn = p.nic.qp->qp_num,
                                  .lkey = mine->lkey,
                                  .local = (uintptr_t)p.in.at,
                                  .length = 1000 };
        assert_int_equal(nic_do(&other, &r), IBV_WC_RNR_RETRY_EXC_ERR);
        nic_post_receive(&p.nic, p.out.at, 999, p.out.mr->lkey);
        assert_int_equal(nic_do(&other, &r), IBV_WC_REM_INV_REQ_ERR);
        assert_int_equal(nic_poll(&p.nic, 1000), IBV_WC_LOC_LEN_ERR);
        memset(p.out.at, 0, 4096);
        nic_post_receive(&p.nic, p.out.at, 4096, p.out.mr->lkey);
        assert_int_equal(nic_do(&other, &r), IBV_WC_SUCCESS);
        assert_int_equal(nic_poll(&p.nic, 1000), IBV_WC_SUCCESS);
        assert_int_equal(p.nic.last.byte_len, 1000);
        assert_int_equal(p.nic.last.src_qp, other.qp->qp_num);
        assert_memory_equal(p.out.at, p.in.at, 1000);
        assert_int_equal(p.out.at[1000], 0);
        r.length = 8929; /* more than a message may have */
        assert_int_equal(nic_do(&other, &r), IBV_WC_LOC_LEN_ERR);
        r.op = NIC_WRITE_IMM;
        r.length = 100000;
        r.rkey = p.out.mr->rkey;
        r.remote = (uintptr_t)p.out.at;
        r.imm = 0xabcd1234;
        nic_post_receive(&p.nic, p.out.at + MIB, 16, p.out.mr->lkey);
        assert_int_equal(nic_do(&other, &r), IBV_WC_SUCCESS);
        assert_int_equal(nic_poll(&p.nic, 1000), IBV_WC_SUCCESS);
        assert_int_equal(p.nic.last.opcode, IBV_WC_RECV_RDMA_WITH_IMM);
        assert_int_equal(p.nic.last.byte_len, 100000);
        assert_int_equal(ntohl(p.nic.last.imm_data), 0xabcd1234);
        assert_memory_equal(p.out.at, p.in.at, 100000);
        assert_int_equal(ibv_dereg_mr(mine), 0);
    }
    assert_int_equal(ibv_destroy_ah(to), 0);
    assert_int_equal(ibv_destroy_ah(back), 0);
    nic_close(&other);
    tear_down(&p);
}

/* References given back in each of the 24 orders; the last look at the memory works in all. */
TEST(every_order)
{
    if (!route())
        skip();
    for (unsigned order = 0; order < 256; order++) {
        struct hlthunk_verbs_mr *mr;
        struct hlthunk_dmabuf *m;
        unsigned seen = 0;
        struct pair p;

        for (unsigned i = 0; i < 4; i++)
            seen |= 1u << (order >> 2 * i & 3);
        if (seen != 15)
            continue;
        memset(&p, 0, sizeof(p));
        nic_open(&p.nic, 0, 7);
        p.self = nic_address(&p.nic, &p.nic.gid);
        host_open(&p, &p.in, 4096);
        p.device = open_device();
        ok(hlthunk_buffer_alloc(p.device, MIB, NULL, &p.buffer));
        register_whole(&p, &m, &mr);
        for (unsigned i = 0; i < 4; i++) {
            switch (order >> 2 * i & 3) {
            case 0:
                hlthunk_device_unref(p.device);
                break;
            case 1:
                hlthunk_buffer_unref(p.buffer);
                break;
            case 2:
                hlthunk_dmabuf_unref(m);
                break;
            case 3:
                assert_int_equal(transfer(&p, NIC_WRITE, mr, 0, 4096), IBV_WC_SUCCESS);
                hlthunk_verbs_mr_unref(mr);
                break;
            }
        }
        host_close(&p.in);
        assert_int_equal(ibv_destroy_ah(p.self), 0);
        nic_close(&p.nic);
        assert_int_equal(hlthunk_device_close(open_device()), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(no_route_no_region, rig_teardown),
        cmocka_unit_test_teardown(errors_of_the_card, rig_teardown),
        cmocka_unit_test_teardown(messages, rig_teardown),
        cmocka_unit_test_teardown(bytes_travel, rig_teardown),
        cmocka_unit_test_teardown(ranges, rig_teardown),
        cmocka_unit_test_teardown(many_buffers, rig_teardown),
        cmocka_unit_test_teardown(two_cards, rig_teardown),
        cmocka_unit_test_teardown(a_gibibyte, rig_teardown),
        cmocka_unit_test_teardown(every_order, rig_teardown),
    };

    require_rig();
    return RUN_GROUP(tests, NULL, NULL) + rdma_fault_tests();
}
