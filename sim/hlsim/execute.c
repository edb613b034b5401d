/* SPDX-License-Identifier: MIT */
#include "sim/hlsim/execute.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "engine/copy.h"
#include "sim/hlsim/remote.h"
#include "sim/hlsim/repeat.h"
#include "sim/hlsim/trace.h"
#include "sim/layout.h"
#include "sim/lock.h"
#include "sim/model/errors.h"
#include "sim/model/submission.h"
#include "sim/submit/exec.h"

#define BOUNCE (256u << 10)
#define HOLE (64u << 10) /* pieces of this size or more are searched for holes */

struct executor {
    struct submission_call call; /* first: the callbacks get its address */
    struct sim_exec *exec;
    uint8_t *memory, *buffers, *regs, *sram;
    uint64_t sram_base, sram_size;
    uint32_t last_map[2]; /* of the two most recently used mappings */
    uint8_t *bounce;
    struct remote *remote;
    struct repeat repeat;
    uint32_t repeat_context;        /* that it is about */
    uint64_t repeat_exports;        /* ... and how often that had exported */
    bool poked;                     /* debugfs has written */
    bool missed_read, missed_write; /* on-demand memory that its process does not have */
};
static struct executor *executors[SIM_MAX_DEVICES];
static uint8_t *foreign[SIM_MAX_IMPORTS]; /* imported dma-bufs of this machine's kernel */
int execute_wake_fd = -1;

/* Where a piece of an address range is. */
struct place {
    uint8_t *mem;              /* here; NULL: in a process */
    const struct executor *of; /* mem is this device's memory; NULL: it is not device memory */
    uint64_t offset;           /* in it */
    struct remote_place process;
    uint64_t left; /* contiguous bytes from there */
};

static struct executor *self(void *priv)
{
    return priv;
}

/* Until release() no mapping that is looked up goes away; false: a reset. */
static bool acquire(struct executor *x)
{
    if (!submission_lock(x->call.state, x->call.device))
        return false;
    __atomic_store_n(&x->call.device->dma_active, true, __ATOMIC_SEQ_CST);
    sim_unlock(x->call.state);
    return true;
}

static void release(struct executor *x)
{
    __atomic_store_n(&x->call.device->dma_active, false, __ATOMIC_SEQ_CST);
}

static bool in_map(const struct sim_map *m, uint64_t addr)
{
    return m->kind && addr >= m->block && addr - m->block < m->block_size;
}

static struct sim_map *find_map(struct executor *x, uint64_t addr)
{
    struct sim_context *c = &x->call.device->context;
    struct sim_map *start = sim_map_find(c, addr);

    if (start && in_map(start, addr))
        return start;
    for (unsigned i = 0; i < 2; i++)
        if (in_map(&c->maps[x->last_map[i]], addr))
            return &c->maps[x->last_map[i]];
    for (uint32_t i = 0; i < c->map_top; i++) {
        if (!in_map(&c->maps[i], addr))
            continue;
        x->last_map[1] = x->last_map[0];
        x->last_map[0] = i;
        return &c->maps[i];
    }
    return NULL;
}

static bool at_memory(const struct executor *x, uint64_t offset, uint64_t left, struct place *p)
{
    *p = (struct place){ .mem = x->memory + offset, .of = x, .offset = offset, .left = left };
    return true;
}

static bool in_alloc(struct executor *x, const struct sim_map *m, uint64_t at, struct place *p)
{
    const struct sim_asic *a = sim_asic_of(x->call.device);
    const struct sim_context *c = &x->call.device->context;
    const struct sim_alloc *al = &c->allocs[m->alloc];
    uint64_t page = al->first_page, left;

    for (left = at; left >= a->memory_page; left -= a->memory_page)
        page = c->page_next[page];
    return at_memory(x, a->memory_reserved + page * a->memory_page + left, a->memory_page - left,
                     p);
}

/* A foreign dma-buf: false past its end, and when its exporter was pulled. */
static bool in_import(struct executor *x, const struct sim_map *m, uint64_t at, struct place *p)
{
    const struct sim_state *s = x->call.state;
    const struct sim_import *i = &s->imports[m->import];
    const struct executor *exporter;
    const struct sim_file *f;
    uint64_t offset, left;

    if (at >= i->size)
        return false;
    if (i->file == SIM_NONE) {
        *p = (struct place){ .mem = foreign[m->import] + at, .left = i->size - at };
        return true;
    }
    f = &s->files[i->file];
    exporter = executors[f->device];
    if (s->devices[f->device].removed || !exporter || !exporter->memory)
        return false;
    offset = sim_dmabuf_locate(&s->devices[f->device], &f->dmabuf, at, &left);
    return at_memory(exporter, offset, left, p);
}

/* A command buffer that is mapped for the device. */
static bool in_buffer(struct executor *x, uint64_t addr, struct place *p)
{
    const struct sim_context *c = &x->call.device->context;

    for (uint32_t i = 0; i < c->buffer_top; i++) {
        const struct sim_buffer *b = &c->buffers[i];
        uint64_t size = (b->size + SIM_PAGE - 1) & ~(SIM_PAGE - 1);

        if (!b->device_va || addr < b->device_va || addr - b->device_va >= size)
            continue;
        *p = (struct place){ .mem = x->buffers + b->at + (addr - b->device_va),
                             .left = size - (addr - b->device_va) };
        return true;
    }
    return false;
}

/* What the engines reach at an address: false where the MMU has no mapping. */
static bool locate(struct executor *x, uint64_t addr, struct place *p)
{
    const struct sim_device *d = x->call.device;
    const struct sim_asic *a = sim_asic_of(d);
    const struct sim_map *m;

    if (addr >= x->sram_base && addr - x->sram_base < x->sram_size) {
        *p = (struct place){ .mem = x->sram + (addr - x->sram_base),
                             .left = x->sram_size - (addr - x->sram_base) };
        return true;
    }
    if (!a->device_mmu && addr >= a->chip->memory_base + a->memory_reserved &&
        addr - a->chip->memory_base < a->chip->memory_size)
        return at_memory(x, addr - a->chip->memory_base,
                         a->chip->memory_size - (addr - a->chip->memory_base), p);
    m = d->context.id ? find_map(x, addr) : NULL;
    if (!m)
        return d->context.id && a->cb_map && in_buffer(x, addr, p);
    if (m->kind != SIM_MAP_HOST) {
        if (!(m->kind == SIM_MAP_DEVICE ? in_alloc : in_import)(x, m, addr - m->block, p))
            return false;
        if (p->left > m->block_size - (addr - m->block))
            p->left = m->block_size - (addr - m->block);
        return true;
    }
    *p = (struct place){ .process = { m->pid, m->host_va + (addr - m->block), m->on_demand },
                         .left = m->block_size - (addr - m->block) };
    return true;
}

static void from_process(struct executor *x, const struct place *p, void *buf, uint64_t len)
{
    if (!remote_read(x->remote, &p->process, buf, len))
        x->missed_read = true;
}

static void to_process(struct executor *x, const struct place *p, const void *buf, uint64_t len)
{
    if (!remote_write(x->remote, &p->process, buf, len))
        x->missed_write = true;
}

/* Has a page been missing since the last call?  Then *write says for what. */
static bool missed(struct executor *x, bool *write)
{
    bool any = x->missed_read || x->missed_write;

    *write = x->missed_write;
    x->missed_read = x->missed_write = false;
    return any;
}

/* Of only this device's own memory. */
static bool own(const struct executor *x, const struct place *p)
{
    return p->mem && (p->of == x || (p->mem >= x->sram && p->mem < x->sram + x->sram_size));
}

static void wrote(struct executor *x, const struct place *p, uint64_t n)
{
    if (own(x, p))
        repeat_wrote(&x->repeat, p->mem, n);
}

/* Is this executor the only one that writes to the device's memory? */
static bool alone(struct executor *x)
{
    const struct sim_context *c = &x->call.device->context;

    if (c->id != x->repeat_context || c->exports != x->repeat_exports || c->dmabufs ||
        __atomic_exchange_n(&x->poked, false, __ATOMIC_ACQ_REL)) {
        x->repeat_context = c->id;
        x->repeat_exports = c->exports;
        repeat_forget(&x->repeat);
    }
    return !c->dmabufs;
}

static int move(struct executor *x, uint64_t addr, uint8_t *buf, uint64_t len, bool out)
{
    struct place p;
    bool write;
    int rc = 0;

    if (!acquire(x))
        return -ECANCELED;
    while (len) {
        uint64_t n;

        if (!locate(x, addr, &p)) {
            rc = -EFAULT;
            break;
        }
        n = p.left < len ? p.left : len;
        if (out)
            wrote(x, &p, n);
        if (p.mem && out)
            eng_copy(p.mem, buf, n);
        else if (p.mem)
            eng_copy(buf, p.mem, n);
        else if (out)
            to_process(x, &p, buf, n);
        else
            from_process(x, &p, buf, n);
        if (missed(x, &write)) {
            rc = -EFAULT;
            break;
        }
        addr += n;
        buf += n;
        len -= n;
    }
    release(x);
    return rc;
}

static int rd(void *priv, uint64_t addr, void *buf, uint64_t len)
{
    return move(self(priv), addr, buf, len, false);
}

static int wr(void *priv, uint64_t addr, const void *buf, uint64_t len)
{
    return move(self(priv), addr, (uint8_t *)(uintptr_t)buf, len, true);
}

/* From outside of the executor, with the lock: no mapping goes away meanwhile. */
static int poke(struct executor *x, uint64_t addr, void *value, unsigned n, bool write)
{
    struct place p;
    int rc = -EINVAL;

    if (locate(x, addr, &p) && p.left >= n) {
        rc = 0;
        if (p.mem)
            eng_copy(write ? p.mem : value, write ? value : p.mem, n);
        else if (!(write ? remote_write(x->remote, &p.process, value, n)
                         : remote_read(x->remote, &p.process, value, n)))
            rc = -EINVAL;
    }
    if (write)
        __atomic_store_n(&x->poked, true, __ATOMIC_RELEASE);
    return rc;
}

int execute_access(struct sim_device *d, uint64_t addr, void *value, unsigned n, bool write)
{
    struct executor *x = executors[d->index];
    const struct sim_sub_props *p;
    uint64_t offset;

    if (!x)
        return -EINVAL; /* nobody has used it yet */
    p = submission_props(x->call.state, d);
    offset = addr - eng_chip(p->eng)->cfg_base;
    if (addr < eng_chip(p->eng)->cfg_base || offset > eng_chip(p->eng)->cfg_size - n)
        return poke(x, addr, value, n, write);
    eng_copy(write ? x->regs + offset : value, write ? value : x->regs + offset, n);
    return 0;
}

/* Has this range of device memory never been written to? */
static bool is_hole(const struct place *p, uint64_t len)
{
    off_t data;

    if (!p->of || len < HOLE)
        return false;
    data = lseek(p->of->call.device->memory_fd, (off_t)p->offset, SEEK_DATA);
    return data < 0 ? errno == ENXIO : (uint64_t)data >= p->offset + len;
}

/* Zeros into device memory: its whole pages go back to the system. */
static void clear(const struct place *p, uint64_t len)
{
    uint64_t first = (p->offset + SIM_PAGE - 1) & ~(SIM_PAGE - 1);
    uint64_t end = (p->offset + len) & ~(SIM_PAGE - 1);

    if (!p->of || len < HOLE ||
        fallocate(p->of->call.device->memory_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                  (off_t)first, (off_t)(end - first)) < 0) {
        memset(p->mem, 0, len);
        return;
    }
    memset(p->mem, 0, first - p->offset);
    memset(p->of->memory + end, 0, p->offset + len - end);
}

/*
 * Large pieces bypass the caches, as memcpy() does beyond their size: a DMA's pieces
 * are smaller, but their sum is not.
 */
static void move_bytes(uint8_t *to, const uint8_t *from, uint64_t n)
{
#ifdef __SSE2__
    if (n >= HOLE && (to + n <= from || from + n <= to)) {
        uint64_t head = -(uintptr_t)to & 63;

        memcpy(to, from, head);
        to += head;
        from += head;
        n -= head;
        for (; n >= 64; n -= 64, to += 64, from += 64) {
            __m128i a = _mm_loadu_si128((const __m128i *)(const void *)from);
            __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(from + 16));
            __m128i c = _mm_loadu_si128((const __m128i *)(const void *)(from + 32));
            __m128i d = _mm_loadu_si128((const __m128i *)(const void *)(from + 48));

            _mm_stream_si128((__m128i *)(void *)to, a);
            _mm_stream_si128((__m128i *)(void *)(to + 16), b);
            _mm_stream_si128((__m128i *)(void *)(to + 32), c);
            _mm_stream_si128((__m128i *)(void *)(to + 48), d);
        }
        _mm_sfence();
    }
#endif
    eng_copy(to, from, n);
}

static void piece(struct executor *x, const struct place *d, const struct place *s, uint64_t n)
{
    if (is_hole(s, n)) {
        if (d->of) {
            if (!is_hole(d, n))
                clear(d, n);
            return;
        }
        for (uint64_t o = 0; o < n; o += BOUNCE) {
            uint64_t k = n - o < BOUNCE ? n - o : BOUNCE;
            struct place to = *d;

            memset(x->bounce, 0, k);
            to.process.user += o;
            if (d->mem)
                memset(d->mem + o, 0, k);
            else
                to_process(x, &to, x->bounce, k);
        }
    } else if (d->mem && s->mem) {
        move_bytes(d->mem, s->mem, n);
    } else if (d->mem) {
        from_process(x, s, d->mem, n);
    } else if (s->mem) {
        to_process(x, d, s->mem, n);
    } else {
        for (uint64_t o = 0; o < n; o += BOUNCE) {
            uint64_t k = n - o < BOUNCE ? n - o : BOUNCE;
            struct place from = *s, to = *d;

            from.process.user += o;
            to.process.user += o;
            from_process(x, &from, x->bounce, k);
            to_process(x, &to, x->bounce, k);
        }
    }
}

static int copy(void *priv, uint64_t dst, uint64_t src, uint64_t len, uint64_t *bad,
                bool *bad_write)
{
    struct executor *x = self(priv);
    int rc = 0;

    if (!acquire(x))
        return -ECANCELED;
    while (len) {
        struct place d, s;
        uint64_t n = len;

        if (!locate(x, src, &s)) {
            *bad = src;
            *bad_write = false;
            rc = -EFAULT;
            break;
        }
        if (!locate(x, dst, &d)) {
            *bad = dst;
            *bad_write = true;
            rc = -EFAULT;
            break;
        }
        n = n < s.left ? n : s.left;
        n = n < d.left ? n : d.left;
        if (!own(x, &d) || !own(x, &s) || !alone(x)) {
            wrote(x, &d, n);
            piece(x, &d, &s, n);
        } else if (!repeat_of(&x->repeat, d.mem, s.mem, n)) {
            piece(x, &d, &s, n);
        }
        if (missed(x, bad_write)) {
            *bad = *bad_write ? dst : src;
            rc = -EFAULT;
            break;
        }
        dst += n;
        src += n;
        len -= n;
    }
    release(x);
    return rc;
}

static int fill(void *priv, uint64_t dst, uint64_t pattern, uint64_t len)
{
    struct executor *x = self(priv);
    bool write;
    int rc = 0;

    if (!acquire(x))
        return -ECANCELED;
    for (uint64_t done = 0; done < len;) {
        struct place d;
        uint64_t n, phase = done & 7;

        if (!locate(x, dst + done, &d)) {
            rc = -EFAULT;
            break;
        }
        n = d.left < len - done ? d.left : len - done;
        wrote(x, &d, n);
        if (d.mem && !pattern) {
            clear(&d, n);
            done += n;
            continue;
        }
        if (n > BOUNCE - 8)
            n = BOUNCE - 8;
        for (uint64_t i = 0; i < n + 8; i += 8)
            memcpy(x->bounce + i, &pattern, 8);
        if (d.mem)
            eng_copy(d.mem, x->bounce + phase, n);
        else
            to_process(x, &d, x->bounce + phase, n);
        if (missed(x, &write)) {
            rc = -EFAULT;
            break;
        }
        done += n;
    }
    release(x);
    return rc;
}

/* Eventfds and sysfs are the main thread's. */
static void wake(void)
{
    const uint64_t one = 1;

    if (execute_wake_fd >= 0 && write(execute_wake_fd, &one, sizeof(one)) < 0)
        return; /* its counter is full: it wakes its reader anyway */
}

static void report(void *priv, int queue, const struct eng_report *r)
{
    struct executor *x = self(priv);
    uint64_t events;

    if (r->error == -ECANCELED || r->what == ENG_FAULT_STOP ||
        !submission_lock(x->call.state, x->call.device))
        return;
    events = sim_errors_report(x->call.state, x->call.device, queue, r);
    sim_unlock(x->call.state);
    if (events)
        wake();
}

static void timed_out(void *priv, uint64_t seq, bool reset)
{
    submission_env.timed_out(priv, seq, reset);
    wake();
}

static void overdue(void *priv)
{
    submission_env.overdue(priv);
    wake();
}

/* ---- the trace ---- */

static void traced_packet(void *priv, int queue, uint64_t addr, const struct eng_packet *packet)
{
    struct executor *x = self(priv);
    struct sim_trace_record r = { .kind = SIM_TRACE_PACKET,
                                  .row = queue,
                                  .device = (uint32_t)(x->call.device - x->call.state->devices) };

    (void)addr;
    r.begin_ns = r.end_ns = sim_trace_now();
    eng_format(packet, r.text, sizeof(r.text));
    trace_add(&r);
}

static void traced_end(void *priv, int queue, uint64_t seq, uint32_t len, int64_t begin_ns,
                       int64_t end_ns)
{
    struct executor *x = self(priv);
    struct sim_trace_record r = { .kind = SIM_TRACE_WORK,
                                  .row = queue,
                                  .begin_ns = begin_ns,
                                  .end_ns = end_ns,
                                  .device = (uint32_t)(x->call.device - x->call.state->devices) };

    snprintf(r.text, sizeof(r.text), "CS %llu, %u bytes", (unsigned long long)seq, len);
    trace_add(&r);
}

/* ---- life ---- */

static int memfd(const char *name, uint64_t size)
{
    int fd = memfd_create(name, MFD_CLOEXEC);

    if (fd >= 0 && ftruncate(fd, (off_t)size) < 0) {
        close(fd);
        fd = -1;
    }
    return fd < 0 ? -errno : fd;
}

int execute_prepare(struct sim_state *s, struct sim_device *d)
{
    const struct sim_sub_props *p = submission_props(s, d);
    struct sim_submit *u;
    char name[32];

    d->submit_fd = memfd("hlsim-submit", sim_sub_size(p));
    snprintf(name, sizeof(name), LAYOUT_REGISTERS "%u", (int)s->supervisor, d->index);
    d->regs_fd = memfd(name, eng_chip(p->eng)->cfg_size);
    if (d->submit_fd < 0 || d->regs_fd < 0)
        return -ENOMEM;
    u = submission_of(s, d);
    return u ? sim_sub_init(u, p) : -ENOMEM;
}

static void *map(int fd, uint64_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
                   MAP_NORESERVE | (fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED), fd, 0);

    return p == MAP_FAILED ? NULL : p;
}

static void unmap(void *p, uint64_t size)
{
    if (p)
        munmap(p, size);
}

static void discard(struct executor *x, const struct sim_asic *a, uint64_t registers)
{
    unmap(x->memory, a->chip->memory_size);
    unmap(x->buffers, SIM_BUFFER_BYTES);
    unmap(x->regs, registers);
    unmap(x->sram, x->sram_size);
    free(x->bounce);
    if (x->remote)
        remote_end(x->remote);
    free(x);
}

static bool has_all(const struct executor *x)
{
    return x->memory && x->buffers && x->regs && x->sram && x->bounce && x->remote;
}

/* Said once: a device that cannot be opened is asked for again and again. */
static void say_no_memory(uint32_t device)
{
    static bool said;

    if (!said)
        fprintf(
            stderr,
            "hlsim: no address space or memory for device %u (ulimit -v?): it cannot be opened\n",
            device);
    said = true;
}

int execute_start(struct sim_state *s, struct sim_device *d, uint64_t seed)
{
    static struct sim_submit_env env;
    static struct sim_exec_ops ops = {
        .read = rd, .write = wr, .copy = copy, .fill = fill, .report = report
    };
    const struct sim_asic *a = sim_asic_of(d);
    uint32_t i = (uint32_t)(d - s->devices);
    struct sim_sub_call call = { .s = submission_of(s, d),
                                 .p = submission_props(s, d),
                                 .env = &env };
    struct executor *x;

    if (executors[i] || !call.s)
        return 0;
    x = calloc(1, sizeof(*x));
    if (!x)
        return -ENOMEM;
    if (trace_active()) {
        ops.packet = traced_packet;
        ops.finished = traced_end;
    }
    env = submission_env;
    env.timed_out = timed_out;
    env.overdue = overdue;
    x->call = (struct submission_call){ NULL, s, d };
    x->memory = map(d->memory_fd, a->chip->memory_size);
    x->buffers = map(d->buffer_fd, SIM_BUFFER_BYTES);
    x->regs = map(d->regs_fd, eng_chip(call.p->eng)->cfg_size);
    x->sram_base = a->chip->sram_base;
    x->sram_size = a->chip->sram_size;
    x->sram = map(-1, x->sram_size);
    x->bounce = malloc(BOUNCE);
    x->remote = remote_new();
    call.priv = x;
    if (!has_all(x)) {
        say_no_memory(i);
        discard(x, a, eng_chip(call.p->eng)->cfg_size);
        return -ENOMEM;
    }
    x->exec = sim_exec_start(&call, &ops, x->regs, seed ? seed + i : 0, a->max_power_mw);
    executors[i] = x;
    return 0;
}

void execute_clear(struct sim_state *s, struct sim_device *d)
{
    const struct sim_asic *a = sim_asic_of(d);
    struct executor *x = executors[d - s->devices];

    fallocate(d->memory_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
              (off_t)a->chip->memory_size);
    if (x && x->sram)
        madvise(x->sram, x->sram_size, MADV_DONTNEED);
}

int execute_import(uint32_t import, int fd, uint64_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (p == MAP_FAILED)
        return -errno;
    foreign[import] = p;
    return 0;
}

void execute_forget(struct sim_state *s, uint32_t import)
{
    const struct sim_import *i = &s->imports[import];

    /* the piece being moved right now is the last through this import */
    while (__atomic_load_n(&s->devices[i->device].dma_active, __ATOMIC_SEQ_CST))
        sched_yield();
    if (foreign[import])
        munmap(foreign[import], i->size);
    foreign[import] = NULL;
}

void execute_stop_all(struct sim_state *s)
{
    (void)s;
    for (uint32_t i = 0; i < SIM_MAX_DEVICES; i++)
        if (executors[i]) {
            sim_exec_stop(executors[i]->exec);
            remote_end(executors[i]->remote);
        }
}
