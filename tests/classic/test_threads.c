/* SPDX-License-Identifier: MIT */
/*
 * Threads of a program that knows only the classic functions, on one descriptor: each writes its
 * device memory and reads it back by submissions of its own, with whatever wait, signal or dma-buf
 * comes next; allocates, maps and creates again what it has; asks; and makes calls that make no
 * sense.  It knows what its memory holds.
 *
 * TEST_SEED and TEST_STEPS choose another sequence.
 */
#include "tests/sim/support.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/classic/caller.h"

#define THREADS 4
#define JOBS 6
#define AREA 65536u
#define APART (2 * MIB) /* on Gaudi, where the program says which memory is whose */

struct job {
    struct work_cb cb;
    uint64_t seq; /* 0: not under way */
};

struct memory {
    uint64_t handle, at;
    uint8_t known[AREA];
};

struct host {
    uint8_t *bytes;
    uint64_t at;
};

struct worker {
    struct caller c;
    unsigned number;
    uint32_t used; /* of in, by jobs that are under way */
    struct host in, out;
    struct memory memory[2];
    struct job jobs[JOBS];
};

static void range(struct worker *w, uint32_t *at, uint32_t *n)
{
    *at = below(&w->c, AREA / 8) * 8;
    *n = 8 + below(&w->c, below(&w->c, 4) ? 64 : AREA / 8) * 8;
    if (*n > AREA - *at)
        *n = AREA - *at;
}

/* ---- what a worker has -------------------------------------------------------------------- */

static void host_map(struct worker *w, struct host *h)
{
    h->at = hlthunk_host_memory_map(w->c.w->fd, h->bytes, 0, AREA);
    must(h->at != 0);
}

static void host_new(struct worker *w, struct host *h)
{
    h->bytes = mmap(NULL, AREA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(h->bytes != MAP_FAILED);
    host_map(w, h);
}

static void host_end(struct worker *w, struct host *h)
{
    must(hlthunk_memory_unmap(w->c.w->fd, h->at) == 0);
    munmap(h->bytes, AREA);
}

static void memory_new(struct worker *w, unsigned i)
{
    struct memory *m = &w->memory[i];
    bool gaudi = w->c.w->asic == WORK_GAUDI;

    m->handle = hlthunk_device_memory_alloc(w->c.w->fd, AREA, 0, below(&w->c, 2), below(&w->c, 2));
    must(m->handle != 0);
    m->at = gaudi ? w->c.w->ip.dram_base_address + (w->number * 2 + i) * APART
                  : hlthunk_device_memory_map(w->c.w->fd, m->handle, 0);
    must(m->at != 0);
}

static void memory_end(struct worker *w, unsigned i)
{
    struct memory *m = &w->memory[i];

    if (w->c.w->asic != WORK_GAUDI) {
        must(hlthunk_device_memory_free(w->c.w->fd, m->handle) == -EINVAL);
        must(hlthunk_memory_unmap(w->c.w->fd, m->at) == 0);
    }
    must(hlthunk_device_memory_free(w->c.w->fd, m->handle) == 0);
}

static void cb_new(struct worker *w, struct work_cb *cb)
{
    *cb = (struct work_cb){ .size = 4096 };
    if (w->c.w->asic == WORK_GAUDI2) {
        cb->mem = mmap(NULL, cb->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        must(cb->mem != MAP_FAILED);
        cb->handle = hlthunk_host_memory_map(w->c.w->fd, cb->mem, 0, cb->size);
        must(cb->handle != 0);
        return;
    }
    must(hlthunk_request_command_buffer(w->c.w->fd, cb->size, &cb->handle) == 0);
    cb->mem =
        mmap(NULL, cb->size, PROT_READ | PROT_WRITE, MAP_SHARED, w->c.w->fd, (off_t)cb->handle);
    must(cb->mem != MAP_FAILED);
}

static void cb_end(struct worker *w, struct work_cb *cb)
{
    munmap(cb->mem, cb->size);
    must((w->c.w->asic == WORK_GAUDI2
              ? hlthunk_memory_unmap(w->c.w->fd, cb->handle)
              : hlthunk_destroy_command_buffer(w->c.w->fd, cb->handle)) == 0);
}

/* ---- waits -------------------------------------------------------------------------------- */

/* Several of them, until all are done. */
static void wait_multi(struct worker *w, uint64_t *seqs, uint32_t n)
{
    while (n) {
        struct hlthunk_wait_multi_cs_in in = { .seq = seqs, .seq_len = n, .timeout_us = 60000000 };
        struct hlthunk_wait_multi_cs_out out = { .status = 77 };
        int rc = hlthunk_wait_for_multi_cs(w->c.w->fd, &in, &out);
        uint32_t left = 0;

        /* the driver has room for two that wait so */
        if (rc == -ENOMEM) {
            must(errno == ENOMEM && out.status == 77 && !out.seq_set && !out.completed);
            sched_yield();
            continue;
        }
        must(rc == 0 && out.status == HL_WAIT_CS_STATUS_COMPLETED && out.seq_set != 0);
        must(out.completed == __builtin_popcount(out.seq_set) && out.seq_set < 1ull << n);
        for (uint32_t i = 0; i < n; i++)
            if (!(out.seq_set >> i & 1))
                seqs[left++] = seqs[i];
        n = left;
    }
}

static void wait_one(struct worker *w, uint64_t seq)
{
    uint64_t time = 77;
    uint32_t status = 77;

    switch (below(&w->c, 3)) {
    case 0:
        must(hlthunk_wait_for_cs(w->c.w->fd, seq, UINT64_MAX, &status) == 0);
        break;
    case 1:
        must(hlthunk_wait_for_cs_with_timestamp(w->c.w->fd, seq, 60000000, &status, &time) == 0);
        break;
    default:
        while (must(hlthunk_wait_for_cs(w->c.w->fd, seq, 0, &status) == 0),
               status == HL_WAIT_CS_STATUS_BUSY)
            sched_yield();
    }
    must(status == HL_WAIT_CS_STATUS_COMPLETED);
}

/* For all jobs that are under way. */
static void settle(struct worker *w)
{
    bool several = w->c.w->asic == WORK_GAUDI && below(&w->c, 2);
    uint64_t seqs[JOBS];
    uint32_t n = 0;

    for (unsigned i = 0; i < JOBS; i++) {
        if (w->jobs[i].seq)
            seqs[n++] = w->jobs[i].seq;
        w->jobs[i].seq = 0;
    }
    w->used = 0;
    if (several) {
        wait_multi(w, seqs, n);
        return;
    }
    while (n)
        wait_one(w, seqs[--n]);
}

/* What the queue for reading does next comes after what the other one has got so far. */
static void order(struct worker *w)
{
    struct hlthunk_signal_in signal = { .queue_index = w->c.w->down };
    struct hlthunk_signal_out sent = { .seq = 0 };
    struct hlthunk_wait_for_signal_data data = { .queue_index = w->c.w->up, .signal_seq_nr = 1 };
    struct hlthunk_wait_in in = { .hlthunk_wait_for_signal = (uint64_t *)&data,
                                  .num_wait_for_signal = 1 };
    struct hlthunk_wait_out out = { .seq = 0 };

    if (w->c.w->asic == WORK_GOYA) {
        must(hlthunk_signal_submission(w->c.w->fd, &signal, &sent) == -EINVAL && sent.seq == 0);
        settle(w);
        return;
    }
    must(hlthunk_signal_submission(w->c.w->fd, &signal, &sent) == 0 && sent.seq != 0);
    data.signal_seq_arr = &sent.seq;
    must(hlthunk_wait_for_collective_signal(w->c.w->fd, &in, &out) == -EINVAL && out.seq == 0);
    must(hlthunk_wait_for_signal(w->c.w->fd, &in, &out) == 0 && out.seq != 0);
}

/* ---- submissions -------------------------------------------------------------------------- */

static struct job *free_job(struct worker *w)
{
    unsigned i = 0;

    while (i < JOBS && w->jobs[i].seq)
        i++;
    if (i < JOBS)
        return &w->jobs[i];
    settle(w);
    return &w->jobs[0];
}

static void submit(struct worker *w, struct job *j, unsigned queue)
{
    struct hl_cs_chunk k = { .cb_handle = j->cb.handle,
                             .queue_index = queue,
                             .cb_size = j->cb.len };
    struct hlthunk_cs_in in = { .chunks_execute = &k, .num_chunks_execute = 1 };
    struct hlthunk_cs_out out = { .seq = 0 };

    if (w->c.w->asic == WORK_GAUDI2)
        k.cs_chunk_flags = HL_CS_CHUNK_FLAGS_USER_ALLOC_CB;
    if (below(&w->c, 2))
        in.flags = HL_CS_FLAGS_TIMESTAMP;
    must(hlthunk_command_submission(w->c.w->fd, &in, &out) == 0 && out.seq != 0);
    j->seq = out.seq;
    j->cb.len = 0;
    /* the driver keeps one of its own for as long as it needs it */
    if (w->c.w->asic != WORK_GAUDI2 && !below(&w->c, 4)) {
        cb_end(w, &j->cb);
        cb_new(w, &j->cb);
    }
}

/* All of memory m (n is AREA), or some of it, in two pieces. */
static void write_at(struct worker *w, struct memory *m, uint32_t at, uint32_t n)
{
    struct job *j = free_job(w);
    uint32_t first = 8 * below(&w->c, n / 8);

    if (n > AREA - w->used)
        settle(w);
    for (uint32_t k = 0; k < n; k++)
        m->known[at + k] = (uint8_t)((w->c.random >> 8) + k * 31);
    memcpy(w->in.bytes + w->used, m->known + at, n);
    if (first)
        work_dma(w->c.w, &j->cb, w->in.at + w->used, m->at + at, first, 0);
    work_dma(w->c.w, &j->cb, w->in.at + w->used + first, m->at + at + first, n - first, 0);
    w->used += n;
    submit(w, j, w->c.w->down);
}

static void write_some(struct worker *w)
{
    uint32_t at, n;

    range(w, &at, &n);
    write_at(w, &w->memory[below(&w->c, 2)], at, n);
}

static void read_back(struct worker *w)
{
    struct memory *m = &w->memory[below(&w->c, 2)];
    struct job *j = free_job(w);
    uint32_t at, n;

    range(w, &at, &n);
    order(w);
    memset(w->out.bytes, 0xee, n);
    work_dma(w->c.w, &j->cb, m->at + at, w->out.at, n, 1);
    submit(w, j, w->c.w->up);
    wait_one(w, j->seq);
    j->seq = 0;
    must(memcmp(w->out.bytes, m->known + at, n) == 0);
}

/* ---- the other calls ---------------------------------------------------------------------- */

static void replace_memory(struct worker *w)
{
    unsigned i = below(&w->c, 2);

    settle(w);
    memory_end(w, i);
    memory_new(w, i);
    write_at(w, &w->memory[i], 0, AREA);
}

static void replace_host(struct worker *w)
{
    struct host *h = below(&w->c, 2) ? &w->in : &w->out;

    settle(w);
    must(hlthunk_memory_unmap(w->c.w->fd, h->at) == 0);
    host_map(w, h);
}

/* Another driver reaches the same bytes; until the dma-buf is closed the memory stays mapped. */
static void export(struct worker *w)
{
    const struct hlsim_importer *driver = test_importer();
    struct memory *m = &w->memory[below(&w->c, 2)];
    bool gaudi = w->c.w->asic == WORK_GAUDI;
    struct hlsim_attachment *a;
    uint8_t bytes[256];
    uint32_t at, n;
    int fd;

    settle(w);
    fd = gaudi ? hlthunk_device_memory_export_dmabuf_fd(w->c.w->fd, m->at, AREA, 0)
               : hlthunk_device_mapped_memory_export_dmabuf_fd(w->c.w->fd, m->at, AREA, 0,
                                                               O_RDWR | O_CLOEXEC);
    if (!can_export()) {
        must(fd < 0 && fd == -errno);
        return;
    }
    must(fd > 2);
    range(w, &at, &n);
    n = n < sizeof(bytes) ? n : sizeof(bytes);
    must(driver->attach(fd, true, &a) == 0 && driver->map(a) == 0);
    must(driver->read(a, at, bytes, n) == (ssize_t)n && !memcmp(bytes, m->known + at, n));
    driver->unmap(a);
    driver->detach(a);
    must(gaudi || hlthunk_memory_unmap(w->c.w->fd, m->at) == -EINVAL);
    close(fd);
}

static void step(struct worker *w)
{
    static void (*const others[])(struct worker *) = { replace_memory, replace_host, export };

    if (!below(&w->c, 4))
        caller_ask(&w->c);
    else if (!below(&w->c, 6))
        others[below(&w->c, 3)](w);
    else if (below(&w->c, 3))
        write_some(w);
    else
        read_back(w);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    const char *steps = getenv("TEST_STEPS");

    host_new(w, &w->in);
    host_new(w, &w->out);
    for (unsigned i = 0; i < JOBS; i++)
        cb_new(w, &w->jobs[i].cb);
    for (unsigned i = 0; i < 2; i++) {
        memory_new(w, i);
        write_at(w, &w->memory[i], 0, AREA);
    }
    for (long n = steps ? atol(steps) : 300; n > 0; n--)
        step(w);
    read_back(w);
    settle(w);
    memory_end(w, 0);
    memory_end(w, 1);
    for (unsigned i = 0; i < JOBS; i++)
        cb_end(w, &w->jobs[i].cb);
    host_end(w, &w->in);
    host_end(w, &w->out);
    return NULL;
}

static void open_work(struct work *w)
{
    struct hlthunk_hw_ip_info ip = { 0 };

    memset(w, 0, sizeof(*w));
    w->fd = hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, NULL);
    assert_true(w->fd > 2);
    assert_int_equal(hlthunk_get_hw_ip_info(w->fd, &ip), 0);
    w->ip.device_id = ip.device_id;
    w->ip.dram_size = ip.dram_size;
    w->ip.dram_base_address = ip.dram_base_address;
    w->asic = on_asic("goya") ? WORK_GOYA : on_asic("gaudi") ? WORK_GAUDI : WORK_GAUDI2;
    w->down = w->asic == WORK_GOYA ? 1 : 0;
    w->up = w->asic == WORK_GOYA ? 2 : 4;
}

TEST(classic_threads)
{
    const char *seed = getenv("TEST_SEED");
    uint64_t random = seed ? strtoull(seed, NULL, 0) : 1;
    struct worker *w = calloc(THREADS, sizeof(*w));
    struct hlthunk_dram_usage_info before = { 0 }, after = { 0 };
    struct work device;
    pthread_t t[THREADS];
    unsigned fds = count_fds();

    print_message("TEST_SEED=%llu\n", (unsigned long long)random);
    open_work(&device);
    assert_int_equal(hlthunk_get_dram_usage(device.fd, &before), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        w[i].c = (struct caller){ .w = &device, .random = random * 1000 + i };
        w[i].number = i;
        assert_int_equal(pthread_create(&t[i], NULL, work, &w[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    assert_int_equal(hlthunk_get_dram_usage(device.fd, &after), 0);
    assert_int_equal(after.dram_free_mem, before.dram_free_mem);
    assert_int_equal(after.ctx_dram_mem, 0);
    assert_int_equal(hlthunk_close(device.fd), 0);
    open_work(&device);
    assert_int_equal(hlthunk_close(device.fd), 0);
    assert_int_equal(count_fds(), fds);
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(classic_threads) };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
