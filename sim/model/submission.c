/* SPDX-License-Identifier: MIT */
/*
 * CS and WAIT: the link between the model and the submissions (sim/submit), which have state and a
 * lock of their own.  Lock order: the state's lock, then theirs; nothing here takes the state's
 * lock while theirs is held.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "sim/lock.h"
#include "sim/model/errors.h"
#include "sim/model/submission.h"

/* What the supervisor has mapped for the devices. */
static struct {
    pid_t supervisor; /* the simulation that it belongs to */
    struct sim_submit *submit;
    uint8_t *buffers;
} shared[SIM_MAX_DEVICES];
static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;

static void *map_shared(int fd, uint64_t offset, size_t size)
{
    void *p;

    if (fd < 0)
        return NULL;
    p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, (off_t)offset);
    return p == MAP_FAILED ? NULL : p;
}

const struct sim_sub_props *submission_props(const struct sim_state *s, const struct sim_device *d)
{
    return sim_sub_props((enum sim_asic_id)d->asic, (enum hl_generation)s->generation);
}

struct sim_submit *submission_of(const struct sim_state *s, const struct sim_device *d)
{
    uint32_t i = (uint32_t)(d - s->devices);
    struct sim_submit *u;

    pthread_mutex_lock(&shared_lock);
    if (shared[i].supervisor != s->supervisor) {
        memset(&shared[i], 0, sizeof(shared[i]));
        shared[i].supervisor = s->supervisor;
    }
    if (!shared[i].submit)
        shared[i].submit = map_shared(d->submit_fd, 0, sim_sub_size(submission_props(s, d)));
    u = shared[i].submit;
    pthread_mutex_unlock(&shared_lock);
    return u;
}

void *submission_buffer(const struct sim_state *s, const struct sim_device *d, uint32_t index)
{
    uint32_t i = (uint32_t)(d - s->devices);
    void *p;

    if (!submission_of(s, d))
        return NULL;
    pthread_mutex_lock(&shared_lock);
    if (!shared[i].buffers)
        shared[i].buffers = map_shared(d->buffer_fd, 0, SIM_BUFFER_BYTES);
    p = shared[i].buffers ? shared[i].buffers + d->context.buffers[index].at : NULL;
    pthread_mutex_unlock(&shared_lock);
    return p;
}

/* ---- what the submissions ask for; priv: struct submission_call ---- */

static int copy_in(void *priv, void *dst, uint64_t user, size_t len)
{
    struct submission_call *c = priv;

    return c->env ? c->env->copy_in(dst, user, len) : -EFAULT;
}

static bool operational(void *priv)
{
    struct submission_call *c = priv;

    return !c->device->removed && sim_device_operational(c->device);
}

/* By the number only, as the driver looks buffers up. */
static int buffer(struct submission_call *c, uint64_t handle, enum sim_buffer_kind kind, void **mem,
                  uint64_t *size)
{
    uint32_t n = (uint32_t)(handle >> 12);
    const struct sim_buffer *b;

    if (!n || n > SIM_MAX_BUFFERS)
        return -EINVAL;
    b = &c->device->context.buffers[n - 1];
    if (b->kind != kind)
        return -EINVAL;
    *mem = submission_buffer(c->state, c->device, n - 1);
    *size = b->size;
    return *mem ? 0 : -EINVAL;
}

static int cb(void *priv, uint64_t handle, struct sim_sub_cb *out)
{
    uint64_t size;
    void *mem;
    int rc = buffer(priv, handle, SIM_BUFFER_CB, &mem, &size);

    if (!rc)
        *out = (struct sim_sub_cb){ .mem = mem, .size = (uint32_t)size };
    return rc;
}

static int stamps(void *priv, uint64_t handle, uint64_t **mem, uint64_t *count)
{
    uint64_t size;
    void *p;
    int rc = buffer(priv, handle, SIM_BUFFER_TIMESTAMPS, &p, &size);

    if (!rc) {
        *mem = p;
        *count = size / 8;
    }
    return rc;
}

static int64_t now_ns(void *priv)
{
    struct timespec t;

    (void)priv;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

bool submission_lock(struct sim_state *s, const struct sim_device *d)
{
    const struct sim_submit *u = submission_of(s, d);

    for (unsigned n = 0;; n++) {
        if (sim_trylock(s))
            return true;
        if (__atomic_load_n(&u->reset_request, __ATOMIC_SEQ_CST) !=
            __atomic_load_n(&u->reset_done, __ATOMIC_SEQ_CST))
            return false;
        if (n < 100)
            sched_yield();
        else
            usleep(50);
    }
}

/* cs_timedout(), in the supervisor */
static void timed_out(void *priv, uint64_t seq, bool reset)
{
    struct submission_call *c = priv;
    struct sim_device *d = c->device;
    uint64_t events = 0;

    if (!submission_lock(c->state, d))
        return;
    if (sim_errors_timeout(d, seq))
        events = HL_NOTIFIER_EVENT_CS_TIMEOUT;
    if (reset && (events || sim_kernel(c->state)->postpones_reset))
        events |= HL_NOTIFIER_EVENT_DEVICE_RESET; /* 6.1 tells with the first timeout alone */
    if (reset)
        sim_device_error_reset(c->state, d, events);
    else if (events)
        sim_device_event(c->state, d, events);
    sim_unlock(c->state);
}

/* device_release_watchdog_func(), in the supervisor */
static void overdue(void *priv)
{
    struct submission_call *c = priv;

    if (!submission_lock(c->state, c->device))
        return;
    if (c->device->watchdog)
        sim_device_reset(c->state, c->device);
    sim_unlock(c->state);
}

static bool interrupted(void *priv)
{
    struct submission_call *c = priv;

    return c->env && c->env->interrupted && c->env->interrupted();
}

const struct sim_submit_env submission_env = {
    .interrupted = interrupted,
    .copy_in = copy_in,
    .operational = operational,
    .cb = cb,
    .stamps = stamps,
    .timed_out = timed_out,
    .overdue = overdue,
    .now_ns = now_ns,
};

static bool prepare(struct submission_call *c, struct sim_sub_call *call)
{
    call->s = submission_of(c->state, c->device);
    call->p = submission_props(c->state, c->device);
    call->env = &submission_env;
    call->priv = c;
    return call->s != NULL;
}

/* ---- the ioctls: with the state's lock, released meanwhile ---- */

int sim_cs(const struct sim_env *env, uint32_t file, union hl_cs_args *args)
{
    struct sim_state *s = env->state;
    struct submission_call c = { env, s, &s->devices[s->files[file].device] };
    struct sim_sub_call call;
    int rc;

    if (!sim_context_of(s, file) || !prepare(&c, &call))
        return -EBUSY;
    sim_unlock(s);
    rc = sim_sub_cs(&call, args);
    sim_lock(s);
    return rc;
}

int sim_wait(const struct sim_env *env, uint32_t file, union hl_wait_cs_args *args)
{
    struct sim_state *s = env->state;
    struct submission_call c = { env, s, &s->devices[s->files[file].device] };
    struct sim_sub_call call;
    int rc;

    if (!sim_context_of(s, file) || !prepare(&c, &call))
        return -EBUSY;
    sim_unlock(s);
    rc = sim_sub_wait(&call, args);
    sim_lock(s);
    return rc;
}

void submission_abort(struct sim_state *s, struct sim_device *d, enum submission_end end)
{
    struct submission_call c = { NULL, s, d };
    struct sim_sub_call call;

    if (d->submit_fd < 0 || !prepare(&c, &call))
        return;
    if (end == SUBMISSION_WAITS_END)
        sim_sub_abort_waits(&call);
    else
        sim_sub_abort_all(&call, end == SUBMISSION_RESET);
}

void submission_open(struct sim_state *s, struct sim_device *d)
{
    struct sim_submit *u = submission_of(s, d);

    if (u)
        sim_sub_open(u, submission_props(s, d));
}

bool submission_leaks(struct sim_state *s, struct sim_device *d)
{
    struct sim_submit *u = submission_of(s, d);

    return u && sim_sub_leaks(u);
}

void submission_counters(const struct sim_state *s, const struct sim_device *d, bool context,
                         struct hl_info_cs_counters *out)
{
    const struct sim_submit *u = submission_of(s, d);

    memset(out, 0, sizeof(*out));
    if (!u)
        return;
    out->total_out_of_mem_drop_cnt = u->total.out_of_mem;
    out->total_parsing_drop_cnt = u->total.parsing;
    out->total_queue_full_drop_cnt = u->total.queue_full;
    out->total_device_in_reset_drop_cnt = u->total.in_reset;
    out->total_max_cs_in_flight_drop_cnt = u->total.in_flight;
    out->total_validation_drop_cnt = u->total.validation;
    if (!context)
        return;
    out->ctx_out_of_mem_drop_cnt = u->ctx.out_of_mem;
    out->ctx_parsing_drop_cnt = u->ctx.parsing;
    out->ctx_queue_full_drop_cnt = u->ctx.queue_full;
    out->ctx_device_in_reset_drop_cnt = u->ctx.in_reset;
    out->ctx_max_cs_in_flight_drop_cnt = u->ctx.in_flight;
    out->ctx_validation_drop_cnt = u->ctx.validation;
}
