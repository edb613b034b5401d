/* SPDX-License-Identifier: MIT */
/* Pinned memory that transfers from and to any host memory pass through. */
#include <string.h>
#include <sys/mman.h>

#include "lib/error.h"
#include "lib/device/device.h"
#include "lib/queue/queue.h"

#define ALIGNMENT 8u

static int create(struct hlthunk_queue *q)
{
    struct hl_staging *s = &q->staging;
    struct hlthunk_buffer_from_host_options o = { .struct_size = sizeof(o), .label = "staging" };
    void *p;
    int rc;

    if (s->memory)
        return 0;
    p = mmap(NULL, HL_STAGING_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return hl_err(-errno, "no %u bytes of memory for a queue's host transfers",
                      HL_STAGING_SIZE);
    hl_queue_hush(q);
    rc = hlthunk_buffer_from_host(q->object.device, p, HL_STAGING_SIZE, &o, &s->buffer);
    if (rc) {
        munmap(p, HL_STAGING_SIZE);
        return rc;
    }
    /* a child would copy pages that the device writes to */
    madvise(p, HL_STAGING_SIZE, MADV_DONTFORK);
    s->memory = p;
    s->address = hlthunk_buffer_get_address(s->buffer);
    return 0;
}

void hl_staging_destroy(struct hl_staging *s)
{
    if (!s->memory)
        return;
    hlthunk_buffer_unref(s->buffer);
    munmap(s->memory, HL_STAGING_SIZE);
    s->memory = NULL;
}

/* The n bytes after what is in use, as one range: false while they still are. */
static bool take(struct hlthunk_queue *q, uint32_t n, uint64_t *position)
{
    struct hl_staging *s = &q->staging;
    uint64_t at = (s->end + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);

    if (at % HL_STAGING_SIZE + n > HL_STAGING_SIZE)
        at += HL_STAGING_SIZE - at % HL_STAGING_SIZE;
    if (at + n > s->free + HL_STAGING_SIZE)
        return false;
    s->end = at + n;
    *position = at;
    return true;
}

int hl_staging_reserve(struct hlthunk_queue *q, uint32_t n, uint64_t *position, void **packet)
{
    int rc = create(q);

    while (rc == 0) {
        rc = hl_batch_reserve(q, HL_DMA_PACKET_SIZE, packet);
        if (rc)
            break;
        /* the lock is held from here to the commit: the bytes are this batch's */
        if (take(q, n, position)) {
            hl_queue_batch(q, q->tail)->staged = q->staging.end;
            break;
        }
        if (q->head != q->tail)
            rc = hl_queue_await(q, q->head, UINT64_MAX);
        else if (hl_queue_batch(q, q->tail)->used)
            rc = hl_queue_submit(q);
        else
            q->staging.free = q->staging.end; /* of a transfer that failed before its packet */
    }
    return rc;
}
