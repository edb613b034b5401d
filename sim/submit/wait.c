/* SPDX-License-Identifier: MIT */
/* The WAIT ioctl: for one submission, for the first of several, for an interrupt. */
#include <errno.h>
#include <string.h>

#include "sim/submit/submit.h"

#define MULTI_MAX 32u    /* HL_WAIT_MULTI_CS_LIST_MAX_LEN */
#define MULTI_WAITERS 2u /* MULTI_CS_MAX_USER_CTX */

/* usecs_to_jiffies() and back, at 250 Hz: waits end on a tick. 0: never. */
static int64_t deadline(struct sim_sub_call *c, uint64_t us)
{
    const uint64_t tick = 4000;
    int64_t now = c->env->now_ns(c->priv);

    if (us > (uint64_t)INT64_MAX / 2000)
        return 0;
    us = (us + tick - 1) / tick * tick;
    return now + (int64_t)us * 1000;
}

/* ---------------------------------------------------------------- one submission */

/* Errors of a submission that a wait for it reports. */
static int told(int error)
{
    return error == -ETIMEDOUT || error == -EIO ? error : 0;
}

/* A submission whose fence is gone: the outcome that is remembered. */
static int without_fence(struct sim_submit *s, uint64_t seq, uint32_t *status, uint32_t *flags,
                         int64_t *timestamp)
{
    int error = 0;

    *status = HL_WAIT_CS_STATUS_COMPLETED;
    if (sim_sub_outcome(s, seq, timestamp, &error))
        return told(error);
    *flags |= HL_WAIT_CS_STATUS_FLAG_GONE;
    return 0;
}

/* hl_wait_for_fence(): 0 with *status, or an error. With the lock held, released while waiting. */
static int wait_fence(struct sim_sub_call *c, uint64_t seq, uint64_t timeout_us, bool forever,
                      uint32_t *status, uint32_t *flags, int64_t *timestamp)
{
    struct sim_submit *s = c->s;
    int64_t until = forever ? 0 : deadline(c, timeout_us);
    uint32_t aborts = s->abort_count;
    bool waited = timeout_us != 0;

    for (;;) {
        struct sim_sub_cs *f;
        int rc, error;
        uint32_t gen = __atomic_load_n(&s->gen, __ATOMIC_SEQ_CST);

        f = sim_sub_fence(c, seq, &rc);
        if (rc)
            return rc;
        if (!f)
            return without_fence(s, seq, status, flags, timestamp);
        *timestamp = f->timestamp;
        error = told(f->error);
        if (f->done) {
            *status = HL_WAIT_CS_STATUS_COMPLETED;
            return error;
        }
        *status = HL_WAIT_CS_STATUS_BUSY;
        *timestamp = 0;
        if (!timeout_us || aborts != s->abort_count)
            return error;
        sim_sub_unlock(s);
        rc = waited ? sim_sub_sleep(c, gen, until) : 0;
        sim_sub_lock(s);
        if (rc == -EINTR)
            return rc;
        if (rc == -ETIMEDOUT)
            timeout_us = 0; /* one last check */
    }
}

static int wait_one(struct sim_sub_call *c, union hl_wait_cs_args *args)
{
    uint32_t status = 0, flags = 0;
    int64_t timestamp = 0;
    uint64_t us = args->in.timeout_us, seq = args->in.seq;
    bool forever = us == INT64_MAX; /* MAX_SCHEDULE_TIMEOUT is passed on as it is */
    int rc;

    if (!forever && us)
        us = (uint32_t)us ? (uint32_t)us : 1; /* truncated to what usecs_to_jiffies() accepts */
    sim_sub_lock(c->s);
    rc = wait_fence(c, seq, us, forever, &status, &flags, &timestamp);
    sim_sub_unlock(c->s);
    if (rc == -EINTR) {
        if (!c->p->kernel->waits_hide_ends)
            return rc;
        rc = 0; /* busy */
    }
    memset(args, 0, sizeof(*args));
    if (rc) {
        if (rc == -ETIMEDOUT)
            args->out.status = HL_WAIT_CS_STATUS_TIMEDOUT;
        else if (rc == -EIO)
            args->out.status = HL_WAIT_CS_STATUS_ABORTED;
        return rc;
    }
    args->out.status = status;
    args->out.flags = flags;
    if (timestamp) {
        args->out.flags |= HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD;
        args->out.timestamp_nsec = timestamp;
    }
    return 0;
}

/* ---------------------------------------------------------------- the first of several */

struct multi {
    uint64_t seq[MULTI_MAX];
    uint32_t n, map;
    uint8_t streams; /* of the submissions; a signal and a wait for one have none */
    bool want_time;
    int64_t timestamp;
};

/* hl_cs_poll_fences(), with the lock held */
static int poll_fences(struct sim_sub_call *c, struct multi *m)
{
    int64_t first = INT64_MAX;
    int rc;

    for (uint32_t i = 0; i < m->n; i++) {
        sim_sub_fence(c, m->seq[i], &rc);
        if (rc)
            return rc;
    }
    for (uint32_t i = 0; i < m->n; i++) {
        struct sim_sub_cs *f = sim_sub_fence(c, m->seq[i], &rc);
        int64_t t;
        int error;

        if (!f) {
            if (sim_sub_outcome(c->s, m->seq[i], &t, &error)) {
                if (error == -ETIMEDOUT || error == -EIO)
                    return error;
            } else {
                m->want_time = false;
            }
            m->map |= 1u << i;
            continue;
        }
        m->streams |= f->streams;
        if (told(f->error))
            return f->error;
        if (!f->done)
            continue;
        m->map |= 1u << i;
        if (m->want_time && f->timestamp < first)
            first = f->timestamp;
    }
    if (m->want_time && first != INT64_MAX)
        m->timestamp = first;
    return 0;
}

/* hl_multi_cs_wait_ioctl(): the argument's own checks, and the numbers to wait for. */
static int multi_arguments(struct sim_sub_call *c, const struct hl_wait_cs_in *in, struct multi *m)
{
    if (c->p->kernel->cs_pad_is_0)
        for (size_t i = 0; i < sizeof(in->pad); i++)
            if (in->pad[i])
                return -EINVAL;
    if (!c->p->asic->staged)
        return -EPERM;
    m->n = in->seq_arr_len;
    if (m->n > MULTI_MAX)
        return -EINVAL;
    return m->n && c->env->copy_in(c->priv, m->seq, in->seq, m->n * 8) < 0 ? -EFAULT : 0;
}

static void multi_answer(const struct multi *m, union hl_wait_cs_args *args)
{
    memset(args, 0, sizeof(*args));
    if (!m->map) {
        args->out.status = HL_WAIT_CS_STATUS_BUSY;
        return;
    }
    args->out.status = HL_WAIT_CS_STATUS_COMPLETED;
    args->out.cs_completion_map = m->map;
    if (m->timestamp) {
        args->out.timestamp_nsec = m->timestamp;
        args->out.flags |= HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD;
    } else {
        args->out.flags |= HL_WAIT_CS_STATUS_FLAG_GONE;
    }
}

/* What makes the driver look again: submissions that have used one of the streams end, or a reset.
 */
static uint32_t multi_events(const struct sim_submit *s, const struct multi *m)
{
    uint32_t n = s->abort_count;

    for (unsigned i = 0; i < 8; i++)
        n += m->streams >> i & 1 ? s->mcs_ended[i] : 0;
    return n;
}

/*
 * hl_wait_multi_cs_completion(): 0 when it is time to look again, 1 when the time is over, -EINTR.
 * With the lock held, released while waiting.
 */
static int multi_sleep(struct sim_sub_call *c, const struct multi *m, int64_t until)
{
    struct sim_submit *s = c->s;
    uint32_t events = multi_events(s, m);
    int rc = 0;

    while (!rc && multi_events(s, m) == events) {
        uint32_t gen = __atomic_load_n(&s->gen, __ATOMIC_SEQ_CST);

        sim_sub_unlock(s);
        rc = sim_sub_sleep(c, gen, until);
        sim_sub_lock(s);
    }
    if (multi_events(s, m) != events)
        return 0;
    return rc == -ETIMEDOUT ? 1 : rc;
}

static int wait_multi(struct sim_sub_call *c, union hl_wait_cs_args *args)
{
    struct sim_submit *s = c->s;
    struct multi m = { .want_time = true };
    int64_t until;
    uint64_t us = args->in.timeout_us;
    int rc = multi_arguments(c, &args->in, &m);

    if (rc)
        return rc;
    until = deadline(c, us);
    sim_sub_lock(s);
    if (s->mcs_waiters >= MULTI_WAITERS) {
        sim_sub_unlock(s);
        return -ENOMEM;
    }
    s->mcs_waiters++;
    rc = poll_fences(c, &m);
    while (!rc && !m.map && us) {
        rc = multi_sleep(c, &m, until);
        if (!rc)
            rc = poll_fences(c, &m);
    }
    s->mcs_waiters--;
    sim_sub_unlock(s);
    if (rc < 0)
        return rc;
    multi_answer(&m, args);
    return 0;
}

/* ---------------------------------------------------------------- interrupts */

/* Which slot of irq_count an id means; -1: none. */
static int irq_slot(const struct sim_sub_props *p, uint32_t id)
{
    if (id < p->asic->decoders)
        return (int)id;
    if (id >= p->first_irq && id < (uint32_t)p->first_irq + p->irqs)
        return (int)(id - p->first_irq + p->asic->decoders);
    if (id == 0xFFF)
        return (int)sim_sub_any_slot(p);
    if (id == 0xFFE)
        return (int)sim_sub_any_slot(p) + 1;
    return -1;
}

/* What a wait for an interrupt compares with its target: memory of the user's, or a counter. */
typedef int read_value(struct sim_sub_call *c, const struct hl_wait_cs_in *in, uint64_t *value);

static int user_value(struct sim_sub_call *c, const struct hl_wait_cs_in *in, uint64_t *value)
{
    return c->env->copy_in(c->priv, value, in->addr, 8) < 0 ? -EFAULT : 0;
}

static int cq_value(struct sim_sub_call *c, const struct hl_wait_cs_in *in, uint64_t *value)
{
    struct sim_sub_cb cb;

    if (c->env->cb(c->priv, in->cq_counters_handle, &cb) < 0)
        return -EINVAL;
    /* not compared as addresses, which would wrap around as in the kernel: see upstream-defects.md
     */
    if (in->cq_counters_offset >= cb.size / 8)
        return -EINVAL;
    memcpy(value, (const uint8_t *)cb.mem + 8 * in->cq_counters_offset, 8);
    return 0;
}

/* 1: the target is reached, which the status says; 0: not yet. */
static int reached(struct sim_sub_call *c, const struct hl_wait_cs_in *in, read_value *read,
                   uint32_t *status)
{
    uint64_t value;
    int rc = read(c, in, &value);

    if (rc || value < in->target)
        return rc;
    *status = HL_WAIT_CS_STATUS_COMPLETED;
    return 1;
}

/* Looks at the value now, and after each interrupt. */
static int wait_value(struct sim_sub_call *c, const struct hl_wait_cs_in *in, unsigned slot,
                      read_value *read, uint32_t *status, int64_t *timestamp)
{
    struct sim_submit *s = c->s;
    int64_t until = deadline(c, in->interrupt_timeout_us);
    uint32_t count = __atomic_load_n(&s->irq_count[slot], __ATOMIC_SEQ_CST);
    uint32_t aborts = s->abort_count;
    int rc = reached(c, in, read, status);

    if (rc) {
        *timestamp = c->env->now_ns(c->priv);
        return rc < 0 ? rc : 0;
    }
    *status = HL_WAIT_CS_STATUS_BUSY;
    if (!in->interrupt_timeout_us)
        return 0;
    for (;;) {
        uint32_t gen = __atomic_load_n(&s->gen, __ATOMIC_SEQ_CST);
        uint32_t now = __atomic_load_n(&s->irq_count[slot], __ATOMIC_SEQ_CST);

        if (now != count) {
            count = now;
            rc = reached(c, in, read, status);
            /* one that looks by itself is woken by every interrupt, and keeps its time */
            if (rc || read == user_value)
                *timestamp = sim_sub_irq_time(c, slot);
            if (rc)
                return rc < 0 ? rc : 0;
        }
        if (aborts != s->abort_count) {
            *status = HL_WAIT_CS_STATUS_ABORTED;
            return 0;
        }
        rc = sim_sub_sleep(c, gen, until);
        if (rc == -EINTR)
            return rc;
        if (rc == -ETIMEDOUT && __atomic_load_n(&s->irq_count[slot], __ATOMIC_SEQ_CST) == count)
            return 0;
    }
}

/* _hl_interrupt_wait_ioctl_user_addr(): after a reset one more look. */
static int wait_user(struct sim_sub_call *c, const struct hl_wait_cs_in *in, unsigned slot,
                     uint32_t *status, int64_t *timestamp)
{
    int rc = wait_value(c, in, slot, user_value, status, timestamp);

    if (rc || *status != HL_WAIT_CS_STATUS_ABORTED)
        return rc;
    rc = reached(c, in, user_value, status);
    return rc < 0 ? rc : 0;
}

/* _hl_interrupt_wait_ioctl(): a reset is an error, and a mere look has a time. */
static int wait_cq(struct sim_sub_call *c, const struct hl_wait_cs_in *in, unsigned slot,
                   uint32_t *status, int64_t *timestamp)
{
    int rc = wait_value(c, in, slot, cq_value, status, timestamp);

    if (!rc && *status == HL_WAIT_CS_STATUS_ABORTED) {
        if (!c->p->kernel->waits_hide_ends)
            return -EIO;
        *status = HL_WAIT_CS_STATUS_COMPLETED;
    }
    if (!rc && !in->interrupt_timeout_us)
        *timestamp = c->env->now_ns(c->priv);
    return rc;
}

/* _hl_interrupt_ts_reg_ioctl(): the time of the interrupt goes into a timestamp buffer. */
static int register_stamp(struct sim_sub_call *c, const struct hl_wait_cs_in *in, unsigned slot,
                          uint32_t *status)
{
    struct sim_submit *s = c->s;
    struct sim_sub_stamp *t = NULL;
    uint64_t value, *mem, n;
    int rc;

    sim_sub_lock(s);
    rc = cq_value(c, in, &value);
    if (!rc &&
        (c->env->stamps(c->priv, in->timestamp_handle, &mem, &n) < 0 || in->timestamp_offset >= n))
        rc = -EINVAL;
    if (rc)
        goto out;
    /* the same place again: it replaces the earlier registration */
    for (uint32_t i = 0; i < SIM_SUB_STAMPS && s->stamps; i++) {
        struct sim_sub_stamp *o = &s->stamp[i];

        if (o->used && o->ts_handle == in->timestamp_handle &&
            o->ts_offset == in->timestamp_offset) {
            o->used = false;
            s->stamps--;
            break;
        }
    }
    *status = HL_WAIT_CS_STATUS_COMPLETED;
    if (value >= in->target) {
        mem[in->timestamp_offset] = (uint64_t)c->env->now_ns(c->priv);
        goto out;
    }
    for (uint32_t i = 0; i < SIM_SUB_STAMPS && !t; i++)
        if (!s->stamp[i].used)
            t = &s->stamp[i];
    if (!t) {
        rc = -ENOMEM;
        goto out;
    }
    *t = (struct sim_sub_stamp){ .used = true,
                                 .irq = (uint16_t)slot,
                                 .ts_handle = in->timestamp_handle,
                                 .ts_offset = in->timestamp_offset,
                                 .cq_handle = in->cq_counters_handle,
                                 .cq_offset = in->cq_counters_offset,
                                 .target = in->target };
    s->stamps++;
out:
    sim_sub_unlock(s);
    return rc;
}

/* hl_interrupt_wait_ioctl(): the argument stays as it is when it fails */
static int wait_irq(struct sim_sub_call *c, union hl_wait_cs_args *args)
{
    uint32_t status = HL_WAIT_CS_STATUS_BUSY, id = args->in.flags >> 20;
    int64_t timestamp = 0;
    int slot, rc;

    if (!(c->p->irqs + c->p->asic->decoders))
        return -EPERM;
    slot = irq_slot(c->p, id);
    if (slot < 0)
        return -EINVAL;
    if (!(args->in.flags & HL_WAIT_CS_FLAGS_INTERRUPT_KERNEL_CQ))
        rc = wait_user(c, &args->in, (unsigned)slot, &status, &timestamp);
    else if (args->in.flags & HL_WAIT_CS_FLAGS_REGISTER_INTERRUPT)
        rc = register_stamp(c, &args->in, (unsigned)slot, &status);
    else
        rc = wait_cq(c, &args->in, (unsigned)slot, &status, &timestamp);
    if (rc)
        return rc;
    memset(args, 0, sizeof(*args));
    args->out.status = status;
    if (timestamp) {
        args->out.timestamp_nsec = timestamp;
        args->out.flags |= HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD;
    }
    return 0;
}

int sim_sub_wait(struct sim_sub_call *c, union hl_wait_cs_args *args)
{
    if (!c->env->operational(c->priv) || c->s->watchdog)
        return -EBUSY;
    if (args->in.flags & HL_WAIT_CS_FLAGS_INTERRUPT)
        return wait_irq(c, args);
    if (args->in.flags & HL_WAIT_CS_FLAGS_MULTI_CS)
        return wait_multi(c, args);
    return wait_one(c, args);
}
