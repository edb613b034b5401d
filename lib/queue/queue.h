/* SPDX-License-Identifier: MIT */
/*
 * A queue records packets into a batch and submits it.  Batches have numbers from 0 on and sit in
 * a ring: those from head to before tail are in flight, the one of number tail is being recorded.
 *
 * They run in the order of their numbers.  One that is over retires: host memory of reads is
 * written, its fences are over and signal their eventfds, its buffers are let go.  Any thread that
 * waits or queries retires batches; only what has a notice (an eventfd, a callback) has a thread.
 *
 * The lock is never held while waiting in the driver, nor while a program's code or the release of
 * an object runs: hl_queue_unlock() does what has accumulated.
 */
#ifndef HL_QUEUE_QUEUE_H
#define HL_QUEUE_QUEUE_H

#include <pthread.h>

#include <hlthunk/buffer.h>
#include <hlthunk/fence.h>
#include <hlthunk/queue.h>

#include "lib/core/errand.h"
#include "lib/core/object.h"
#include "lib/kernel/eventfd.h"
#include "lib/queue/format.h"

/*
 * Work of another queue that a batch comes after: waited for on the host before it is submitted.
 * By the driver's number, for queues whose batches held each other's fences would never go.
 */
struct hl_after {
    struct hl_object object; /* of that queue's device, which it holds */
    uint64_t sequence;
};

/* What a batch keeps alive. */
struct hl_held {
    struct hl_held *next;                   /* in a queue's list of what to release */
    struct hlthunk_command_buffer *packets; /* the program's, which the batch consists of */
    pthread_t giver;                        /* of those: the thread whose call submits them */
    struct hl_after *after;                 /* NULL: nothing */
    uint32_t count, room;
    struct hlthunk_buffer *buffer[];
};

/* Bytes of a read that are to go from staging memory to where the program wants them. */
struct hl_delivery {
    void *to;
    const void *from;
    size_t n;
};

struct hl_batch {
    struct hlthunk_command_buffer *recorded; /* kept for the next batch of this slot */
    uint32_t used;                           /* bytes of packets */
    uint64_t moved;                          /* bytes that the packets move */
    uint64_t sequence;                       /* the driver's number, once it is submitted */
    bool stamp;
    struct hl_held *held;
    struct hl_delivery *deliveries;
    uint32_t delivery_count, delivery_room;
    uint64_t staged;              /* the position in the staging memory past its last piece */
    struct hlthunk_fence *fences; /* a list */
};

/* Pinned memory as a ring of bytes: positions grow, memory is at position % size. */
struct hl_staging {
    uint8_t *memory; /* NULL until it is needed */
    struct hlthunk_buffer *buffer;
    uint64_t address;
    uint64_t end;  /* of what is in use */
    uint64_t free; /* what lies before has retired */
};

#define HL_STAGING_SIZE (4u << 20)
#define HL_STAGING_PIECE (1u << 20) /* of a large transfer: submitted as soon as it is there */

struct hl_notice {
    struct hl_notice *next;
    struct hl_errand errand;     /* once it has fired */
    struct hlthunk_fence *fence; /* held */
    hlthunk_fence_fn fn;
    void *user;
    struct hl_eventfd eventfd; /* ours; none: the function */
};

struct hlthunk_queue {
    struct hl_object object;
    const struct hl_queue_format *format;
    uint32_t hardware; /* the kernel's number */
    uint32_t depth;
    pthread_mutex_t lock; /* guards all below */
    struct hl_batch *ring;
    uint64_t head, tail;
    bool recording; /* the batch of number tail is ready to be written to */
    bool waits;     /* on the device, after all that was submitted */
    int lost;       /* 0, or -errno: why */
    unsigned refusals;
    uint32_t resets; /* of only the engines, before all that is in flight */
    struct hl_staging staging;
    bool quiet; /* the log's messages are held until the lock is released */
    struct hl_held *let_go;
    struct hl_notice *due; /* eventfds to signal */
    /* the thread, once there is a notice */
    bool threaded, stop;
    unsigned unfired; /* notices */
    pthread_t thread;
    pthread_cond_t work;
    struct hl_notice *fired, **fired_end; /* what it is to tell */
    bool *gone;                           /* of the thread: set when the queue is destroyed on it */
};

struct hlthunk_fence {
    struct hl_object object;
    struct hlthunk_queue *queue; /* held */
    /* guarded by the queue's lock */
    enum hlthunk_fence_status status;
    int error;
    bool stamp; /* wants a timestamp */
    int64_t timestamp_ns;
    uint64_t number; /* of its batch */
    struct hlthunk_fence *next;
    struct hl_notice *notices;
};

static inline struct hl_batch *hl_queue_batch(const struct hlthunk_queue *q, uint64_t number)
{
    return &q->ring[number % q->depth];
}

/* The longest wait in the driver where something may come that does not end it. */
#define HL_GLANCE_US 20000u

/* UINT64_MAX for a negative timeout: hl_left_us()'s "never". */
uint64_t hl_queue_deadline_ns(int64_t timeout_ns);

/* queue.c: the check at the start of a call, and the lock. */
int hl_queue_enter(struct hlthunk_queue *q);
void hl_queue_lock(struct hlthunk_queue *q);
void hl_queue_unlock(struct hlthunk_queue *q);
/* With the lock held, before what may log: the log's receiver is called once it is released. */
void hl_queue_hush(struct hlthunk_queue *q);

/* All of the following with the lock held; those that say so release it meanwhile. */

/* batch.c: the batch that is recorded, with room for n bytes of packets.  May wait. */
int hl_batch_reserve(struct hlthunk_queue *q, uint32_t n, void **packets);
/* Counts the n bytes that were written there. */
static inline void hl_batch_commit(struct hlthunk_queue *q, uint32_t n, uint64_t moved)
{
    struct hl_batch *b = hl_queue_batch(q, q->tail);

    b->used += n;
    b->moved += moved;
}
/* What the batch that is recorded keeps, with room for one more; NULL without memory. */
struct hl_held *hl_batch_held(struct hlthunk_queue *q);
/* Keeps a buffer until the batch that is recorded has retired: 0 or -ENOMEM. */
int hl_batch_hold(struct hlthunk_queue *q, struct hlthunk_buffer *buffer);
/* Is anything recorded that is not submitted? */
bool hl_batch_has_work(const struct hlthunk_queue *q);
/* A packet that does nothing: something to wait for.  May wait. */
int hl_batch_record_nothing(struct hlthunk_queue *q);
/* The same if the queue waits for another one, and no work is recorded behind that. */
int hl_batch_follow_wait(struct hlthunk_queue *q);
/* A slot that is free, nothing recorded yet.  May wait. */
int hl_batch_open(struct hlthunk_queue *q);
void hl_batch_clear(struct hlthunk_queue *q, struct hl_batch *b);

/*
 * submit.c: what is recorded goes to the driver.  Waits for room, and for what it comes after, up
 * to the deadline, which is -ETIMEDOUT.
 */
int hl_queue_submit_by(struct hlthunk_queue *q, uint64_t deadline_ns);
static inline int hl_queue_submit(struct hlthunk_queue *q)
{
    return hl_queue_submit_by(q, UINT64_MAX);
}

/*
 * retire.c: waits until the batch of this number has retired, or the queue is lost: 0, -ETIMEDOUT,
 * or why it is lost.  Releases the lock while it waits; deadline 0 does not wait.
 */
int hl_queue_await(struct hlthunk_queue *q, uint64_t number, uint64_t deadline_ns);
/* One wait of the driver's for a batch that is in flight.  Not 0: how often it was refused. */
unsigned hl_queue_look(struct hlthunk_queue *q, uint64_t number, uint64_t timeout_us);
/* How often the driver has reset only the engines: 0, or -errno and *count as it was. */
int hl_queue_count_resets(const struct hlthunk_queue *q, uint32_t *count);
/* Retires what is over.  Does not wait. */
void hl_queue_collect(struct hlthunk_queue *q);
/* What the batch that is recorded comes after and that was not over yet; NULL: nothing. */
static inline struct hl_after *hl_queue_after(const struct hlthunk_queue *q)
{
    struct hl_held *h = q->recording ? hl_queue_batch(q, q->tail)->held : NULL;

    return h ? h->after : NULL;
}
/*
 * Waits for that, and lets go of it; false: not over by the deadline.  Releases the lock meanwhile;
 * if that work is lost, the queue goes on.  It does not wait once the queue's own device is stale.
 */
bool hl_queue_wait_before(struct hlthunk_queue *q, uint64_t deadline_ns);
/*
 * Everything pending ends here.  What the driver has completed of the batches before this number
 * is done; it is not asked of the others.
 */
void hl_queue_lose(struct hlthunk_queue *q, uint64_t number, int why);
/* The error of a call on a queue that is lost. */
int hl_queue_say_lost(const struct hlthunk_queue *q);
/* Not with the lock held, sleeps: for what is refused for the moment. */
void hl_queue_pause(unsigned attempt);

/*
 * staging.c: room for a packet, and n bytes (at most HL_STAGING_PIECE) that are the batch's which
 * is recorded.  May wait.
 */
int hl_staging_reserve(struct hlthunk_queue *q, uint32_t n, uint64_t *position, void **packet);
void hl_staging_destroy(struct hl_staging *s);
static inline uint8_t *hl_staging_memory(const struct hlthunk_queue *q, uint64_t position)
{
    return q->staging.memory + position % HL_STAGING_SIZE;
}
static inline uint64_t hl_staging_address(const struct hlthunk_queue *q, uint64_t position)
{
    return q->staging.address + position % HL_STAGING_SIZE;
}

/* fence.c: 0, -EINVAL without a fence, -EPERM for one of the parent's; a lost one will do. */
int hl_fence_check(const struct hlthunk_fence *f);
/* A fence's end.  Its notices fire. */
void hl_fence_over(struct hlthunk_fence *f, enum hlthunk_fence_status status, int error,
                   int64_t timestamp_ns);

/* notice.c */
void hl_queue_fire(struct hlthunk_queue *q, struct hl_notice *notices);
void hl_notices_tell(struct hl_notice *notices);    /* without the lock */
void hl_queue_stop_thread(struct hlthunk_queue *q); /* without the lock, with no reference left */

/* transfer.c: the checks of a range of a buffer. */
int hl_queue_check_range(const struct hlthunk_queue *q, const struct hlthunk_buffer *buffer,
                         const char *name, uint64_t offset, uint64_t size);
/* On Goya not every engine reads host memory; NULL: from staging memory. */
int hl_queue_check_source(const struct hlthunk_queue *q, const struct hlthunk_buffer *from);
/* Packets for size bytes from a device address to another; from and to are held if not NULL. */
int hl_queue_record_copy(struct hlthunk_queue *q, uint64_t to_address, struct hlthunk_buffer *to,
                         uint64_t from_address, struct hlthunk_buffer *from, uint64_t size,
                         uint32_t barrier);

#endif
