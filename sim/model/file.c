/* SPDX-License-Identifier: MIT */
/* Open files: nodes and dma-bufs, and what happens when the last descriptor of one is closed. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "sim/model/errors.h"
#include "sim/model/submission.h"

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

static uint32_t *bucket(struct sim_state *s, uint64_t inode)
{
    return &s->file_buckets[inode % SIM_FILE_BUCKETS];
}

uint32_t sim_file_by_inode(const struct sim_state *s, uint64_t inode)
{
    uint32_t i = s->file_buckets[inode % SIM_FILE_BUCKETS];

    while (i != SIM_NONE && s->files[i].inode != inode)
        i = s->files[i].next;
    return i;
}

uint32_t sim_file_new(struct sim_state *s, enum sim_file_kind kind, uint64_t inode)
{
    for (uint32_t i = s->next_free_file; i < SIM_MAX_FILES; i++) {
        struct sim_file *f = &s->files[i];

        if (f->kind != SIM_FILE_FREE)
            continue;
        memset(f, 0, sizeof(*f));
        f->kind = kind;
        f->inode = inode;
        f->serial = ++s->last_serial;
        f->created_ns = clock_ns(CLOCK_REALTIME);
        f->next = *bucket(s, inode);
        *bucket(s, inode) = i;
        s->next_free_file = i + 1;
        return i;
    }
    return SIM_NONE;
}

void sim_file_free(struct sim_state *s, uint32_t file)
{
    uint32_t *p = bucket(s, s->files[file].inode);

    while (*p != file)
        p = &s->files[*p].next;
    *p = s->files[file].next;
    s->files[file].kind = SIM_FILE_FREE;
    if (file < s->next_free_file)
        s->next_free_file = file;
}

struct sim_context *sim_context_of(struct sim_state *s, uint32_t file)
{
    struct sim_file *f = &s->files[file];
    struct sim_context *c = &s->devices[f->device].context;

    return f->context && f->context == c->id ? c : NULL;
}

/* hl_device_open(), hl_device_open_ctrl() */
int sim_open_check(struct sim_state *s, struct sim_device *d, bool control)
{
    uint32_t status = sim_device_status(d);

    if (d->removed)
        return -ENOENT;
    if (control) {
        if (sim_kernel(s)->control_in_reset ? status == HL_DEVICE_STATUS_MALFUNCTION
                                            : status != HL_DEVICE_STATUS_OPERATIONAL)
            return -EPERM;
        return 0;
    }
    if (status == HL_DEVICE_STATUS_IN_RESET ||
        status == HL_DEVICE_STATUS_IN_RESET_AFTER_DEVICE_RELEASE)
        return -EAGAIN;
    if (status != HL_DEVICE_STATUS_OPERATIONAL)
        return -EPERM;
    if (d->in_release || sim_device_releasing(d))
        return -EAGAIN;
    if (d->context.id)
        return -EBUSY;
    return 0;
}

void sim_opened(struct sim_state *s, uint32_t file)
{
    struct sim_file *f = &s->files[file];
    struct sim_device *d = &s->devices[f->device];

    if (f->kind != SIM_FILE_PRIMARY)
        return;
    sim_trace_event(s, f->device, "opened");
    d->open_counter++;
    d->opened_ns = now_ns();
    d->context.id = f->context = ++d->next_context;
    sim_context_init(sim_asic_of(d), &d->context);
    d->context.file = file;
    sim_errors_opened(s, d);
    submission_open(s, d);
}

/* Releases the whole context: memory, mappings, buffers, and what is left of accounted bytes. */
static void context_over(struct sim_state *s, struct sim_device *d)
{
    /* "device still in use": later kernels reset it; 6.1 waits indefinitely, a defect */
    bool leaked = sim_kernel(s)->resets_for_leftover && !d->reset_pending && submission_leaks(s, d);
    bool postponed = d->watchdog && !leaked;
    bool reset = leaked || postponed || sim_asic_of(d)->close_resets;

    submission_abort(s, d, reset ? SUBMISSION_RESET : SUBMISSION_CONTEXT_ENDS);
    d->watchdog = false;
    d->used_memory -= d->context.memory;
    if (!sim_kernel(s)->waits_for_exports)
        d->open_period_ms = (now_ns() - d->opened_ns) / 1000000;
    d->context.id = 0;
    d->context.memory = 0;
    d->in_release = false;
    if (d->reset_pending) {
        d->reset_pending = false;
        d->ready_ns = now_ns() + SIM_RESET_NS;
        s->attention = true;
    }
    if (leaked && !d->removed)
        sim_device_reset(s, d);
    else if (postponed && !d->removed)
        sim_device_postponed_reset(s, d);
}

static void dmabuf_released(struct sim_state *s, struct sim_device *d, const struct sim_dmabuf *b)
{
    struct sim_context *c = &d->context;

    if (c->id != b->context)
        return;
    if (b->map != SIM_NONE && c->maps[b->map].kind && c->maps[b->map].exports)
        c->maps[b->map].exports--;
    c->dmabufs--;
    if (!c->dmabufs && c->file == SIM_NONE)
        context_over(s, d);
}

static void primary_released(struct sim_state *s, struct sim_device *d, uint32_t file)
{
    struct sim_context *c = sim_context_of(s, file);

    if (!c)
        return;
    c->file = SIM_NONE;
    c->debug_mode = false;
    if (sim_kernel(s)->waits_for_exports) /* however long they live on */
        d->open_period_ms = (now_ns() - d->opened_ns) / 1000000;
    /* first: a device that imported its own memory would keep itself open */
    sim_imports_drop(s, d);
    if (!c->dmabufs)
        context_over(s, d);
    else if (sim_kernel(s)->waits_for_exports)
        d->in_release = true; /* the driver runs release, and waits for the exports */
}

void sim_released(struct sim_state *s, uint32_t file)
{
    struct sim_file *f = &s->files[file];
    struct sim_device *d = &s->devices[f->device];

    if (f->kind != SIM_FILE_DEBUGFS)
        sim_trace_event(s, f->device,
                        f->kind == SIM_FILE_DMABUF    ? "dma-buf closed"
                        : f->kind == SIM_FILE_PRIMARY ? "closed"
                                                      : "control node closed");
    if (f->kind == SIM_FILE_DMABUF)
        dmabuf_released(s, d, &f->dmabuf);
    else if (f->kind == SIM_FILE_PRIMARY)
        primary_released(s, d, file);
    sim_file_free(s, file);
}
