/* SPDX-License-Identifier: MIT */
/*
 * Command submissions as the kernel's driver handles them: which requests it accepts, in which
 * order it checks them, what it answers, and what it remembers. The rest of the simulator provides
 * it users' memory, command buffers and time through struct sim_submit_env; the executor
 * (exec.h) takes the jobs from here and reports their results.
 *
 * All state is one flat block without pointers, so that it can live in memory that several
 * processes share. Its lock is taken inside these functions.
 *
 * The answers follow command_submission.c, hw_queue.c and context.c of the drivers of 6.1 and
 * 6.12; the functions that they come from are named where they are not obvious.
 */
#ifndef SIM_SUBMIT_SUBMIT_H
#define SIM_SUBMIT_SUBMIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sim/asic.h"
#include "uapi/generation.h"
#include "uapi/habanalabs_accel.h"

/* The device and its driver. */
struct sim_sub_props {
    const struct sim_asic *asic;
    const struct eng_asic *eng; /* its engine */
    const struct hl_traits *kernel;
    uint32_t queues;
    uint16_t first_irq, irqs;
    bool engine_modes, hbw_flush;
};

const struct sim_sub_props *sim_sub_props(enum sim_asic_id asic, enum hl_generation generation);
/* Does the queue have signals? */
bool sim_sub_sync_queue(const struct sim_sub_props *p, uint32_t queue);
/* Does the driver accept submissions to it? */
bool sim_sub_open_queue(const struct sim_sub_props *p, uint32_t queue);
/* SRAM that programs may address. */
struct sim_range sim_sub_sram(const struct sim_sub_props *p);
static inline bool sim_range_has(struct sim_range r, uint64_t start, uint64_t end)
{
    return start >= r.start && end <= r.end;
}

enum sim_sub_type {
    SIM_SUB_DEFAULT,
    SIM_SUB_SIGNAL,
    SIM_SUB_WAIT,
    SIM_SUB_COLLECTIVE,
    SIM_SUB_RESERVE,
    SIM_SUB_UNRESERVE,
    SIM_SUB_CORES,
    SIM_SUB_ENGINES,
    SIM_SUB_FLUSH,
};

#define SIM_SUB_NONE UINT32_MAX
#define SIM_SUB_JOBS 32768u   /* in flight at once */
#define SIM_SUB_HANDLES 1024u /* reservations of encapsulated signals */
#define SIM_SUB_STAMPS 65536u /* registered timestamps */
#define SIM_SUB_IRQS 1024u    /* decoders, users', the two common ones */
#define SIM_SUB_OUTCOMES 256u
#define SIM_SUB_ARENA (256ull << 20) /* copies of command buffers, sparse */
#define SIM_SUB_QUEUES 264u

enum sim_sub_job_kind {
    SIM_JOB_CB,  /* a command buffer: copied, or at a device address */
    SIM_JOB_REG, /* a register write, in order with what came before */
};

struct sim_sub_job {
    uint32_t next; /* in its submission, or in the executor's list */
    uint32_t next_free;
    uint8_t kind;
    bool counts; /* the submission waits for its end */
    uint16_t queue;
    uint32_t cs; /* slot; SIM_SUB_NONE: no waiter */
    uint64_t seq;
    uint64_t addr; /* device address, unless pages */
    uint32_t len;
    uint32_t page, pages; /* in the arena */
    uint32_t reg, value;
};

struct sim_sub_cs {
    uint64_t seq;
    /* the fence: lives until the slot is used again */
    bool known, done;
    uint8_t type, streams;
    int32_t error;
    int64_t timestamp;
    /* the submission */
    bool live, submitted, staged, first, last, stamp, encaps, skip_reset, timed_out, aborted;
    uint64_t staged_seq;
    uint32_t timeout_ms;
    int64_t submitted_ns;
    uint32_t jobs, njobs, pending;
    uint32_t prev, next; /* in the order of submission */
    uint32_t staged_next;
    uint32_t handle;    /* of encapsulated signals, + 1 */
    uint32_t sob_queue; /* whose sync object it uses, + 1 */
    uint8_t sob_which;
    uint32_t sob_value;
};

struct sim_sub_sob { /* one stream's two sync objects */
    uint32_t id[2], refs[2];
    bool reset[2];
    uint32_t next_value;
    uint8_t current;
    uint32_t mon;
};

struct sim_sub_handle {
    bool used;
    uint32_t refs, queue, count, before;
    uint8_t which;
    uint64_t seq; /* UINT64_MAX: no submission yet */
};

struct sim_sub_stamp {
    bool used;
    uint16_t irq;
    uint64_t ts_handle, ts_offset, cq_handle, cq_offset, target;
};

/* Zero memory becomes one of these with sim_sub_init(). */
struct sim_submit {
    uint64_t magic;
    _Alignas(64) unsigned char lock[64]; /* a mutex of the supervisor's threads */
    uint32_t gen; /* futex: changes with every event that can be waited for */
    uint32_t waiters;
    uint32_t work; /* futex: changes when the executor has something to do */
    uint64_t next_seq;
    uint32_t first_cs, last_cs; /* in flight, in order */
    uint32_t tdr_cs;            /* whose timeout runs */
    int64_t tdr_ns;
    int64_t tdr_longer_ns; /* by how much it may be extended */
    bool watchdog;         /* an error happened: the user has to close the device */
    int64_t overdue_ns;    /* ... by then; 0: not, or it was told */
    bool ctx_switched;     /* a submission has taken it on to restore the state */
    bool ctx_restored;     /* ... and it is */
    uint32_t mcs_waiters;
    uint32_t mcs_ended[8]; /* submissions that used one of the streams that these are woken by */
    /* for the executor */
    uint32_t out_head, out_tail;
    uint32_t reset_request; /* a counter: forget everything that runs */
    uint32_t reset_done;    /* follows it: futex */
    bool executor;          /* the thread that takes the jobs */
    pid_t executor_tid;
    uint32_t free_job;
    uint32_t jobs_made;
    uint32_t arena_hint;
    uint64_t arena_map[SIM_SUB_ARENA / 4096 / 64];
    uint32_t in_queue[SIM_SUB_QUEUES];
    uint32_t irq_count[SIM_SUB_IRQS];
    bool irq_aborted;
    uint32_t abort_count;
    struct sim_sub_sob sob[SIM_SUB_QUEUES];
    struct sim_sub_handle handle[SIM_SUB_HANDLES];
    uint32_t stamps; /* how many are in use */
    struct sim_sub_stamp stamp[SIM_SUB_STAMPS];
    struct {
        uint64_t seq;
        int64_t timestamp;
        int32_t error;
        uint64_t age; /* which one it was: the oldest is the smallest */
        bool used;
    } outcome[SIM_SUB_OUTCOMES];
    uint64_t outcomes;      /* so far */
    struct sim_sub_health { /* written by the executor */
        int64_t at_ns;
        uint32_t load;       /* of the last seconds, in 1/1000000 */
        int32_t temperature; /* of the chip, in 1/1000 degrees */
        uint32_t power_mw;
        uint64_t energy_uj;
        uint32_t throttling; /* HL_CLK_THROTTLE_*, now */
        uint32_t throttled;  /* since the simulation's start */
        int64_t throttle_start_ns[2], throttle_end_ns[2];
    } health;
    /* counters of INFO CS_COUNTERS: of the device and of the context */
    struct sim_sub_counters {
        uint64_t out_of_mem, parsing, queue_full, in_reset, in_flight, validation;
    } total, ctx;
    struct sim_sub_job job[SIM_SUB_JOBS];
    struct sim_sub_cs cs[]; /* props->max_pending; the arena follows, page aligned */
};

struct sim_sub_cb {
    const void *mem;
    uint32_t size;
};

struct sim_submit_env {
    /* From the caller's memory: 0 or -EFAULT. */
    int (*copy_in)(void *priv, void *dst, uint64_t user, size_t len);
    bool (*operational)(void *priv);
    /* A command buffer of this context, valid until the ioctl returns; -EINVAL. */
    int (*cb)(void *priv, uint64_t handle, struct sim_sub_cb *cb);
    /* The elements of a timestamp buffer: 0 or -EINVAL. */
    int (*stamps)(void *priv, uint64_t handle, uint64_t **mem, uint64_t *count);
    /* A submission took too long (seq): the driver's answer (cs_timedout()). In the executor. */
    void (*timed_out)(void *priv, uint64_t seq, bool reset);
    /* ... and its user has not closed the device in time; NULL: nobody asks. In the executor. */
    void (*overdue)(void *priv);
    int64_t (*now_ns)(void *priv);
    /* Has the caller received a signal?  Then waits end with -EINTR.  NULL: there are no signals.
     */
    bool (*interrupted)(void *priv);
};

struct sim_sub_call {
    struct sim_submit *s;
    const struct sim_sub_props *p;
    const struct sim_submit_env *env;
    void *priv;
};

size_t sim_sub_size(const struct sim_sub_props *p);
/* Health after busy_ns of work since the last call; max_power_mw: the board's limit. */
void sim_sub_health(struct sim_submit *s, int64_t now_ns, int64_t busy_ns, uint32_t max_power_mw);
int sim_sub_init(struct sim_submit *s, const struct sim_sub_props *p);
void *sim_sub_arena(struct sim_submit *s, const struct sim_sub_props *p, uint32_t page);
/* A context begins: numbers from 1, nothing known of before. The executor must be idle. */
void sim_sub_open(struct sim_submit *s, const struct sim_sub_props *p);

/* The ioctls: 0 or -errno; the arguments as the kernel would copy them back. */
int sim_sub_cs(struct sim_sub_call *c, union hl_cs_args *args);
int sim_sub_wait(struct sim_sub_call *c, union hl_wait_cs_args *args);

/*
 * Everything in flight ends with -EIO (or -ETIMEDOUT), as in a reset (hl_cs_rollback_all()). When
 * this returns, none of it accesses memory any more. The end of a context (no reset) leaves the
 * streams' sync objects at what they have counted.
 */
void sim_sub_abort_all(struct sim_sub_call *c, bool reset);
/* Before a reset: waits end, submissions stay (hl_abort_waiting_for_cs_completions()). */
void sim_sub_abort_waits(struct sim_sub_call *c);
/*
 * What a user has left behind that holds its context: submissions in flight, reserved signals,
 * registered timestamps.
 */
bool sim_sub_leaks(struct sim_submit *s);
unsigned sim_sub_active(struct sim_submit *s, const struct sim_sub_props *p);

/* The executor's side. */
bool sim_sub_take(struct sim_submit *s, struct sim_sub_job *job, uint32_t *index);
void sim_sub_job_done(struct sim_sub_call *c, uint32_t index, uint64_t seq, int error);
/* An interrupt came: the number of the device's vector (user interrupt id). */
void sim_sub_irq(struct sim_sub_call *c, unsigned irq);
/*
 * The executor has spent this long moving bytes: time that the device would not have needed, and
 * that the limit of a submission does not count.
 */
void sim_sub_worked(struct sim_submit *s, int64_t ns);
/* The earliest deadline, in ns; 0: none. Handles those that have passed. */
int64_t sim_sub_timers(struct sim_sub_call *c);

/* submit.c: for cs.c and wait.c */
void sim_sub_lock(struct sim_submit *s);
void sim_sub_unlock(struct sim_submit *s);
void sim_sub_wake(struct sim_submit *s);
struct sim_sub_cs *sim_sub_fence(struct sim_sub_call *c, uint64_t seq, int *error);
bool sim_sub_outcome(struct sim_submit *s, uint64_t seq, int64_t *timestamp, int *error);
void sim_sub_release(struct sim_sub_call *c, struct sim_sub_cs *cs);
uint32_t sim_sub_job_new(struct sim_submit *s);
int sim_sub_stash(struct sim_sub_call *c, struct sim_sub_job *j, const void *data, uint32_t len);
void sim_sub_job_free(struct sim_submit *s, uint32_t index);
void sim_sub_post(struct sim_submit *s, uint32_t index);
void sim_sub_sob_put(struct sim_sub_call *c, uint32_t queue, uint8_t which);
void sim_sub_handle_put(struct sim_sub_call *c, uint32_t id);
void sim_sub_arm_timer(struct sim_sub_call *c);
/* The slot of irq_count for a wait for any interrupt. */
unsigned sim_sub_any_slot(const struct sim_sub_props *p);
/* The time of an interrupt that came now, as what waits in a slot is told it; 0: none. */
int64_t sim_sub_irq_time(struct sim_sub_call *c, unsigned slot);
/* Wait until gen changes or the deadline (0: none) is over: 0, -ETIMEDOUT, -EINTR. Unlocked. */
int sim_sub_sleep(struct sim_sub_call *c, uint32_t gen, int64_t deadline_ns);
/* check.c: what the driver rejects in a command buffer, before anything runs */
int sim_sub_check_cb(const struct sim_sub_props *p, uint32_t queue, const void *cb, uint32_t len);
int sim_sub_check_address(const struct sim_sub_props *p, uint32_t queue, uint64_t addr,
                          uint32_t len);

#endif
