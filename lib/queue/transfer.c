/* SPDX-License-Identifier: MIT */
/* Copies, rectangles and fills: what is recorded for them. */
#include "lib/error.h"
#include "lib/device/device.h"
#include "lib/options.h"
#include "lib/queue/queue.h"

typedef unsigned long long ull;

int hl_queue_check_range(const struct hlthunk_queue *q, const struct hlthunk_buffer *buffer,
                         const char *name, uint64_t offset, uint64_t size)
{
    uint64_t whole;

    if (!buffer)
        return hl_err(-EINVAL, "%s is NULL", name);
    if (hlthunk_buffer_borrow_device(buffer) != q->object.device)
        return hl_err(-EINVAL,
                      "%s belongs to another device than the queue: import it there "
                      "(hlthunk_buffer_from_dmabuf())",
                      name);
    whole = hlthunk_buffer_get_size(buffer);
    if (offset > whole || size > whole - offset)
        return hl_err(-EINVAL, "%s: %llu bytes at offset %llu are not within its %llu", name,
                      (ull)size, (ull)offset, (ull)whole);
    if (!hlthunk_buffer_get_address(buffer))
        return hl_err(-EINVAL, "%s has no address on the device: hlthunk_buffer_map() first", name);
    return 0;
}

static bool is_host(const struct hlthunk_buffer *b)
{
    return !b || hlthunk_buffer_is_host(b); /* NULL: staging memory */
}

static enum hl_direction direction(const struct hlthunk_buffer *to,
                                   const struct hlthunk_buffer *from)
{
    if (is_host(from))
        return is_host(to) ? HL_HOST_TO_HOST : HL_HOST_TO_DEVICE;
    return is_host(to) ? HL_DEVICE_TO_HOST : HL_WITHIN_DEVICE;
}

int hl_queue_check_source(const struct hlthunk_queue *q, const struct hlthunk_buffer *from)
{
    if (!q->format->one_reads_host || !is_host(from) ||
        q->hardware == q->format->engine[HLTHUNK_ENGINE_TO_DEVICE].queue[0])
        return 0;
    return hl_err(-EINVAL,
                  "this engine of %s cannot read host memory: create the queue with "
                  "HLTHUNK_ENGINE_TO_DEVICE or _ANY",
                  hlthunk_asic_get_name(q->object.device->props.asic));
}

int hl_queue_record_copy(struct hlthunk_queue *q, uint64_t to_address, struct hlthunk_buffer *to,
                         uint64_t from_address, struct hlthunk_buffer *from, uint64_t size,
                         uint32_t barrier)
{
    uint32_t control = q->format->linear_dma | q->format->direction[direction(to, from)];

    for (uint64_t at = 0; at < size;) {
        uint32_t n = size - at < HL_DMA_PACKET_MAX ? (uint32_t)(size - at) : HL_DMA_PACKET_MAX;
        void *packet;
        int rc = hl_batch_reserve(q, HL_DMA_PACKET_SIZE, &packet);

        if (rc == 0 && to)
            rc = hl_batch_hold(q, to);
        if (rc == 0 && from)
            rc = hl_batch_hold(q, from);
        if (rc)
            return rc;
        hl_packet_dma(packet, control | barrier, from_address + at, to_address + at, n);
        hl_batch_commit(q, HL_DMA_PACKET_SIZE, n);
        barrier = 0;
        at += n;
    }
    return 0;
}

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
    return a < b + b_size && b < a + a_size;
}

int hlthunk_queue_copy(struct hlthunk_queue *q, struct hlthunk_buffer *to, uint64_t to_offset,
                       struct hlthunk_buffer *from, uint64_t from_offset, uint64_t size)
{
    uint64_t to_address, from_address;
    int rc = hl_queue_enter(q);

    if (rc == 0)
        rc = hl_queue_check_range(q, to, "destination", to_offset, size);
    if (rc == 0)
        rc = hl_queue_check_range(q, from, "source", from_offset, size);
    if (rc == 0)
        rc = hl_queue_check_source(q, from);
    if (rc)
        return rc;
    to_address = hlthunk_buffer_get_address(to) + to_offset;
    from_address = hlthunk_buffer_get_address(from) + from_offset;
    if (overlap(to_address, size, from_address, size))
        return hl_err(-EINVAL, "source and destination overlap: %llu bytes at %#llx and %#llx",
                      (ull)size, (ull)from_address, (ull)to_address);
    hl_queue_lock(q);
    rc =
        hl_queue_record_copy(q, to_address, to, from_address, from, size, HL_PACKET_ENGINE_BARRIER);
    hl_queue_unlock(q);
    return rc;
}

/* From the first row's first byte to the last row's last. */
static int span(const char *name, uint64_t pitch, const struct hlthunk_copy_2d *c, uint64_t *bytes)
{
    if (__builtin_mul_overflow(pitch, c->rows - 1, bytes) ||
        __builtin_add_overflow(*bytes, c->width_bytes, bytes))
        return hl_err(-EINVAL, "copy->%s_pitch %llu times copy->rows %llu wraps around", name,
                      (ull)pitch, (ull)c->rows);
    if (pitch < c->width_bytes && c->rows > 1)
        return hl_err(-EINVAL, "copy->%s_pitch %llu is less than copy->width_bytes %llu", name,
                      (ull)pitch, (ull)c->width_bytes);
    return 0;
}

static int check_2d(struct hlthunk_queue *q, const struct hlthunk_copy_2d *c)
{
    uint64_t to_span, from_span = c->width_bytes;
    int rc = span("destination", c->destination_pitch, c, &to_span);

    if (rc == 0 && c->source_pitch)
        rc = span("source", c->source_pitch, c, &from_span);
    if (rc == 0)
        rc = hl_queue_check_range(q, c->destination, "copy->destination", c->destination_offset,
                                  to_span);
    if (rc == 0)
        rc = hl_queue_check_range(q, c->source, "copy->source", c->source_offset, from_span);
    if (rc == 0)
        rc = hl_queue_check_source(q, c->source);
    /* rows of one buffer may interleave: whether they overlap is up to the caller */
    return rc;
}

int hlthunk_queue_copy_2d(struct hlthunk_queue *q, const struct hlthunk_copy_2d *copy)
{
    struct hlthunk_copy_2d c;
    uint64_t to, from;
    int rc = hl_queue_enter(q);

    if (rc)
        return rc;
    if (!copy)
        return hl_err(-EINVAL, "copy is NULL");
    rc = hl_options_read(&c, sizeof(c), copy, "copy");
    if (rc || !c.rows || !c.width_bytes)
        return rc;
    rc = check_2d(q, &c);
    if (rc)
        return rc;
    to = hlthunk_buffer_get_address(c.destination) + c.destination_offset;
    from = hlthunk_buffer_get_address(c.source) + c.source_offset;
    if (c.destination_pitch == c.width_bytes && c.source_pitch == c.width_bytes) {
        c.width_bytes *= c.rows;
        c.rows = 1;
    }
    hl_queue_lock(q);
    for (uint64_t row = 0; row < c.rows && rc == 0; row++)
        rc = hl_queue_record_copy(q, to + row * c.destination_pitch, c.destination,
                                  from + row * c.source_pitch, c.source, c.width_bytes,
                                  row ? 0 : HL_PACKET_ENGINE_BARRIER);
    hl_queue_unlock(q);
    return rc;
}

/* The pattern's bytes, over and over, from phase on. */
static uint64_t repeat(uint64_t pattern, unsigned size, unsigned phase)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < 8; i++)
        bytes |= (pattern >> 8 * ((i + phase) % size) & 0xff) << 8 * i;
    return bytes;
}

/* Less than the engine's unit of a fill: copied from eight bytes of memory. */
static int fill_edge(struct hlthunk_queue *q, struct hlthunk_buffer *to, uint64_t address,
                     uint64_t bytes, uint32_t n)
{
    uint64_t position;
    void *packet;
    int rc;

    if (!n)
        return 0;
    rc = hl_staging_reserve(q, sizeof(bytes), &position, &packet);
    if (rc == 0)
        rc = hl_batch_hold(q, to);
    if (rc)
        return rc;
    memcpy(hl_staging_memory(q, position), &bytes, sizeof(bytes));
    hl_packet_dma(packet,
                  q->format->linear_dma | HL_PACKET_ENGINE_BARRIER |
                      q->format->direction[direction(to, NULL)],
                  hl_staging_address(q, position), address, n);
    hl_batch_commit(q, HL_DMA_PACKET_SIZE, n);
    return 0;
}

static int fill_body(struct hlthunk_queue *q, struct hlthunk_buffer *to, uint64_t address,
                     uint64_t bytes, uint64_t size)
{
    uint32_t control = q->format->linear_dma | q->format->memset | HL_PACKET_ENGINE_BARRIER |
                       q->format->direction[is_host(to) ? HL_DEVICE_TO_HOST : HL_WITHIN_DEVICE];

    while (size) {
        uint32_t n = size < HL_DMA_PACKET_MAX ? (uint32_t)size : HL_DMA_PACKET_MAX;
        void *packet;
        int rc = hl_batch_reserve(q, HL_DMA_PACKET_SIZE, &packet);

        if (rc == 0)
            rc = hl_batch_hold(q, to);
        if (rc)
            return rc;
        hl_packet_dma(packet, control, bytes, address, n);
        hl_batch_commit(q, HL_DMA_PACKET_SIZE, n);
        address += n;
        size -= n;
    }
    return 0;
}

int hlthunk_queue_fill(struct hlthunk_queue *q, struct hlthunk_buffer *to, uint64_t offset,
                       uint64_t size, uint64_t pattern, unsigned pattern_size)
{
    uint64_t address, body;
    uint32_t first;
    int rc = hl_queue_enter(q);

    if (rc)
        return rc;
    if (pattern_size != 1 && pattern_size != 2 && pattern_size != 4 && pattern_size != 8)
        return hl_err(-EINVAL, "pattern_size %u is not 1, 2, 4 or 8", pattern_size);
    if (size % pattern_size)
        return hl_err(-EINVAL, "size_bytes %llu is not a multiple of pattern_size %u", (ull)size,
                      pattern_size);
    rc = hl_queue_check_range(q, to, "destination", offset, size);
    if (rc || !size)
        return rc;
    address = hlthunk_buffer_get_address(to) + offset;
    first = (uint32_t)(-address & 7);
    first = first < size ? first : (uint32_t)size;
    body = (size - first) & ~7ull;
    if (first || body != size)
        rc = hl_queue_check_source(q, NULL);
    if (rc)
        return rc;
    hl_queue_lock(q);
    rc = fill_edge(q, to, address, repeat(pattern, pattern_size, 0), first);
    if (rc == 0)
        rc = fill_body(q, to, address + first, repeat(pattern, pattern_size, first % 8), body);
    if (rc == 0)
        rc = fill_edge(q, to, address + first + body, repeat(pattern, pattern_size, first % 8),
                       (uint32_t)(size - first - body));
    hl_queue_unlock(q);
    return rc;
}
