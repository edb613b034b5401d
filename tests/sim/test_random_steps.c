/* SPDX-License-Identifier: MIT */
/*
 * Any sequence of calls, half of them with sizes, offsets, addresses and structs that make no
 * sense. A call that fails says why and leaves its output alone; what the device's memory holds is
 * known at each step; and when all is released, the device is closed and nothing is left.
 *
 * TEST_SEED and TEST_STEPS choose another sequence.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "tests/sim/support.h"

#define MAX 24
#define MAX_KNOWN (256u << 10) /* larger buffers are not read */
#define UNTOUCHED ((void *)0x5a5a5a5a5a5a5a5a)

/* What memory must hold; buffers and dma-bufs of the same memory share it. */
struct content {
    unsigned refs;
    uint64_t size;
    uint8_t bytes[];
};

struct thing {
    void *object; /* NULL: a free place */
    struct content *content;
    uint64_t at; /* of the object in the content */
};

enum kind { BUFFER, DMABUF, POOL, QUEUE, FENCE, RANGE, COMMANDS, KINDS };

static struct thing things[KINDS][MAX];
static struct hlthunk_device *device;
static uint64_t random_state, done, refusals;
static unsigned calls; /* of fences' callbacks */
static const char *step_name;

static uint64_t random64(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * 0x2545f4914f6cdd1d;
}

static uint64_t below(uint64_t n)
{
    return random64() / 7 % n;
}

static bool one_in(unsigned n)
{
    return below(n) == 0;
}

/* Something that may make sense, near or in a range of so many bytes. */
static uint64_t number(uint64_t size)
{
    static const uint64_t odd[] = { 0,
                                    1,
                                    7,
                                    64,
                                    4095,
                                    4096,
                                    4097,
                                    65536,
                                    1 << 20,
                                    1ull << 32,
                                    (1ull << 32) + 1,
                                    1ull << 47,
                                    1ull << 63,
                                    UINT64_MAX - 4095,
                                    UINT64_MAX - 1,
                                    UINT64_MAX };

    if (one_in(3))
        return odd[below(sizeof(odd) / sizeof(odd[0]))];
    if (one_in(8))
        return size + below(3) - 1;
    return below(size + 1);
}

static uint64_t buffer_size(void)
{
    return one_in(3) ? number(MIB) : 1 + below(one_in(4) ? 8 * MIB : MAX_KNOWN);
}

/* Options of any contents and of a size that is mostly right: the tail is one's own memory. */
static void *options(void *room, size_t size)
{
    uint8_t *bytes = room;
    size_t said = size;

    memset(bytes + size, one_in(4), 16);
    if (one_in(4))
        said = one_in(2)   ? size + below(17)
               : one_in(2) ? below(size / 8) * 8 /* whole members */
                           : 4097 + number(1ull << 62) / 2;
    memcpy(room, &said, sizeof(said));
    return one_in(3) ? NULL : room;
}
/* A struct of options with room behind it. */
#define OPTIONS(type, ...)                                                                         \
    options(&(struct {                                                                             \
        struct type o;                                                                             \
        uint8_t tail[16];                                                                          \
    }){ .o = { 0, __VA_ARGS__ } },                                                                 \
            sizeof(struct type))

static struct thing *any(enum kind kind)
{
    return &things[kind][below(MAX)];
}

/* One that is there, of some tries; else an empty place. */
static struct thing *some(enum kind kind)
{
    struct thing *t = any(kind);

    for (unsigned i = 0; i < 8 && !t->object; i++)
        t = any(kind);
    return t;
}

static struct content *content_get(struct content *c)
{
    if (c)
        c->refs++;
    return c;
}

static void content_put(struct content *c)
{
    if (c && --c->refs == 0)
        free(c);
}

static void release(enum kind kind, struct thing *t)
{
    static void (*const unref[KINDS])(void *) = {
        [BUFFER] = (void (*)(void *))hlthunk_buffer_unref,
        [DMABUF] = (void (*)(void *))hlthunk_dmabuf_unref,
        [POOL] = (void (*)(void *))hlthunk_pool_unref,
        [QUEUE] = (void (*)(void *))hlthunk_queue_unref,
        [FENCE] = (void (*)(void *))hlthunk_fence_unref,
        [RANGE] = (void (*)(void *))hlthunk_address_range_unref,
        [COMMANDS] = (void (*)(void *))hlthunk_command_buffer_unref,
    };

    unref[kind](t->object);
    content_put(t->content);
    memset(t, 0, sizeof(*t));
}

/* A call's result: did it succeed? */
static bool judged(int rc)
{
    done++;
    if (rc >= 0)
        return true;
    refusals++;
    if (rc < -4095 || !*hlthunk_last_error())
        fail_msg("%s: %d, \"%s\"", step_name, rc, hlthunk_last_error());
    return false;
}

/* The same of a call that makes an object: it is there, or its place is as it was. */
static bool made(int rc, enum kind kind, void **object)
{
    struct thing *place = any(kind);

    if (!judged(rc)) {
        assert_ptr_equal(*object, UNTOUCHED);
        return false;
    }
    if (place->object)
        release(kind, place);
    place->object = *object;
    return true;
}

static struct thing *found(enum kind kind, const void *object)
{
    for (unsigned i = 0; i < MAX; i++) {
        if (things[kind][i].object == object)
            return &things[kind][i];
    }
    fail_msg("%s: an object that nobody made", step_name);
    return NULL;
}

/* A new buffer's contents are made known, where a queue can reach them. */
static void define(struct hlthunk_buffer *buffer)
{
    struct thing *t = found(BUFFER, buffer), *q = some(QUEUE);
    uint64_t size = hlthunk_buffer_get_size(buffer);
    struct content *c;

    if (!q->object || size > MAX_KNOWN ||
        !judged(hlthunk_queue_fill(q->object, buffer, 0, size, 0, 1)) ||
        !judged(hlthunk_queue_finish(q->object, -1)))
        return;
    c = calloc(1, sizeof(*c) + size);
    assert_non_null(c);
    c->refs = 1;
    c->size = size;
    t->content = c;
}

static void alloc(void)
{
    void *b = UNTOUCHED;
    uint64_t hint = one_in(2) ? 0 : random64();

    if (made(hlthunk_buffer_alloc(device, buffer_size(),
                                  OPTIONS(hlthunk_buffer_options, .contiguous = one_in(2),
                                          .shared = one_in(2), .unmapped = one_in(8),
                                          .force_hint = one_in(16), .hint = hint, .label = "step"),
                                  (struct hlthunk_buffer **)&b),
             BUFFER, &b))
        define(b);
}

static void alloc_host(void)
{
    void *b = UNTOUCHED;
    uint64_t size = one_in(6) ? number(MIB) : 1 + below(MAX_KNOWN);

    if (size >= 1 << 30 && size < 1ull << 40)
        size = 0; /* that much there may be */
    if (made(hlthunk_buffer_alloc_host(device, size,
                                       OPTIONS(hlthunk_buffer_alloc_host_options, .label = "step"),
                                       (struct hlthunk_buffer **)&b),
             BUFFER, &b))
        define(b);
}

static void from_host(void)
{
    static uint8_t *ours;
    void *b = UNTOUCHED;
    uint8_t *host;

    if (!ours) { /* nothing else is near it: the device may write there */
        ours = mmap(NULL, 64 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        assert_ptr_not_equal(ours, MAP_FAILED);
        ours += 32 * MIB;
        assert_return_code(mprotect(ours, 4 * MIB, PROT_READ | PROT_WRITE), 0);
    }
    host = one_in(8) ? (uint8_t *)(uintptr_t)(random64() | 1ull << 63) : ours + below(5000);

    made(hlthunk_buffer_from_host(device, host, one_in(3) ? number(MAX_KNOWN) : 4096,
                                  OPTIONS(hlthunk_buffer_from_host_options, .label = "step",
                                          .hint = one_in(2) ? 0 : random64(),
                                          .force_hint = one_in(16)),
                                  (struct hlthunk_buffer **)&b),
         BUFFER, &b);
}

static void map(void)
{
    struct thing *t = some(BUFFER);

    if (t->object && one_in(3))
        judged(hlthunk_buffer_unmap(t->object));
    else if (t->object)
        judged(hlthunk_buffer_map(t->object, OPTIONS(hlthunk_buffer_map_options,
                                                     .hint = one_in(2) ? 0 : random64(),
                                                     .force_hint = one_in(16))));
}

static void export_part(void)
{
    struct thing *t = some(BUFFER), *made_of;
    uint64_t size = t->object ? hlthunk_buffer_get_size(t->object) : 0;
    uint64_t offset = one_in(2) ? 0 : number(size), bytes = one_in(2) ? size : number(size);
    void *d = UNTOUCHED;

    if (!t->object)
        return;
    /* a buffer that made() releases stays as long as its dma-buf does */
    if (!made(hlthunk_dmabuf_export(t->object, offset, bytes,
                                    OPTIONS(hlthunk_dmabuf_options, .read_only = one_in(2),
                                            .whole_pages = one_in(2), .label = "step"),
                                    (struct hlthunk_dmabuf **)&d),
              DMABUF, &d))
        return;
    made_of = found(DMABUF, d);
    content_put(made_of->content);
    made_of->content = content_get(t->content);
    made_of->at = t->at + offset - hlthunk_dmabuf_get_data_offset(d);
}

static void export_address(void)
{
    struct thing *t = some(BUFFER);
    void *d = UNTOUCHED;
    uint64_t address, offset = 77;
    int rc;

    if (!t->object)
        return;
    address = hlthunk_buffer_get_address(t->object);
    rc = hlthunk_device_export_range(device, one_in(4) ? random64() : address + below(4096),
                                     number(hlthunk_buffer_get_size(t->object)),
                                     OPTIONS(hlthunk_dmabuf_options, .label = "step"),
                                     (struct hlthunk_dmabuf **)&d, &offset);
    if (!made(rc, DMABUF, &d))
        assert_int_equal(offset, 77);
}

static void import_again(void)
{
    struct thing *t = some(DMABUF), *imported;
    void *b = UNTOUCHED;

    if (!t->object)
        return;
    content_get(t->content);
    if (made(hlthunk_buffer_from_dmabuf(
                 device, t->object, OPTIONS(hlthunk_buffer_from_dmabuf_options, .label = "step"),
                 (struct hlthunk_buffer **)&b),
             BUFFER, &b)) {
        imported = found(BUFFER, b);
        imported->content = content_get(t->content);
        imported->at = t->at;
    }
    content_put(t->content);
}

static void find(void)
{
    struct thing *t = some(BUFFER);
    void *b = UNTOUCHED;
    uint64_t offset = 77, address, size;

    if (!t->object)
        return;
    address = hlthunk_buffer_get_address(t->object) + (one_in(4) ? number(MIB) : 0);
    size = number(4096);
    if (judged(hlthunk_device_find_buffer(device, address, size, (struct hlthunk_buffer **)&b,
                                          &offset))) {
        assert_int_equal(hlthunk_buffer_get_address(b) + offset, address);
        assert_true(size <= hlthunk_buffer_get_size(b) - offset);
        hlthunk_buffer_unref(b);
    } else {
        assert_ptr_equal(b, UNTOUCHED);
        assert_int_equal(offset, 77);
    }
}

static void create(void)
{
    void *o = UNTOUCHED;

    switch (below(4)) {
    case 0:
        made(hlthunk_pool_create(device,
                                 OPTIONS(hlthunk_pool_options,
                                         .chunk_bytes = one_in(2) ? 0 : number(64 * MIB),
                                         .max_bytes = one_in(2) ? 0 : number(256 * MIB),
                                         .exportable = one_in(2), .statistics = one_in(2)),
                                 (struct hlthunk_pool **)&o),
             POOL, &o);
        break;
    case 1:
        made(hlthunk_queue_create(device,
                                  OPTIONS(hlthunk_queue_options,
                                          .engine = (enum hlthunk_engine)below(one_in(4) ? 9 : 4),
                                          .depth = one_in(2) ? 0 : (uint32_t)number(64)),
                                  (struct hlthunk_queue **)&o),
             QUEUE, &o);
        break;
    case 2:
        made(hlthunk_address_range_reserve(device, number(64 * MIB),
                                           OPTIONS(hlthunk_address_range_options, .label = "step"),
                                           (struct hlthunk_address_range **)&o),
             RANGE, &o);
        break;
    default:
        made(hlthunk_command_buffer_create(device, (uint32_t)number(4096),
                                           OPTIONS(hlthunk_command_buffer_options, .label = "step"),
                                           (struct hlthunk_command_buffer **)&o),
             COMMANDS, &o);
    }
}

static void from_pool(void)
{
    struct thing *p = some(POOL);
    void *b = UNTOUCHED;
    uint64_t released = 77;

    if (!p->object)
        return;
    if (one_in(8)) {
        if (!judged(hlthunk_pool_trim(p->object, (uint32_t)number(4), &released)))
            assert_int_equal(released, 77);
        return;
    }
    if (made(hlthunk_pool_alloc(p->object, one_in(4) ? number(MIB) : 1 + below(9000),
                                OPTIONS(hlthunk_pool_buffer_options,
                                        .alignment = one_in(2) ? 0 : number(4096),
                                        .exportable = one_in(2), .label = "step"),
                                (struct hlthunk_buffer **)&b),
             BUFFER, &b))
        define(b);
}

static void map_range(void)
{
    struct thing *r = some(RANGE), *t = some(BUFFER);

    if (r->object && t->object)
        judged(hlthunk_address_range_map(r->object, number(64 * MIB), t->object));
}

/* What a buffer holds there, or NULL: not known (whole pages of a dma-buf are more than its
 * buffer). */
static uint8_t *known(struct thing *t, uint64_t offset, uint64_t size)
{
    struct content *c = t->content;

    offset += t->at;
    if (!c || offset > c->size || size > c->size - offset)
        return NULL;
    return c->bytes + offset;
}

/* Written by the queue with what is not known: neither is the rest of it. */
static void forget(struct thing *t)
{
    struct content *c = t->content;

    if (!c)
        return;
    for (unsigned i = 0; i < MAX; i++) {
        for (enum kind k = BUFFER; k <= DMABUF; k++) {
            if (things[k][i].content == c) {
                things[k][i].content = NULL;
                content_put(c);
            }
        }
    }
}

/* The queue has written there. */
static void written(struct thing *t, uint64_t offset, const void *bytes, uint64_t size)
{
    uint8_t *at = known(t, offset, size);

    if (at && bytes)
        memcpy(at, bytes, size);
    else if (size)
        forget(t);
}

/* Two names of the same memory, of which the queue cannot know. */
static bool aliases(const struct thing *a, const struct thing *b)
{
    return a != b && a->content && a->content == b->content;
}

static void copy(struct thing *q)
{
    struct thing *to = some(BUFFER), *from = some(BUFFER);
    uint64_t a, b, n;

    if (!to->object || !from->object)
        return;
    a = number(hlthunk_buffer_get_size(to->object));
    b = number(hlthunk_buffer_get_size(from->object));
    n = one_in(4) ? number(MAX_KNOWN) : below(300);
    if (judged(hlthunk_queue_copy(q->object, to->object, a, from->object, b, n)))
        written(to, a, aliases(to, from) ? NULL : known(from, b, n), n);
}

static void copy_2d(struct thing *q)
{
    struct thing *to = some(BUFFER), *from = some(BUFFER);
    struct hlthunk_copy_2d c = { .struct_size = sizeof(c) };

    if (!to->object || !from->object || to == from)
        return;
    c.destination = to->object;
    c.source = from->object;
    c.destination_offset = one_in(2) ? 0 : number(4096);
    c.source_offset = one_in(2) ? 0 : number(4096);
    c.width_bytes = one_in(8) ? number(4096) : below(100);
    c.rows = one_in(8) ? number(4096) : below(20);
    c.destination_pitch = one_in(8) ? number(4096) : c.width_bytes + below(50);
    c.source_pitch = one_in(8) ? number(4096) : c.width_bytes + below(50);
    if (!judged(hlthunk_queue_copy_2d(q->object, &c)) || !c.width_bytes)
        return;
    if (to->content == from->content) {
        forget(to); /* the order of rows that overlap is the device's */
        return;
    }
    for (uint64_t i = 0; i < c.rows; i++)
        written(to, c.destination_offset + i * c.destination_pitch,
                known(from, c.source_offset + i * c.source_pitch, c.width_bytes), c.width_bytes);
}

static void fill(struct thing *q)
{
    static uint8_t bytes[MAX_KNOWN];
    struct thing *t = some(BUFFER);
    unsigned width = one_in(4) ? (unsigned)number(16) : 1u << below(4);
    uint64_t offset, size, pattern = random64();

    if (!t->object)
        return;
    offset = number(hlthunk_buffer_get_size(t->object));
    size = one_in(4) ? number(MAX_KNOWN) : below(40) * 8;
    if (width <= 8 && width && one_in(2)) {
        offset -= offset % width;
        size -= size % width;
    }
    if (!judged(hlthunk_queue_fill(q->object, t->object, offset, size, pattern, width)))
        return;
    if (size > MAX_KNOWN) {
        forget(t);
        return;
    }
    for (uint64_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(pattern >> (i % width * 8));
    written(t, offset, bytes, size);
}

static void transfer(struct thing *q)
{
    static uint8_t host[MAX_KNOWN];
    struct thing *t = some(BUFFER);
    uint64_t offset, size;
    bool sync = one_in(2);

    if (!t->object)
        return;
    offset = number(hlthunk_buffer_get_size(t->object));
    size = one_in(3) ? number(MAX_KNOWN) : below(3000);
    if (size > sizeof(host) && size <= hlthunk_buffer_get_size(t->object))
        size = 5; /* our memory ends */
    for (unsigned i = 0; i < 64; i++)
        host[below(sizeof(host))] = (uint8_t)random64();
    if (one_in(2)) {
        if (judged((sync ? hlthunk_queue_write_sync : hlthunk_queue_write)(q->object, t->object,
                                                                           offset, host, size)))
            written(t, offset, host, size);
    } else if (judged((sync ? hlthunk_queue_read_sync
                            : hlthunk_queue_read)(q->object, host, t->object, offset, size))) {
        uint8_t *bytes = known(t, offset, size);

        if (!sync)
            ok(hlthunk_queue_finish(q->object, -1));
        if (bytes && memcmp(host, bytes, size))
            fail_msg("%s: %llu bytes at %llu are not what was written", step_name,
                     (unsigned long long)size, (unsigned long long)offset);
    }
}

static void on_done(struct hlthunk_fence *fence, void *user)
{
    (void)fence;
    __atomic_fetch_add((unsigned *)user, 1, __ATOMIC_RELAXED);
}

static void fence(void)
{
    struct thing *q = some(QUEUE), *f = some(FENCE);
    struct hlthunk_fence_result result = { .struct_size = sizeof(result) };
    enum hlthunk_wait_place place;
    void *o = UNTOUCHED;
    int fd = -77;

    if (q->object && one_in(3))
        made(hlthunk_queue_create_fence(q->object,
                                        OPTIONS(hlthunk_fence_options, .timestamp = one_in(2)),
                                        (struct hlthunk_fence **)&o),
             FENCE, &o);
    if (!f->object)
        return;
    switch (below(6)) {
    case 0:
        judged(hlthunk_fence_wait(f->object, one_in(2) ? -1 : (int64_t)number(1000000)));
        break;
    case 1:
        judged(hlthunk_fence_get_result(f->object, &result));
        break;
    case 2:
        if (judged(hlthunk_fence_create_eventfd(f->object, &fd)))
            close(fd);
        else
            assert_int_equal(fd, -77);
        break;
    case 3:
        judged(hlthunk_fence_set_callback(f->object, on_done, &calls));
        break;
    case 4:
        judged(hlthunk_fence_signal_eventfd(f->object, (int)number(2000)));
        break;
    default:
        if (q->object)
            judged(hlthunk_queue_wait_fence(q->object, f->object, &place));
    }
}

/* Queues of other engines may overtake one another: one at a time has work. */
static void work(void)
{
    static void (*const operations[])(struct thing *) = { copy, copy_2d, fill, transfer };
    struct thing *q = some(QUEUE);

    if (!q->object)
        return;
    for (unsigned n = below(12); n; n--)
        operations[below(4)](q);
    if (one_in(4))
        judged(hlthunk_queue_flush(q->object));
    ok(hlthunk_queue_finish(q->object, -1));
}

static void ask(void)
{
    struct thing *b = some(BUFFER), *p = some(POOL);
    struct {
        struct hlthunk_memory_statistics s;
        uint8_t tail[16];
    } all = { .s = { .struct_size = one_in(4) ? number(512) % sizeof(all) : sizeof(all.s) } };
    uint64_t released;

    judged(hlthunk_device_get_memory_statistics(device, &all.s));
    if (p->object)
        judged(hlthunk_pool_get_memory_statistics(p->object, &all.s));
    if (b->object) {
        hlthunk_buffer_is_host(b->object);
        hlthunk_buffer_borrow_host(b->object);
        assert_true(hlthunk_buffer_get_granted_size(b->object) >=
                    hlthunk_buffer_get_size(b->object));
    }
    if (one_in(16))
        judged(hlthunk_device_trim_host_memory(device, number(MIB), &released));
}

static void drop(void)
{
    enum kind kind = (enum kind)below(KINDS);
    struct thing *t = any(kind);

    if (t->object)
        release(kind, t);
}

static const struct {
    const char *name;
    void (*run)(void);
    unsigned weight;
} steps[] = {
    { "alloc", alloc, 6 },
    { "host memory", alloc_host, 3 },
    { "from host", from_host, 3 },
    { "map", map, 2 },
    { "export", export_part, 5 },
    { "export by address", export_address, 3 },
    { "import", import_again, 3 },
    { "find", find, 4 },
    { "create", create, 4 },
    { "pool", from_pool, 8 },
    { "address range", map_range, 3 },
    { "work", work, 8 },
    { "fence", fence, 6 },
    { "ask", ask, 2 },
    { "drop", drop, 20 },
};

static unsigned environment(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);

    return text ? (unsigned)strtoul(text, NULL, 0) : otherwise;
}

TEST(random_steps)
{
    unsigned n = environment("TEST_STEPS", 4000), seed = environment("TEST_SEED", 1), fds,
             weights = 0;

    device = open_device();
    hlthunk_device_unref(device);
    fds = count_fds();
    device = open_device();
    random_state = seed * 0x9e3779b97f4a7c15 + 1;
    for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        weights += steps[i].weight;
    while (n--) {
        unsigned which = 0;

        for (uint64_t w = below(weights); w >= steps[which].weight; which++)
            w -= steps[which].weight;
        step_name = steps[which].name;
        steps[which].run();
    }
    for (enum kind k = 0; k < KINDS; k++) {
        for (unsigned i = 0; i < MAX; i++) {
            if (things[k][i].object)
                release(k, &things[k][i]);
        }
    }
    close_device(device);
    printf("seed %u: %llu calls, %llu of them refused\n", seed, (unsigned long long)done,
           (unsigned long long)refusals);
    device = open_device();
    hlthunk_device_unref(device);
    assert_int_equal(count_fds(), fds);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(random_steps) };

    require_simulation();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
