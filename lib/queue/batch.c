/* SPDX-License-Identifier: MIT */
/* The batch that is being recorded. */
#include <stdlib.h>
#include <string.h>

#include <hlthunk/command_buffer.h>

#include "lib/error.h"
#include "lib/device/device.h"
#include "lib/queue/queue.h"

#define PACKET_BYTES (64u << 10)
/* What one submission may move: far below the driver's timeout on the slowest engine. */
#define MOVED_MAX (1ull << 30)
#define HELD_FIRST 14u

static int create_packets(struct hlthunk_queue *q, struct hl_batch *b)
{
    struct hlthunk_command_buffer_options o = {
        .struct_size = sizeof(o),
        .device_mapped = q->format->mapped_packets,
        .label = q->object.label,
    };

    if (b->recorded)
        return 0;
    hl_queue_hush(q);
    return hlthunk_command_buffer_create(q->object.device, PACKET_BYTES, &o, &b->recorded);
}

int hl_batch_open(struct hlthunk_queue *q)
{
    while (!q->recording) {
        int rc;

        if (q->lost)
            return hl_queue_say_lost(q);
        if (q->tail - q->head >= q->depth) {
            /* then the queue is lost, or has a slot, unless another thread takes that */
            (void)hl_queue_await(q, q->head, UINT64_MAX);
            continue;
        }
        rc = create_packets(q, hl_queue_batch(q, q->tail));
        if (rc)
            return rc;
        q->recording = true;
    }
    return 0;
}

/* Packets of the program's own are a batch to themselves. */
static bool has_room(const struct hl_batch *b, uint32_t n)
{
    return b->used + n <= PACKET_BYTES && b->moved < MOVED_MAX && !(b->held && b->held->packets);
}

int hl_batch_reserve(struct hlthunk_queue *q, uint32_t n, void **packets)
{
    for (;;) {
        struct hl_batch *b = hl_queue_batch(q, q->tail);
        int rc;

        if (q->recording && !q->lost && has_room(b, n)) {
            *packets = (char *)hlthunk_command_buffer_borrow_data(b->recorded) + b->used;
            return 0;
        }
        rc = q->recording && !q->lost ? hl_queue_submit(q) : hl_batch_open(q);
        if (rc)
            return rc;
    }
}

/* A child that is forked meanwhile has the old one or the new one, and lets go of it once. */
static __attribute__((noinline)) struct hl_held *enlarge(struct hl_batch *b)
{
    struct hl_held *h = b->held;
    uint32_t room = h ? 2 * h->room : HELD_FIRST;
    struct hl_held *larger = malloc(sizeof(*h) + room * sizeof(h->buffer[0]));

    if (!larger) {
        hl_err(-ENOMEM, "no memory to hold a buffer");
        return NULL;
    }
    if (h)
        memcpy(larger, h, sizeof(*h) + h->count * sizeof(h->buffer[0]));
    else
        *larger = (struct hl_held){ 0 };
    larger->room = room;
    hl_fork_barrier();
    b->held = larger;
    hl_fork_barrier();
    free(h);
    return larger;
}

struct hl_held *hl_batch_held(struct hlthunk_queue *q)
{
    struct hl_batch *b = hl_queue_batch(q, q->tail);
    struct hl_held *h = b->held;

    return h && h->count < h->room ? h : enlarge(b);
}

int hl_batch_hold(struct hlthunk_queue *q, struct hlthunk_buffer *buffer)
{
    struct hl_held *h = hl_queue_batch(q, q->tail)->held;

    /* what was used last is used again */
    for (uint32_t i = h ? h->count : 0, n = 0; i && n < 4; n++) {
        if (h->buffer[--i] == buffer)
            return 0;
    }
    h = hl_batch_held(q);
    if (!h)
        return -ENOMEM;
    h->buffer[h->count] = hlthunk_buffer_ref(buffer);
    hl_fork_barrier();
    h->count++;
    return 0;
}

/*
 * Moves what a batch holds to the list of what is released once the lock is.  Fences that have not
 * ended, of other threads, stay where they are: with what is recorded next.
 */
void hl_batch_clear(struct hlthunk_queue *q, struct hl_batch *b)
{
    struct hl_held *h = b->held;

    if (h) {
        b->held = NULL;
        hl_fork_barrier(); /* a child has it once, or not at all */
        h->next = q->let_go;
        hl_fork_barrier();
        q->let_go = h;
    }
    b->used = 0;
    b->moved = 0;
    b->stamp = b->stamp && b->fences;
    b->delivery_count = 0;
}

bool hl_batch_has_work(const struct hlthunk_queue *q)
{
    return q->recording && hl_queue_batch(q, q->tail)->used;
}

int hl_batch_record_nothing(struct hlthunk_queue *q)
{
    const uint32_t nop[2] = { 0, HL_PACKET_NOP };
    void *packet;
    int rc = hl_batch_reserve(q, HL_NOP_PACKET_SIZE, &packet);

    if (rc)
        return rc;
    memcpy(packet, nop, sizeof(nop));
    hl_batch_commit(q, HL_NOP_PACKET_SIZE, 0);
    return 0;
}

int hl_batch_follow_wait(struct hlthunk_queue *q)
{
    if (!q->waits && !hl_queue_after(q))
        return 0;
    return hl_batch_has_work(q) ? 0 : hl_batch_record_nothing(q);
}
