/* SPDX-License-Identifier: MIT */
/*
 * Any requests to the simulated device's model, in a row: the first two bytes choose ASIC and
 * kernel; then for each request its kind, and its argument. "User memory" is a buffer of 64 KiB
 * at 0x10000, which begins with the argument and goes on with the input.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/lock.h"
#include "sim/model/submission.h"
#include "tests/fuzz/arena.h"
#include "uapi/requests.h"

#define USER 0x10000ull
#define USER_SIZE 0x10000u
#define ARGUMENT 56u /* the largest there is */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A device of each ASIC under each kernel, just opened: it is the input's file. */
#define KERNELS 4u
#define DEVICES (SIM_ASIC_COUNT * KERNELS)

static struct sim_state *s;
static struct arena of_state, of_device[DEVICES];
static uint8_t user[USER_SIZE];
static uint32_t dmabufs[SIM_MAX_FILES], dmabuf_count;

static int copy_in(void *to, uint64_t a, size_t n)
{
    if (a < USER || a - USER > USER_SIZE || n > USER_SIZE - (a - USER))
        return -EFAULT;
    memcpy(to, user + (a - USER), n);
    return 0;
}

static int copy_out(uint64_t a, const void *from, size_t n)
{
    if (a < USER || a - USER > USER_SIZE || n > USER_SIZE - (a - USER))
        return -EFAULT;
    memcpy(user + (a - USER), from, n);
    return 0;
}

static int pin(const struct sim_state *state, uint64_t a, uint64_t n)
{
    (void)state;
    return a % 3 == 0 ? -EFAULT : n % 5 == 0 ? -ENOMEM : 0;
}

static int new_dmabuf(struct sim_state *state, uint32_t device, const struct sim_dmabuf *b,
                      uint32_t flags)
{
    uint32_t f = sim_file_new(state, SIM_FILE_DMABUF, 1000 + dmabuf_count);

    (void)flags;
    if (f == SIM_NONE)
        return -ENFILE;
    state->files[f].device = device;
    state->files[f].dmabuf = *b;
    dmabufs[dmabuf_count++] = f;
    return (int)f;
}

static int import_dmabuf(struct sim_state *state, uint32_t device, uint32_t context, int fd)
{
    uint32_t i;

    if (fd < 0 || fd >= SIM_MAX_FILES || state->files[fd].kind != SIM_FILE_DMABUF)
        return -EINVAL;
    i = sim_import_new(state, device, context, (uint32_t)fd, state->files[fd].dmabuf.size);
    return i == SIM_NONE ? -ENOMEM : (int)i;
}

/* What the supervisor does of it. */
static bool is_open(int fd)
{
    return fd == 0;
}

static void settle(struct sim_state *state)
{
    for (uint32_t i = 0; state->imports_dropped && i < SIM_MAX_IMPORTS; i++) {
        if (state->imports[i].state == SIM_IMPORT_DROPPED)
            state->imports[i].state = SIM_IMPORT_FREE;
    }
    state->imports_dropped = false;
}

static int eventfd_register(struct sim_state *state, uint32_t file, int fd)
{
    (void)state;
    (void)file;
    return fd & 1 ? -EBADF : 0;
}

static void clear_buffer(struct sim_state *state, struct sim_device *d, uint32_t index)
{
    (void)state;
    (void)d;
    (void)index;
}

static void complain(const struct sim_state *state, const char *what, unsigned long value)
{
    (void)state;
    (void)what;
    (void)value;
}

static uint32_t open_device(uint32_t i)
{
    uint32_t file = sim_file_new(s, SIM_FILE_PRIMARY, i + 1);

    if (file == SIM_NONE)
        abort();
    s->files[file].device = i;
    s->files[file].flags = 2;
    sim_opened(s, file);
    return file;
}

/* Device i; its file has the same number. */
static void make_device(uint32_t i)
{
    struct sim_device *d = &s->devices[i];
    const struct sim_sub_props *p;

    s->generation = HL_GENERATION_MISC + i / SIM_ASIC_COUNT;
    sim_device_init(s, d, i % SIM_ASIC_COUNT, i);
    p = submission_props(s, d);
    d->submit_fd = memfd_create("submit", 0);
    d->buffer_fd = memfd_create("buffers", 0);
    d->regs_fd = memfd_create("registers", 0);
    if (ftruncate(d->submit_fd, (off_t)sim_sub_size(p)) ||
        ftruncate(d->buffer_fd, (off_t)SIM_BUFFER_BYTES) ||
        ftruncate(d->regs_fd, (off_t)eng_chip(p->eng)->cfg_size))
        abort();
    sim_sub_init(submission_of(s, d), p);
    if (open_device(i) != i)
        abort();
    arena_adopt(&of_device[i], submission_of(s, d), sim_sub_size(p), d->submit_fd);
    arena_adopt(&of_device[i], submission_buffer(s, d, 0), SIM_BUFFER_BYTES, d->buffer_fd);
}

static void make_simulation(void)
{
    s = arena_add(&of_state, sizeof(*s));
    s->supervisor = getpid();
    s->device_count = DEVICES;
    s->quiet = true;
    s->magic = SIM_MAGIC;
    memset(s->file_buckets, 0xff, sizeof(s->file_buckets));
    sim_lock_init(s);
    for (uint32_t i = 0; i < DEVICES; i++)
        make_device(i);
    arena_keep(&of_state);
    for (uint32_t i = 0; i < DEVICES; i++)
        arena_keep(&of_device[i]);
}

/* What would make a single request run indefinitely. */
static void tame(unsigned op)
{
    if (op == 2) {
        union hl_cs_args a;

        memcpy(&a, user, sizeof(a));
        a.in.num_chunks_restore = 0;
        memcpy(user, &a, sizeof(a));
    } else if (op == 3) {
        union hl_wait_cs_args a;

        memcpy(&a, user, sizeof(a));
        if (a.in.flags & HL_WAIT_CS_FLAGS_INTERRUPT)
            a.in.interrupt_timeout_us = 0;
        else
            a.in.timeout_us = 0;
        memcpy(user, &a, sizeof(a));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned requests[2][6] = {
        { HL_REQ_H_INFO, HL_REQ_H_CB, HL_REQ_H_CS, HL_REQ_H_WAIT_CS, HL_REQ_H_MEMORY,
          HL_REQ_H_DEBUG },
        { HL_REQ_D_INFO, HL_REQ_D_CB, HL_REQ_D_CS, HL_REQ_D_WAIT_CS, HL_REQ_D_MEMORY,
          HL_REQ_D_DEBUG },
    };
    static const struct sim_env template = {
        .copy_in = copy_in,
        .copy_out = copy_out,
        .pin = pin,
        .new_dmabuf = new_dmabuf,
        .import_dmabuf = import_dmabuf,
        .is_open = is_open,
        .settle = settle,
        .eventfd = eventfd_register,
        .clear_buffer = clear_buffer,
        .complain = complain,
    };
    struct sim_env env = template;
    uint32_t file;
    bool later;

    if (size < 3)
        return 0;
    fuzz_clock_start();
    if (!s)
        make_simulation();
    arena_begin();
    env.state = s;
    file = data[0] % SIM_ASIC_COUNT + SIM_ASIC_COUNT * (data[1] % KERNELS);
    s->generation = HL_GENERATION_MISC + data[1] % KERNELS;
    later = s->generation >= HL_GENERATION_DRM;
    sim_lock(s);
    memset(user, 0, sizeof(user));
    data += 2;
    size -= 2;
    memcpy(user + ARGUMENT, data, size < USER_SIZE - ARGUMENT ? size : USER_SIZE - ARGUMENT);
    for (unsigned n = 0; n < 64 && size > 1; n++) {
        unsigned op = data[0] % 7;
        size_t k = size - 1 < ARGUMENT ? size - 1 : ARGUMENT;

        memset(user, 0, ARGUMENT);
        memcpy(user, data + 1, k);
        if (op < 6) {
            tame(op);
            sim_ioctl(&env, file, requests[later][op], USER);
        } else {
            uint32_t any;

            memcpy(&any, user, 4);
            /* by other sizes and directions, too; but not what would wait: that is tamed above */
            if ((any & 0xff) != 4 && (any & 0xff) != 0x43 && (any & 0xff) != 3 &&
                (any & 0xff) != 0x42)
                sim_ioctl(&env, file, any, USER + ARGUMENT);
        }
        data += 1 + k;
        size -= 1 + k;
    }
    sim_released(s, file);
    settle(s);
    while (dmabuf_count)
        sim_released(s, dmabufs[--dmabuf_count]);
    sim_unlock(s);
    fuzz_clock_stop();
    arena_restore(&of_device[file]);
    arena_restore(&of_state);
    return 0;
}
