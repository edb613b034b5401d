/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sim/submit/exec.h"

#define HEALTH_NS 50000000 /* how often load and temperature are updated */
#define NAP_NS 200000000
#define CHUNK (4u << 20)                   /* of a DMA before another queue gets its turn */
#define STEPS 256u                         /* of the engine before a look at new jobs */
#define MSIX_VIRTUAL 0xFFF077FFFFFF0000ull /* RESERVED_VA_FOR_VIRTUAL_MSIX_DOORBELL */

struct sim_exec {
    struct sim_sub_call call;
    struct sim_exec_ops ops;
    struct eng e;
    pthread_t thread;
    bool stop;
    uint32_t reset_seen;
    uint64_t seq[SIM_SUB_JOBS];
    int64_t begin[SIM_SUB_QUEUES];
    uint32_t max_power_mw;
    int64_t busy_ns, health_ns;
};

static int64_t now(const struct sim_exec *x)
{
    return x->call.env->now_ns(x->call.priv);
}

static int rd(void *priv, const struct eng_queue *q, uint64_t addr, void *buf, uint64_t len)
{
    struct sim_exec *x = priv;

    (void)q;
    return x->ops.read(x->call.priv, addr, buf, len);
}

static int wr(void *priv, const struct eng_queue *q, uint64_t addr, const void *buf, uint64_t len)
{
    struct sim_exec *x = priv;

    (void)q;
    return x->ops.write(x->call.priv, addr, buf, len);
}

static int copy(void *priv, const struct eng_queue *q, uint64_t dst, uint64_t src, uint64_t len,
                uint64_t *bad, bool *bad_write)
{
    struct sim_exec *x = priv;

    (void)q;
    if (!x->ops.copy)
        return -EOPNOTSUPP;
    return x->ops.copy(x->call.priv, dst, src, len, bad, bad_write);
}

static int fill(void *priv, const struct eng_queue *q, uint64_t dst, uint64_t pattern, uint64_t len)
{
    struct sim_exec *x = priv;

    (void)q;
    if (!x->ops.fill)
        return -EOPNOTSUPP;
    return x->ops.fill(x->call.priv, dst, pattern, len);
}

/* Gaudi2: a message to the MSI-X doorbell, or to its place in a context's address space. */
static bool doorbell(void *priv, const struct eng_queue *q, uint64_t addr, uint32_t value)
{
    struct sim_exec *x = priv;
    const struct sim_sub_props *p = x->call.p;

    (void)q;
    if (!p->irqs)
        return false;
    if (!eng_rings_msix(p->eng, addr) && addr != MSIX_VIRTUAL)
        return false;
    sim_sub_irq(&x->call, value);
    return true;
}

static uint64_t now_ns(void *priv)
{
    return (uint64_t)now(priv);
}

static void done(void *priv, struct eng_queue *q, const struct eng_cb *cb, int error)
{
    struct sim_exec *x = priv;
    uint32_t i = (uint32_t)cb->cookie;
    int id = eng_queue_id(q);

    if (x->ops.finished && id >= 0)
        x->ops.finished(x->call.priv, id, x->seq[i], cb->len, x->begin[id], now(x));
    if (id >= 0)
        x->begin[id] = now(x);
    sim_sub_job_done(&x->call, i, x->seq[i], error);
}

static int queue_of(const struct eng_report *r)
{
    const struct eng_queue *q = r->queue;

    if (!q)
        return -1;
    return eng_queue_id(q->stream == 4 ? &q->qman->cp[0] : q);
}

static void report(void *priv, const struct eng_report *r)
{
    struct sim_exec *x = priv;

    if (x->ops.report)
        x->ops.report(x->call.priv, queue_of(r), r);
}

static void trace(void *priv, const struct eng_queue *q, uint64_t addr, const struct eng_packet *p)
{
    struct sim_exec *x = priv;

    if (x->ops.packet)
        x->ops.packet(x->call.priv, eng_queue_id(q), addr, p);
}

static void take(struct sim_exec *x)
{
    struct sim_sub_job j;
    uint32_t i;

    while (sim_sub_take(x->call.s, &j, &i)) {
        struct eng_cb cb = { .addr = j.addr, .len = j.len, .cookie = i };
        struct eng_queue *q;

        if (j.kind == SIM_JOB_REG) {
            eng_reg_write(&x->e, j.reg, j.value);
            sim_sub_job_done(&x->call, i, 0, 0);
            continue;
        }
        q = eng_queue(&x->e, j.queue);
        if (j.pages)
            cb.mem = sim_sub_arena(x->call.s, x->call.p, j.page);
        x->seq[i] = j.seq;
        if (q && eng_queue_idle(q))
            x->begin[j.queue] = now(x);
        /* a stopped queue accepts work and runs none of it, as the hardware does */
        if (q && eng_push(q, &cb) == 0)
            continue;
        sim_sub_job_done(&x->call, i, j.seq, -EIO);
    }
}

static void obey_reset(struct sim_exec *x)
{
    struct sim_submit *s = x->call.s;
    uint32_t r = __atomic_load_n(&s->reset_request, __ATOMIC_SEQ_CST);

    if (r == x->reset_seen)
        return;
    eng_reset(&x->e);
    x->reset_seen = r;
    __atomic_store_n(&s->reset_done, r, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &s->reset_done, FUTEX_WAKE, 1 << 30, NULL, NULL, 0);
}

static void nap(struct sim_exec *x, uint32_t work, int64_t until)
{
    struct timespec ts = { .tv_nsec = NAP_NS };
    int64_t left = until ? until - now(x) : 0;

    if (until && left <= 0)
        return;
    if (until && left < NAP_NS)
        ts.tv_nsec = left;
    syscall(SYS_futex, &x->call.s->work, FUTEX_WAIT, work, &ts, NULL, 0);
}

static void *run(void *arg)
{
    struct sim_exec *x = arg;
    struct sim_submit *s = x->call.s;

    s->executor_tid = gettid();
    __atomic_store_n(&s->executor, true, __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&x->stop, __ATOMIC_SEQ_CST)) {
        uint32_t work = __atomic_load_n(&s->work, __ATOMIC_SEQ_CST);
        bool moved = false;
        int64_t timer, wait, start = now(x);

        obey_reset(x);
        take(x);
        for (uint32_t i = 0; i < STEPS && eng_step(&x->e); i++) {
            moved = true;
            if (__atomic_load_n(&s->reset_request, __ATOMIC_RELAXED) != x->reset_seen)
                break;
        }
        if (moved) {
            int64_t took = now(x) - start;

            x->busy_ns += took;
            sim_sub_worked(s, took);
        }
        timer = sim_sub_timers(&x->call);
        if (start - x->health_ns >= HEALTH_NS) {
            sim_sub_health(s, start, x->busy_ns, x->max_power_mw);
            x->health_ns = start;
            x->busy_ns = 0;
        }
        if (moved)
            continue;
        wait = (int64_t)eng_deadline(&x->e);
        if (timer && (!wait || timer < wait))
            wait = timer;
        nap(x, work, wait);
    }
    __atomic_store_n(&s->executor, false, __ATOMIC_SEQ_CST);
    return NULL;
}

static struct eng_ops ops = {
    .read = rd,
    .write = wr,
    .copy = copy,
    .fill = fill,
    .doorbell = doorbell,
    .now_ns = now_ns,
    .done = done,
    .report = report,
};
static struct eng_ops tracing_ops;

struct sim_exec *sim_exec_start(const struct sim_sub_call *call, const struct sim_exec_ops *o,
                                void *cfg, uint64_t seed, uint32_t max_power_mw)
{
    struct sim_exec *x = calloc(1, sizeof(*x));

    if (!x)
        return NULL;
    x->call = *call;
    x->max_power_mw = max_power_mw;
    x->ops = *o;
    tracing_ops = ops;
    tracing_ops.trace = trace;
    x->reset_seen = call->s->reset_request;
    call->s->reset_done = x->reset_seen;
    if (eng_init(&x->e, call->p->eng, cfg, o->packet ? &tracing_ops : &ops, x, seed))
        goto fail;
    x->e.chunk = CHUNK;
    if (pthread_create(&x->thread, NULL, run, x)) {
        eng_fini(&x->e);
        goto fail;
    }
    return x;
fail:
    free(x);
    return NULL;
}

void sim_exec_stop(struct sim_exec *x)
{
    if (!x)
        return;
    __atomic_store_n(&x->stop, true, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&x->call.s->work, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &x->call.s->work, FUTEX_WAKE, 1 << 30, NULL, NULL, 0);
    pthread_join(x->thread, NULL);
    eng_fini(&x->e);
    free(x);
}
