/* SPDX-License-Identifier: MIT */
/* The CS ioctl: hl_cs_ioctl() and what it calls. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/submit/submit.h"

#define MAX_JOBS 512u   /* HL_MAX_JOBS_PER_CS */
#define MAX_SOB 0x8000u /* HL_MAX_SOB_VAL */
#define QUEUE_LENGTH 4096u

#define TYPE_FLAGS                                                                                 \
    (HL_CS_FLAGS_SIGNAL | HL_CS_FLAGS_WAIT | HL_CS_FLAGS_COLLECTIVE_WAIT |                         \
     HL_CS_FLAGS_RESERVE_SIGNALS_ONLY | HL_CS_FLAGS_UNRESERVE_SIGNALS_ONLY |                       \
     HL_CS_FLAGS_ENGINE_CORE_COMMAND)
#define LATER_TYPE_FLAGS (HL_CS_FLAGS_ENGINES_COMMAND | HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES)

static enum sim_sub_type type_of(uint32_t flags)
{
    if (flags & HL_CS_FLAGS_SIGNAL)
        return SIM_SUB_SIGNAL;
    if (flags & HL_CS_FLAGS_WAIT)
        return SIM_SUB_WAIT;
    if (flags & HL_CS_FLAGS_COLLECTIVE_WAIT)
        return SIM_SUB_COLLECTIVE;
    if (flags & HL_CS_FLAGS_RESERVE_SIGNALS_ONLY)
        return SIM_SUB_RESERVE;
    if (flags & HL_CS_FLAGS_UNRESERVE_SIGNALS_ONLY)
        return SIM_SUB_UNRESERVE;
    if (flags & HL_CS_FLAGS_ENGINE_CORE_COMMAND)
        return SIM_SUB_CORES;
    if (flags & HL_CS_FLAGS_ENGINES_COMMAND)
        return SIM_SUB_ENGINES;
    if (flags & HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES)
        return SIM_SUB_FLUSH;
    return SIM_SUB_DEFAULT;
}

static uint32_t type_flags(const struct sim_sub_props *p, uint32_t flags)
{
    return flags & (p->kernel->engine_commands ? TYPE_FLAGS | LATER_TYPE_FLAGS : TYPE_FLAGS);
}

static bool is_sync(enum sim_sub_type t)
{
    return t == SIM_SUB_SIGNAL || t == SIM_SUB_WAIT || t == SIM_SUB_COLLECTIVE;
}

/* hl_cs_sanity_checks() */
static int sanity(struct sim_sub_call *c, const union hl_cs_args *args)
{
    uint32_t flags = type_flags(c->p, args->in.cs_flags);
    enum sim_sub_type t;

    if (c->p->kernel->cs_pad_is_0)
        for (size_t i = 0; i < sizeof(args->in.pad); i++)
            if (args->in.pad[i])
                return -EINVAL;
    if (!c->env->operational(c->priv))
        return -EBUSY;
    if ((args->in.cs_flags & HL_CS_FLAGS_STAGED_SUBMISSION) && !c->p->asic->staged)
        return -EPERM;
    if (flags & (flags - 1))
        return -EINVAL;
    t = type_of(flags);
    if (is_sync(t) && !c->p->asic->sync_stream)
        return -EINVAL;
    if (t == SIM_SUB_DEFAULT && !args->in.num_chunks_execute)
        return -EINVAL;
    if (is_sync(t) && args->in.num_chunks_execute != 1)
        return -EINVAL;
    return 0;
}

#define COUNT(c, what) ((c)->s->total.what++, (c)->s->ctx.what++)

static int copy_chunks(struct sim_sub_call *c, uint64_t user, uint32_t n, struct hl_cs_chunk **out)
{
    struct hl_cs_chunk *a;

    if (n > MAX_JOBS) {
        COUNT(c, validation);
        return -EINVAL;
    }
    a = malloc((n ? n : 1) * sizeof(*a));
    if (!a)
        return -ENOMEM;
    if (n && c->env->copy_in(c->priv, a, user, n * sizeof(*a)) < 0) {
        COUNT(c, validation);
        free(a);
        return -EFAULT;
    }
    *out = a;
    return 0;
}

/* allocate_cs(): a number, a fence. With the lock held. */
static int new_cs(struct sim_sub_call *c, enum sim_sub_type type, uint32_t flags,
                  uint32_t timeout_ms, struct sim_sub_cs **out)
{
    struct sim_submit *s = c->s;
    struct sim_sub_cs *cs = &s->cs[s->next_seq & (c->p->asic->max_pending - 1)];

    if (cs->known && !cs->done) {
        COUNT(c, in_flight);
        return -EAGAIN;
    }
    if (cs->live) { /* its waiters were woken with an error, it still runs */
        COUNT(c, in_flight);
        return -EAGAIN;
    }
    memset(cs, 0, sizeof(*cs));
    cs->seq = s->next_seq++;
    cs->known = cs->live = true;
    cs->type = type;
    cs->stamp = flags & HL_CS_FLAGS_TIMESTAMP;
    cs->encaps = flags & HL_CS_FLAGS_ENCAP_SIGNALS;
    cs->skip_reset = flags & HL_CS_FLAGS_SKIP_RESET_ON_TIMEOUT;
    cs->timeout_ms = timeout_ms;
    cs->submitted_ns = c->env->now_ns(c->priv);
    cs->jobs = cs->prev = cs->next = cs->staged_next = SIM_SUB_NONE;
    *out = cs;
    return 0;
}

static int add_job(struct sim_sub_call *c, struct sim_sub_cs *cs, uint32_t *tail, uint32_t queue,
                   enum eng_queue_kind kind, struct sim_sub_job **out)
{
    struct sim_submit *s = c->s;
    uint32_t i = sim_sub_job_new(s);
    struct sim_sub_job *j;

    if (i == SIM_SUB_NONE) {
        COUNT(c, out_of_mem);
        return -ENOMEM;
    }
    j = &s->job[i];
    j->kind = SIM_JOB_CB;
    j->queue = (uint16_t)queue;
    j->cs = (uint32_t)(cs - s->cs);
    j->seq = cs->seq;
    j->counts = kind == ENG_QUEUE_EXT || kind == ENG_QUEUE_HW;
    if (*tail == SIM_SUB_NONE)
        cs->jobs = i;
    else
        s->job[*tail].next = i;
    *tail = i;
    cs->njobs++;
    if (j->counts)
        cs->pending++;
    *out = j;
    return 0;
}

static uint32_t queue_length(const struct sim_sub_props *p, uint32_t queue,
                             enum eng_queue_kind kind)
{
    if (kind != ENG_QUEUE_INT)
        return QUEUE_LENGTH;
    if (p->asic->max_pending == 64) /* Goya's MME_QMAN_LENGTH, TPC_QMAN_LENGTH */
        return 64;
    return queue < 33 || queue >= 73 ? 4096 : 1024; /* DMA and NIC; MME and TPC */
}

/* Whether the queues have room: {ext,int,hw}_queue_sanity_checks(). */
static int room(struct sim_sub_call *c, const struct sim_sub_cs *cs)
{
    struct sim_submit *s = c->s;
    uint32_t *n = calloc(c->p->queues, sizeof(*n));
    int rc = 0;

    if (!n)
        return -ENOMEM;
    for (uint32_t j = cs->jobs; j != SIM_SUB_NONE; j = s->job[j].next)
        n[s->job[j].queue]++;
    for (uint32_t q = 0; q < c->p->queues && !rc; q++) {
        enum eng_queue_kind kind;
        uint32_t len;

        if (!n[q])
            continue;
        kind = eng_queue_desc(c->p->eng, q).kind;
        len = queue_length(c->p, q, kind);
        if (kind == ENG_QUEUE_INT && n[q] > len)
            rc = -ENOMEM;
        else if (s->in_queue[q] + n[q] > len)
            rc = -EAGAIN;
    }
    free(n);
    if (rc)
        COUNT(c, queue_full);
    return rc;
}

/* The part of hl_hw_queue_schedule_cs() that cannot fail. */
static void launch(struct sim_sub_call *c, struct sim_sub_cs *cs)
{
    struct sim_submit *s = c->s;
    uint32_t slot = (uint32_t)(cs - s->cs);

    cs->prev = s->last_cs;
    cs->next = SIM_SUB_NONE;
    if (s->last_cs == SIM_SUB_NONE)
        s->first_cs = slot;
    else
        s->cs[s->last_cs].next = slot;
    s->last_cs = slot;
    cs->submitted = true;
    if (s->first_cs == slot)
        sim_sub_arm_timer(c);
    for (uint32_t j = cs->jobs; j != SIM_SUB_NONE; j = s->job[j].next)
        s->in_queue[s->job[j].queue]++;
    for (uint32_t j = cs->jobs; j != SIM_SUB_NONE; j = s->job[j].next)
        sim_sub_post(s, j);
}

static int check_operational(struct sim_sub_call *c)
{
    if (c->env->operational(c->priv))
        return 0;
    COUNT(c, in_reset);
    return -EPERM;
}

/* Encapsulated signals: the first submission of the stage takes the reservation. */
static int adopt_handle(struct sim_sub_call *c, struct sim_sub_cs *cs, uint32_t id)
{
    struct sim_sub_handle *h = id < SIM_SUB_HANDLES ? &c->s->handle[id] : NULL;

    if (!h || !h->used)
        return -EINVAL;
    h->seq = cs->seq;
    cs->handle = id + 1;
    cs->sob_queue = h->queue + 1;
    cs->sob_which = h->which;
    cs->sob_value = h->before + h->count;
    return 0;
}

static int join_stage(struct sim_sub_call *c, struct sim_sub_cs *cs)
{
    struct sim_submit *s = c->s;
    struct sim_sub_cs *f = NULL;
    uint32_t i;

    for (i = s->first_cs; i != SIM_SUB_NONE; i = s->cs[i].next)
        if (s->cs[i].staged && s->cs[i].first && s->cs[i].seq == cs->staged_seq)
            f = &s->cs[i];
    if (!f)
        return -EINVAL;
    i = (uint32_t)(f - s->cs);
    while (s->cs[i].staged_next != SIM_SUB_NONE)
        i = s->cs[i].staged_next;
    if (s->cs[i].last)
        return -EINVAL;
    s->cs[i].staged_next = (uint32_t)(cs - s->cs);
    f->streams |= cs->streams;
    return 0;
}

static int schedule(struct sim_sub_call *c, struct sim_sub_cs *cs, uint32_t handle)
{
    int rc = check_operational(c);

    if (!rc)
        rc = room(c, cs);
    if (!rc && cs->encaps && cs->staged && cs->first)
        rc = adopt_handle(c, cs, handle);
    if (!rc && cs->staged && !cs->first)
        rc = join_stage(c, cs);
    if (!rc)
        launch(c, cs);
    return rc;
}

/* validate_queue_index(): a queue of the user's, and its kind of command buffer. */
static bool valid_queue(struct sim_sub_call *c, const struct hl_cs_chunk *k,
                        struct eng_queue_desc *d, struct sim_sub_cb *cb)
{
    if (k->queue_index >= c->p->queues)
        return false;
    *d = eng_queue_desc(c->p->eng, k->queue_index);
    switch (d->kind) {
    case ENG_QUEUE_CPU:
    case ENG_QUEUE_NONE:
        return false;
    case ENG_QUEUE_HW: /* Gaudi2's queues take users' buffers only */
        return k->cs_chunk_flags & HL_CS_CHUNK_FLAGS_USER_ALLOC_CB;
    case ENG_QUEUE_EXT:
        return c->env->cb(c->priv, k->cb_handle, cb) >= 0 && k->cb_size >= 8 &&
               k->cb_size <= cb->size;
    default:
        return true;
    }
}

/* One chunk of an ordinary submission: validate_queue_index() to cs_parser(). */
static int add_chunk(struct sim_sub_call *c, struct sim_sub_cs *cs, uint32_t *tail,
                     const struct hl_cs_chunk *k, bool *outside)
{
    const struct sim_sub_props *p = c->p;
    struct eng_queue_desc d;
    struct sim_sub_cb cb = { 0 };
    struct sim_sub_job *j;
    int rc;

    if (!valid_queue(c, k, &d, &cb)) {
        COUNT(c, validation);
        return -EINVAL;
    }
    if (d.kind != ENG_QUEUE_INT) {
        *outside = true;
        if (p->asic->staged && k->queue_index < 8)
            cs->streams |= (uint8_t)(1u << k->queue_index);
    }
    rc = add_job(c, cs, tail, k->queue_index, d.kind, &j);
    if (rc)
        return rc;
    if (d.kind == ENG_QUEUE_EXT) {
        /* the driver copies first and checks the copy: it cannot change in between */
        rc = sim_sub_stash(c, j, cb.mem, k->cb_size);
        if (!rc)
            rc = sim_sub_check_cb(p, k->queue_index, sim_sub_arena(c->s, p, j->page), j->len);
    } else {
        j->addr = k->cb_handle;
        j->len = k->cb_size;
        rc = sim_sub_check_address(p, k->queue_index, j->addr, j->len);
    }
    if (rc)
        COUNT(c, parsing);
    return rc;
}

/* cs_ioctl_default() */
static int cs_default(struct sim_sub_call *c, uint64_t chunks, uint32_t n, uint64_t *seq,
                      uint32_t flags, uint32_t handle, uint32_t timeout_ms)
{
    struct sim_submit *s = c->s;
    struct hl_cs_chunk *a;
    struct sim_sub_cs *cs;
    uint64_t user_seq = *seq;
    uint32_t tail = SIM_SUB_NONE;
    bool outside = false;
    int rc;

    *seq = UINT64_MAX;
    rc = copy_chunks(c, chunks, n, &a);
    if (rc)
        return rc;
    sim_sub_lock(s);
    rc = new_cs(c, SIM_SUB_DEFAULT, flags, timeout_ms, &cs);
    if (rc)
        goto out;
    *seq = cs->seq;
    if (flags & HL_CS_FLAGS_STAGED_SUBMISSION) {
        cs->staged = true;
        cs->first = flags & HL_CS_FLAGS_STAGED_SUBMISSION_FIRST;
        cs->last = flags & HL_CS_FLAGS_STAGED_SUBMISSION_LAST;
        cs->staged_seq = cs->first ? cs->seq : user_seq;
        *seq = cs->staged_seq;
    }
    for (uint32_t i = 0; i < n && !rc; i++)
        rc = add_chunk(c, cs, &tail, &a[i], &outside);
    if (!rc && !outside && (!cs->staged || cs->last)) {
        COUNT(c, validation);
        rc = -EINVAL;
    }
    if (!rc)
        rc = schedule(c, cs, handle);
    if (rc) {
        sim_sub_release(c, cs);
        *seq = UINT64_MAX;
    }
out:
    sim_sub_unlock(s);
    free(a);
    return rc;
}

/* ---------------------------------------------------------------- signals and waits */

static void put_words(uint8_t *b, uint32_t *at, uint32_t w0, uint32_t ctl)
{
    memcpy(b + *at, &w0, 4);
    memcpy(b + *at + 4, &ctl, 4);
    *at += 8;
}

#define CTL(op, base, addr) ((uint32_t)(op) << 24 | (uint32_t)(base) << 22 | (uint32_t)(addr))

/* One message that adds one to the object, after everything else that the engine has to do. */
static uint32_t signal_cb(const struct sim_sub_props *p, uint8_t *b, uint32_t sob)
{
    uint32_t at = 0;

    put_words(b, &at, 1u << 31 | 1,
              CTL(ENG_MSG_SHORT, p->asic->signals.sob_base, sob * 4) | 1u << 31 | 1u << 29);
    return at;
}

/* A monitor that writes to the queue's fence 2 once the object has the value; and the fence. */
static uint32_t wait_cb(const struct sim_sub_props *p, uint8_t *b, uint32_t queue, uint32_t sob,
                        uint32_t value, uint32_t mon)
{
    uint64_t f = eng_chip(p->eng)->cfg_base + eng_fence_offset(p->eng, queue, 2);
    uint32_t arm = eng_mon_arm_offset(p->eng, p->asic->signals.sm, mon) - 4 * mon;
    uint32_t lo = eng_mon_payload_offset(p->eng, p->asic->signals.sm);
    uint32_t step = (arm - lo) / 3, at = 0;

    put_words(b, &at, (uint32_t)f, CTL(ENG_MSG_SHORT, p->asic->signals.mon_base, 4 * mon));
    put_words(b, &at, (uint32_t)(f >> 32),
              CTL(ENG_MSG_SHORT, p->asic->signals.mon_base, step + 4 * mon));
    put_words(b, &at, 1, CTL(ENG_MSG_SHORT, p->asic->signals.mon_base, 2 * step + 4 * mon));
    put_words(b, &at, (sob / 8 & 0xFF) | (uint32_t)(uint8_t) ~(1u << sob % 8) << 8 | value << 17,
              CTL(ENG_MSG_SHORT, p->asic->signals.mon_base, 3 * step + 4 * mon) | 1u << 31);
    put_words(b, &at, 1 | 1u << 16 | 2u << 30, CTL(ENG_FENCE, 0, 0) | 1u << 31);
    return at;
}

/* hl_cs_signal_sob_wraparound_handler(): take count values of the stream's object. */
static int take_values(struct sim_sub_call *c, uint32_t queue, uint32_t count, bool encaps)
{
    struct sim_sub_sob *b = &c->s->sob[queue];
    uint8_t cur = b->current, other = !cur;

    b->refs[cur]++;
    if (b->next_value + count < MAX_SOB) {
        b->next_value += count;
        return 0;
    }
    b->refs[cur]--;
    if (b->refs[other] != 1)
        return -EINVAL;
    b->next_value = encaps ? count + 1 : count;
    b->current = other;
    if (b->reset[other])
        sim_sub_sob_put(c, queue, other);
    if (encaps) {
        b->reset[cur] = true;
        b->refs[other]++;
    }
    return 0;
}

/* Where an object is, as the driver reports it: in the configuration space; 0 on Gaudi2. */
static uint32_t sob_address(const struct sim_sub_props *p, uint32_t sob)
{
    if (p->irqs)
        return 0; /* gaudi2_get_sob_addr() */
    return eng_sob_offset(p->eng, p->asic->signals.sm, sob);
}

static int find_signal(struct sim_sub_call *c, const struct hl_cs_chunk *k, uint32_t flags,
                       uint64_t signal_seq, struct sim_sub_cs **fence, uint32_t *handle)
{
    struct sim_submit *s = c->s;
    bool encaps = flags & HL_CS_FLAGS_ENCAP_SIGNALS;
    int rc;

    *fence = NULL;
    *handle = SIM_SUB_NONE;
    if (encaps) {
        for (uint32_t i = 0; i < SIM_SUB_HANDLES; i++) {
            if (!s->handle[i].used || s->handle[i].seq != signal_seq)
                continue;
            *handle = i;
            break;
        }
        if (*handle == SIM_SUB_NONE)
            return 0; /* as if it had ended */
        if (k->encaps_signal_offset > s->handle[*handle].count)
            return -EINVAL;
    }
    *fence = sim_sub_fence(c, signal_seq, &rc);
    if (rc) {
        COUNT(c, validation);
        return rc;
    }
    if (!*fence)
        return 0;
    if ((*fence)->type != SIM_SUB_SIGNAL && !((*fence)->type == SIM_SUB_DEFAULT && encaps)) {
        COUNT(c, validation);
        return -EINVAL;
    }
    if ((*fence)->done)
        *fence = NULL;
    return 0;
}

/* Writes the number of the signal that a wait is for to *seq. */
static int signal_number(struct sim_sub_call *c, const struct hl_cs_chunk *k, uint32_t flags,
                         uint64_t *seq)
{
    int rc = 0;

    if (flags & HL_CS_FLAGS_ENCAP_SIGNALS)
        *seq = k->encaps_signal_seq;
    else if (k->num_signal_seq_arr != 1)
        rc = -EINVAL;
    else if (c->env->copy_in(c->priv, seq, k->signal_seq_arr, 8) < 0)
        rc = -EFAULT;
    if (rc)
        COUNT(c, validation);
    return rc;
}

/* The next value of a stream's sync object: the command buffer that adds it. */
static int make_signal(struct sim_sub_call *c, struct sim_sub_cs *cs, uint32_t q, uint8_t *cb,
                       uint32_t *n, uint32_t *sob_addr, uint16_t *sob_count)
{
    struct sim_sub_sob *b = &c->s->sob[q];
    int rc;

    cs->sob_which = b->current;
    cs->sob_value = b->next_value;
    *n = signal_cb(c->p, cb, b->id[cs->sob_which]);
    rc = take_values(c, q, 1, false);
    if (rc)
        return rc;
    cs->sob_queue = q + 1;
    *sob_addr = sob_address(c->p, b->id[b->current]);
    *sob_count = (uint16_t)(b->next_value - 1);
    return 0;
}

/* The command buffer that waits for a signal's, or a reservation's, value. */
static uint32_t make_wait(struct sim_sub_call *c, struct sim_sub_cs *cs,
                          const struct hl_cs_chunk *k, const struct sim_sub_cs *fence,
                          uint32_t handle, uint8_t *cb)
{
    struct sim_submit *s = c->s;
    struct sim_sub_sob *from;

    if (handle != SIM_SUB_NONE) {
        struct sim_sub_handle *h = &s->handle[handle];

        /* counted from 1; 0 means the first (hl_hw_queue_encaps_sig_set_sob_info()) */
        cs->sob_queue = h->queue + 1;
        cs->sob_which = h->which;
        cs->sob_value = h->before + (k->encaps_signal_offset ? k->encaps_signal_offset - 1 : 0);
        h->refs++;
        cs->handle = handle + 1;
    } else {
        cs->sob_queue = fence->sob_queue;
        cs->sob_which = fence->sob_which;
        cs->sob_value = fence->sob_value;
    }
    from = &s->sob[cs->sob_queue - 1];
    from->refs[cs->sob_which]++;
    return wait_cb(c->p, cb, k->queue_index, from->id[cs->sob_which], cs->sob_value,
                   s->sob[k->queue_index].mon);
}

/* Has the queue sync objects of its own? The open driver has no network ports, so no collective
 * operation either. */
static bool can_signal(const struct sim_sub_props *p, enum sim_sub_type type, uint32_t queue)
{
    return queue < p->queues && sim_sub_sync_queue(p, queue) && type != SIM_SUB_COLLECTIVE;
}

/* A submission with one job: 0, or -errno and perhaps a new *cs. */
static int new_single(struct sim_sub_call *c, enum sim_sub_type type, uint32_t flags,
                      uint32_t timeout_ms, uint32_t q, struct sim_sub_cs **cs,
                      struct sim_sub_job **j)
{
    uint32_t tail = SIM_SUB_NONE;
    int rc = new_cs(c, type, flags, timeout_ms, cs);

    if (rc) {
        *cs = NULL;
        return rc;
    }
    return add_job(c, *cs, &tail, q, eng_queue_desc(c->p->eng, q).kind, j);
}

/* hl_hw_queue_schedule_cs() for it; out: offset and count of a signal's sync object. */
static int post_single(struct sim_sub_call *c, struct sim_sub_cs *cs, struct sim_sub_job *j,
                       const struct hl_cs_chunk *k, const struct sim_sub_cs *fence, uint32_t handle,
                       uint32_t *sob_addr, uint16_t *sob_count)
{
    uint8_t cb[64];
    uint32_t n = 0;
    int rc = check_operational(c);

    if (!rc)
        rc = room(c, cs);
    if (!rc && cs->type == SIM_SUB_SIGNAL)
        rc = make_signal(c, cs, k->queue_index, cb, &n, sob_addr, sob_count);
    else if (!rc)
        n = make_wait(c, cs, k, fence, handle, cb);
    if (!rc)
        rc = sim_sub_stash(c, j, cb, n);
    if (!rc)
        launch(c, cs);
    return rc;
}

/* cs_ioctl_signal_wait(); out: offset and count of the sync object. */
static int cs_signal_wait(struct sim_sub_call *c, enum sim_sub_type type, uint64_t chunks,
                          uint64_t *seq, uint32_t flags, uint32_t timeout_ms, uint32_t *sob_addr,
                          uint16_t *sob_count)
{
    struct sim_submit *s = c->s;
    struct sim_sub_cs *cs = NULL, *fence = NULL;
    struct hl_cs_chunk *k;
    struct sim_sub_job *j;
    uint64_t signal_seq = 0;
    uint32_t handle = SIM_SUB_NONE;
    bool made;
    int rc;

    *seq = UINT64_MAX;
    rc = copy_chunks(c, chunks, 1, &k);
    if (rc)
        return rc;
    if (!can_signal(c->p, type, k->queue_index)) {
        COUNT(c, validation);
        rc = -EINVAL;
    } else if (type == SIM_SUB_WAIT) {
        rc = signal_number(c, k, flags, &signal_seq);
    }
    if (rc)
        goto out_free;
    sim_sub_lock(s);
    if (type == SIM_SUB_WAIT) {
        rc = find_signal(c, k, flags, signal_seq, &fence, &handle);
        if (rc || !fence)
            goto out; /* without a fence: the signal has come already */
    }
    rc = new_single(c, type, flags, timeout_ms, k->queue_index, &cs, &j);
    if (cs)
        *seq = cs->seq;
    made = !rc;
    if (!rc)
        rc = post_single(c, cs, j, k, fence, handle, sob_addr, sob_count);
    if (rc && cs) {
        sim_sub_release(c, cs);
        *seq = UINT64_MAX;
    }
    if (made && type == SIM_SUB_WAIT)
        rc = 0; /* without room it counts as one whose signal has come */
out:
    sim_sub_unlock(s);
out_free:
    free(k);
    return rc;
}

/* cs_ioctl_reserve_signals() */
static int reserve(struct sim_sub_call *c, uint32_t queue, uint32_t count, uint32_t *id,
                   uint32_t *sob_addr, uint32_t *signals)
{
    struct sim_submit *s = c->s;
    struct sim_sub_sob *b;
    uint32_t i;
    int rc;

    if (count >= MAX_SOB || queue >= c->p->queues || !sim_sub_sync_queue(c->p, queue))
        return -EINVAL;
    sim_sub_lock(s);
    for (i = 1; i < SIM_SUB_HANDLES && s->handle[i].used; i++)
        ;
    rc = i == SIM_SUB_HANDLES ? -EINVAL : take_values(c, queue, count, true);
    if (!rc) {
        struct sim_sub_handle *h = &s->handle[i];

        b = &s->sob[queue];
        *h = (struct sim_sub_handle){ .used = true,
                                      .refs = 1,
                                      .queue = queue,
                                      .count = count,
                                      .before = b->next_value - count,
                                      .which = b->current,
                                      .seq = UINT64_MAX };
        *id = i;
        *signals = b->next_value;
        *sob_addr = sob_address(c->p, b->id[b->current]);
    }
    sim_sub_unlock(s);
    return rc;
}

/* cs_ioctl_unreserve_signals(): the last one only */
static int unreserve(struct sim_sub_call *c, uint32_t id)
{
    struct sim_submit *s = c->s;
    struct sim_sub_handle *h;
    struct sim_sub_sob *b;
    int rc = -EINVAL;

    sim_sub_lock(s);
    h = id && id < SIM_SUB_HANDLES ? &s->handle[id] : NULL;
    if (h && h->used) {
        b = &s->sob[h->queue];
        if (h->before + h->count == b->next_value &&
            (h->which == b->current || !sob_address(c->p, 0))) {
            b->next_value -= h->count;
            sim_sub_sob_put(c, h->queue, b->current);
            h->used = false;
            rc = 0;
        }
    }
    sim_sub_unlock(s);
    return rc;
}

/* ---------------------------------------------------------------- engines */

static int copy_ids(struct sim_sub_call *c, uint64_t user, uint32_t n, uint32_t **out)
{
    uint32_t *ids = malloc(n * sizeof(*ids));

    if (!ids)
        return -ENOMEM;
    if (c->env->copy_in(c->priv, ids, user, n * sizeof(*ids)) < 0) {
        free(ids);
        return -EFAULT;
    }
    *out = ids;
    return 0;
}

/* cs_ioctl_engine_cores(): the cores run or halt, with no visible effect. */
static int cores(struct sim_sub_call *c, uint64_t user, uint32_t n, uint32_t command)
{
    uint32_t *ids;
    int rc;

    if (!c->p->kernel->core_commands && !c->p->engine_modes)
        return -EPERM;
    if (!n || n > c->p->asic->engine_cores)
        return -EINVAL;
    if (command != HL_ENGINE_CORE_RUN && command != HL_ENGINE_CORE_HALT)
        return -EINVAL;
    rc = copy_ids(c, user, n, &ids);
    if (!rc)
        free(ids);
    return rc;
}

/* Stall and resume: the engines of gaudi2_set_engine_modes(), in enum gaudi2_engine_id. */
static bool can_stall(uint32_t id)
{
    uint32_t dcore = id / 11, k = id % 11;

    /* per dcore: EDMA 0, 1, MME, TPC 0..5, then two decoders */
    return dcore < 4 && k < 9;
}

static int engines(struct sim_sub_call *c, uint64_t user, uint32_t n, uint32_t command)
{
    uint32_t max = c->p->asic->engines, *ids;
    int rc;

    if (!c->p->engine_modes)
        return -EPERM;
    if (command >= HL_ENGINE_COMMAND_MAX)
        return -EINVAL;
    if (command == HL_ENGINE_CORE_RUN || command == HL_ENGINE_CORE_HALT)
        max = c->p->asic->engine_cores;
    if (!n || n > max)
        return -EINVAL;
    rc = copy_ids(c, user, n, &ids);
    if (rc)
        return rc;
    if (command == HL_ENGINE_STALL || command == HL_ENGINE_RESUME) {
        for (uint32_t i = 0; i < n && !rc; i++)
            rc = can_stall(ids[i]) ? 0 : -EINVAL;
    } else if (command == 0) {
        rc = -EINVAL;
    }
    free(ids);
    return rc;
}

/* ---------------------------------------------------------------- the ioctl */

/* The submission that restores a state, and a wait for it. */
static int restore(struct sim_sub_call *c, const union hl_cs_args *args, uint64_t *seq)
{
    union hl_wait_cs_args w;
    int rc;

    if (!args->in.num_chunks_restore)
        return 0;
    rc = cs_default(c, args->in.chunks_restore, args->in.num_chunks_restore, seq, 0, 0,
                    c->p->asic->timeout_ms);
    if (rc)
        return rc;
    w = (union hl_wait_cs_args){ .in = { .seq = *seq,
                                         .timeout_us = c->p->asic->timeout_ms * 1000ull } };
    return sim_sub_wait(c, &w) ? -ENOEXEC : 0; /* a signal is no excuse */
}

/* Until another submission has restored the state; signals do not end it. */
static int wait_for_restore(struct sim_sub_call *c)
{
    struct sim_submit *s = c->s;
    struct sim_submit_env deaf = *c->env;
    struct sim_sub_call call = *c;
    int64_t until = c->env->now_ns(c->priv) + (int64_t)c->p->asic->timeout_ms * 1000000;
    int rc = 0;

    deaf.interrupted = NULL;
    call.env = &deaf;
    while (!rc) {
        uint32_t gen = __atomic_load_n(&s->gen, __ATOMIC_SEQ_CST);

        if (__atomic_load_n(&s->ctx_restored, __ATOMIC_SEQ_CST))
            return 0;
        rc = sim_sub_sleep(&call, gen, until);
    }
    return rc;
}

/* hl_cs_ctx_switch(): what restores a state comes first. */
static int ctx_switch(struct sim_sub_call *c, const union hl_cs_args *args, uint64_t *seq)
{
    bool switches = c->p->asic->switches_context, first = false;
    int rc;

    if (switches) {
        sim_sub_lock(c->s);
        first = !c->s->ctx_switched;
        c->s->ctx_switched = true;
        sim_sub_unlock(c->s);
    }
    if (!first && !(args->in.cs_flags & HL_CS_FLAGS_FORCE_RESTORE))
        return switches ? wait_for_restore(c) : 0;
    rc = restore(c, args, seq);
    if (rc)
        return rc;
    __atomic_store_n(&c->s->ctx_restored, true, __ATOMIC_SEQ_CST);
    sim_sub_wake(c->s);
    return 0;
}

/* What goes back to the caller; which of it depends on the kind of the request. */
struct outcome {
    uint64_t seq;
    uint32_t sob_addr, handle, signals;
    uint16_t sob_count;
};

static uint32_t timeout_of(const struct sim_sub_call *c, const union hl_cs_args *args)
{
    uint32_t ms = args->in.cs_flags & HL_CS_FLAGS_CUSTOM_TIMEOUT ? args->in.timeout * 1000u
                                                                 : c->p->asic->timeout_ms;

    return ms > INT32_MAX ? UINT32_MAX : ms; /* msecs_to_jiffies(): indefinitely */
}

static int perform(struct sim_sub_call *c, enum sim_sub_type type, const union hl_cs_args *args,
                   struct outcome *o)
{
    uint32_t flags = args->in.cs_flags;

    switch (type) {
    case SIM_SUB_SIGNAL:
    case SIM_SUB_WAIT:
    case SIM_SUB_COLLECTIVE:
        return cs_signal_wait(c, type, args->in.chunks_execute, &o->seq, flags, timeout_of(c, args),
                              &o->sob_addr, &o->sob_count);
    case SIM_SUB_RESERVE:
        return reserve(c, args->in.encaps_signals_q_idx, args->in.encaps_signals_count, &o->handle,
                       &o->sob_addr, &o->signals);
    case SIM_SUB_UNRESERVE:
        return unreserve(c, args->in.encaps_sig_handle_id);
    case SIM_SUB_CORES:
        return cores(c, args->in.engine_cores, args->in.num_engine_cores, args->in.core_command);
    case SIM_SUB_ENGINES:
        return engines(c, args->in.engines, args->in.num_engines, args->in.engine_command);
    case SIM_SUB_FLUSH:
        return c->p->hbw_flush ? 0 : -EOPNOTSUPP;
    default:
        return cs_default(c, args->in.chunks_execute, args->in.num_chunks_execute, &o->seq, flags,
                          args->in.encaps_sig_handle_id, timeout_of(c, args));
    }
}

static void reply(union hl_cs_args *args, enum sim_sub_type type, const struct outcome *o, int rc)
{
    memset(args, 0, sizeof(*args));
    if (type == SIM_SUB_RESERVE) {
        args->out.handle_id = o->handle;
        args->out.sob_base_addr_offset = o->sob_addr;
        args->out.count = o->signals;
    } else {
        args->out.seq = o->seq;
        if (type == SIM_SUB_SIGNAL)
            args->out.sob_base_addr_offset = o->sob_addr;
        if (type == SIM_SUB_SIGNAL || type == SIM_SUB_DEFAULT)
            args->out.sob_count_before_submission = o->sob_count;
    }
    args->out.status = (uint32_t)rc;
}

int sim_sub_cs(struct sim_sub_call *c, union hl_cs_args *args)
{
    enum sim_sub_type type = SIM_SUB_DEFAULT;
    uint32_t flags = args->in.cs_flags;
    struct outcome o = { .seq = UINT64_MAX };
    int rc;

    rc = sanity(c, args);
    if (!rc)
        rc = ctx_switch(c, args, &o.seq);
    if (!rc) {
        type = type_of(type_flags(c->p, flags));
        if ((flags & HL_CS_FLAGS_STAGED_SUBMISSION) &&
            !(flags & HL_CS_FLAGS_STAGED_SUBMISSION_FIRST))
            o.seq = args->in.seq;
        rc = perform(c, type, args, &o);
    }
    if (rc != -EAGAIN) /* a full queue leaves the request as it is */
        reply(args, type, &o, rc);
    return rc;
}
