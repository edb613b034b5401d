/* SPDX-License-Identifier: MIT */
/* Between a buffer and any memory of this process, through the queue's staging memory. */
#include <stdlib.h>

#include "lib/error.h"
#include "lib/device/device.h"
#include "lib/queue/queue.h"

/* Submits one piece; of a large transfer at once, so that the next one overlaps with it. */
static int sent(struct hlthunk_queue *q, uint64_t size)
{
    return size > HL_STAGING_PIECE / 4 ? hl_queue_submit(q) : 0;
}

static uint32_t piece(uint64_t left)
{
    return left < HL_STAGING_PIECE ? (uint32_t)left : HL_STAGING_PIECE;
}

static int write_piece(struct hlthunk_queue *q, struct hlthunk_buffer *to, uint64_t address,
                       const void *host, uint32_t n)
{
    const struct hl_queue_format *f = q->format;
    uint32_t way = f->direction[hlthunk_buffer_is_host(to) ? HL_HOST_TO_HOST : HL_HOST_TO_DEVICE];
    uint64_t position;
    void *packet;
    int rc = hl_staging_reserve(q, n, &position, &packet);

    if (rc == 0)
        rc = hl_batch_hold(q, to);
    if (rc)
        return rc;
    memcpy(hl_staging_memory(q, position), host, n);
    hl_packet_dma(packet, f->linear_dma | HL_PACKET_ENGINE_BARRIER | way,
                  hl_staging_address(q, position), address, n);
    hl_batch_commit(q, HL_DMA_PACKET_SIZE, n);
    return 0;
}

int hlthunk_queue_write(struct hlthunk_queue *q, struct hlthunk_buffer *to, uint64_t offset,
                        const void *host, uint64_t size)
{
    int rc = hl_queue_enter(q);

    if (rc == 0)
        rc = hl_queue_check_range(q, to, "destination", offset, size);
    if (rc || !size)
        return rc;
    if (!host)
        return hl_err(-EINVAL, "host is NULL");
    rc = hl_queue_check_source(q, NULL);
    if (rc)
        return rc;
    hl_queue_lock(q);
    for (uint64_t at = 0; at < size && rc == 0;) {
        uint32_t n = piece(size - at);

        rc = write_piece(q, to, hlthunk_buffer_get_address(to) + offset + at,
                         (const char *)host + at, n);
        if (rc == 0)
            rc = sent(q, size);
        at += n;
    }
    hl_queue_unlock(q);
    return rc;
}

static int deliver(struct hl_batch *b, void *to, const void *from, size_t n)
{
    if (b->delivery_count == b->delivery_room) {
        uint32_t room = b->delivery_room ? 2 * b->delivery_room : 8;
        struct hl_delivery *old = b->deliveries, *larger = malloc(room * sizeof(*larger));

        if (!larger)
            return hl_err(-ENOMEM, "no memory for a read");
        if (old)
            memcpy(larger, old, b->delivery_count * sizeof(*larger));
        b->deliveries = larger;
        hl_fork_barrier(); /* a child frees what it finds there */
        free(old);
        b->delivery_room = room;
    }
    b->deliveries[b->delivery_count++] = (struct hl_delivery){ to, from, n };
    return 0;
}

static int read_piece(struct hlthunk_queue *q, void *host, struct hlthunk_buffer *from,
                      uint64_t address, uint32_t n)
{
    const struct hl_queue_format *f = q->format;
    uint32_t way = f->direction[hlthunk_buffer_is_host(from) ? HL_HOST_TO_HOST : HL_DEVICE_TO_HOST];
    uint64_t position;
    void *packet;
    int rc = hl_staging_reserve(q, n, &position, &packet);

    if (rc == 0)
        rc = hl_batch_hold(q, from);
    if (rc == 0)
        rc = deliver(hl_queue_batch(q, q->tail), host, hl_staging_memory(q, position), n);
    if (rc)
        return rc;
    hl_packet_dma(packet, f->linear_dma | HL_PACKET_ENGINE_BARRIER | way, address,
                  hl_staging_address(q, position), n);
    hl_batch_commit(q, HL_DMA_PACKET_SIZE, n);
    return 0;
}

static int check_read(struct hlthunk_queue *q, const void *host, struct hlthunk_buffer *from,
                      uint64_t offset, uint64_t size)
{
    int rc = hl_queue_enter(q);

    if (rc == 0)
        rc = hl_queue_check_range(q, from, "source", offset, size);
    if (rc == 0)
        rc = hl_queue_check_source(q, from);
    if (rc == 0 && size && !host)
        rc = hl_err(-EINVAL, "host is NULL");
    return rc;
}

/* What has been checked, piece by piece. */
static int read_pieces(struct hlthunk_queue *q, void *host, struct hlthunk_buffer *from,
                       uint64_t offset, uint64_t size)
{
    int rc = 0;

    hl_queue_lock(q);
    for (uint64_t at = 0; at < size && rc == 0;) {
        uint32_t n = piece(size - at);

        rc = read_piece(q, (char *)host + at, from, hlthunk_buffer_get_address(from) + offset + at,
                        n);
        if (rc == 0)
            rc = sent(q, size);
        at += n;
    }
    hl_queue_unlock(q);
    return rc;
}

int hlthunk_queue_read(struct hlthunk_queue *q, void *host, struct hlthunk_buffer *from,
                       uint64_t offset, uint64_t size)
{
    int rc = check_read(q, host, from, offset, size);

    return rc ? rc : read_pieces(q, host, from, offset, size);
}

int hlthunk_queue_write_sync(struct hlthunk_queue *q, struct hlthunk_buffer *to, uint64_t offset,
                             const void *host, uint64_t size)
{
    int rc = hlthunk_queue_write(q, to, offset, host, size);

    return rc ? rc : hlthunk_queue_finish(q, -1);
}

/* Nothing that is recorded is written to this memory any more. */
static void spare(struct hlthunk_queue *q, const void *host, uint64_t size)
{
    hl_queue_lock(q);
    for (uint64_t number = q->head; number != q->tail + q->recording; number++) {
        struct hl_batch *b = hl_queue_batch(q, number);

        for (uint32_t i = 0; i < b->delivery_count; i++) {
            struct hl_delivery *d = &b->deliveries[i];

            if ((uintptr_t)d->to - (uintptr_t)host < size)
                d->n = 0;
        }
    }
    hl_queue_unlock(q);
}

int hlthunk_queue_read_sync(struct hlthunk_queue *q, void *host, struct hlthunk_buffer *from,
                            uint64_t offset, uint64_t size)
{
    int rc = check_read(q, host, from, offset, size);

    if (rc) /* other reads into this memory are none of this call's */
        return rc;
    rc = read_pieces(q, host, from, offset, size);
    rc = rc ? rc : hlthunk_queue_finish(q, -1);
    if (rc) /* the caller has its memory back, whatever stays recorded */
        spare(q, host, size);
    return rc;
}
