/* SPDX-License-Identifier: MIT */
#include "tests/submit/bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

static int copy_in(void *priv, void *dst, uint64_t user, size_t len)
{
    (void)priv;
    if (user < 4096)
        return -EFAULT;
    memcpy(dst, (const void *)(uintptr_t)user, len);
    return 0;
}

static bool operational(void *priv)
{
    return !((struct bench *)priv)->broken;
}

static int cb(void *priv, uint64_t handle, struct sim_sub_cb *out)
{
    struct bench *b = priv;

    if (handle & 4095 || handle >> 12 < 1 || handle >> 12 > 7)
        return -EINVAL;
    out->mem = b->cb[handle >> 12];
    out->size = 4096;
    return 0;
}

static int stamps(void *priv, uint64_t handle, uint64_t **mem, uint64_t *count)
{
    struct bench *b = priv;

    if (handle != STAMPS)
        return -EINVAL;
    *mem = b->stamp;
    *count = 16;
    return 0;
}

static void timed_out(void *priv, uint64_t seq, bool reset)
{
    struct bench *b = priv;

    b->late_seq = seq;
    b->late_reset = reset;
    __atomic_add_fetch(&b->late, 1, __ATOMIC_SEQ_CST);
    if (reset)
        sim_sub_abort_all(&b->call, true);
}

static int64_t now_ns(void *priv)
{
    struct timespec t;

    (void)priv;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static const struct sim_submit_env env = {
    .copy_in = copy_in,
    .operational = operational,
    .cb = cb,
    .stamps = stamps,
    .timed_out = timed_out,
    .now_ns = now_ns,
};

static uint8_t *at(struct bench *b, uint64_t addr, uint64_t len)
{
    if (addr < b->mem_base || addr - b->mem_base > MEM_SIZE ||
        len > MEM_SIZE - (addr - b->mem_base))
        return NULL;
    return b->mem + (addr - b->mem_base);
}

static int rd(void *priv, uint64_t addr, void *buf, uint64_t len)
{
    const uint8_t *p = at(priv, addr, len);

    if (p)
        memcpy(buf, p, len);
    return p ? 0 : -EFAULT;
}

static int wr(void *priv, uint64_t addr, const void *buf, uint64_t len)
{
    uint8_t *p = at(priv, addr, len);

    if (p)
        memcpy(p, buf, len);
    return p ? 0 : -EFAULT;
}

static void report(void *priv, int queue, const struct eng_report *r)
{
    struct bench *b = priv;

    (void)queue;
    b->last = *r;
    __atomic_add_fetch(&b->reports, 1, __ATOMIC_SEQ_CST);
}

static const struct sim_exec_ops ops = { .read = rd, .write = wr, .report = report };

struct bench *bench_new(const char *asic, enum hl_generation generation)
{
    struct bench *b = calloc(1, sizeof(*b));
    const struct sim_sub_props *p = sim_sub_props(sim_asic_by_name(asic), generation);

    assert_non_null(b);
    assert_non_null(p);
    b->size = sim_sub_size(p);
    b->s = mmap(NULL, b->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE,
                -1, 0);
    b->cfg = mmap(NULL, eng_chip(p->eng)->cfg_size, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(b->s != MAP_FAILED && b->cfg != MAP_FAILED);
    b->mem = calloc(1, MEM_SIZE);
    b->mem_base = sim_sub_sram(p).start;
    b->call = (struct sim_sub_call){ .s = b->s, .p = p, .env = &env, .priv = b };
    assert_int_equal(sim_sub_init(b->s, p), 0);
    b->x = sim_exec_start(&b->call, &ops, b->cfg, 0, 200000);
    assert_non_null(b->x);
    return b;
}

void bench_free(struct bench *b)
{
    sim_exec_stop(b->x);
    munmap(b->cfg, eng_chip(b->call.p->eng)->cfg_size);
    munmap(b->s, b->size);
    free(b->mem);
    free(b);
}

int submit(struct bench *b, const struct hl_cs_chunk *chunk, uint32_t n, uint32_t flags,
           union hl_cs_args *args)
{
    args->in.chunks_execute = (uintptr_t)chunk;
    args->in.num_chunks_execute = n;
    args->in.cs_flags = flags;
    return sim_sub_cs(&b->call, args);
}

uint64_t run(struct bench *b, uint32_t queue, const void *packets, uint32_t len, uint32_t flags)
{
    struct hl_cs_chunk k = { .queue_index = queue, .cb_size = len };
    union hl_cs_args args = { 0 };
    static uint32_t next;

    if (eng_queue_desc(b->call.p->eng, queue).kind == ENG_QUEUE_EXT) {
        memcpy(b->cb[7], packets, len);
        k.cb_handle = HANDLE(7);
    } else {
        /* each in its own place: it may run later */
        uint32_t place = MEM_SIZE / 2 + next++ % 64 * 4096;

        memcpy(b->mem + place, packets, len);
        k.cb_handle = b->mem_base + place;
        k.cs_chunk_flags = HL_CS_CHUNK_FLAGS_USER_ALLOC_CB;
    }
    assert_int_equal(submit(b, &k, 1, flags, &args), 0);
    assert_int_equal(args.out.status, 0);
    return args.out.seq;
}

int wait_seq(struct bench *b, uint64_t seq, uint64_t us, union hl_wait_cs_args *args)
{
    memset(args, 0, sizeof(*args));
    args->in.seq = seq;
    args->in.timeout_us = us;
    return sim_sub_wait(&b->call, args);
}

static uint32_t words(uint8_t *b, uint32_t at_, uint32_t w0, uint32_t ctl)
{
    memcpy(b + at_, &w0, 4);
    memcpy(b + at_ + 4, &ctl, 4);
    return at_ + 8;
}

uint32_t put_msg(uint8_t *b, uint32_t at_, uint64_t addr, uint32_t value)
{
    at_ = words(b, at_, value, ENG_MSG_LONG << 24);
    memcpy(b + at_, &addr, 8);
    return at_ + 8;
}

uint32_t put_fence(uint8_t *b, uint32_t at_, unsigned id)
{
    return words(b, at_, 1 | 1u << 16 | id << 30, ENG_FENCE << 24);
}

uint32_t put_nop(uint8_t *b, uint32_t at_)
{
    return words(b, at_, 0, ENG_NOP << 24);
}
