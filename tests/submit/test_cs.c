/* SPDX-License-Identifier: MIT */
/* The CS ioctl: refusals in their order, what the argument holds afterwards, what runs. */
#include "tests/submit/bench.h"

#include <errno.h>
#include <string.h>

static const char *const asics[] = { "goya", "gaudi", "gaudi2" };

#define EACH(b, k)                                                                                 \
    for (unsigned a_ = 0; a_ < 3; a_++)                                                            \
        for (struct bench *b = bench_new(asics[a_], k); b; bench_free(b), b = NULL)

static void refused(struct bench *b, const struct hl_cs_chunk *k, uint32_t n, uint32_t flags,
                    int error)
{
    union hl_cs_args args = { 0 };

    assert_int_equal(submit(b, k, n, flags, &args), error);
    assert_true(args.out.seq == UINT64_MAX);
    assert_int_equal((int)args.out.status, error);
    assert_int_equal(args.out.sob_base_addr_offset, 0);
}

TEST(refusals)
{
    EACH (b, HL_GENERATION_DRM) {
        struct hl_cs_chunk k = { .cb_handle = HANDLE(1), .cb_size = 8 };
        struct hl_cs_chunk many[513];
        union hl_cs_args args = { .in = { .pad = { 0, 0, 0, 1 } } };
        union hl_wait_cs_args w;
        bool gaudi = a_ == 1;

        put_nop(b->cb[1], 0);
        memset(many, 0, sizeof(many));
        assert_int_equal(submit(b, &k, 1, 0, &args), -EINVAL);
        assert_int_equal(b->s->next_seq, 1);
        refused(b, &k, 0, 0, -EINVAL);
        refused(b, &k, 1, HL_CS_FLAGS_SIGNAL | HL_CS_FLAGS_WAIT, -EINVAL);
        refused(b, many, 513, 0, -EINVAL);
        refused(b, (void *)8, 1, 0, -EFAULT);
        assert_int_equal(b->s->next_seq, 1); /* none of these took a number */
        if (!gaudi)
            refused(b, &k, 1, HL_CS_FLAGS_STAGED_SUBMISSION, -EPERM);
        if (a_ == 0)
            refused(b, &k, 1, HL_CS_FLAGS_SIGNAL, -EINVAL);
        else
            refused(b, &k, 2, HL_CS_FLAGS_SIGNAL, -EINVAL);
        refused(b, &k, 1, HL_CS_FLAGS_COLLECTIVE_WAIT, -EINVAL);
        b->broken = true;
        refused(b, &k, 1, 0, -EBUSY);
        b->broken = false;
        assert_int_equal(b->s->next_seq, 1);
        k.queue_index = 1000;
        refused(b, &k, 1, 0, -EINVAL);
        assert_int_equal(b->s->next_seq, 2); /* this one did */
        assert_int_equal(wait_seq(b, 1, 0, &w), 0);
        assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
        assert_int_equal(w.out.flags, 0);
        k.queue_index = a_ == 0 ? 5 : a_ == 1 ? 8 : 260; /* the CPU's */
        refused(b, &k, 1, 0, -EINVAL);
        k.queue_index = 0;
        if (a_ == 2) {
            refused(b, &k, 1, 0, -EINVAL); /* kernel buffers: not on these queues */
            k.cs_chunk_flags = HL_CS_CHUNK_FLAGS_USER_ALLOC_CB;
            k.cb_handle = 0x1000;
            refused(b, &k, 1, 0, -EFAULT);
        } else {
            k.cb_handle = HANDLE(100);
            refused(b, &k, 1, 0, -EINVAL);
            k.cb_handle = HANDLE(1);
            k.cb_size = 7;
            refused(b, &k, 1, 0, -EINVAL);
            k.cb_size = 4097;
            refused(b, &k, 1, 0, -EINVAL);
            k.cb_size = 8;
            put_msg(b->cb[1], 0, 0, 0);
            refused(b, &k, 1, 0, -EINVAL); /* ends within a packet */
            /* internal queues alone: nobody would tell that they are through */
            k.queue_index = a_ == 0 ? 7 : 9;
            k.cb_handle = b->mem_base;
            refused(b, &k, 1, 0, -EINVAL);
        }
        assert_int_equal(b->s->total.validation, b->s->ctx.validation);
        assert_true(b->s->total.validation > 0);
    }
}

TEST(rules_of_6_1)
{
    struct bench *b = bench_new("gaudi", HL_GENERATION_MISC);
    struct hl_cs_chunk k = { .cb_handle = HANDLE(1), .cb_size = 8 };
    union hl_cs_args args = { .in = { .pad = { 1 } } };

    put_nop(b->cb[1], 0);
    assert_int_equal(submit(b, &k, 1, 0, &args), 0); /* the pad is not looked at */
    memset(&args, 0, sizeof(args));
    assert_int_equal(submit(b, &k, 1, HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES, &args), 0);
    assert_int_equal(args.out.seq, 2); /* an ordinary submission */
    memset(&args, 0, sizeof(args));
    args.in.num_engine_cores = 1;
    args.in.core_command = HL_ENGINE_CORE_RUN;
    args.in.cs_flags = HL_CS_FLAGS_ENGINE_CORE_COMMAND;
    assert_int_equal(sim_sub_cs(&b->call, &args), -EINVAL);
    bench_free(b);
}

/* A restore part is for the ASIC that switches contexts: the first submission of the others has
 * none, on any kernel. */
TEST(restore_without_a_switch)
{
    static const enum hl_generation kernels[] = { HL_GENERATION_MISC, HL_GENERATION_DRM };

    for (unsigned k_ = 0; k_ < 2; k_++)
        EACH (b, kernels[k_]) {
            struct hl_cs_chunk bad = { .queue_index = 1000 }, k = { .cb_handle = HANDLE(1) };
            union hl_cs_args args = { .in = { .chunks_restore = (uintptr_t)&bad,
                                              .num_chunks_restore = 1 } };

            if (a_ == 0)
                continue;
            if (a_ == 2)
                k = (struct hl_cs_chunk){ .cb_handle = b->mem_base,
                                          .cs_chunk_flags = HL_CS_CHUNK_FLAGS_USER_ALLOC_CB };
            put_nop(b->mem, 0);
            k.cb_size = put_nop(b->cb[1], 0);
            assert_int_equal(submit(b, &k, 1, 0, &args), 0);
            assert_int_equal(args.out.seq, 1);
        }
}

static int restore(struct bench *b, const struct hl_cs_chunk *restore, uint32_t flags)
{
    struct hl_cs_chunk k = { .cb_handle = HANDLE(1), .cb_size = 8 };
    union hl_cs_args args = { .in = { .chunks_restore = (uintptr_t)restore,
                                      .num_chunks_restore = restore ? 1 : 0 } };
    int rc = submit(b, &k, 1, flags, &args);

    assert_int_equal((int)args.out.status, rc);
    assert_true((args.out.seq == UINT64_MAX) == (rc < 0));
    return rc;
}

/* Nothing runs in a context whose restore part has not run: whoever comes later waits for it. */
TEST(restore_that_failed)
{
    struct bench *b = bench_new("goya", HL_GENERATION_DRM);
    struct hl_cs_chunk bad = { .queue_index = 1000 }, good = { .cb_handle = HANDLE(1) };
    struct sim_asic impatient = *b->call.p->asic;
    struct sim_sub_props p = *b->call.p;

    impatient.timeout_ms = 200;
    p.asic = &impatient;
    b->call.p = &p;
    good.cb_size = put_nop(b->cb[1], 0);
    assert_int_equal(restore(b, &bad, 0), -EINVAL);
    assert_int_equal(restore(b, NULL, 0), -ETIMEDOUT);
    assert_int_equal(restore(b, &good, 0), -ETIMEDOUT);
    assert_int_equal(restore(b, &bad, HL_CS_FLAGS_FORCE_RESTORE), -EINVAL);
    assert_int_equal(restore(b, NULL, 0), -ETIMEDOUT);
    assert_int_equal(restore(b, &good, HL_CS_FLAGS_FORCE_RESTORE), 0);
    assert_int_equal(restore(b, NULL, 0), 0);
    bench_free(b);
}

TEST(runs)
{
    EACH (b, HL_GENERATION_DRM) {
        union hl_wait_cs_args w;
        uint8_t p[64];
        uint64_t seq;

        for (uint32_t i = 1; i <= 200; i++) {
            seq = run(b, 0, p, put_msg(p, 0, b->mem_base + 0x1000, i), 0);
            assert_int_equal(seq, i);
            assert_int_equal(wait_seq(b, seq, 5000000, &w), 0);
            assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
            assert_memory_equal(b->mem + 0x1000, &i, 4);
        }
        assert_int_equal(sim_sub_active(b->s, b->call.p), 0);
        assert_int_equal(b->s->in_queue[0], 0);
    }
}

/* The number of submissions in flight is limited; the refusal leaves the argument as it was. */
TEST(in_flight)
{
    EACH (b, HL_GENERATION_DRM) {
        union hl_cs_args args = { 0 }, before;
        union hl_wait_cs_args w;
        struct hl_cs_chunk k = { .cb_handle = HANDLE(2), .cb_size = 8 };
        uint8_t p[64];

        if (a_ == 1)
            continue; /* 16384: not in a quick test */
        for (uint32_t i = 0; i < 64; i++)
            run(b, 0, p, put_fence(p, 0, 0), 0);
        if (a_ == 2)
            k = (struct hl_cs_chunk){ .cb_handle = b->mem_base,
                                      .cb_size = 8,
                                      .cs_chunk_flags = HL_CS_CHUNK_FLAGS_USER_ALLOC_CB };
        put_nop(b->cb[2], 0);
        put_nop(b->mem, 0);
        args.in.chunks_execute = (uintptr_t)&k;
        args.in.num_chunks_execute = 1;
        before = args;
        assert_int_equal(sim_sub_cs(&b->call, &args), -EAGAIN);
        assert_memory_equal(&args, &before, sizeof(args));
        assert_int_equal(b->s->ctx.in_flight, 1);
        assert_int_equal(sim_sub_active(b->s, b->call.p), 64);
        assert_int_equal(wait_seq(b, 64, 0, &w), 0);
        assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_BUSY);
        sim_sub_abort_all(&b->call, true);
        assert_int_equal(sim_sub_active(b->s, b->call.p), 0);
        for (uint64_t i = 1; i <= 64; i++) {
            assert_int_equal(wait_seq(b, i, 1000, &w), -EIO);
            assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_ABORTED);
        }
        assert_int_equal(sim_sub_cs(&b->call, &args), 0);
        assert_int_equal(args.out.seq, 65);
        assert_int_equal(wait_seq(b, 65, 5000000, &w), 0);
        assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
    }
}

static uint64_t staged(struct bench *b, uint64_t seq, uint32_t flags, uint32_t value, int error)
{
    struct hl_cs_chunk k = { .cb_handle = HANDLE(3) };
    union hl_cs_args args = { .in = { .seq = seq } };

    k.cb_size = put_msg(b->cb[3], 0, b->mem_base + 0x2000, value);
    assert_int_equal(submit(b, &k, 1, HL_CS_FLAGS_STAGED_SUBMISSION | flags, &args), error);
    return args.out.seq;
}

TEST(staged_submissions)
{
    struct bench *b = bench_new("gaudi", HL_GENERATION_DRM);
    union hl_wait_cs_args w;
    uint64_t first;
    uint32_t v;

    staged(b, 77, 0, 0, -EINVAL); /* of what? */
    first = staged(b, 0, HL_CS_FLAGS_STAGED_SUBMISSION_FIRST, 1, 0);
    assert_int_equal(first, 2);
    assert_int_equal(staged(b, first, 0, 2, 0), first); /* told by the first one's number */
    for (int i = 0; i < 100; i++) {
        memcpy(&v, b->mem + 0x2000, 4);
        if (v == 2)
            break;
        assert_int_equal(wait_seq(b, first, 4000, &w), 0);
    }
    assert_int_equal(v, 2); /* they run, and are not over */
    assert_int_equal(wait_seq(b, first, 0, &w), 0);
    assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_BUSY);
    assert_int_equal(staged(b, first, HL_CS_FLAGS_STAGED_SUBMISSION_LAST, 3, 0), first);
    assert_int_equal(wait_seq(b, first, 5000000, &w), 0);
    assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
    memcpy(&v, b->mem + 0x2000, 4);
    assert_int_equal(v, 3);
    staged(b, first, 0, 4, -EINVAL); /* over */
    assert_int_equal(sim_sub_active(b->s, b->call.p), 0);
    first = staged(b, 0, HL_CS_FLAGS_STAGED_SUBMISSION_FIRST | HL_CS_FLAGS_STAGED_SUBMISSION_LAST,
                   5, 0);
    assert_int_equal(wait_seq(b, first, 5000000, &w), 0);
    assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
    bench_free(b);
}

/* The number is the first one's, and only the last one is told when it was done. */
TEST(the_time_of_a_staged_submission)
{
    static const enum hl_generation kernels[] = { HL_GENERATION_MISC, HL_GENERATION_DRM };

    for (unsigned i = 0; i < 2; i++) {
        struct bench *b = bench_new("gaudi", kernels[i]);
        const uint32_t one = i ? 0 : HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD;
        uint64_t seq =
            staged(b, 0, HL_CS_FLAGS_TIMESTAMP | HL_CS_FLAGS_STAGED_SUBMISSION_FIRST, 1, 0);
        union hl_wait_cs_args w;

        staged(b, seq, HL_CS_FLAGS_TIMESTAMP | HL_CS_FLAGS_STAGED_SUBMISSION_LAST, 2, 0);
        assert_int_equal(wait_seq(b, seq, 5000000, &w), 0);
        assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
        assert_int_equal(w.out.flags, one);
        assert_int_equal(wait_seq(b, seq + 1, 5000000, &w), 0);
        assert_int_equal(w.out.flags, HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD);
        bench_free(b);
    }
}

/* An internal queue's part runs; the submission is over when the external part is. */
TEST(internal_queue)
{
    struct bench *b = bench_new("gaudi", HL_GENERATION_DRM);
    uint32_t fence = eng_fence_offset(b->call.p->eng, 0, 0);
    struct hl_cs_chunk k[2] = {
        { .queue_index = 9, .cb_handle = b->mem_base + 0x4000 },
        { .queue_index = 0, .cb_handle = HANDLE(1) },
    };
    union hl_wait_cs_args w;
    union hl_cs_args args = { 0 };
    uint32_t v;

    k[0].cb_size = put_msg(b->mem, 0x4000, b->mem_base + 0x2000, 9) - 0x4000;
    k[0].cb_size =
        put_msg(b->mem, 0x4000 + k[0].cb_size, eng_chip(b->call.p->eng)->cfg_base + fence, 1) -
        0x4000;
    k[1].cb_size = put_fence(b->cb[1], 0, 0);
    assert_int_equal(submit(b, k, 2, 0, &args), 0);
    assert_int_equal(wait_seq(b, args.out.seq, 5000000, &w), 0);
    assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
    memcpy(&v, b->mem + 0x2000, 4);
    assert_int_equal(v, 9);
    assert_int_equal(b->s->in_queue[9], 0);
    bench_free(b);
}

static int signal_cs(struct bench *b, uint32_t queue, union hl_cs_args *args)
{
    struct hl_cs_chunk k = { .queue_index = queue };

    memset(args, 0, sizeof(*args));
    return submit(b, &k, 1, HL_CS_FLAGS_SIGNAL, args);
}

static int wait_cs(struct bench *b, uint32_t queue, uint64_t seq, union hl_cs_args *args)
{
    struct hl_cs_chunk k = { .queue_index = queue,
                             .signal_seq_arr = (uintptr_t)&seq,
                             .num_signal_seq_arr = 1 };

    memset(args, 0, sizeof(*args));
    return submit(b, &k, 1, HL_CS_FLAGS_WAIT, args);
}

TEST(signal_and_wait)
{
    EACH (b, HL_GENERATION_DRM) {
        const uint32_t other = 4;
        uint64_t fence =
            eng_chip(b->call.p->eng)->cfg_base + eng_fence_offset(b->call.p->eng, 0, 0);
        union hl_cs_args sig, wait, full;
        union hl_wait_cs_args w;
        uint64_t blocked, release;
        uint8_t p[64];

        if (a_ == 0)
            continue;
        /* queue 0 is held up, so that the signal is not there yet when the wait comes */
        blocked = run(b, 0, p, put_fence(p, 0, 0), 0);
        assert_int_equal(signal_cs(b, 0, &sig), 0);
        assert_int_equal(sig.out.seq, blocked + 1);
        assert_int_equal(sig.out.sob_count_before_submission, 1);
        assert_int_equal(
            sig.out.sob_base_addr_offset,
            a_ == 2 ? 0 : eng_sob_offset(b->call.p->eng, 0, b->call.p->asic->signals.first_sob));
        assert_int_equal(wait_cs(b, other, sig.out.seq, &wait), 0);
        assert_int_equal(wait.out.seq, blocked + 2);
        assert_int_equal(wait_seq(b, wait.out.seq, 8000, &w), 0);
        assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_BUSY);
        /* one that finds no room uses up a number, and is no error */
        b->s->in_queue[other] += 4095;
        assert_int_equal(wait_cs(b, other, sig.out.seq, &full), 0);
        assert_true(full.out.seq == UINT64_MAX);
        assert_int_equal(full.out.status, 0);
        b->s->in_queue[other] -= 4095;
        release = run(b, 1, p, put_msg(p, 0, fence, 1), 0);
        assert_int_equal(release, wait.out.seq + 2);
        assert_int_equal(wait_seq(b, wait.out.seq, 5000000, &w), 0);
        assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
        assert_int_equal(wait_seq(b, sig.out.seq, 5000000, &w), 0);
        assert_int_equal(wait_seq(b, release, 5000000, &w), 0);
        assert_int_equal(sim_sub_active(b->s, b->call.p), 0);
        /* a signal that came long ago: nothing to wait for, no number */
        assert_int_equal(wait_cs(b, other, sig.out.seq, &wait), 0);
        assert_true(wait.out.seq == UINT64_MAX);
        assert_int_equal(wait_cs(b, other, blocked, &wait), -EINVAL); /* no signal */
        assert_int_equal(wait_cs(b, other, 1000, &wait), -EINVAL);    /* not yet */
        assert_int_equal(signal_cs(b, 0, &sig), 0);
        assert_int_equal(sig.out.sob_count_before_submission, 2);
    }
}

static int reserve(struct bench *b, uint32_t queue, uint32_t count, union hl_cs_args *args)
{
    memset(args, 0, sizeof(*args));
    args->in.encaps_signals_q_idx = queue;
    args->in.encaps_signals_count = count;
    args->in.cs_flags = HL_CS_FLAGS_RESERVE_SIGNALS_ONLY;
    return sim_sub_cs(&b->call, args);
}

static int unreserve(struct bench *b, uint32_t handle)
{
    union hl_cs_args args = { .in = { .encaps_sig_handle_id = handle,
                                      .cs_flags = HL_CS_FLAGS_UNRESERVE_SIGNALS_ONLY } };

    return sim_sub_cs(&b->call, &args);
}

TEST(encapsulated_signals)
{
    struct bench *b = bench_new("gaudi", HL_GENERATION_DRM);
    union hl_cs_args r, r2, args;
    union hl_wait_cs_args w;
    struct hl_cs_chunk k = { .cb_handle = HANDLE(1) };
    uint64_t seq, last;
    uint32_t sob;

    assert_int_equal(reserve(b, 0, 0x8000, &r), -EINVAL);
    assert_int_equal(reserve(b, 9, 3, &r), -EINVAL);
    assert_int_equal(reserve(b, 0, 3, &r), 0);
    assert_int_equal(r.out.handle_id, 1);
    assert_int_equal(r.out.count, 4); /* the next free value */
    sob = r.out.sob_base_addr_offset;
    assert_int_equal(sob, eng_sob_offset(b->call.p->eng, 0, 128));
    assert_int_equal(reserve(b, 0, 2, &r2), 0);
    assert_int_equal(r2.out.handle_id, 2);
    assert_int_equal(unreserve(b, 1), -EINVAL); /* not the last one */
    assert_int_equal(unreserve(b, 2), 0);
    assert_int_equal(unreserve(b, 2), -EINVAL);
    assert_int_equal(unreserve(b, 99), -EINVAL);
    /* the first of a stage takes the reservation; its packets signal by themselves */
    k.cb_size = put_msg(b->cb[1], 0, eng_chip(b->call.p->eng)->cfg_base + sob, 0x80000001);
    memset(&args, 0, sizeof(args));
    args.in.encaps_sig_handle_id = 1;
    assert_int_equal(submit(b, &k, 1,
                            HL_CS_FLAGS_STAGED_SUBMISSION | HL_CS_FLAGS_ENCAP_SIGNALS |
                                HL_CS_FLAGS_STAGED_SUBMISSION_FIRST,
                            &args),
                     0);
    seq = args.out.seq;
    /* wait for the first of three: there; for the third: not before the stage's last */
    k = (struct hl_cs_chunk){ .queue_index = 4,
                              .encaps_signal_seq = seq,
                              .encaps_signal_offset = 1 };
    memset(&args, 0, sizeof(args));
    assert_int_equal(submit(b, &k, 1, HL_CS_FLAGS_WAIT | HL_CS_FLAGS_ENCAP_SIGNALS, &args), 0);
    assert_int_equal(wait_seq(b, args.out.seq, 5000000, &w), 0);
    assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
    k.encaps_signal_offset = 3;
    memset(&args, 0, sizeof(args));
    assert_int_equal(submit(b, &k, 1, HL_CS_FLAGS_WAIT | HL_CS_FLAGS_ENCAP_SIGNALS, &args), 0);
    last = args.out.seq;
    assert_int_equal(wait_seq(b, last, 8000, &w), 0);
    assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_BUSY);
    k.encaps_signal_offset = 4;
    memset(&args, 0, sizeof(args));
    assert_int_equal(submit(b, &k, 1, HL_CS_FLAGS_WAIT | HL_CS_FLAGS_ENCAP_SIGNALS, &args),
                     -EINVAL);
    k = (struct hl_cs_chunk){ .cb_handle = HANDLE(2) };
    k.cb_size = put_msg(b->cb[2], 0, eng_chip(b->call.p->eng)->cfg_base + sob, 0x80000002);
    memset(&args, 0, sizeof(args));
    args.in.seq = seq;
    assert_int_equal(
        submit(b, &k, 1, HL_CS_FLAGS_STAGED_SUBMISSION | HL_CS_FLAGS_STAGED_SUBMISSION_LAST, &args),
        0);
    assert_int_equal(wait_seq(b, last, 5000000, &w), 0);
    assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
    assert_int_equal(wait_seq(b, seq, 5000000, &w), 0);
    assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_COMPLETED);
    bench_free(b);
}

/* Before the value overflows, the stream goes over to its second object. */
TEST(sync_object_wraps)
{
    struct bench *b = bench_new("gaudi", HL_GENERATION_DRM);
    union hl_cs_args r, sig;

    assert_int_equal(reserve(b, 0, 0x7FF0, &r), 0);
    assert_int_equal(unreserve(b, r.out.handle_id), 0);
    assert_int_equal(reserve(b, 0, 0x7FF0, &r), 0);
    assert_int_equal(reserve(b, 0, 0x20, &r), 0);
    assert_int_equal(r.out.sob_base_addr_offset, 0x492000 + 4 * 129);
    assert_int_equal(r.out.count, 0x21);
    assert_int_equal(signal_cs(b, 0, &sig), 0);
    assert_int_equal(sig.out.sob_base_addr_offset, 0x492000 + 4 * 129);
    assert_int_equal(sig.out.sob_count_before_submission, 0x21);
    bench_free(b);
}

/* Neither object is free for one signal more: a refusal tells of no object. */
TEST(sync_object_cannot_wrap)
{
    struct bench *b = bench_new("gaudi", HL_GENERATION_DRM);
    union hl_cs_args r, sig;
    int rc;

    assert_int_equal(reserve(b, 0, 32700, &r), 0);
    assert_int_equal(reserve(b, 0, 32700, &r), 0);
    for (unsigned i = 0; (rc = signal_cs(b, 0, &sig)) == 0; i++)
        assert_true(i < 100);
    assert_int_equal(rc, -EINVAL);
    assert_true(sig.out.seq == UINT64_MAX);
    assert_int_equal(sig.out.sob_base_addr_offset, 0);
    assert_int_equal(sig.out.sob_count_before_submission, 0);
    bench_free(b);
}

TEST(engines)
{
    EACH (b, HL_GENERATION_DRM) {
        uint32_t ids[] = { 0, 3, 45 };
        union hl_cs_args a;
        int rc;

#define ENGINES(n, cmd, ptr)                                                                       \
    (memset(&a, 0, sizeof(a)), a.in.engines = (uintptr_t)(ptr), a.in.num_engines = (n),            \
     a.in.engine_command = (cmd), a.in.cs_flags = HL_CS_FLAGS_ENGINES_COMMAND,                     \
     sim_sub_cs(&b->call, &a))
#define CORES(n, cmd, ptr)                                                                         \
    (memset(&a, 0, sizeof(a)), a.in.engine_cores = (uintptr_t)(ptr), a.in.num_engine_cores = (n),  \
     a.in.core_command = (cmd), a.in.cs_flags = HL_CS_FLAGS_ENGINE_CORE_COMMAND,                   \
     sim_sub_cs(&b->call, &a))
        rc = ENGINES(2, HL_ENGINE_STALL, ids);
        if (a_ != 2) {
            assert_int_equal(rc, -EPERM);
            assert_int_equal(CORES(1, HL_ENGINE_CORE_RUN, ids), -EPERM);
        } else {
            assert_int_equal(rc, 0);
            assert_true(a.out.seq == UINT64_MAX);
            assert_int_equal(ENGINES(3, HL_ENGINE_RESUME, ids), -EINVAL); /* a PDMA */
            assert_int_equal(ENGINES(0, HL_ENGINE_STALL, ids), -EINVAL);
            assert_int_equal(ENGINES(80, HL_ENGINE_STALL, ids), -EINVAL);
            assert_int_equal(ENGINES(1, HL_ENGINE_COMMAND_MAX, ids), -EINVAL);
            assert_int_equal(ENGINES(1, HL_ENGINE_STALL, (void *)8), -EFAULT);
            assert_int_equal(CORES(1, HL_ENGINE_CORE_RUN, ids), 0);
            assert_int_equal(CORES(70, HL_ENGINE_CORE_RUN, ids), -EINVAL);
            assert_int_equal(CORES(1, HL_ENGINE_STALL, ids), -EINVAL);
            assert_int_equal(CORES(1, HL_ENGINE_CORE_HALT, (void *)8), -EFAULT);
        }
        memset(&a, 0, sizeof(a));
        a.in.cs_flags = HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES;
        assert_int_equal(sim_sub_cs(&b->call, &a), a_ == 0 ? -EOPNOTSUPP : 0);
    }
}

TEST(timeout)
{
    EACH (b, HL_GENERATION_DRM) {
        struct hl_cs_chunk k = { .cb_handle = HANDLE(1), .cb_size = 8 };
        union hl_cs_args args = { .in = { .timeout = 1 } };
        union hl_wait_cs_args w;
        uint64_t behind;
        uint8_t p[16];

        if (a_ != 1)
            continue; /* a second is long for a quick test: once */
        put_fence(b->cb[1], 0, 1);
        assert_int_equal(submit(b, &k, 1, HL_CS_FLAGS_CUSTOM_TIMEOUT, &args), 0);
        behind = run(b, 0, p, put_nop(p, 0), 0);
        assert_int_equal(wait_seq(b, args.out.seq, 5000000, &w), -ETIMEDOUT);
        assert_int_equal(w.out.status, HL_WAIT_CS_STATUS_TIMEDOUT);
        assert_int_equal(b->late, 1);
        assert_int_equal(b->late_seq, args.out.seq);
        assert_true(b->late_reset);
        assert_int_equal(wait_seq(b, behind, 5000000, &w), -EIO);
    }
}

/* Gaudi's limit is ten minutes, the others' half a minute. */
TEST(default_limit)
{
    EACH (b, HL_GENERATION_DRM) {
        const int64_t second = 1000000000, limit = a_ == 1 ? 600 : 30;
        uint8_t p[16];
        int64_t left;

        run(b, 0, p, put_fence(p, 0, 1), 0);
        left = sim_sub_timers(&b->call) - b->call.env->now_ns(b);
        assert_uint_in_range(left, (limit - 10) * second, limit * second);
        sim_sub_abort_all(&b->call, true);
    }
}

/* The time that the executor needs to move bytes is not counted, up to a limit. */
TEST(timeout_of_slow_work)
{
    const int64_t second = 1000000000;

    EACH (b, HL_GENERATION_DRM) {
        struct hl_cs_chunk k = { .cb_handle = HANDLE(1), .cb_size = 8 };
        union hl_cs_args args = { .in = { .timeout = 10 } };
        int64_t before, after;

        if (a_ != 1)
            continue; /* the limit knows no ASIC */
        put_fence(b->cb[1], 0, 1);
        assert_int_equal(submit(b, &k, 1, HL_CS_FLAGS_CUSTOM_TIMEOUT, &args), 0);
        before = sim_sub_timers(&b->call);
        assert_true(before != 0);
        sim_sub_worked(b->call.s, 7 * second);
        after = sim_sub_timers(&b->call);
        assert_true(after - before >= 7 * second); /* the executor itself adds a little */
        sim_sub_worked(b->call.s, 1000000 * second);
        after = sim_sub_timers(&b->call);
        assert_uint_in_range(after - before, 10 * second, 1000 * second);
        sim_sub_worked(b->call.s, second);
        assert_int_equal(sim_sub_timers(&b->call), after);
        sim_sub_abort_all(&b->call, true);
        /* with nothing in flight there is no limit to move */
        sim_sub_worked(b->call.s, second);
        assert_int_equal(sim_sub_timers(&b->call), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals),
        cmocka_unit_test(rules_of_6_1),
        cmocka_unit_test(restore_without_a_switch),
        cmocka_unit_test(restore_that_failed),
        cmocka_unit_test(runs),
        cmocka_unit_test(in_flight),
        cmocka_unit_test(staged_submissions),
        cmocka_unit_test(the_time_of_a_staged_submission),
        cmocka_unit_test(internal_queue),
        cmocka_unit_test(signal_and_wait),
        cmocka_unit_test(encapsulated_signals),
        cmocka_unit_test(sync_object_wraps),
        cmocka_unit_test(sync_object_cannot_wrap),
        cmocka_unit_test(engines),
        cmocka_unit_test(timeout),
        cmocka_unit_test(default_limit),
        cmocka_unit_test(timeout_of_slow_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
