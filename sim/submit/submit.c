/* SPDX-License-Identifier: MIT */
/* The state of submissions: numbers, fences, jobs, sync objects; how submissions end. */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sim/submit/submit.h"

#define MAGIC 0x74696d627573ull
#define PAGE 4096u

_Static_assert(sizeof(pthread_mutex_t) <= 64, "the lock's room");

static pthread_mutex_t *mutex(struct sim_submit *s)
{
    return (pthread_mutex_t *)(void *)s->lock;
}

void sim_sub_lock(struct sim_submit *s)
{
    pthread_mutex_lock(mutex(s));
}

void sim_sub_unlock(struct sim_submit *s)
{
    pthread_mutex_unlock(mutex(s));
}

static void futex_wake(uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void sim_sub_wake(struct sim_submit *s)
{
    __atomic_add_fetch(&s->gen, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&s->waiters, __ATOMIC_SEQ_CST))
        futex_wake(&s->gen);
}

int sim_sub_sleep(struct sim_sub_call *c, uint32_t gen, int64_t deadline_ns)
{
    struct sim_submit *s = c->s;
    struct timespec ts, *tp = NULL;
    int rc = 0;

    if (deadline_ns) {
        int64_t left = deadline_ns - c->env->now_ns(c->priv);

        if (left <= 0)
            return -ETIMEDOUT;
        ts.tv_sec = left / 1000000000;
        ts.tv_nsec = left % 1000000000;
        tp = &ts;
    }
    if (c->env->interrupted && c->env->interrupted(c->priv))
        return -EINTR;
    __atomic_add_fetch(&s->waiters, 1, __ATOMIC_SEQ_CST);
    if (syscall(SYS_futex, &s->gen, FUTEX_WAIT, gen, tp, NULL, 0) < 0 && errno != EAGAIN)
        rc = -errno;
    __atomic_sub_fetch(&s->waiters, 1, __ATOMIC_SEQ_CST);
    return rc;
}

size_t sim_sub_size(const struct sim_sub_props *p)
{
    size_t n = sizeof(struct sim_submit) + p->asic->max_pending * sizeof(struct sim_sub_cs);

    return (n + PAGE - 1) / PAGE * PAGE + SIM_SUB_ARENA;
}

void *sim_sub_arena(struct sim_submit *s, const struct sim_sub_props *p, uint32_t page)
{
    return (uint8_t *)s + sim_sub_size(p) - SIM_SUB_ARENA + (size_t)page * PAGE;
}

static void reg_job(struct sim_submit *s, uint32_t reg, uint32_t value);

/* Nothing uses the sync objects any more; their counts are kept until a reset. */
static void release_sobs(struct sim_submit *s, const struct sim_sub_props *p)
{
    for (uint32_t q = 0; q < p->queues; q++) {
        struct sim_sub_sob *b = &s->sob[q];

        b->refs[0] = b->refs[1] = b->mon ? 1 : 0;
        b->reset[0] = b->reset[1] = false;
    }
}

/* The engine forgets its registers with each context, the device does not. */
static void restore_sobs(struct sim_submit *s, const struct sim_sub_props *p)
{
    for (uint32_t q = 0; q < p->queues; q++)
        if (s->sob[q].next_value > 1)
            reg_job(s, eng_sob_offset(p->eng, p->asic->signals.sm, s->sob[q].id[s->sob[q].current]),
                    s->sob[q].next_value - 1);
}

static void init_sobs(struct sim_submit *s, const struct sim_sub_props *p)
{
    uint32_t n = 0;

    for (uint32_t q = 0; q < p->queues; q++) {
        struct sim_sub_sob *b = &s->sob[q];

        memset(b, 0, sizeof(*b));
        if (!sim_sub_sync_queue(p, q))
            continue;
        b->id[0] = p->asic->signals.first_sob + 2 * n;
        b->id[1] = b->id[0] + 1;
        b->refs[0] = b->refs[1] = 1;
        b->next_value = 1;
        b->mon = p->asic->signals.first_mon + n;
        n++;
    }
}

int sim_sub_init(struct sim_submit *s, const struct sim_sub_props *p)
{
    pthread_mutex_init(mutex(s), NULL);
    s->magic = MAGIC;
    s->free_job = SIM_SUB_NONE;
    s->out_head = s->out_tail = SIM_SUB_NONE;
    init_sobs(s, p);
    sim_sub_open(s, p);
    return 0;
}

static void forget_stamps(struct sim_submit *s)
{
    if (s->stamps)
        memset(s->stamp, 0, sizeof(s->stamp));
    s->stamps = 0;
}

void sim_sub_open(struct sim_submit *s, const struct sim_sub_props *p)
{
    sim_sub_lock(s);
    s->next_seq = 1;
    s->first_cs = s->last_cs = s->tdr_cs = SIM_SUB_NONE;
    s->tdr_ns = 0;
    s->watchdog = false;
    s->overdue_ns = 0;
    s->ctx_switched = s->ctx_restored = false;
    memset(s->cs, 0, p->asic->max_pending * sizeof(s->cs[0]));
    memset(s->handle, 0, sizeof(s->handle));
    memset(s->outcome, 0, sizeof(s->outcome));
    memset(&s->ctx, 0, sizeof(s->ctx));
    forget_stamps(s);
    restore_sobs(s, p);
    sim_sub_unlock(s);
}

/* ---------------------------------------------------------------- jobs */

uint32_t sim_sub_job_new(struct sim_submit *s)
{
    uint32_t i = s->free_job;

    if (i != SIM_SUB_NONE)
        s->free_job = s->job[i].next_free;
    else if (s->jobs_made < SIM_SUB_JOBS)
        i = s->jobs_made++;
    else
        return SIM_SUB_NONE;
    memset(&s->job[i], 0, sizeof(s->job[i]));
    s->job[i].cs = SIM_SUB_NONE;
    s->job[i].next = SIM_SUB_NONE;
    return i;
}

static bool page_used(const struct sim_submit *s, uint32_t i)
{
    return s->arena_map[i / 64] >> (i % 64) & 1;
}

static void page_set(struct sim_submit *s, uint32_t i, bool on)
{
    if (on)
        s->arena_map[i / 64] |= 1ull << (i % 64);
    else
        s->arena_map[i / 64] &= ~(1ull << (i % 64));
}

static uint32_t arena_find(struct sim_submit *s, uint32_t from, uint32_t to, uint32_t n)
{
    uint32_t run = 0;

    for (uint32_t i = from; i < to; i++) {
        if (i % 64 == 0 && s->arena_map[i / 64] == ~0ull) {
            run = 0;
            i += 63;
            continue;
        }
        run = page_used(s, i) ? 0 : run + 1;
        if (run == n)
            return i + 1 - n;
    }
    return SIM_SUB_NONE;
}

/* Copy a command buffer: external queues get a copy of the driver's own. */
int sim_sub_stash(struct sim_sub_call *c, struct sim_sub_job *j, const void *data, uint32_t len)
{
    struct sim_submit *s = c->s;
    uint32_t total = SIM_SUB_ARENA / PAGE, n = (len + PAGE - 1) / PAGE, at;

    if (!n)
        n = 1;
    at = arena_find(s, s->arena_hint, total, n);
    if (at == SIM_SUB_NONE)
        at = arena_find(s, 0, total, n);
    if (at == SIM_SUB_NONE)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++)
        page_set(s, at + i, true);
    s->arena_hint = at + n < total ? at + n : 0;
    j->page = at;
    j->pages = n;
    j->len = len;
    memcpy(sim_sub_arena(s, c->p, at), data, len);
    return 0;
}

void sim_sub_job_free(struct sim_submit *s, uint32_t index)
{
    struct sim_sub_job *j = &s->job[index];

    for (uint32_t i = 0; i < j->pages; i++)
        page_set(s, j->page + i, false);
    j->pages = 0;
    j->cs = SIM_SUB_NONE;
    j->seq = 0;
    j->next_free = s->free_job;
    s->free_job = index;
}

void sim_sub_post(struct sim_submit *s, uint32_t index)
{
    s->job[index].next_free = SIM_SUB_NONE;
    if (s->out_tail == SIM_SUB_NONE)
        s->out_head = index;
    else
        s->job[s->out_tail].next_free = index;
    s->out_tail = index;
    __atomic_add_fetch(&s->work, 1, __ATOMIC_SEQ_CST);
    futex_wake(&s->work);
}

bool sim_sub_take(struct sim_submit *s, struct sim_sub_job *job, uint32_t *index)
{
    uint32_t i;

    if (__atomic_load_n(&s->out_head, __ATOMIC_ACQUIRE) == SIM_SUB_NONE)
        return false;
    sim_sub_lock(s);
    i = s->out_head;
    if (i != SIM_SUB_NONE) {
        s->out_head = s->job[i].next_free;
        if (s->out_head == SIM_SUB_NONE)
            s->out_tail = SIM_SUB_NONE;
        *job = s->job[i];
        *index = i;
    }
    sim_sub_unlock(s);
    return i != SIM_SUB_NONE;
}

/* ---------------------------------------------------------------- fences */

/* hl_ctx_get_fence(): NULL without an error: it is no longer known. */
struct sim_sub_cs *sim_sub_fence(struct sim_sub_call *c, uint64_t seq, int *error)
{
    struct sim_submit *s = c->s;
    struct sim_sub_cs *f;

    *error = 0;
    if (seq >= s->next_seq) {
        *error = -EINVAL;
        return NULL;
    }
    if (seq + c->p->asic->max_pending < s->next_seq)
        return NULL;
    f = &s->cs[seq & (c->p->asic->max_pending - 1)];
    return f->known ? f : NULL;
}

/* hl_pop_cs_outcome(): reported once. */
bool sim_sub_outcome(struct sim_submit *s, uint64_t seq, int64_t *timestamp, int *error)
{
    for (uint32_t i = 0; i < SIM_SUB_OUTCOMES; i++) {
        if (!s->outcome[i].used || s->outcome[i].seq != seq)
            continue;
        *timestamp = s->outcome[i].timestamp;
        *error = s->outcome[i].error;
        s->outcome[i].used = false;
        return true;
    }
    return false;
}

/* ---------------------------------------------------------------- sync objects */

static void reg_job(struct sim_submit *s, uint32_t reg, uint32_t value)
{
    uint32_t i = sim_sub_job_new(s);

    if (i == SIM_SUB_NONE)
        return;
    s->job[i].kind = SIM_JOB_REG;
    s->job[i].reg = reg;
    s->job[i].value = value;
    sim_sub_post(s, i);
}

/* The last user of a sync object is gone: it starts over (gaudi_reset_sob()). */
void sim_sub_sob_put(struct sim_sub_call *c, uint32_t queue, uint8_t which)
{
    struct sim_sub_sob *b = &c->s->sob[queue];

    if (b->refs[which] > 1) {
        b->refs[which]--;
        return;
    }
    reg_job(c->s, eng_sob_offset(c->p->eng, c->p->asic->signals.sm, b->id[which]), 0);
    b->refs[which] = 1;
    b->reset[which] = false;
}

void sim_sub_handle_put(struct sim_sub_call *c, uint32_t id)
{
    struct sim_sub_handle *h = &c->s->handle[id];

    if (h->used && --h->refs == 0)
        h->used = false;
}

/* ---------------------------------------------------------------- the end of a submission */

static bool needs_completion(const struct sim_sub_cs *cs)
{
    return !cs->staged || cs->last;
}

static bool needs_timeout(const struct sim_sub_cs *cs)
{
    return !cs->staged || cs->first;
}

/* One processor moves the bytes of all engines here, unlike on the device: the limit's upper bound.
 */
#define TIMES_SLOWER 100

/* Only the time of the first submission in line is limited (cs_handle_tdr()). */
void sim_sub_arm_timer(struct sim_sub_call *c)
{
    struct sim_submit *s = c->s;

    if (s->tdr_cs != SIM_SUB_NONE)
        return;
    for (uint32_t i = s->first_cs; i != SIM_SUB_NONE; i = s->cs[i].next) {
        if (!needs_timeout(&s->cs[i]) || s->cs[i].timed_out)
            continue;
        s->tdr_cs = i;
        s->tdr_ns = s->cs[i].timeout_ms == UINT32_MAX
                        ? INT64_MAX
                        : c->env->now_ns(c->priv) + (int64_t)s->cs[i].timeout_ms * 1000000;
        s->tdr_longer_ns = (int64_t)s->cs[i].timeout_ms * 1000000 * TIMES_SLOWER;
        return;
    }
}

void sim_sub_worked(struct sim_submit *s, int64_t ns)
{
    sim_sub_lock(s);
    if (ns > s->tdr_longer_ns)
        ns = s->tdr_longer_ns;
    if (s->tdr_cs != SIM_SUB_NONE && s->tdr_ns != INT64_MAX) {
        s->tdr_ns += ns;
        s->tdr_longer_ns -= ns;
    }
    sim_sub_unlock(s);
}

static void unlink_cs(struct sim_submit *s, struct sim_sub_cs *cs)
{
    uint32_t i = (uint32_t)(cs - s->cs);

    if (cs->prev != SIM_SUB_NONE)
        s->cs[cs->prev].next = cs->next;
    else if (s->first_cs == i)
        s->first_cs = cs->next;
    if (cs->next != SIM_SUB_NONE)
        s->cs[cs->next].prev = cs->prev;
    else if (s->last_cs == i)
        s->last_cs = cs->prev;
    cs->prev = cs->next = SIM_SUB_NONE;
}

/* In the place of the oldest, where all are in use. */
static void push_outcome(struct sim_submit *s, const struct sim_sub_cs *cs)
{
    uint32_t i = 0;

    for (uint32_t k = 0; k < SIM_SUB_OUTCOMES && s->outcome[i].used; k++)
        if (!s->outcome[k].used || s->outcome[k].age < s->outcome[i].age)
            i = k;
    s->outcome[i].age = ++s->outcomes;
    s->outcome[i].used = true;
    s->outcome[i].seq = cs->seq;
    s->outcome[i].timestamp = cs->timestamp;
    s->outcome[i].error = cs->error;
}

/* Later drivers have the time of a completion: of one that is submitted, and of a stage's last. */
static bool has_time(const struct sim_sub_props *p, const struct sim_sub_cs *cs)
{
    return p->kernel->times_releases || (cs->submitted && needs_completion(cs));
}

/* What those that wait for it are told. */
static void end_fence(struct sim_sub_call *c, struct sim_sub_cs *cs)
{
    if (cs->timed_out)
        cs->error = -ETIMEDOUT;
    else if (cs->aborted)
        cs->error = -EIO;
    else if (!cs->submitted)
        cs->error = -EBUSY;
    if (cs->stamp) {
        if (has_time(c->p, cs))
            cs->timestamp = c->env->now_ns(c->priv);
        push_outcome(c->s, cs);
    }
    cs->done = true;
    for (unsigned i = 0; i < 8 && needs_timeout(cs); i++) /* of a stage the first one */
        c->s->mcs_ended[i] += cs->streams >> i & 1;
}

/* cs_do_release(): of one submission, with the lock held. */
static void release_one(struct sim_sub_call *c, struct sim_sub_cs *cs)
{
    struct sim_submit *s = c->s;
    uint32_t slot = (uint32_t)(cs - s->cs);

    if (!cs->live)
        return;
    cs->live = false;
    for (uint32_t j = cs->jobs, next; j != SIM_SUB_NONE; j = next) {
        next = s->job[j].next;
        if (cs->submitted && s->in_queue[s->job[j].queue])
            s->in_queue[s->job[j].queue]--;
        sim_sub_job_free(s, j);
    }
    cs->jobs = SIM_SUB_NONE;
    if (cs->submitted) {
        unlink_cs(s, cs);
        if (s->tdr_cs == slot)
            s->tdr_cs = SIM_SUB_NONE;
        sim_sub_arm_timer(c);
    }
    end_fence(c, cs);
    if (cs->submitted && cs->sob_queue) {
        sim_sub_sob_put(c, cs->sob_queue - 1, cs->sob_which);
        cs->sob_queue = 0;
    }
    if (cs->handle) {
        sim_sub_handle_put(c, cs->handle - 1);
        cs->handle = 0;
    }
}

void sim_sub_release(struct sim_sub_call *c, struct sim_sub_cs *cs)
{
    struct sim_submit *s = c->s;

    if (cs->staged && cs->submitted && cs->last) {
        /* the last one ends all that it belongs to, the first one first */
        uint32_t mask = c->p->asic->max_pending - 1, i = (uint32_t)(cs->staged_seq & mask);

        while (i != SIM_SUB_NONE) {
            uint32_t next = s->cs[i].staged_next;

            if (&s->cs[i] != cs) {
                s->cs[i].timed_out |= cs->timed_out;
                release_one(c, &s->cs[i]);
            }
            i = next;
        }
    }
    release_one(c, cs);
    sim_sub_wake(s);
}

void sim_sub_job_done(struct sim_sub_call *c, uint32_t index, uint64_t seq, int error)
{
    struct sim_submit *s = c->s;
    struct sim_sub_cs *cs;

    sim_sub_lock(s);
    if (index < SIM_SUB_JOBS && s->job[index].seq == seq && s->job[index].cs != SIM_SUB_NONE) {
        cs = &s->cs[s->job[index].cs];
        /* a stopped queue completes nothing: the timeout will report it */
        if (!error && cs->live && cs->seq == seq && s->job[index].counts && needs_completion(cs) &&
            cs->pending && --cs->pending == 0)
            sim_sub_release(c, cs);
    } else if (index < SIM_SUB_JOBS && s->job[index].kind == SIM_JOB_REG) {
        sim_sub_job_free(s, index);
    }
    sim_sub_unlock(s);
}

static void drop_output(struct sim_submit *s)
{
    for (uint32_t i = s->out_head, next; i != SIM_SUB_NONE; i = next) {
        next = s->job[i].next_free;
        if (s->job[i].kind == SIM_JOB_REG)
            sim_sub_job_free(s, i);
    }
    s->out_head = s->out_tail = SIM_SUB_NONE;
}

/* Until the executor has let go; a live thread takes less than a second. */
static void quiesce(struct sim_submit *s)
{
    struct timespec tick = { .tv_nsec = 20000000 };

    for (unsigned i = 0; i < 50 && s->executor && gettid() != s->executor_tid; i++) {
        uint32_t done = __atomic_load_n(&s->reset_done, __ATOMIC_SEQ_CST);

        if (done == __atomic_load_n(&s->reset_request, __ATOMIC_SEQ_CST))
            return;
        syscall(SYS_futex, &s->reset_done, FUTEX_WAIT, done, &tick, NULL, 0);
    }
}

void sim_sub_abort_all(struct sim_sub_call *c, bool reset)
{
    struct sim_submit *s = c->s;

    sim_sub_lock(s);
    drop_output(s);
    for (uint32_t i = s->first_cs, next; i != SIM_SUB_NONE; i = next) {
        next = s->cs[i].next;
        s->cs[i].aborted = true;
        release_one(c, &s->cs[i]);
    }
    s->tdr_cs = SIM_SUB_NONE;
    s->tdr_ns = 0;
    memset(s->in_queue, 0, sizeof(s->in_queue));
    memset(s->handle, 0, sizeof(s->handle));
    s->overdue_ns = 0;
    if (reset) {
        s->ctx_switched = s->ctx_restored = false;
        init_sobs(s, c->p);
    } else {
        release_sobs(s, c->p);
    }
    s->abort_count++;
    forget_stamps(s);
    s->reset_request++;
    __atomic_add_fetch(&s->work, 1, __ATOMIC_SEQ_CST);
    futex_wake(&s->work);
    sim_sub_wake(s);
    sim_sub_unlock(s);
    quiesce(s);
}

/* HL_DEVICE_RELEASE_WATCHDOG_TIMEOUT_SEC: for its user to close the device. */
#define CLOSE_NS 30000000000ll

void sim_sub_abort_waits(struct sim_sub_call *c)
{
    struct sim_submit *s = c->s;

    sim_sub_lock(s);
    if (!s->watchdog)
        s->overdue_ns = c->env->now_ns(c->priv) + CLOSE_NS;
    s->watchdog = true;
    for (uint32_t i = s->first_cs; i != SIM_SUB_NONE; i = s->cs[i].next) {
        s->cs[i].error = -EIO;
        s->cs[i].done = true;
    }
    forget_stamps(s); /* wake_pending_user_interrupt_threads() */
    s->abort_count++;
    sim_sub_wake(s);
    sim_sub_unlock(s);
}

bool sim_sub_leaks(struct sim_submit *s)
{
    bool leaks;

    sim_sub_lock(s);
    leaks = s->stamps > 0 || s->first_cs != SIM_SUB_NONE;
    for (uint32_t i = 1; i < SIM_SUB_HANDLES && !leaks; i++)
        leaks = s->handle[i].used && s->handle[i].seq == UINT64_MAX;
    sim_sub_unlock(s);
    return leaks;
}

unsigned sim_sub_active(struct sim_submit *s, const struct sim_sub_props *p)
{
    unsigned n = 0;

    (void)p;
    sim_sub_lock(s);
    for (uint32_t i = s->first_cs; i != SIM_SUB_NONE; i = s->cs[i].next)
        n++;
    sim_sub_unlock(s);
    return n;
}

/* The submission whose time is over, if there is one. */
static bool take_late(struct sim_submit *s, int64_t now, uint64_t *seq, bool *reset)
{
    struct sim_sub_cs *cs;

    if (s->tdr_cs == SIM_SUB_NONE || s->tdr_ns > now)
        return false;
    cs = &s->cs[s->tdr_cs];
    *seq = cs->seq;
    *reset = !cs->skip_reset;
    if (*reset)
        cs->timed_out = true;
    s->tdr_ns = INT64_MAX; /* once */
    return true;
}

static int64_t next_timer(const struct sim_submit *s)
{
    int64_t tdr = s->tdr_cs == SIM_SUB_NONE || s->tdr_ns == INT64_MAX ? 0 : s->tdr_ns;

    return !tdr || (s->overdue_ns && s->overdue_ns < tdr) ? s->overdue_ns : tdr;
}

int64_t sim_sub_timers(struct sim_sub_call *c)
{
    struct sim_submit *s = c->s;
    int64_t now = c->env->now_ns(c->priv), next;
    uint64_t seq = 0;
    bool late, overdue, reset = false;

    sim_sub_lock(s);
    late = take_late(s, now, &seq, &reset);
    overdue = s->overdue_ns && s->overdue_ns <= now;
    if (overdue)
        s->overdue_ns = 0;
    next = next_timer(s);
    sim_sub_unlock(s);
    if (!late && !overdue)
        return next;
    if (late && c->env->timed_out)
        c->env->timed_out(c->priv, seq, reset);
    if (overdue && c->env->overdue)
        c->env->overdue(c->priv);
    sim_sub_lock(s);
    next = next_timer(s); /* the answers may have set one */
    sim_sub_unlock(s);
    return next;
}

/* ---------------------------------------------------------------- interrupts */

/* Slots of irq_count: decoders, then the users', then the two that all share. */
unsigned sim_sub_any_slot(const struct sim_sub_props *p)
{
    return p->asic->decoders + p->irqs;
}

int64_t sim_sub_irq_time(struct sim_sub_call *c, unsigned slot)
{
    return c->p->kernel->any_has_no_time && slot >= sim_sub_any_slot(c->p)
               ? 0
               : c->env->now_ns(c->priv);
}

static void irq_stamps(struct sim_sub_call *c, uint16_t irq)
{
    struct sim_submit *s = c->s;

    for (uint32_t i = 0; i < SIM_SUB_STAMPS && s->stamps; i++) {
        struct sim_sub_stamp *t = &s->stamp[i];
        struct sim_sub_cb cq;
        uint64_t *mem, n, value;

        if (!t->used || t->irq != irq)
            continue;
        if (c->env->cb(c->priv, t->cq_handle, &cq) < 0 ||
            c->env->stamps(c->priv, t->ts_handle, &mem, &n) < 0) {
            t->used = false;
            s->stamps--;
            continue;
        }
        memcpy(&value, (const uint8_t *)cq.mem + 8 * t->cq_offset, 8);
        if (value < t->target)
            continue;
        mem[t->ts_offset] = (uint64_t)sim_sub_irq_time(c, irq);
        t->used = false;
        s->stamps--;
    }
}

void sim_sub_irq(struct sim_sub_call *c, unsigned irq)
{
    const struct sim_sub_props *p = c->p;
    struct sim_submit *s = c->s;
    unsigned slot;

    if (irq < p->first_irq || irq >= (unsigned)p->first_irq + p->irqs)
        return;
    slot = irq - p->first_irq + p->asic->decoders;
    sim_sub_lock(s);
    irq_stamps(c, (uint16_t)slot);
    irq_stamps(c, (uint16_t)sim_sub_any_slot(p));
    s->irq_count[slot]++;
    s->irq_count[sim_sub_any_slot(p)]++;
    sim_sub_wake(s);
    sim_sub_unlock(s);
}
